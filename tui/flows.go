package tui

import (
	"context"
	"slices"
	"strings"
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

// flowsEvery is how often the list is asked for while it changes.
const flowsEvery = 400 * time.Millisecond

func newFlows(d *desk) *flows {
	return &flows{desk: d, order: tracing.ByActivity, height: 50, stale: true, marked: map[tracing.FlowKey]string{}}
}

func (f *flows) scope() scope        { return onFlows }
func (f *flows) name() text.Safe     { return text.Own("Flows") }
func (f *flows) ages() bool          { return len(f.rows) > 0 }
func (f *flows) waitsFor() *question { return &f.question }

// holding says that the order of the rows stays as it is.
func (f *flows) holding() bool { return f.paused || f.cursor.Index > 0 || f.offset > 0 }

func (f *flows) refresh() tea.Cmd {
	if f.seenWatch != f.watch {
		f.stale = true
	}
	// Even when no event comes, flows become late: they are asked for once a second.
	due := f.seen != f.counters.Version && f.now.Sub(f.asked) >= flowsEvery || f.now.Sub(f.asked) >= time.Second && len(f.rows) > 0
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
	return f.copyText(flowName(&f.rows[f.cursor.Index]), text.Own("the flow id"))
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

// The columns of the list, in their order on the screen.
const (
	flowStatus = iota
	flowID
	flowAge
	flowDuration
	flowEvents
	flowLast
	flowNotes
	flowServices
)

// layout gives the columns; services leave first when the screen is narrow, then notes,
// the last event, duration, events.
func (f *flows) layout(rows []tracing.FlowSummary, width int) []int {
	id, last, notes := 10, 12, 5
	for i := range rows {
		id = max(id, min(28, f.theme.String(flowName(&rows[i])).Width()))
		last = max(last, min(30, f.theme.String(rows[i].LastType).Width()))
		_, note := f.notes(&rows[i])
		notes = max(notes, min(36, note.Width()))
	}
	return widget.Layout([]widget.Column{
		flowStatus:   {Min: len("x compensated")},
		flowID:       {Min: min(id, 12), Want: id},
		flowAge:      {Min: 4},
		flowDuration: {Min: 8, Rank: 2},
		flowEvents:   {Min: 6, Rank: 1},
		flowLast:     {Min: 12, Want: last, Rank: 3},
		flowNotes:    {Min: min(notes, 14), Want: notes, Rank: 4},
		flowServices: {Min: 8, Rank: 5, Rest: true},
	}, width-2)
}

func (f *flows) headings(columns []int, width int) widget.Line {
	row := widget.NewRow(f.theme, width).Gap(2)
	for i, name := range [...]text.Safe{text.Own("Status"), text.Own("Flow"), text.Own("Age"), text.Own("Took"), text.Own("Events"), text.Own("Last event"), text.Own("Notes"), text.Own("Services")} {
		if columns[i] == 0 {
			continue
		}
		if i > 0 {
			row.Between()
		}
		role := theme.Dim
		if f.sorted() == i {
			name, role = name.Add(f.theme.Glyph.Sort), theme.Accent
		}
		if i == flowAge || i == flowDuration || i == flowEvents {
			row.Right(role, name, columns[i])
		} else {
			row.Cell(role, name, columns[i])
		}
	}
	return row.Line()
}

// sorted is the column of the present order.
func (f *flows) sorted() int {
	switch f.order {
	case tracing.ByDuration:
		return flowDuration
	case tracing.ByEvents:
		return flowEvents
	case tracing.ByTrouble:
		return flowStatus
	case tracing.ByStart:
		return -1
	}
	return flowAge
}

func (f *flows) row(columns []int, i, width int) widget.Line {
	t, flow := f.theme, &f.rows[i]
	_, marked := f.marked[flow.Key]
	row := rowStart(t, width, i == f.cursor.Index, marked)
	role, glyph := t.Status(flow.Status)
	row.Cell(role, glyph.Add(space, t.String(string(flow.Status))), columns[flowStatus])
	row.Between().ID(theme.Plain, t.String(flowName(flow)), columns[flowID])
	row.Between().Right(theme.Dim, text.Age(f.now.Sub(flow.Last)), columns[flowAge])
	if w := columns[flowDuration]; w > 0 {
		row.Between().Right(theme.Plain, text.Span(flow.Duration()), w)
	}
	if w := columns[flowEvents]; w > 0 {
		row.Between().Right(theme.Plain, text.Count(int64(flow.Events)), w)
	}
	if w := columns[flowLast]; w > 0 {
		row.Between().Cell(theme.Plain, t.String(flow.LastType), w)
	}
	if w := columns[flowNotes]; w > 0 {
		noteRole, note := f.notes(flow)
		row.Between().Cell(noteRole, note, w)
	}
	if w := columns[flowServices]; w > 0 {
		row.Between().Cell(theme.Dim, f.services(flow), w)
	}
	return row.Line()
}

func (f *flows) services(flow *tracing.FlowSummary) text.Safe {
	return f.theme.String(strings.Join(flow.Services, " "))
}

// notes are what is out of the ordinary in a flow.
func (f *flows) notes(flow *tracing.FlowSummary) (theme.Role, text.Safe) {
	t := f.theme
	var notes []text.Safe
	role := theme.Dim
	if flow.DeadLetters > 0 {
		notes, role = append(notes, t.Glyph.Dead.Add(space, text.Count(int64(flow.DeadLetters)), text.Own(" dead"))), theme.Bad
	}
	if flow.FailedAt != "" && flow.FailedAt != flow.LastType {
		notes = append(notes, t.Glyph.Failed.Add(space, t.String(flow.FailedAt)))
	}
	if flow.Duplicates > 0 {
		notes = append(notes, t.Glyph.Duplicate.Add(space, text.Count(int64(flow.Duplicates)), text.Own(" twice")))
	}
	if flow.BeganBefore {
		notes = append(notes, text.Own("began earlier"))
	}
	return role, text.Join(text.Own(", "), notes...)
}

// flowName is what a flow is called: its id, or its entity.
func flowName(flow *tracing.FlowSummary) string {
	if flow.ID != "" {
		return flow.ID
	}
	return flow.Entity
}

func (f *flows) empty(width, height int) []widget.Line {
	t := f.theme
	sentences := []text.Safe{text.Own("No flows yet. Events that share a correlation id, a trace id or an order id appear here as one row."),
		text.Own("1 shows every event, those that name no flow too; :trace ID looks for one in the brokers.")}
	switch {
	case f.trouble:
		sentences = []text.Safe{text.Own("No flow is failed, stuck or late."), text.Own("! shows all flows again.")}
	case f.watch != nil:
		sentences = []text.Safe{text.Own("No flow has an event that matches the filter."), text.Own("esc clears it; / changes it.")}
	}
	lines := []widget.Line{widget.Blank(t, width)}
	for i, s := range sentences {
		role := theme.Plain
		if i > 0 {
			role = theme.Dim
		}
		for _, line := range widget.Wrap(t, s, width-4, 4) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(role, line).Line())
		}
	}
	return widget.Fit(t, lines, width, height)
}
