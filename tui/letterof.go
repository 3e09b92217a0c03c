package tui

import (
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// openLetterOf opens the letter that an event is, if it lies in a dead-letter queue that is known. If
// it does not, the dead-letter queues are read once more, since it may just have died.
func (d *shell) openLetterOf(event *tracing.Event) tea.Cmd {
	switch {
	case !event.Marks.Has(tracing.DeadLetter):
		d.say(theme.Warn, text.Own("this event is no dead letter"))
		return nil
	case d.deadLetters == nil:
		d.say(theme.Warn, text.Own("no source here has dead letters that can be dealt with"))
		return nil
	}
	if l := d.deadLetters.letterOf(event); l != nil {
		return d.open(newLetterPage(d, l))
	}
	on, sought := d.top(), *event
	over := d.wait(text.Own("reading the dead letters"))
	d.deadLetters.fresh = true
	d.deadLetters.then = func() {
		over()
		l := d.deadLetters.letterOf(&sought)
		switch {
		case l == nil && d.top() != on: // somebody went elsewhere meanwhile
		case l == nil:
			d.say(theme.Warn, d.deadLetters.whyNot(&sought))
		case d.elsewhere(on):
			d.say(theme.Good, text.Own("the dead letter was found in ").Add(d.theme.String(l.Position.Destination), text.Own(": D on its event opens it")))
		default:
			d.pages, d.dirty = append(d.pages, newLetterPage(d, l)), true // an answer refreshes it
		}
	}
	return d.deadLetters.update()
}

// letterOf is the letter that an event is, or nil. Of RabbitMQ the event was seen on its
// way to the queue in which the letter lies: it is the same message.
func (b *letterModel) letterOf(event *tracing.Event) (found *replay.Letter) {
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
func (b *letterModel) whyNot(event *tracing.Event) text.Safe {
	for i := range b.contents.listing.DLQs {
		g := &b.contents.listing.DLQs[i]
		switch {
		case g.Source.Name != event.Source:
		case !g.Cost.IsFree() && g.ReadAt.IsZero():
			return text.Own("it may lie in ").Add(b.theme.String(g.Name), text.Own(", which was not looked into yet: 4 and enter do that"))
		case g.Stale():
			return text.Own("it may lie in ").Add(b.theme.String(g.Name), text.Own(", which has changed since it was looked into: 4 and enter do that again"))
		case g.Name == event.Position.Destination && g.Err != nil:
			return b.theme.String(g.Name).Add(text.Own(": "), b.repeated(g.Err))
		case g.Name == event.Position.Destination:
			return text.Own("it is not in ").Add(b.theme.String(g.Name), text.Own(" any more"))
		}
	}
	return b.theme.String(event.Position.Destination).Add(text.Own(" is not known as a place for dead letters; 4 lists those that are"))
}
