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
func (m *Model) OpenLetterOf(event *tracing.Event) tea.Cmd {
	if l := m.letterOf(event); l != nil {
		return m.Open(newLetterPage(m, l))
	}
	on, sought := m.Top(), *event
	over := m.Wait(text.Own("reading the dead letters"))
	m.fresh = true
	m.then = func() {
		over()
		l := m.letterOf(&sought)
		switch {
		case l == nil && m.Top() != on: // somebody went elsewhere meanwhile
		case l == nil:
			m.Say(theme.Warn, m.whyNot(&sought))
		case m.Elsewhere(on):
			m.Say(theme.Good, text.Own("the dead letter was found in ").Add(m.Theme().String(l.Position.Destination), text.Own(": D on its event opens it")))
		default:
			m.Push(newLetterPage(m, l)) // an answer refreshes it
		}
	}
	return m.update()
}

// letterOf is the letter that an event is, or nil. Of RabbitMQ the event was seen on its
// way to the queue in which the letter lies: it is the same message.
func (m *Model) letterOf(event *tracing.Event) (found *replay.Letter) {
	if m.Last == nil {
		return nil
	}
	digest, byDigest := event.Position.Digest()
	m.Last.each(func(l *replay.Letter) {
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
func (m *Model) whyNot(event *tracing.Event) text.Safe {
	for i := range m.Last.listing.DLQs {
		g := &m.Last.listing.DLQs[i]
		switch {
		case g.Source.Name != event.Source:
		case !g.Cost.IsFree() && g.ReadAt.IsZero():
			return text.Own("it may lie in ").Add(m.Theme().String(g.Name), text.Own(", which was not looked into yet: 4 and enter do that"))
		case g.Stale():
			return text.Own("it may lie in ").Add(m.Theme().String(g.Name), text.Own(", which has changed since it was looked into: 4 and enter do that again"))
		case g.Name == event.Position.Destination && g.Err != nil:
			return m.Theme().String(g.Name).Add(text.Own(": "), page.Repeated(m.Theme(), g.Err))
		case g.Name == event.Position.Destination:
			return text.Own("it is not in ").Add(m.Theme().String(g.Name), text.Own(" any more"))
		}
	}
	return m.Theme().String(event.Position.Destination).Add(text.Own(" is not known as a place for dead letters; 4 lists those that are"))
}
