package tui

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"eventscope/tracing/query"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	// textinput has the editing keys people know; its drawing is not used.
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// prompt is the line in which a person writes a command or a filter.
type prompt struct {
	*page.Prompt
	input   textinput.Model
	fault   *query.Error // what is wrong with the text, while it is written
	offers  []offer      // completions of the command, or of its argument
	offered int          // which of them tab put in, -1 for none
	stem    string       // what stood before completing
	offer   func(value string) []offer
	explain func(value string) text.Safe // in place of the line's own, or nil
	past    []string                     // earlier lines, newest last
	at      int                          // which of them is shown
	draft   string                       // what was written before looking at them
}

// offer is what could stand for the command, or for its argument.
type offer struct{ word, arguments, help string }

func newPrompt(l *page.Prompt) *prompt {
	p := &prompt{Prompt: l, input: textinput.New(), offered: -1}
	p.input.CharLimit = text.Bound
	p.input.SetValue(l.Value)
	p.input.CursorEnd()
	for _, c := range l.Choices {
		p.offers = append(p.offers, offer{word: c.Key, help: c.Says.String()})
	}
	p.input.Focus() // its blinking is not wanted, so its command is not run
	return p
}

// update takes a key or a paste.
func (p *prompt) update(m *Model, message tea.Msg) tea.Cmd {
	key := ""
	if press, ok := message.(tea.KeyPressMsg); ok {
		key = press.String()
	}
	if p.Yes != nil {
		m.prompt = nil
		if key == "y" || key == "Y" {
			return p.Yes()
		}
		return nil
	}
	if len(p.Choices) > 0 {
		m.prompt = nil
		if chosen := p.Choose(key); chosen != nil {
			return chosen.Do()
		}
		return nil
	}
	switch key {
	case "esc":
		m.prompt = nil
		return nil
	case "enter":
		if p.fault != nil {
			return nil
		}
		m.prompt = nil
		return p.Accept(p.input.Value())
	case "tab", "shift+tab":
		p.complete(key == "tab")
		return nil
	case "up", "down":
		p.recall(key == "up")
		return nil
	case "backspace":
		if p.input.Value() == "" {
			m.prompt = nil
			return nil
		}
	}
	p.input, _ = p.input.Update(message)
	p.changed()
	return nil
}

// changed looks at what is written now.
func (p *prompt) changed() {
	p.offered = -1
	if p.Check != nil {
		p.fault = p.Check(p.input.Value())
	}
	if p.offer != nil {
		p.offers = p.offer(p.input.Value())
	}
}

// complete puts the next offer in the place of the command, or of its argument.
func (p *prompt) complete(forward bool) {
	if len(p.offers) == 0 {
		return
	}
	if p.offered < 0 {
		value := p.input.Value()
		p.stem = value[:strings.IndexByte(value, ' ')+1]
		if !forward {
			p.offered = 0
		}
	}
	step := 1
	if !forward {
		step = len(p.offers) - 1
	}
	p.offered = (p.offered + step) % len(p.offers)
	p.input.SetValue(p.stem + p.offers[p.offered].word)
	p.input.CursorEnd()
}

// openFilter opens the line of a filter. Those that were used before on pages of its kind come
// with the up arrow.
func (m *Model) openFilter(line *page.Prompt) {
	kind := map[keymap.Scope]keymap.Scope{keymap.OnFlows: keymap.OnStream, keymap.OnLetter: keymap.OnEvent}[m.shell.Top().Scope()]
	kind = cmp.Or(kind, m.shell.Top().Scope())
	m.withSaved(line)
	accept := line.Accept
	line.Accept = func(value string) tea.Cmd {
		m.remember(kind, value)
		return accept(value)
	}
	m.prompt = newPrompt(line)
	m.prompt.offer = m.savedOffers
	m.prompt.past = m.session.filters[kind]
	m.prompt.at = len(m.prompt.past)
}

// remember keeps a filter for the next time, each once.
func (m *Model) remember(kind keymap.Scope, filter string) {
	if strings.TrimSpace(filter) == "" {
		return
	}
	past := slices.DeleteFunc(slices.Clone(m.session.filters[kind]), func(other string) bool { return other == filter })
	past = append(past, filter)
	if m.session.filters == nil {
		m.session.filters = map[keymap.Scope][]string{}
	}
	m.session.filters[kind] = past[max(0, len(past)-pastCommands):]
}

