package comparepage

import (
	"context"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/tracing"
	"eventscope/tracing/compare"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Config is what pages that compare work with.
type Config struct {
	page.Screen
	Querier tracing.Querier
	Rules   *envelope.Rules
	Files   page.Files
}

// Event is one of two events to compare.
type Event struct {
	Event tracing.Event
	// Read reads its message; nil asks the index for it.
	Read func(context.Context) (adapters.Message, error)
}

// events is the page of two events.
type events struct {
	*Config
	page.Question
	page.Listing
	a, b     Event
	asked    bool
	result   *compare.Result // nil until both were read
	lines    []fieldLine
	width    int // for which the lines are
	unfolded map[int]bool
}

// NewEvents is the page of two events.
func (c *Config) NewEvents(a, b Event) page.Page {
	return &events{Config: c, a: a, b: b, unfolded: map[int]bool{}}
}

func (e *events) Scope() keymap.Scope      { return keymap.OnCompare }
func (e *events) Ages() bool               { return false }
func (e *events) WaitsFor() *page.Question { return &e.Question }
func (e *events) Back() bool               { return false }

// Name is the two that are compared.
func (e *events) Name() text.Safe {
	t := e.Theme()
	return t.String(e.a.Event.Position.String()).Add(text.Own(" = "), t.String(e.b.Event.Position.String()))
}

// Hint says what enter does with a field.
func (e *events) Hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.Enter && e.under() < 0:
		return text.Safe{}
	case b.Action == keymap.Enter && e.unfolded[e.under()]:
		return text.Own("fold")
	case b.Action == keymap.Enter:
		return text.Own("unfold")
	}
	return b.Hint()
}

// Refresh reads both messages, once.
func (e *events) Refresh() tea.Cmd {
	if e.asked {
		return nil
	}
	e.asked, e.Once = true, true
	a, b, rules, querier := e.a, e.b, e.Rules, e.Querier
	return e.Ask(e, text.Own("reading both messages"), page.FetchLimit, func(ctx context.Context) (func(), error) {
		left, right := a.side(ctx, querier), b.side(ctx, querier)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result := compare.New(rules).Events(left, right)
		return func() { e.result, e.width = result, 0 }, nil
	})
}

// side reads the message of an event.
func (e *Event) side(ctx context.Context, querier tracing.Querier) *compare.Side {
	s := &compare.Side{Event: &e.Event, Err: adapters.ErrGone}
	if e.Read != nil {
		message, err := e.Read(ctx)
		s.Message, s.Err = &message, err
	} else {
		for message, err := range querier.Messages(ctx, []tracing.Event{e.Event}) {
			s.Message, s.Err = &message, err
		}
	}
	if s.Err != nil {
		s.Message = nil
	}
	return s
}

// under is the field under the cursor, or -1.
func (e *events) under() int {
	if e.Cursor.Index >= len(e.lines) {
		return -1
	}
	return e.lines[e.Cursor.Index].field
}

func (e *events) Do(a keymap.Action) tea.Cmd {
	switch {
	case e.Move(a, len(e.lines)):
	case a == keymap.Enter && e.under() >= 0:
		e.unfolded[e.under()] = !e.unfolded[e.under()]
		e.width = 0
	case a == keymap.CopyText && e.result != nil:
		return page.CopyOrSave(e, &e.Files, e.plain(), text.Own("what differs"), "compare-"+e.a.Event.Position.String()+"-"+e.b.Event.Position.String(), ".txt")
	}
	return nil
}

// plain is the page as text, each field whole.
func (e *events) plain() string {
	var all strings.Builder
	for _, s := range []text.Safe{e.headline(text.Own("A"), &e.a.Event), e.headline(text.Own("B"), &e.b.Event)} {
		all.WriteString(s.String() + "\n")
	}
	told := -1
	for _, line := range linesOf(e.Theme(), e.result, besideFrom-1, nil) {
		switch {
		case line.field < 0:
			all.WriteString(line.said.String() + "\n")
		case line.field != told:
			told = line.field
			all.WriteString(plainField(e.Theme(), fieldOf(e.result, told), "  "))
		}
	}
	return all.String()
}

// headline says what an event is.
func (e *events) headline(label text.Safe, of *tracing.Event) text.Safe {
	t := e.Theme()
	kind := t.String(of.Type)
	if kind.Empty() {
		kind = text.Own("(no type)")
	}
	return text.Join(text.Own("  "), label, kind, t.String(of.Service), t.String(of.Position.String()), t.String(page.FlowLabel(*of)), page.ShortMoment(of.Time, e.Now()))
}

func (e *events) Click(_, row int) bool { return e.Listing.Click(row, len(e.lines)) }

func (e *events) Status() []page.Piece {
	if e.result == nil {
		return nil
	}
	return []page.Piece{counted(e.Theme(), e.result)}
}

// counted says how much differs.
func counted(t *theme.Theme, r *compare.Result) page.Piece {
	switch n := len(r.Differs) + r.More; {
	case r.Err != nil:
		return page.Piece{Role: theme.Warn, Text: t.Glyph.Warning.Add(text.Own(" not compared"))}
	case n > 0:
		return page.Piece{Role: theme.Plain, Text: text.Plural(n, text.Own(" difference"), text.Own(" differences"))}
	case r.Beyond:
		return page.Piece{Role: theme.Warn, Text: t.Glyph.Warning.Add(text.Own(" not compared whole"))}
	}
	return page.Piece{Role: theme.Good, Text: t.Glyph.Done.Add(text.Own(" the same"))}
}

func (e *events) Render(width, height int) []widget.Line {
	t := e.Theme()
	lines := []widget.Line{
		widget.NewRow(t, width).Gap(1).Put(theme.Plain, e.headline(text.Own("A"), &e.a.Event)).Line(),
		widget.NewRow(t, width).Gap(1).Put(theme.Plain, e.headline(text.Own("B"), &e.b.Event)).Line(),
		widget.Rule(t, width),
	}
	if e.result == nil {
		return widget.Fit(t, lines, width, height)
	}
	if e.width != width {
		at, first := e.under(), len(e.lines) == 0
		e.lines, e.width = linesOf(t, e.result, width, e.unfolded), width
		if first {
			at = 0
		}
		e.goTo(at)
	}
	return e.Draw(t, lines, width, height, len(e.lines), func(i int, selected bool) widget.Line {
		row := widget.CursorRow(t, width, selected)
		e.lines[i].draw(row)
		return row.Line()
	})
}

// goTo keeps the cursor on its field when the lines change.
func (e *events) goTo(field int) {
	if field < 0 || e.under() == field {
		return
	}
	for i := range e.lines {
		if e.lines[i].field == field {
			e.Cursor.Index = i
			return
		}
	}
}
