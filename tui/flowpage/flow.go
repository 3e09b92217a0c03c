package flowpage

import (
	"context"
	"slices"
	"time"

	"eventscope/tracing"
	"eventscope/tracing/topology"
	"eventscope/tui/eventpage"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Config is what pages about flows work with.
type Config struct {
	Screen
	Querier  tracing.Querier
	Filter   *page.EventFilter
	History  bool // there is somewhere to look for earlier events
	Services Services
	Preview  *eventpage.Preview
	Columns  []string // of the list, by their names; empty for all
}

// Screen is what such a page asks of the screen.
type Screen interface {
	page.Screen
	// OpenLetterOf opens the dead letter that an event is.
	OpenLetterOf(event *tracing.Event) tea.Cmd
	// OpenFlow shows one flow, called by its label until it is there.
	OpenFlow(key tracing.FlowKey, label text.Safe) tea.Cmd
	// OpenEvent shows one event of a list.
	OpenEvent(event tracing.Event, from eventpage.List) tea.Cmd
	// Search looks for an id in what the brokers still have, back to since ago, for who asked
	// on that page.
	Search(on page.Page, id string, since time.Duration) tea.Cmd
}

// Services is what is known of the services that a flow went through.
type Services interface {
	// Worst is the consumer of a service that is worst off; false if none is known.
	Worst(service string) (*topology.Reader, bool)
	// Writer is the service that writes most events of a type, empty if none is known.
	Writer(kind string) string
	// Refresh asks for news of them when that is due.
	Refresh() tea.Cmd
}

// flowPage is one flow: a timeline with a waterfall, or lanes.
type flowPage struct {
	*Config
	page.Question
	page.Listing
	key   tracing.FlowKey
	label text.Safe // until the flow itself is there
	flow  *tracing.Flow
	size  timeline // of flow
	rows  []flowRow
	why   bool             // the rows have reasons
	step  tracing.Sequence // the event under the cursor, 0 for none
	lanes bool
	shift int  // first lane shown
	low   bool // there is room for one line above the rows

	seen  uint64
	asked time.Time
}

// flowHead is how many lines stand above the rows at most.
const flowHead = 3

// flowEvery is how often a flow is asked for while events arrive.
const flowEvery = 250 * time.Millisecond

// New is the page of one flow, called by its label until it is there.
func New(c *Config, key tracing.FlowKey, label text.Safe) page.Page {
	return &flowPage{Config: c, key: key, label: label, Listing: page.Listing{Height: 20}}
}

func (f *flowPage) Scope() keymap.Scope      { return keymap.OnFlow }
func (f *flowPage) Name() text.Safe          { return text.Own("Flow ").Add(f.id()) }
func (f *flowPage) Ages() bool               { return false }
func (f *flowPage) WaitsFor() *page.Question { return &f.Question }
func (f *flowPage) Back() bool               { return false }

// Shows reports whether it is the page of that flow.
func (f *flowPage) Shows(key tracing.FlowKey) bool { return f.key == key }

func (f *flowPage) Hint(b *keymap.Binding) text.Safe {
	switch {
	case b.Action == keymap.View && f.lanes:
		return text.Own("timeline")
	case b.Action == keymap.History && !f.History:
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
	return f.Theme().String(flowName(&f.flow.FlowSummary))
}

func (f *flowPage) Refresh() tea.Cmd {
	return tea.Batch(f.update(), f.Services.Refresh(), f.Preview.Refresh(f.underCursor()))
}

// update asks for the flow again when that is due.
func (f *flowPage) update() tea.Cmd {
	since := f.Now().Sub(f.asked)
	// A flow becomes late without any event: it is asked for once a second as well, and so is
	// one that is not there, which may come yet.
	if f.Busy || since < time.Second && (f.flow == nil || f.seen == f.Version() || since < flowEvery) {
		return nil
	}
	f.asked = f.Now()
	key, querier, version := f.key, f.Querier, f.Version()
	return f.Ask(f, text.Own("reading the flow"), page.QueryLimit, func(ctx context.Context) (func(), error) {
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
			f.Cursor.Index = i
		}
	}
}

// keep notes which event is under the cursor.
func (f *flowPage) keep() {
	f.step = 0
	if step, ok := f.selected(); ok {
		f.step = step.Sequence
	}
}

// Subject is the flow, and the event under the cursor.
func (f *flowPage) Subject() page.Subject {
	about := page.Subject{Flow: f.key, Label: f.id()}
	if step, ok := f.selected(); ok {
		about.Event = &step.Event
	}
	return about
}

// selected is the step under the cursor.
func (f *flowPage) selected() (*tracing.Step, bool) {
	if f.Cursor.Index >= len(f.rows) || f.rows[f.Cursor.Index].kind != stepRow {
		return nil, false
	}
	return &f.flow.Steps[f.rows[f.Cursor.Index].index], true
}

func (f *flowPage) Do(a keymap.Action) tea.Cmd {
	if f.Move(a, len(f.rows)) {
		f.keep()
		return nil
	}
	switch a {
	case keymap.View:
		f.lanes = !f.lanes
	case keymap.Preview:
		f.Preview.Toggle()
	case keymap.PreviewDown, keymap.PreviewUp:
		f.Preview.Scroll(a)
	case keymap.Left:
		f.shift = max(0, f.shift-1)
	case keymap.Right:
		if f.lanes { // a timeline has nothing to the right
			f.shift++
		}
	case keymap.CopyText:
		if f.flow != nil {
			return page.Copy(f, f.flow.ID, text.Own("the flow id"))
		}
	case keymap.History:
		return f.searchBefore()
	case keymap.LetterOf:
		return f.openDeadLetter()
	case keymap.Enter:
		if step, ok := f.selected(); ok {
			return f.OpenEvent(step.Event, f)
		}
	}
	return nil
}

// underCursor is the event under the cursor, or nil.
func (f *flowPage) underCursor() *tracing.Event {
	step, ok := f.selected()
	if !ok {
		return nil
	}
	return &step.Event
}

// Beside implements eventpage.List: along the steps of the flow as it is by then.
func (f *flowPage) Beside(event *tracing.Event, backward bool) func(context.Context) (tracing.Event, error) {
	key, querier, at := f.key, f.Querier, event.Sequence
	return func(ctx context.Context) (tracing.Event, error) {
		flow, err := querier.Flow(ctx, key)
		if err != nil {
			return tracing.Event{}, err
		}
		i := slices.IndexFunc(flow.Steps, func(s tracing.Step) bool { return s.Sequence == at })
		switch {
		case backward && i > 0:
			return flow.Steps[i-1].Event, nil
		case !backward && i >= 0 && i+1 < len(flow.Steps):
			return flow.Steps[i+1].Event, nil
		}
		return tracing.Event{}, tracing.ErrUnknown
	}
}

// Went implements eventpage.List.
func (f *flowPage) Went(event *tracing.Event) {
	f.step = event.Sequence
	f.findCursor()
}

// openDeadLetter opens the letter under the cursor, or the only one that the flow has.
func (f *flowPage) openDeadLetter() tea.Cmd {
	step, ok := f.selected()
	if ok && step.Marks.Has(tracing.DeadLetter) {
		return f.OpenLetterOf(&step.Event)
	}
	if f.flow != nil && f.flow.DeadLetters == 1 {
		for i := range f.flow.Steps {
			if f.flow.Steps[i].Marks.Has(tracing.DeadLetter) {
				return f.OpenLetterOf(&f.flow.Steps[i].Event)
			}
		}
	}
	f.Say(theme.Warn, text.Own("put the cursor on a dead letter ").Add(f.Theme().Glyph.Dead, text.Own(" first")))
	return nil
}

// searchBefore looks in the brokers for what this flow had before the window.
func (f *flowPage) searchBefore() tea.Cmd {
	switch {
	case !f.History:
		f.Say(theme.Warn, text.Own("no source here keeps a history that could be read"))
		return nil
	case f.flow == nil:
		return nil
	}
	since := page.SearchBack
	if began := f.Now().Sub(f.flow.Started); began > 0 {
		since += began.Round(time.Minute)
	}
	return f.Search(f, flowName(&f.flow.FlowSummary), since)
}

func (f *flowPage) Click(column, row int) bool {
	if f.Preview.Covers(column, row) {
		return false
	}
	again := f.Listing.Click(row, len(f.rows))
	f.keep()
	return again
}

func (f *flowPage) Status() []page.Piece {
	if f.flow == nil {
		return nil
	}
	role, glyph := f.Theme().Status(f.flow.Status)
	return append([]page.Piece{{Role: role, Text: glyph.Add(text.Space, f.Theme().String(string(f.flow.Status)))}}, f.serviceStatus()...)
}

func (f *flowPage) Render(width, height int) []widget.Line {
	if f.flow == nil {
		return f.notThere(width, height)
	}
	f.low = height < 10
	return f.Preview.Draw(width, height, flowHead+len(f.rows), f.list, f.underCursor)
}

// list draws what the flow is, and its rows.
func (f *flowPage) list(width, height int) []widget.Line {
	lines := f.headLines(width)
	if f.low {
		lines = lines[:1]
	}
	makeDrawing := f.timelineDrawing
	if f.lanes {
		makeDrawing = f.lanesDrawing
	}
	heads, draw := makeDrawing(width)
	return f.Draw(f.Theme(), append(lines, heads...), width, height, len(f.rows), draw)
}

// drawing draws row i of a flow.
type drawing func(i int, selected bool) widget.Line

// timelineDrawing is what draws the rows as a timeline, and the lines above them.
func (f *flowPage) timelineDrawing(width int) (heads []widget.Line, draw drawing) {
	columns, reasons := f.size.columns(width)
	f.explain(reasons)
	places, scale := widget.Places(f.size.times, f.size.causes, columns[stepWaterfall])
	if !f.low {
		heads = []widget.Line{f.timelineHead(columns, scale, width)}
	}
	return heads, func(i int, selected bool) widget.Line {
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
	t := f.Theme()
	lines := []widget.Line{widget.Blank(t, width)}
	if f.Err != nil {
		s := text.Own("Flow ").Add(f.label, text.Own(": "), page.Repeated(f.Theme(), f.Err))
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Plain, s).Line())
		hint := text.Own(":trace and an id looks for it in the brokers; esc goes back.")
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, hint).Line())
	}
	return widget.Fit(t, lines, width, height)
}