// recall puts in what was written before.
func (p *prompt) recall(older bool) {
	if p.at == len(p.past) {
		p.draft = p.input.Value()
	}
	if older {
		p.at = max(0, p.at-1)
	} else {
		p.at = min(len(p.past), p.at+1)
	}
	value := p.draft
	if p.at < len(p.past) {
		value = p.past[p.at]
	}
	p.input.SetValue(value)
	p.input.CursorEnd()
	p.changed()
}

// draw is the line itself, with its cursor; a long one is scrolled to show it.
func (p *prompt) draw(s *shell, width int) widget.Line {
	t, value := s.theme, p.input.Value()
	cut := byteOffset(value, p.input.Position())
	under, size := text.Space, 0
	if cut < len(value) {
		_, size = utf8.DecodeRuneInString(value[cut:])
		under = t.String(value[cut : cut+size])
	}
	before := t.String(value[:cut])
	row := widget.NewRow(t, width).Put(theme.Accent, p.Sign)
	if room := row.Left() - under.Width() - 1; before.Width() > room {
		before = before.From(before.Width() - room)
	}
	return row.Put(theme.Plain, before).Styled("7", under).Put(theme.Plain, t.String(value[cut+size:])).Line()
}

// hint is the line above: what is wrong and where, or an explanation.
func (p *prompt) hint(s *shell, width int) widget.Line {
	t := s.theme
	row := widget.NewRow(t, width)
	if p.fault != nil {
		value := p.input.Value()
		at := p.Sign.Width() + t.String(value[:byteOffset(value, p.fault.Column-1)]).Width()
		reason := t.String(p.fault.Reason)
		before, behind := at-1, width-at-2 // cells on both sides of the mark
		if reason.Width() <= behind || before <= behind {
			return row.Gap(at).Put(theme.Bad, t.Glyph.Fault.Add(text.Space, t.Cut(reason, behind))).Line()
		}
		reason = t.Cut(reason, before)
		return row.Gap(before-reason.Width()).Put(theme.Bad, reason.Add(text.Space, t.Glyph.Fault)).Line()
	}
	about, value := p.Explain, p.input.Value()
	if p.explain != nil {
		if len(p.offers) == 1 && !strings.Contains(value, " ") {
			value = p.offers[0].word
		}
		about = p.explain(value)
	}
	return row.Gap(1).Put(theme.Dim, about).Line()
}

// mostOffers is how many completions are shown at once.
const mostOffers = 14

// over lays the completions over the end of a page, above the line that is written.
func (p *prompt) over(s *shell, lines []widget.Line, width int) []widget.Line {
	if len(p.offers) == 0 {
		return lines
	}
	words, arguments, about := 0, 0, 0
	for _, o := range p.offers {
		words = max(words, s.theme.String(o.word).Width())
		arguments = max(arguments, s.theme.String(o.arguments).Width())
		about = max(about, s.theme.String(o.help).Width())
	}
	inner := words
	for _, column := range []int{arguments, about} {
		if column > 0 {
			inner += 2 + column
		}
	}
	most, room := roomIn(width, len(lines))
	inner = min(inner, most)
	shown := widget.Cursor{Index: max(0, p.offered)}
	height := min(len(p.offers), room, mostOffers)
	shown.Show(height, len(p.offers))
	var panel []widget.Line
	from, to := shown.Range(height, len(p.offers))
	for i := from; i < to; i++ {
		o, row, role := &p.offers[i], widget.NewRow(s.theme, inner), theme.Plain
		if i == p.offered {
			role = theme.Accent
		}
		row.Cell(role, s.theme.String(o.word), words)
		if arguments > 0 {
			row.Gap(2).Cell(theme.Plain, s.theme.String(o.arguments), arguments)
		}
		row.Gap(2).Put(theme.Dim, s.theme.String(o.help))
		panel = append(panel, row.Line())
	}
	panel = framed(s.theme, panel, len(lines))
	return widget.Over(lines, panel, 0, len(lines)-len(panel))
}

// byteOffset is where the rune with that index begins, or the end.
func byteOffset(s string, runes int) int {
	for at := range s {
		if runes <= 0 {
			return at
		}
		runes--
	}
	return len(s)
}
