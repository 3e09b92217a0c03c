package tui

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/exec"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// letterPage is one dead letter: the page of its event, with what can be done about it.
type letterPage struct {
	*eventPage
	model  *letterModel
	letter replay.Letter
	own    int  // how many facts are about the letter
	gone   bool // it is not in its dead-letter queue any more
	seen   int
}

func newLetterPage(b *letterModel, l *replay.Letter) *letterPage {
	letter, service := *l, b.service
	p := &letterPage{model: b, letter: letter, seen: b.seen, eventPage: b.events.newPage(tracing.Event{
		Source: l.Source, Broker: l.Broker, Position: l.Position, Time: l.Time, Type: l.Type, Service: l.Service,
		FlowID: l.Flow, Entity: l.Entity,
	})}
	p.event.Marks = tracing.DeadLetter // not before: among the facts it would say nothing
	p.load = func(ctx context.Context) (adapters.Message, error) { return service.Message(ctx, &letter) }
	p.tell()
	return p
}

// tell puts the facts about the letter before the others.
func (p *letterPage) tell() {
	own := letterFacts(p.Theme(), &p.letter, p.gone)
	if old := p.model.asOf(p.letter.Source, p.letter.DLQ); !old.IsZero() {
		own[0].from = text.Own("as of ").Add(text.Clock(old.Local()))
	}
	if more := len(own) - p.own; p.own > 0 && p.factsAt.Index >= p.own { // the cursor stays on its fact
		p.factsAt.Index += more
	}
	p.facts = append(own, p.facts[p.own:]...)
	p.factsAt.To(p.factsAt.Index, len(p.facts))
	p.own, p.factsWide = len(own), alignFacts(p.facts)
}

func (p *letterPage) Refresh() tea.Cmd {
	if p.seen != p.model.seen {
		p.seen = p.model.seen
		p.follow()
	}
	return tea.Batch(p.eventPage.Refresh(), p.model.update())
}

// follow looks up what was done about the letter meanwhile.
func (p *letterPage) follow() {
	p.gone = true
	p.Redraw()
	p.model.contents.each(func(l *replay.Letter) {
		if l.Source == p.letter.Source && l.Position == p.letter.Position {
			p.letter, p.gone = *l, false
		}
	})
	p.tell()
}

// letterFacts are what there is to know before one acts on a letter: its state, why it
// died, where it would go, and what was done about it.
func letterFacts(t *theme.Theme, l *replay.Letter, gone bool) []fact {
	state := fact{label: text.Own("state"), role: stateRole(l.State), value: t.String(l.State.String())}
	if gone {
		state.role, state.value = theme.Dim, text.Own("gone: it is not in ").Add(t.String(l.DLQ), text.Own(" any more"))
	}
	why := fact{label: text.Own("why"), role: theme.Bad, value: t.String(deathWords(l.Death.Reason, l.Death.Exception, l.Death.Message))}
	if why.value.Empty() {
		why.role, why.value = theme.Dim, text.Own("nothing says why it died")
	}
	to := fact{label: text.Own("replay to"), role: theme.Link, value: t.String(string(l.To)), from: t.String(l.ToFrom)}
	switch {
	case l.To.IsZero():
		to.role, to.value = theme.Warn, text.Own("nothing says where it was to go")
	case l.Confidence == envelope.NameOnly:
		to.role, to.from = theme.Warn, text.Own("a guess from ").Add(t.String(l.ToFrom))
	}
	facts := []fact{state, why, to, {label: text.Own("died"), value: page.Moment(l.Died())}}
	if l.Replays > 0 {
		facts = append(facts, fact{label: text.Own("replays"), role: theme.Warn, value: text.Count(int64(l.Replays))})
	}
	if m := l.Mark; m != nil {
		facts = append(facts, fact{label: text.Own("by"), value: t.String(m.By).Add(text.Space, text.Moment(m.At.Local())), from: text.Own("run ").Add(t.String(m.Run))})
		if m.Reason != "" {
			facts = append(facts, fact{label: text.Own("because"), value: t.String(m.Reason)})
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
	}
	return p.eventPage.Hint(b)
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
	case keymap.EditLetter:
		if p.read == nil {
			return p.eventPage.Do(keymap.Edit) // which says that it is not there
		}
		return p.editLetter()
	}
	return p.eventPage.Do(a)
}

// editLetter opens the body in the user's editor, and plans to send what comes back in
// its place.
func (p *letterPage) editLetter() tea.Cmd {
	d, value, letter := p.model, p.read.message.Value, p.letter
	if p.read.decoded.Compression != "" {
		d.Say(theme.Warn, text.Own("the body is compressed; only what is sent as it is can be edited"))
		return nil
	}
	header := idHeader(p.rules, &p.read.message)
	folder, err := os.MkdirTemp("", "eventscope-")
	var path string
	if err == nil {
		path, err = page.WriteNew(folder, page.FileName(letter.Position.String(), string(p.read.decoded.Format)), value)
	}
	if err != nil {
		d.Say(theme.Bad, text.Own("cannot write a copy for the editor: ").Add(d.Theme().String(err.Error())))
		return nil
	}
	editor := p.files.EditorCommand()
	return tea.ExecProcess(exec.CommandContext(d.Context(), editor[0], append(editor[1:], path)...), func(err error) tea.Msg {
		return page.Answer(func() tea.Cmd {
			defer os.RemoveAll(folder)
			changed, reading := os.ReadFile(path)
			switch {
			case err != nil:
				d.Say(theme.Bad, text.Own("set EDITOR to another; ").Add(d.Theme().String(editor[0]), text.Own(" failed: "), d.Theme().String(err.Error())))
			case reading != nil:
				d.Say(theme.Bad, text.Own("cannot read the edited copy: ").Add(d.Theme().String(reading.Error())))
			case bytes.Equal(changed, value):
				d.Say(theme.Dim, text.Own("nothing was changed, so there is nothing to plan; r replays it as it is"))
			default:
				return d.planEdited(letter, value, &replay.Edit{Value: changed, ID: newID(), Header: header})
			}
			return nil
		})
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
