package flowpage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// List is the list of flows. At its first row it is live; with the cursor further down
// it holds its order, so that rows do not run away under the eyes, and only the values
// in them go on.
type List struct {
	*Config
	page.Question
	rows    []tracing.FlowSummary
	page    tracing.FlowPage // of the last answer, without its rows
	cursor  widget.Cursor
	key     tracing.FlowKey // the flow under the cursor
	offset  int             // of rows in the whole list
	wanted  int             // the offset that is asked for next
	going   end             // where the cursor goes with what is asked for next
	height  int
	paused  bool
	sorting page.Sorting[tracing.FlowSummary]
	trouble bool
	// troubled is how many flows are in trouble whether they match the filter or not; it is
	// asked for while none that matches is.
	troubled int
	marked   map[tracing.FlowKey]string
	answered bool // the index has said what there is, of what is asked for now

	seen  uint64
	under *tracing.Watch // the filter under which rows were asked for last
	asked time.Time
	stale bool
}

const (
	// flowsEvery is how often the list is asked for while it changes, flowsAnyway while
	// it does not.
	flowsEvery  = 400 * time.Millisecond
	flowsAnyway = 2 * time.Second
)

// end is an end of the list, to which the cursor goes when its rows are there.
type end uint8

const (
	neither end = iota
	firstRow
	lastRow
)

// NewList is the page of all flows, those with news first.
func NewList(c *Config) *List {
	return &List{Config: c, sorting: page.Sorting[tracing.FlowSummary]{Orders: flowOrders()}, height: 50, stale: true, marked: map[tracing.FlowKey]string{}}
}

// watch is what the list is filtered by, or nil.
func (f *List) watch() *tracing.Watch { return cmp.Or(f.Filter.OfFlows, f.Filter.Watch) }

// Scope is the keys that work here.
func (f *List) Scope() keymap.Scope { return keymap.OnFlows }

// Name is what its tab is called.
func (f *List) Name() text.Safe { return text.Own("Flows") }

// Ages says that rows tell how long ago their flows were.
func (f *List) Ages() bool { return len(f.rows) > 0 }

// WaitsFor is what was asked for and has not come.
func (f *List) WaitsFor() *page.Question { return &f.Question }

