package tui

import (
	"context"
	"time"

	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// flowPage is one flow: a timeline with a waterfall, or lanes.
type flowPage struct {
	*shell
	question
	key    tracing.FlowKey
	label  text.Safe // until the flow itself is there
	flow   *tracing.Flow
	size   timeline // of flow
	rows   []flowRow
	why    bool // the rows have reasons
	cursor widget.Cursor
	step   tracing.Sequence // the event under the cursor, 0 for none
	height int              // of the rows
	head   int              // lines above the rows
	lanes  bool
	shift  int // first lane shown

	seen  uint64
	asked time.Time
}

// flowEvery is how often a flow is asked for while events arrive.
const flowEvery = 250 * time.Millisecond

func newFlow(d *shell, key tracing.FlowKey, label text.Safe) *flowPage {
	return &flowPage{shell: d, key: key, label: label, height: 20}
}

func (f *flowPage) scope() keymap.Scope { return keymap.OnFlow }
func (f *flowPage) name() text.Safe     { return text.Own("Flow ").Add(f.id()) }
func (f *flowPage) ages() bool          { return false }
func (f *flowPage) waitsFor() *question { return &f.question }
func (f *flowPage) back() bool          { return false }

func (f *flowPage) hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.View && f.lanes:
		return text.Own("timeline")
	case b.Action == keymap.History && f.options.History == nil:
		return text.Safe{}
	case b.Action == keymap.LetterOf && (f.flow == nil || f.flow.DeadLetters == 0):
		return text.Safe{}
	}
	return b.Hint()
}

// id is what the flow is called.
func (f *flowPage) id() text.Safe {
	if f.flow == nil {
		return f.label
	}
	return f.theme.String(flowName(&f.flow.FlowSummary))
}

func (f *flowPage) refresh() tea.Cmd {
	return tea.Batch(f.update(), f.maps.update(mapSeldom))
}

// update asks for the flow again when that is due.
func (f *flowPage) update() tea.Cmd {
	since := f.now.Sub(f.asked)
	// A flow becomes late without any event: it is asked for once a second as well, and so is
	// one that is not there, which may come yet.
	if f.busy || since < time.Second && (f.flow == nil || f.seen == f.counters.Version || since < flowEvery) {
		return nil
	}
	f.asked = f.now
	key, querier, version := f.key, f.options.Querier, f.counters.Version
	return f.ask(f.shell, text.Own("reading the flow"), queryLimit, func(ctx context.Context) (func(), error) {
		flow, err := querier.Flow(ctx, key)
		return func() {
			f.flow, f.seen = flow, version
			f.size, f.rows = f.measure(), flowRows(flow, f.why)
			f.findCursor()
		}, err
	})
}

// findCursor keeps the cursor on its event when others come before it.
func (f *flowPage) findCursor() {
	if f.step == 0 {
		return
	}
	for i, row := range f.rows {
		if row.kind == stepRow && f.flow.Steps[row.index].Sequence == f.step {
			f.cursor.Index = i
		}
	}
}

func (f *flowPage) move(by int) {
	f.cursor.Move(by, len(f.rows))
	f.keep()
}

// keep notes which event is under the cursor.
func (f *flowPage) keep() {
	f.step = 0
	if step, ok := f.selected(); ok {
		f.step = step.Sequence
	}
}

// selected is the step under the cursor.
func (f *flowPage) selected() (*tracing.Step, bool) {
	if f.cursor.Index >= len(f.rows) || f.rows[f.cursor.Index].kind != stepRow {
		return nil, false
	}
	return &f.flow.Steps[f.rows[f.cursor.Index].index], true
}

func (f *flowPage) do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down:
		f.move(1)
	case keymap.Up:
		f.move(-1)
	case keymap.PageDown:
		f.move(f.height / 2)
	case keymap.PageUp:
		f.move(-f.height / 2)
	case keymap.First:
		f.move(-len(f.rows))
	case keymap.Last:
		f.move(len(f.rows))
	case keymap.View:
		f.lanes = !f.lanes
	case keymap.Left:
		f.shift = max(0, f.shift-1)
	case keymap.Right:
		if f.lanes { // a timeline has nothing to the right
			f.shift++
		}
	case keymap.CopyText:
		if f.flow != nil {
			return f.copyText(f.flow.ID, text.Own("the flow id"))
		}
	case keymap.History:
		return f.searchBefore()
	case keymap.LetterOf:
		return f.openDeadLetter()
	case keymap.Enter:
		if step, ok := f.selected(); ok {
			return f.open(newEvent(f.shell, step.Event))
		}
	}
	return nil
}

