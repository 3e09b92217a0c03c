package tui

import (
	"eventscope/adapters"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// openLetterOf opens the letter that an event is, if it lies in a grave that is known. If
// it does not, the graves are read once more, since it may just have died.
func (d *desk) openLetterOf(event *tracing.Event) tea.Cmd {
	switch {
	case !event.Marks.Has(tracing.DeadLetter):
		d.say(theme.Warn, text.Own("this event is no dead letter"))
		return nil
	case d.box == nil:
		d.say(theme.Warn, text.Own("no source here has dead letters that can be dealt with"))
		return nil
	}
	if l := d.box.letterOf(event); l != nil {
		return d.open(newLetterPage(d, l))
	}
	on, sought := d.top(), *event
	d.say(theme.Dim, text.Own("reading the dead letters"))
	d.box.fresh = true
	d.box.then = func() {
		if d.top() != on {
			return // somebody went elsewhere meanwhile
		}
		d.notice = piece{}
		if l := d.box.letterOf(&sought); l != nil {
			d.pages, d.dirty = append(d.pages, newLetterPage(d, l)), true // an answer refreshes it
			return
		}
		d.say(theme.Warn, d.box.whyNot(&sought))
	}
	return d.box.update()
}

// letterOf is the letter that an event is, or nil. Of RabbitMQ the event was seen on its
// way to the queue in which the letter lies: it is the same message.
func (b *mailbox) letterOf(event *tracing.Event) (found *replay.Letter) {
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
func (b *mailbox) whyNot(event *tracing.Event) text.Safe {
	for i := range b.contents.survey.Graves {
		g := &b.contents.survey.Graves[i]
		switch {
		case g.Source.Name != event.Source:
		case g.Kind == adapters.Queue && (g.ReadAt.IsZero() || g.Stale()):
			return text.Own("it may lie in ").Add(b.theme.String(g.Name), text.Own(", which was not looked into yet: 4 and enter do that"))
		case g.Name == event.Position.Destination && g.Err != nil:
			return b.theme.String(g.Name).Add(text.Own(": "), b.sentence(g.Err))
		case g.Name == event.Position.Destination:
			return text.Own("it is not in ").Add(b.theme.String(g.Name), text.Own(" any more"))
		}
	}
	return b.theme.String(event.Position.Destination).Add(text.Own(" is not known as a place for dead letters; 4 lists those that are"))
}