// Hint says what pausing does now, and no key that has no row to act on.
func (f *List) Hint(b *keymap.Binding) text.Safe {
	switch b.Action {
	case keymap.Pause:
		if f.paused {
			return text.Own("go on")
		}
	case keymap.Enter, keymap.Mark:
		if len(f.rows) == 0 {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// holding says that the order of the rows stays as it is.
func (f *List) holding() bool {
	return f.paused || f.going != firstRow && (f.cursor.Index > 0 || f.offset > 0)
}

// Refresh asks for the list when that is due.
func (f *List) Refresh() tea.Cmd {
	if f.under != f.watch() {
		f.under = f.watch()
		f.begin()
	}
	// Even when no event comes, flows become late: they are asked for now and then.
	due := f.seen != f.Version() && f.Now().Sub(f.asked) >= flowsEvery || f.Now().Sub(f.asked) >= flowsAnyway && len(f.rows) > 0
	failed := f.Err != nil && f.Now().Sub(f.asked) < flowsEvery
	if f.Busy || failed || !f.stale && (!due || f.paused) {
		return nil
	}
	query := tracing.FlowQuery{Watch: f.watch(), Sort: tracing.FlowSort(f.sorting.Order().Name), Reversed: f.sorting.Reversed, Offset: f.wanted, Limit: 3 * f.height}
	if f.trouble {
		query.Status = []tracing.Status{tracing.Failed, tracing.Stuck, tracing.Late}
	}
	fresh := f.stale || !f.holding()
	version, watch, querier, going, shown, offset := f.Version(), f.watch(), f.Querier, f.going, f.shown(), f.wanted
	f.stale, f.asked, f.going = false, f.Now(), neither
	f.Failed = func() {
		f.stale = f.stale || fresh
		if f.going == neither {
			f.going = going
		}
	}
	return f.Ask(f, text.Own("reading the flows"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		answer, err := querier.Flows(ctx, query)
		var others tracing.FlowPage
		if err == nil && answer.Matched == 0 && watch != nil && len(query.Status) > 0 {
			query.Watch, query.Offset, query.Limit = nil, 0, 1
			others, err = querier.Flows(ctx, query)
		}
		var held map[tracing.FlowKey]tracing.FlowSummary
		if err == nil && !fresh {
			held, err = apart(ctx, querier, shown, answer.Flows)
		}
		trouble := len(query.Status) > 0
		return func() {
			if f.watch() != watch || f.trouble != trouble { // it is asked for something else
				f.stale = true
				return
			}
			f.seen, f.troubled, f.answered = version, others.Matched, true
			if fresh {
				f.replace(answer, offset, going)
				return
			}
			f.revalue(answer, held)
			if len(f.rows) < f.height {
				f.fill(answer, offset)
			}
		}, err
	})
}

// begin forgets the list when another one is asked for: its rows would stand under the name of
// what they may not match, and where the cursor was in it means nothing in the other.
func (f *List) begin() {
	f.rows, f.page, f.answered = nil, tracing.FlowPage{}, false
	f.goTo(firstRow)
}

// shown names the flows that are on the screen.
func (f *List) shown() (keys []tracing.FlowKey) {
	from, to := f.cursor.Range(f.height, len(f.rows))
	for i := max(0, from); i < to; i++ {
		keys = append(keys, f.rows[i].Key)
	}
	return keys
}

// apart asks for flows that are on the screen in the order of before, while so many others
// came that they are not among the rows of now. One that has left the index is unknown.
func apart(ctx context.Context, querier tracing.Querier, shown []tracing.FlowKey, now []tracing.FlowSummary) (map[tracing.FlowKey]tracing.FlowSummary, error) {
	held := map[tracing.FlowKey]tracing.FlowSummary{}
	for _, key := range shown {
		if slices.ContainsFunc(now, func(row tracing.FlowSummary) bool { return row.Key == key }) {
			continue
		}
		flow, err := querier.Flow(ctx, key)
		switch {
		case errors.Is(err, tracing.ErrUnknown):
			held[key] = tracing.FlowSummary{Key: key, Status: tracing.Unknown}
		case err != nil:
			return nil, err
		default:
			held[key] = flow.FlowSummary
		}
	}
	return held, nil
}

// replace puts an answer in as it is. The cursor stays on its flow, unless it is going to an
// end.
func (f *List) replace(answer tracing.FlowPage, offset int, going end) {
	f.rows, answer.Flows = answer.Flows, nil
	f.page = answer
	f.cursor.Index += f.offset - offset
	f.cursor.Top += f.offset - offset
	f.offset = offset
	at := slices.IndexFunc(f.rows, func(row tracing.FlowSummary) bool { return row.Key == f.key })
	switch {
	case going == firstRow:
		f.cursor = widget.Cursor{}
	case going == lastRow:
		f.cursor.Index = len(f.rows) - 1
	case f.holding() && at >= 0:
		f.cursor.Index = at
	}
	f.keep()
	if len(f.rows) == 0 && offset > 0 { // the list has become shorter than that
		f.goTo(firstRow)
	}
}

// revalue puts only the values of an answer in, since the order is held.
func (f *List) revalue(answer tracing.FlowPage, held map[tracing.FlowKey]tracing.FlowSummary) {
	for _, row := range answer.Flows {
		held[row.Key] = row
	}
	answer.Flows = nil
	f.page = answer
	for i := range f.rows {
		row := &f.rows[i]
		now, ok := held[row.Key]
		switch {
		case ok && now.Status == tracing.Unknown && now.ID == "": // what it was is all there is
			row.Status = tracing.Unknown
		case ok:
			*row = now
		}
	}
}

// fill puts an answer in while there is room for all of it: what came is seen, though the
// order is held. The flow under the cursor stays there, also when it is not among the rows.
func (f *List) fill(answer tracing.FlowPage, offset int) {
	at := f.cursor.Index
	if !slices.ContainsFunc(answer.Flows, func(row tracing.FlowSummary) bool { return row.Key == f.key }) && at < len(f.rows) {
		answer.Flows = slices.Insert(slices.Clip(answer.Flows), min(at, len(answer.Flows)), f.rows[at])
	}
	f.replace(answer, offset, neither)
}

// keep notes which flow is under the cursor.
func (f *List) keep() {
	f.cursor.To(f.cursor.Index, len(f.rows))
	f.key = 0
	if f.cursor.Index < len(f.rows) {
		f.key = f.rows[f.cursor.Index].Key
	}
}

func (f *List) move(by int) {
	f.cursor.Move(by, len(f.rows))
	f.keep()
	end := f.offset + len(f.rows)
	switch {
	case f.wanted != f.offset: // other rows are on their way
	case f.cursor.Index > len(f.rows)-f.height && end < f.page.Matched && len(f.rows) > 2*f.height:
		f.shift(f.offset + f.cursor.Index - f.height)
	case f.cursor.Index < f.height && f.offset > 0:
		f.shift(max(0, f.offset+f.cursor.Index-2*f.height))
	}
}

// shift asks for another part of the list.
func (f *List) shift(offset int) { f.wanted, f.stale = offset, true }

// goTo asks for the rows at an end of the list.
func (f *List) goTo(end end) {
	f.going, f.wanted, f.stale = end, 0, true
	if end == lastRow {
		f.wanted = max(0, f.page.Matched-3*f.height)
	}
}

// Do acts on a key of the page.
func (f *List) Do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down, keymap.Up, keymap.PageDown, keymap.PageUp:
		by, _ := page.Rows(a, f.height, 0)
		f.move(by)
	case keymap.First, keymap.Follow:
		f.goTo(firstRow)
		f.paused = f.paused && a == keymap.First
	case keymap.Last:
		f.goTo(lastRow)
	case keymap.Pause:
		f.paused = !f.paused
		f.stale = !f.paused
	case keymap.SortOrder, keymap.ReverseSort:
		f.sorting.Do(a)
		f.goTo(firstRow)
	case keymap.Trouble:
		f.trouble = !f.trouble
		f.begin()
	case keymap.Mark:
		f.mark()
	case keymap.CopyText:
		return f.copy()
	case keymap.NextMatch:
		f.move(1)
	case keymap.PreviousMatch:
		f.move(-1)
	case keymap.Enter:
		if f.cursor.Index < len(f.rows) {
			row := f.rows[f.cursor.Index]
			return f.OpenFlow(row.Key, f.Theme().String(flowName(&row)))
		}
	}
	return nil
}

// SortNames are the orders of the flows.
func (f *List) SortNames() []string { return f.sorting.Names() }

// SortBy changes the order and goes to its first row.
func (f *List) SortBy(name string, reversed bool) bool {
	known := f.sorting.By(name, reversed)
	if known {
		f.goTo(firstRow)
	}
	return known
}

func (f *List) mark() {
	if f.cursor.Index >= len(f.rows) {
		return
	}
	row := &f.rows[f.cursor.Index]
	if _, was := f.marked[row.Key]; was {
		delete(f.marked, row.Key)
	} else {
		f.marked[row.Key] = row.ID
	}
	f.move(1)
}

// Subject is the flow under the cursor.
func (f *List) Subject() page.Subject { return page.Subject{Flow: f.key} }

func (f *List) copy() tea.Cmd {
	if len(f.marked) > 0 {
		return page.CopyFlowIDs(f, maps.Values(f.marked))
	}
	if f.cursor.Index >= len(f.rows) {
		return nil
	}
	return page.Copy(f, f.rows[f.cursor.Index].ID, text.Own("the flow id"))
}

// Back clears the marks, then the filter, then shows all flows again.
func (f *List) Back() bool {
	switch {
	case len(f.marked) > 0:
		clear(f.marked)
	case f.watch() != nil:
		f.Filter.Set(nil)
	case f.trouble:
		f.trouble = false
		f.begin()
	default:
		return false
	}
	return true
}

// Click puts the cursor on what is in a cell of the page, and says whether it was there.
func (f *List) Click(_, row int) bool {
	i := f.cursor.Top + row - 1 // below the headings
	if i < 0 || i >= len(f.rows) || row < 1 {
		return false
	}
	was := f.cursor.Index
	f.cursor.Index = i
	f.keep()
	return was == i
}

// Status is what the footer says of the page.
func (f *List) Status() []page.Piece {
	g := f.Theme().Glyph
	state := page.Piece{Role: theme.Good, Text: g.Follow.Add(text.Own(" live"))}
	switch {
	case f.paused:
		state = page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" paused"))}
	case f.holding():
		state = page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" order frozen; f to resume"))}
	}
	parts := []page.Piece{state, {Role: theme.Dim, Text: text.Own("  ").Add(f.sorting.Said(f.Theme()))}}
	if f.trouble {
		parts = append(parts, page.Piece{Role: theme.Bad, Text: text.Own("  trouble only")})
	}
	if !f.answered {
		return append(parts, f.Filter.Status(f.watch())...)
	}
	count := text.Count(int64(f.page.Matched)).Add(text.Own(" of "), text.Count(int64(f.page.Total)))
	if f.page.Considered < f.page.Total {
		count = count.Add(text.Own(", newest "), text.Count(int64(f.page.Considered)), text.Own(" looked at"))
	}
	parts = append(parts, page.Piece{Role: theme.Dim, Text: text.Own("  ").Add(count)})
	if len(f.marked) > 0 {
		parts = append(parts, page.Piece{Role: theme.Marked, Text: text.Own("  ").Add(g.Mark, text.Space, text.Count(int64(len(f.marked))))})
	}
	return append(parts, f.Filter.Status(f.watch())...)
}

// FilterPrompt asks for a filter.
func (f *List) FilterPrompt() *page.Prompt { return f.Filter.FilterPrompt(query.Flows, f.watch()) }

// Render draws the page.
func (f *List) Render(width, height int) []widget.Line {
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
	return widget.Fit(f.Theme(), lines, width, height)
}
