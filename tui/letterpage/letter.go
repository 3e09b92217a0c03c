package letterpage

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/eventpage"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// letterPage is one dead letter: the page of its event, with what can be done about it.
type letterPage struct {
	*eventpage.Page
	model  *Model
	letter replay.Letter
	gone   bool         // it is not in its dead-letter queue any more
	list   *lettersPage // that it was opened from, or nil
	seen   int
}

func newLetterPage(m *Model, l *replay.Letter) *letterPage {
	p := &letterPage{model: m, letter: *l, seen: m.Changes(), Page: m.Events.NewLetter(eventOf(l), m.read(l))}
	p.tell()
	return p
}

// eventOf is a letter as an event.
func eventOf(l *replay.Letter) tracing.Event {
	return tracing.Event{
		Source: l.Source, Broker: l.Broker, Position: l.Position, Time: l.Time, Type: l.Type, Service: l.Service,
		FlowID: l.Flow, Entity: l.Entity,
	}
}

// read is what reads a letter's message.
func (m *Model) read(l *replay.Letter) func(context.Context) (adapters.Message, error) {
	letter, service := *l, m.Service
	return func(ctx context.Context) (adapters.Message, error) { return service.Message(ctx, &letter) }
}

// subjectOf is a letter, to be compared with another.
func (m *Model) subjectOf(l *replay.Letter) page.Subject {
	event := eventOf(l)
	return page.Subject{Event: &event, Read: m.read(l)}
}

// Subject is the letter.
func (p *letterPage) Subject() page.Subject { return p.model.subjectOf(&p.letter) }

// tell puts the facts about the letter before the others.
func (p *letterPage) tell() {
	own := letterFacts(p.Theme(), &p.letter, p.gone)
	if old := p.model.asOf(p.letter.Source, p.letter.DLQ); !old.IsZero() {
		own[0].From = text.Own("as of ").Add(text.Clock(old.Local()))
	}
	p.Lead(own)
}

func (p *letterPage) Refresh() tea.Cmd {
	if p.seen != p.model.Changes() {
		p.seen = p.model.Changes()
		p.follow()
	}
	return tea.Batch(p.Page.Refresh(), p.model.update())
}

// follow looks up what was done about the letter meanwhile.
func (p *letterPage) follow() {
	p.gone = true
	p.Redraw()
	p.model.Last.each(func(l *replay.Letter) {
		if l.Source == p.letter.Source && l.Position == p.letter.Position {
			p.letter, p.gone = *l, false
		}
	})
	p.tell()
}

// letterFacts are what there is to know before one acts on a letter: its state, why it
// died, where it would go, and what was done about it.
func letterFacts(t *theme.Theme, l *replay.Letter, gone bool) []eventpage.Fact {
	state := eventpage.Fact{Label: text.Own("state"), Role: stateRole(l.State), Value: t.String(l.State.String())}
	if gone {
		state.Role, state.Value = theme.Dim, text.Own("gone: it is not in ").Add(t.String(l.DLQ), text.Own(" any more"))
	}
	why := eventpage.Fact{Label: text.Own("why"), Role: theme.Bad, Value: t.String(deathWords(l.DeadLetter.Reason, l.DeadLetter.Exception, l.DeadLetter.Message))}
	if why.Value.Empty() {
		why.Role, why.Value = theme.Dim, text.Own("nothing says why it died")
	}
	to := eventpage.Fact{Label: text.Own("replay to"), Role: theme.Link, Value: t.String(string(l.To)), From: t.String(l.ToFrom)}
	switch {
	case l.To.IsZero():
		to.Role, to.Value = theme.Warn, text.Own("nothing says where it was to go")
	case l.Confidence == deadheader.NameOnly:
		to.Role, to.From = theme.Warn, text.Own("a guess from ").Add(t.String(l.ToFrom))
	}
	facts := []eventpage.Fact{state, why, to, {Label: text.Own("died"), Value: page.Moment(l.Died())}}
	if l.Replays > 0 {
		facts = append(facts, eventpage.Fact{Label: text.Own("replays"), Role: theme.Warn, Value: text.Count(int64(l.Replays))})
	}
	if m := l.Mark; m != nil {
		facts = append(facts, eventpage.Fact{Label: text.Own("by"), Value: t.String(m.By).Add(text.Space, text.Moment(m.At.Local())), From: text.Own("run ").Add(t.String(m.Run))})
		if m.Reason != "" {
			facts = append(facts, eventpage.Fact{Label: text.Own("because"), Value: t.String(m.Reason)})
		}
	}
	return facts
}