// openDeadLetter opens the letter under the cursor, or the only one that the flow has.
func (f *flowPage) openDeadLetter() tea.Cmd {
	step, ok := f.selected()
	if ok && step.Marks.Has(tracing.DeadLetter) {
		return f.openLetterOf(&step.Event)
	}
	if f.flow != nil && f.flow.DeadLetters == 1 {
		for i := range f.flow.Steps {
			if f.flow.Steps[i].Marks.Has(tracing.DeadLetter) {
				return f.openLetterOf(&f.flow.Steps[i].Event)
			}
		}
	}
	f.say(theme.Warn, text.Own("put the cursor on a dead letter ").Add(f.theme.Glyph.Dead, text.Own(" first")))
	return nil
}

// searchBefore looks in the brokers for what this flow had before the window.
func (f *flowPage) searchBefore() tea.Cmd {
	switch {
	case f.options.History == nil:
		f.say(theme.Warn, text.Own("no source here keeps a history that could be read"))
		return nil
	case f.flow == nil:
		return nil
	}
	since := searchBack
	if began := f.now.Sub(f.flow.Started); began > 0 {
		since += began.Round(time.Minute)
	}
	return f.startSearch(f, flowName(&f.flow.FlowSummary), since)
}

func (f *flowPage) click(_, row int) bool {
	i := f.cursor.Top + row - f.head
	if row < f.head || i >= len(f.rows) {
		return false
	}
	was := f.cursor.Index
	f.cursor.Index = i
	f.keep()
	return was == i
}

func (f *flowPage) status() []piece {
	if f.flow == nil {
		return nil
	}
	role, glyph := f.theme.Status(f.flow.Status)
	return append([]piece{{role, glyph.Add(space, f.theme.String(string(f.flow.Status)))}}, f.serviceStatus()...)
}

func (f *flowPage) render(width, height int) []widget.Line {
	if f.flow == nil {
		return f.notThere(width, height)
	}
	lines := f.headLines(width)
	if height < 10 {
		lines = lines[:1]
	}
	makeDrawing := f.timelineDrawing
	if f.lanes {
		makeDrawing = f.lanesDrawing
	}
	heads, draw := makeDrawing(width)
	lines = append(lines, heads...)
	f.head = len(lines)
	f.height = max(1, height-f.head)
	f.cursor.Show(f.height, len(f.rows))
	from, to := f.cursor.Range(f.height, len(f.rows))
	for i := from; i < to; i++ {
		lines = append(lines, draw(i, i == f.cursor.Index))
	}
	return widget.Fit(f.theme, lines, width, height)
}

// drawing draws row i of a flow.
type drawing func(i int, selected bool) widget.Line

// timelineDrawing is what draws the rows as a timeline, and the lines above them.
func (f *flowPage) timelineDrawing(width int) ([]widget.Line, drawing) {
	columns, reasons := f.size.columns(width)
	f.explain(reasons)
	places := widget.Places(f.size.times, f.size.causes, columns[stepWaterfall])
	return nil, func(i int, selected bool) widget.Line {
		return f.timelineRow(columns, places, reasons, i, width, selected)
	}
}

// explain makes the rows have reasons, or not.
func (f *flowPage) explain(reasons bool) {
	if f.why != reasons {
		f.why, f.rows = reasons, flowRows(f.flow, reasons)
		f.findCursor()
	}
}

// notThere is the page before the flow came, or after it was evicted.
func (f *flowPage) notThere(width, height int) []widget.Line {
	t := f.theme
	lines := []widget.Line{widget.Blank(t, width)}
	if f.err != nil {
		s := text.Own("Flow ").Add(f.label, text.Own(": "), f.repeated(f.err))
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Plain, s).Line())
		hint := text.Own(":trace and an id looks for it in the brokers; esc goes back.")
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, hint).Line())
	}
	return widget.Fit(t, lines, width, height)
}
