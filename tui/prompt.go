package tui

import (
	"errors"
	"strings"
	"unicode/utf8"

	"eventscope/tracing/query"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	// textinput has the editing keys people know; its drawing is not used.
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// prompt is the line in which a person writes a command or a filter.
type prompt struct {
	input   textinput.Model
	sign    text.Safe
	fault   *query.Error // what is wrong with the filter, while it is written
	offers  []offer      // completions of the command, or of its argument
	offered int          // which of them tab put in, -1 for none
	stem    string       // what stood before completing
	check   func(value string) *query.Error
	offer   func(value string) []offer
	explain func(value string) text.Safe
	accept  func(m *Model, value string) tea.Cmd
	yes     func() tea.Cmd // of a question that one key answers: y, and anything else is no
	past    []string       // earlier lines, newest last
	at      int            // which of them is shown
	draft   string         // what was written before looking at them
}

// offer is what could stand for the command, or for its argument.
type offer struct{ word, arguments, help string }

func newPrompt(sign text.Safe, value string) *prompt {
	p := &prompt{input: textinput.New(), sign: sign, offered: -1}
	p.input.CharLimit = text.Bound
	p.input.SetValue(value)
	p.input.CursorEnd()
	p.input.Focus() // its blinking is not wanted, so its command is not run
	return p
}

// finder is a page that finds words in what it shows.
type finder interface {
	find(words string)
	findHint() text.Safe
}

// askFor opens a line in which a person answers a question of a page; an empty answer is
// none.
func (d *shell) askFor(sign, explain text.Safe, accept func(value string) tea.Cmd) {
	p := newPrompt(sign, "")
	p.explain = func(string) text.Safe { return explain }
	p.accept = func(_ *Model, value string) tea.Cmd {
		if strings.TrimSpace(value) == "" {
			return nil
		}
		return accept(value)
	}
	d.asking = p
}

// askYes opens a question that y answers; any other key closes it, and nothing happens.
func (d *shell) askYes(question, explain text.Safe, yes func() tea.Cmd) {
	p := newPrompt(question.Add(text.Own(" y/N ")), "")
	p.explain = func(string) text.Safe { return explain }
	p.yes = yes
	d.asking = p
}

// newFilterLine asks for a filter of the lists, or for what to find in a value.
func newFilterLine(d *shell, on keymap.Scope) *prompt {
	if page, ok := d.top().(finder); ok {
		p := newPrompt(text.Own("find "), "")
		p.explain = func(string) text.Safe { return page.findHint() }
		p.accept = func(_ *Model, value string) tea.Cmd { page.find(value); return nil }
		return p
	}
	if page, ok := d.top().(interface{ filterLine() *prompt }); ok { // with words of its own
		return page.filterLine()
	}
	value := ""
	letters, ofLetters := d.top().(*lettersPage)
	_, ofFlows := d.top().(*flows)
	switch {
	case ofLetters:
		value = letters.filterText()
	case ofFlows && d.ofFlows != nil:
		value = d.ofFlows.Filter().String()
	case d.watch != nil:
		value = d.watch.Filter().String()
	}
	p := newPrompt(text.Own("/"), value)
	p.check = func(value string) *query.Error { return checkFilter(value, d.chooses()) }
	p.explain = func(string) text.Safe {
		if ofFlows {
			return text.Own(`words, or an expression: type == "PaymentFailed" && status == "failed"`)
		}
		return text.Own(`words, or an expression: type == "PaymentFailed" && json("payload.amount") > 100`)
	}
	p.accept = func(m *Model, value string) tea.Cmd {
		if ofLetters {
			return letters.applyFilter(value)
		}
		return applyFilter(m.shell, value)
	}
	return p
}

// chooses is what the filter of the page on top chooses among.
func (d *shell) chooses() query.Of {
	switch d.top().(type) {
	case *flows:
		return query.Flows
	case *lettersPage:
		return query.Letters
	}
	return query.Events
}

// checkFilter is what is wrong with a filter, or nil.
func checkFilter(value string, of query.Of) *query.Error {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	_, err := query.Compile(value, of)
	var fault *query.Error
	if err != nil && !errors.As(err, &fault) {
		fault = &query.Error{Column: 1, Reason: err.Error()}
	}
	return fault
}

// applyFilter makes value the filter of the lists; an empty one clears it. On Flows it may ask
// about flows as a whole, and is then for that list alone.
func applyFilter(d *shell, value string) tea.Cmd {
	if strings.TrimSpace(value) == "" {
		d.setFilter(nil)
		return nil
	}
	of := d.chooses()
	if of == query.Letters { // it is not for their list, which has / for that
		of = query.Events
	}
	compiled, err := query.Compile(value, of)
	if err != nil {
		d.say(theme.Bad, d.theme.Glyph.Failed.Add(space, d.theme.String(err.Error())))
		return nil
	}
	d.setFilter(d.options.Querier.Watch(compiled))
	return nil
}

// update takes a key or a paste.
func (p *prompt) update(m *Model, message tea.Msg) tea.Cmd {
	key := ""
	if press, ok := message.(tea.KeyPressMsg); ok {
		key = press.String()
	}
	if p.yes != nil {
		m.prompt = nil
		if key == "y" || key == "Y" {
			return p.yes()
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
		return p.accept(m, p.input.Value())
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
	if p.check != nil {
		p.fault = p.check(p.input.Value())
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

// line is the line itself, with its cursor; a long one is scrolled to show it.
func (p *prompt) line(d *shell, width int) widget.Line {
	t, value := d.theme, p.input.Value()
	cut := byteOffset(value, p.input.Position())
	under, size := space, 0
	if cut < len(value) {
		_, size = utf8.DecodeRuneInString(value[cut:])
		under = t.String(value[cut : cut+size])
	}
	before := t.String(value[:cut])
	row := widget.NewRow(t, width).Put(theme.Accent, p.sign)
	if room := row.Left() - under.Width() - 1; before.Width() > room {
		before = before.From(before.Width() - room)
	}
	return row.Put(theme.Plain, before).Styled("7", under).Put(theme.Plain, t.String(value[cut+size:])).Line()
}

// hint is the line above: what is wrong and where, or an explanation.
func (p *prompt) hint(d *shell, width int) widget.Line {
	t := d.theme
	row := widget.NewRow(t, width)
	if p.fault != nil {
		value := p.input.Value()
		at := p.sign.Width() + t.String(value[:byteOffset(value, p.fault.Column-1)]).Width()
		reason := t.String(p.fault.Reason)
		before, behind := at-1, width-at-2 // cells on both sides of the mark
		if reason.Width() <= behind || before <= behind {
			return row.Gap(at).Put(theme.Bad, t.Glyph.Fault.Add(space, t.Cut(reason, behind))).Line()
		}
		reason = t.Cut(reason, before)
		return row.Gap(before-reason.Width()).Put(theme.Bad, reason.Add(space, t.Glyph.Fault)).Line()
	}
	if value := p.input.Value(); p.explain != nil {
		if len(p.offers) == 1 && !strings.Contains(value, " ") {
			value = p.offers[0].word
		}
		row.Gap(1).Put(theme.Dim, p.explain(value))
	}
	return row.Line()
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
