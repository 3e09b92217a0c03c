package letterpage

import (
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// OpenLetterOf opens the letter that an event is, if it lies in a dead-letter queue that is known. If
// it does not, the dead-letter queues are read once more, since it may just have died.
func (b *Model) OpenLetterOf(event *tracing.Event) tea.Cmd {
	if l := b.letterOf(event); l != nil {
		return b.Open(newLetterPage(b, l))
	}
	on, sought := b.Top(), *event
	over := b.Wait(text.Own("reading the dead letters"))
	b.fresh = true
	b.then = func() {
		over()
		l := b.letterOf(&sought)
		switch {
		case l == nil && b.Top() != on: // somebody went elsewhere meanwhile
		case l == nil:
			b.Say(theme.Warn, b.whyNot(&sought))
		case b.Elsewhere(on):
			b.Say(theme.Good, text.Own("the dead letter was found in ").Add(b.Theme().String(l.Position.Destination), text.Own(": D on its event opens it")))
		default:
			b.Push(newLetterPage(b, l)) // an answer refreshes it
		}
	}
	return b.update()
}

// letterOf is the letter that an event is, or nil. Of RabbitMQ the event was seen on its
// way to the queue in which the letter lies: it is the same message.
func (b *Model) letterOf(event *tracing.Event) (found *replay.Letter) {
	if b.contents == nil {
		return nil
	}
	digest, byDigest := event.Position.Digest()
	b.contents.each(func(l *replay.Letter) {
		if l.Source != event.Source || found != nil {
			return
		}
		if of, ok := l.Position.Digest(); l.Position == event.Position || byDigest && ok && of == digest {
			found = l
		}
	})
	return found
}

// whyNot says why an event's letter cannot be shown.
func (b *Model) whyNot(event *tracing.Event) text.Safe {
	for i := range b.contents.listing.DLQs {
		g := &b.contents.listing.DLQs[i]
		switch {
		case g.Source.Name != event.Source:
		case !g.Cost.IsFree() && g.ReadAt.IsZero():
			return text.Own("it may lie in ").Add(b.Theme().String(g.Name), text.Own(", which was not looked into yet: 4 and enter do that"))
		case g.Stale():
			return text.Own("it may lie in ").Add(b.Theme().String(g.Name), text.Own(", which has changed since it was looked into: 4 and enter do that again"))
		case g.Name == event.Position.Destination && g.Err != nil:
			return b.Theme().String(g.Name).Add(text.Own(": "), page.Repeated(b.Theme(), g.Err))
		case g.Name == event.Position.Destination:
			return text.Own("it is not in ").Add(b.Theme().String(g.Name), text.Own(" any more"))
		}
	}
	return b.Theme().String(event.Position.Destination).Add(text.Own(" is not known as a place for dead letters; 4 lists those that are"))
}
