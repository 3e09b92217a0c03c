package tui

import (
	"context"
	"slices"
	"time"

	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// flows is the list of flows. At its first row it is live; with the cursor further down
// it holds its order, so that rows do not run away under the eyes, and only the values
// in them go on.
type flows struct {
	*desk
	question
	rows    []tracing.FlowSummary
	page    tracing.FlowPage // of the last answer, without its rows
	cursor  widget.Cursor
	key     tracing.FlowKey // the flow under the cursor
	offset  int             // of rows in the whole list
	height  int
	paused  bool
	order   tracing.FlowSort
	trouble bool
	marked  map[tracing.FlowKey]string

	seen      uint64
	seenWatch *tracing.Watch
	asked     time.Time
	stale     bool
}

const (
	// flowsEvery is how often the list is asked for while it changes, flowsAnyway while
	// it does not.
	flowsEvery  = 400 * time.Millisecond
	flowsAnyway = 2 * time.Second
)

func newFlows(d *desk) *flows {
	return &flows{desk: d, order: tracing.ByActivity, height: 50, stale: true, marked: map[tracing.FlowKey]string{}}
}

func (f *flows) scope() scope        { return onFlows }
func (f *flows) name() text.Safe     { return text.Own("Flows") }
func (f *flows) ages() bool          { return len(f.rows) > 0 }
func (f *flows) waitsFor() *question { return &f.question }

func (f *flows) hint(b *binding) text.Safe {
	if b.action == pause && f.paused {
		return text.Own("go on")
	}
	return f.desk.hint(b)
}

// holding says that the order of the rows stays as it is.
func (f *flows) holding() bool { return f.paused || f.cursor.Index > 0 || f.offset > 0 }

func (f *flows) refresh() tea.Cmd {
	if f.seenWatch != f.watch {
		f.stale = true
	}
	// Even when no event comes, flows become late: they are asked for now and then.
	due := f.seen != f.counters.Version && f.now.Sub(f.asked) >= flowsEvery || f.now.Sub(f.asked) >= flowsAnyway && len(f.rows) > 0
	if f.busy || !f.stale && (!due || f.paused) {
		return nil
	}
	query := tracing.FlowQuery{Watch: f.watch, Sort: f.order, Offset: f.offset, Limit: 3 * f.height}
	if f.trouble {
		query.Status = []tracing.Status{tracing.Failed, tracing.Stuck, tracing.Late}
	}
	fresh := f.stale || !f.holding()
	version, watch, querier := f.counters.Version, f.watch, f.options.Querier
	f.stale, f.asked = false, f.now
	return f.ask(f.desk, text.Own("reading the flows"), queryLimit, func(ctx context.Context) (func(), error) {
		page, err := querier.Flows(ctx, query)
		return func() {
			f.seen, f.seenWatch = version, watch
			f.take(page, fresh)
		}, err
	})
}

// take puts an answer in: as it is, or only its values when the order is held.
func (f *flows) take(page tracing.FlowPage, fresh bool) {
	rows := page.Flows
	page.Flows = nil
	f.page = page
	if fresh || len(f.rows) < f.height {
		f.rows = rows
		at := slices.IndexFunc(rows, func(row tracing.FlowSummary) bool { return row.Key == f.key })
		if f.holding() && at >= 0 {
			f.cursor.Index = at
		}
		f.keep()
		return
	}
	newer := make(map[tracing.FlowKey]int, len(rows))
	for i := range rows {
		newer[rows[i].Key] = i
	}
	for i := range f.rows {
		if n, ok := newer[f.rows[i].Key]; ok {
			f.rows[i] = rows[n]
		}
	}
}

// keep notes which flow is under the cursor.
func (f *flows) keep() {
	f.cursor.To(f.cursor.Index, len(f.rows))
	f.key = 0
	if f.cursor.Index < len(f.rows) {
		f.key = f.rows[f.cursor.Index].Key
	}
}

func (f *flows) move(by int) {
	f.cursor.Move(by, len(f.rows))
	f.keep()
	end := f.offset + len(f.rows)
	switch {
	case f.cursor.Index > len(f.rows)-f.height && end < f.page.Matched && len(f.rows) > 2*f.height:
		f.shift(f.offset + f.cursor.Index - f.height)
	case f.cursor.Index < f.height && f.offset > 0:
		f.shift(max(0, f.offset+f.cursor.Index-2*f.height))
	}
}

// shift asks for another part of the list.
func (f *flows) shift(offset int) {
	f.cursor.Index += f.offset - offset
	f.cursor.Top += f.offset - offset
	f.offset, f.stale = offset, true
}

func (f *flows) do(a action) tea.Cmd {
	switch a {
	case down:
		f.move(1)
	case up:
		f.move(-1)
	case pageDown:
		f.move(f.height / 2)
	case pageUp:
		f.move(-f.height / 2)
	case first, follow:
		f.cursor, f.offset, f.stale = widget.Cursor{}, 0, true
		f.paused = f.paused && a == first
	case last:
		f.shift(max(0, f.page.Matched-3*f.height))
		f.cursor.Index = f.page.Matched - f.offset - 1
		f.key = 0
	case pause:
		f.paused = !f.paused
		f.stale = !f.paused
	case sortOrder:
		at := slices.Index(tracing.FlowSorts, f.order)
		f.sortBy(tracing.FlowSorts[(at+1)%len(tracing.FlowSorts)])
	case trouble:
		f.trouble = !f.trouble
		f.cursor, f.offset, f.stale = widget.Cursor{}, 0, true
	case mark:
		f.mark()
	case copyText:
		return f.copy()
	case nextMatch:
		f.move(1)
	case previousMatch:
		f.move(-1)
	case enter:
		if f.cursor.Index < len(f.rows) {
			row := f.rows[f.cursor.Index]
			return f.open(newFlow(f.desk, row.Key, f.theme.String(flowName(&row))))
		}
	}
	return nil
}

// sortBy changes the order and goes to its first row.
func (f *flows) sortBy(order tracing.FlowSort) {
	f.order, f.cursor, f.offset, f.stale = order, widget.Cursor{}, 0, true
}

func (f *flows) mark() {
	if f.cursor.Index >= len(f.rows) {
		return
	}
	row := &f.rows[f.cursor.Index]
	if _, was := f.marked[row.Key]; was {
		delete(f.marked, row.Key)
	} else {
		f.marked[row.Key] = flowName(row)
	}
	f.move(1)
}

func (f *flows) copy() tea.Cmd {
	if len(f.marked) > 0 {
		return f.copyMarked(values(f.marked))
	}
	if f.cursor.Index >= len(f.rows) {
		return nil
	}
	return f.copyText(f.rows[f.cursor.Index].ID, text.Own("the flow id"))
}

func (f *flows) back() bool {
	switch {
	case len(f.marked) > 0:
		clear(f.marked)
	case f.watch != nil:
		f.setFilter(nil)
	case f.trouble:
		f.trouble, f.stale = false, true
	default:
		return false
	}
	return true
}

func (f *flows) click(row int) bool {
	i := f.cursor.Top + row - 1 // below the headings
	if i < 0 || i >= len(f.rows) || row < 1 {
		return false
	}
	was := f.cursor.Index
	f.cursor.Index = i
	f.keep()
	return was == i
}

func (f *flows) status() []piece {
	g := f.theme.Glyph
	state := piece{theme.Good, g.Follow.Add(text.Own(" live"))}
	switch {
	case f.paused:
		state = piece{theme.Warn, g.Paused.Add(text.Own(" paused"))}
	case f.holding():
		state = piece{theme.Warn, g.Paused.Add(text.Own(" order held, f follows"))}
	}
	parts := []piece{state, {theme.Dim, text.Own("  by ").Add(f.theme.String(string(f.order)))}}
	if f.trouble {
		parts = append(parts, piece{theme.Bad, text.Own("  trouble only")})
	}
	count := text.Count(int64(f.page.Matched)).Add(text.Own(" of "), text.Count(int64(f.page.Total)))
	if f.page.Considered < f.page.Total {
		count = count.Add(text.Own(", newest "), text.Count(int64(f.page.Considered)), text.Own(" looked at"))
	}
	parts = append(parts, piece{theme.Dim, text.Own("  ").Add(count)})
	if len(f.marked) > 0 {
		parts = append(parts, piece{theme.Marked, text.Own("  ").Add(g.Mark, space, text.Count(int64(len(f.marked))))})
	}
	return append(parts, f.filterStatus()...)
}

func (f *flows) render(width, height int) []widget.Line {
	rowsHigh := max(1, height-1)
	if f.height != rowsHigh {
		f.height, f.stale = rowsHigh, true
	}
	if len(f.rows) == 0 {
		return f.empty(width, height)
	}
	f.cursor.Show(rowsHigh, len(f.rows))
	from, to := f.cursor.Range(rowsHigh, len(f.rows))
	columns := f.layout(f.rows[from:to], width)
	lines := []widget.Line{f.headings(columns, width)}
	for i := from; i < to; i++ {
		lines = append(lines, f.row(columns, i, width))
	}
	return widget.Fit(f.theme, lines, width, height)
}