func (p *letterPage) Scope() keymap.Scope { return keymap.OnLetter }

// Hint offers what can be done about a letter in its state.
func (p *letterPage) Hint(b *keymap.Binding) text.Safe {
	open := p.letter.State == replay.Open && !p.gone
	switch b.Action {
	case keymap.ReplayLetters, keymap.DiscardLetters, keymap.EditLetter:
		if !open {
			return text.Safe{}
		}
	case keymap.RestoreLetters:
		if p.letter.State == replay.Discarded {
			return text.Own("restore")
		}
	case keymap.FlowOf:
		if p.letter.Flow == "" {
			return text.Safe{}
		}
	case keymap.NextEvent:
		if p.list != nil {
			return b.Hint()
		}
	}
	return p.Page.Hint(b)
}

func (p *letterPage) Do(a keymap.Action) tea.Cmd {
	if _, acts := actions[a]; p.gone && (acts || a == keymap.EditLetter) {
		p.Say(theme.Warn, text.Own("this letter is gone, so there is nothing to plan"))
		return nil
	}
	switch a {
	case keymap.ReplayLetters, keymap.DiscardLetters, keymap.RestoreLetters:
		letter := p.letter
		return p.model.planFor(a, []*replay.Letter{&letter}, nil)
	case keymap.FlowOf:
		return p.model.openFlowOf(&p.letter)
	case keymap.NextEvent:
		return p.goAlong(1)
	case keymap.PreviousEvent:
		return p.goAlong(-1)
	case keymap.EditLetter:
		if message, body := p.Message(); message != nil {
			return p.editLetter(message, body)
		}
		return p.Page.Do(keymap.Edit) // which says that it is not there
	}
	return p.Page.Do(a)
}

// goAlong goes along the list that the letter was opened from.
func (p *letterPage) goAlong(by int) tea.Cmd {
	if p.list == nil {
		return p.Page.Do(keymap.NextEvent) // which says that there is none
	}
	l := p.list.beside(p.letter.Position, by)
	if l == nil {
		end := text.Own("this is the last letter of the list")
		if by < 0 {
			end = text.Own("this is the first letter of the list")
		}
		p.Say(theme.Dim, end)
		return nil
	}
	next := newLetterPage(p.model, l)
	next.list = p.list
	p.HandOver(next.Page)
	next.follow() // the list may be of before
	p.model.Swap(p, next)
	return next.Refresh()
}

// editLetter opens the body in the user's editor, and plans to send what comes back in
// its place.
func (p *letterPage) editLetter(message *adapters.Message, body *payload.Decoded) tea.Cmd {
	model, letter, value := p.model, p.letter, message.Value
	if body.Compression != "" {
		model.Say(theme.Warn, text.Own("the body is compressed; only what is sent as it is can be edited"))
		return nil
	}
	if body.Masked {
		model.Say(theme.Warn, text.Own("parts of the body are masked, so it cannot be edited; r sends it as it is"))
		return nil
	}
	if body.IsEncoded(message) {
		model.Say(theme.Warn, text.Own("the body is no text, so an edit would be text that no reader of it takes; r sends it as it is"))
		return nil
	}
	header := idHeader(model.Events.Rules, message)
	return model.Events.Files.Edit(model, page.FileName(letter.Position.String(), string(body.Format)), value, func(changed []byte) tea.Cmd {
		if bytes.Equal(changed, value) {
			model.Say(theme.Dim, text.Own("nothing was changed, so there is nothing to plan; r replays it as it is"))
			return nil
		}
		return model.planEdited(letter, value, &replay.Edit{Value: changed, ID: newID(), Header: header})
	})
}

// idHeader is the header that holds a message's own id, if one does.
func idHeader(rules *envelope.Rules, m *adapters.Message) string {
	var id envelope.Identity
	envelope.NewReader(rules).Read(m, &id)
	if id.ID.From.Place != envelope.InHeader {
		return ""
	}
	return string(id.ID.From.Name)
}

// newID is an id for a message that was edited: a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
