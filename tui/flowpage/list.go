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
	columns page.Columns
	rows    []tracing.FlowSummary
	page    tracing.FlowPage // of the last answer, without its rows
	cursor  widget.Cursor
	key     tracing.FlowKey // the flow under the cursor
	offset  int             // of rows in the whole list
	wanted  int             // the offset that is asked for next
	going   end             // where the cursor goes with what is asked for next
	height  int
	paused  bool
	page.Sorting[tracing.FlowSummary]
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
	l := &List{Config: c, columns: page.NewColumns(Columns, c.Columns), height: 50, stale: true, marked: map[tracing.FlowKey]string{}}
	l.Sorting = page.Sorting[tracing.FlowSummary]{Orders: flowOrders(), Changed: func() { l.goTo(firstRow) }}
	return l
}

// watch is what the list is filtered by, or nil.
func (l *List) watch() *tracing.Watch { return cmp.Or(l.Filter.OfFlows, l.Filter.Watch) }

// Scope is the keys that work here.
func (l *List) Scope() keymap.Scope { return keymap.OnFlows }

// Name is what its tab is called.
func (l *List) Name() text.Safe { return text.Own("Flows") }

// Ages reports whether rows tell how long ago their flows were.
func (l *List) Ages() bool { return len(l.rows) > 0 }

// WaitsFor is what was asked for and has not come.
func (l *List) WaitsFor() *page.Question { return &l.Question }

// Hint says what pausing does now, and no key that has no row to act on.
func (l *List) Hint(b *keymap.Binding) text.Safe {
	switch b.Action {
	case keymap.Pause:
		if l.paused {
			return text.Own("go on")
		}
	case keymap.Enter, keymap.Mark:
		if len(l.rows) == 0 {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// holding reports whether the order of the rows stays as it is.
func (l *List) holding() bool {
	return l.paused || l.going != firstRow && (l.cursor.Index > 0 || l.offset > 0)
}

// Refresh asks for the list when that is due.
func (l *List) Refresh() tea.Cmd {
	if l.under != l.watch() {
		l.under = l.watch()
		l.begin()
	}
	// Even when no event comes, flows become late: they are asked for now and then.
	due := l.seen != l.Version() && l.Now().Sub(l.asked) >= flowsEvery || l.Now().Sub(l.asked) >= flowsAnyway && len(l.rows) > 0
	failed := l.Err != nil && l.Now().Sub(l.asked) < flowsEvery
	if l.Busy || failed || !l.stale && (!due || l.paused) {
		return nil
	}
	query := tracing.FlowQuery{Watch: l.watch(), Sort: tracing.FlowSort(l.Order().Name), Reversed: l.Reversed, Offset: l.wanted, Limit: 3 * l.height}
	if l.trouble {
		query.Status = []tracing.Status{tracing.Failed, tracing.Stuck, tracing.Late}
	}
	fresh := l.stale || !l.holding()
	version, watch, querier, going, shown, offset := l.Version(), l.watch(), l.Querier, l.going, l.shown(), l.wanted
	l.stale, l.asked, l.going = false, l.Now(), neither
	l.Failed = func() {
		l.stale = l.stale || fresh
		if l.going == neither {
			l.going = going
		}
	}
	return l.Ask(l, text.Own("reading the flows"), page.QueryLimit, func(ctx context.Context) (func(), error) {
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
			if l.watch() != watch || l.trouble != trouble { // it is asked for something else
				l.stale = true
				return
			}
			l.seen, l.troubled, l.answered = version, others.Matched, true
			if fresh {
				l.replace(answer, offset, going)
				return
			}
			l.revalue(answer, held)
			if len(l.rows) < l.height {
				l.fill(answer, offset)
			}
		}, err
	})
}

// begin forgets the list when another one is asked for: its rows would stand under the name of
// what they may not match, and where the cursor was in it means nothing in the other.
func (l *List) begin() {
	l.rows, l.page, l.answered = nil, tracing.FlowPage{}, false
	l.goTo(firstRow)
}

// shown names the flows that are on the screen.
func (l *List) shown() (keys []tracing.FlowKey) {
	from, to := l.cursor.Range(l.height, len(l.rows))
	for i := max(0, from); i < to; i++ {
		keys = append(keys, l.rows[i].Key)
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
func (l *List) replace(answer tracing.FlowPage, offset int, going end) {
	l.rows, answer.Flows = answer.Flows, nil
	l.page = answer
	l.cursor.Index += l.offset - offset
	l.cursor.Top += l.offset - offset
	l.offset = offset
	at := slices.IndexFunc(l.rows, func(row tracing.FlowSummary) bool { return row.Key == l.key })
	switch {
	case going == firstRow:
		l.cursor = widget.Cursor{}
	case going == lastRow:
		l.cursor.Index = len(l.rows) - 1
	case l.holding() && at >= 0:
		l.cursor.Index = at
	}
	l.keep()
	if len(l.rows) == 0 && offset > 0 { // the list has become shorter than that
		l.goTo(firstRow)
	}
}

// revalue puts only the values of an answer in, since the order is held.
func (l *List) revalue(answer tracing.FlowPage, held map[tracing.FlowKey]tracing.FlowSummary) {
	for _, row := range answer.Flows {
		held[row.Key] = row
	}
	answer.Flows = nil
	l.page = answer
	for i := range l.rows {
		row := &l.rows[i]
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
func (l *List) fill(answer tracing.FlowPage, offset int) {
	at := l.cursor.Index
	if !slices.ContainsFunc(answer.Flows, func(row tracing.FlowSummary) bool { return row.Key == l.key }) && at < len(l.rows) {
		answer.Flows = slices.Insert(slices.Clip(answer.Flows), min(at, len(answer.Flows)), l.rows[at])
	}
	l.replace(answer, offset, neither)
}

// keep notes which flow is under the cursor.
func (l *List) keep() {
	l.cursor.To(l.cursor.Index, len(l.rows))
	l.key = 0
	if l.cursor.Index < len(l.rows) {
		l.key = l.rows[l.cursor.Index].Key
	}
}

func (l *List) move(by int) {
	l.cursor.Move(by, len(l.rows))
	l.keep()
	end := l.offset + len(l.rows)
	switch {
	case l.wanted != l.offset: // other rows are on their way
	case l.cursor.Index > len(l.rows)-l.height && end < l.page.Matched && len(l.rows) > 2*l.height:
		l.shift(l.offset + l.cursor.Index - l.height)
	case l.cursor.Index < l.height && l.offset > 0:
		l.shift(max(0, l.offset+l.cursor.Index-2*l.height))
	}
}

// shift asks for another part of the list.
func (l *List) shift(offset int) { l.wanted, l.stale = offset, true }

// goTo asks for the rows at an end of the list.
func (l *List) goTo(end end) {
	l.going, l.wanted, l.stale = end, 0, true
	if end == lastRow {
		l.wanted = max(0, l.page.Matched-3*l.height)
	}
}

// Do acts on a key of the page.
func (l *List) Do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down, keymap.Up, keymap.PageDown, keymap.PageUp:
		by, _ := page.Rows(a, l.height, 0)
		l.move(by)
	case keymap.First, keymap.Follow:
		l.goTo(firstRow)
		l.paused = l.paused && a == keymap.First
	case keymap.Last:
		l.goTo(lastRow)
	case keymap.Pause:
		l.paused = !l.paused
		l.stale = !l.paused
	case keymap.SortOrder, keymap.ReverseSort:
		l.Reorder(a)
	case keymap.Trouble:
		l.trouble = !l.trouble
		l.begin()
	case keymap.Mark:
		l.mark()
	case keymap.CopyText:
		return l.copy()
	case keymap.NextMatch:
		l.move(1)
	case keymap.PreviousMatch:
		l.move(-1)
	case keymap.Enter:
		if l.cursor.Index < len(l.rows) {
			row := l.rows[l.cursor.Index]
			return l.OpenFlow(row.Key, l.Theme().String(flowName(&row)))
		}
	}
	return nil
}

func (l *List) mark() {
	if l.cursor.Index >= len(l.rows) {
		return
	}
	row := &l.rows[l.cursor.Index]
	if _, was := l.marked[row.Key]; was {
		delete(l.marked, row.Key)
	} else {
		l.marked[row.Key] = row.ID
	}
	l.move(1)
}

// Subject is the flow under the cursor.
func (l *List) Subject() page.Subject {
	about := page.Subject{Flow: l.key}
	if l.cursor.Index < len(l.rows) {
		about.Label = l.Theme().String(flowName(&l.rows[l.cursor.Index]))
	}
	return about
}

func (l *List) copy() tea.Cmd {
	if len(l.marked) > 0 {
		return page.CopyFlowIDs(l, maps.Values(l.marked))
	}
	if l.cursor.Index >= len(l.rows) {
		return nil
	}
	return page.Copy(l, l.rows[l.cursor.Index].ID, text.Own("the flow id"))
}

// Back clears the marks, then the filter, then shows all flows again.
func (l *List) Back() bool {
	switch {
	case len(l.marked) > 0:
		clear(l.marked)
	case l.watch() != nil:
		l.Filter.Set(nil)
	case l.trouble:
		l.trouble = false
		l.begin()
	default:
		return false
	}
	return true
}

// Click puts the cursor on what is in a cell of the page, and reports whether it was there.
func (l *List) Click(_, row int) bool {
	i := l.cursor.Top + row - 1 // below the headings
	if i < 0 || i >= len(l.rows) || row < 1 {
		return false
	}
	was := l.cursor.Index
	l.cursor.Index = i
	l.keep()
	return was == i
}

// Status is what the footer says of the page.
func (l *List) Status() []page.Piece {
	g := l.Theme().Glyph
	state := page.Piece{Role: theme.Good, Text: g.Follow.Add(text.Own(" live"))}
	switch {
	case l.paused:
		state = page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" paused"))}
	case l.holding():
		state = page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" order frozen; f to resume"))}
	}
	parts := []page.Piece{state, {Role: theme.Dim, Text: text.Own("  ").Add(l.Said(l.Theme()))}}
	if l.trouble {
		parts = append(parts, page.Piece{Role: theme.Bad, Text: text.Own("  trouble only")})
	}
	if !l.answered {
		return append(parts, l.Filter.Status(l.watch())...)
	}
	count := text.Count(int64(l.page.Matched)).Add(text.Own(" of "), text.Count(int64(l.page.Total)))
	if l.page.Considered < l.page.Total {
		count = count.Add(text.Own(", newest "), text.Count(int64(l.page.Considered)), text.Own(" looked at"))
	}
	parts = append(parts, page.Piece{Role: theme.Dim, Text: text.Own("  ").Add(count)})
	if len(l.marked) > 0 {
		parts = append(parts, page.Piece{Role: theme.Marked, Text: text.Own("  ").Add(g.Mark, text.Space, text.Count(int64(len(l.marked))))})
	}
	return append(parts, l.Filter.Status(l.watch())...)
}

// FilterPrompt asks for a filter.
func (l *List) FilterPrompt() *page.Prompt { return l.Filter.FilterPrompt(query.Flows, l.watch()) }

// Render draws the page.
func (l *List) Render(width, height int) []widget.Line {
	rowsHigh := max(1, height-1)
	if l.height != rowsHigh {
		l.height, l.stale = rowsHigh, true
	}
	if len(l.rows) == 0 {
		return l.empty(width, height)
	}
	l.cursor.Show(rowsHigh, len(l.rows))
	from, to := l.cursor.Range(rowsHigh, len(l.rows))
	columns := l.layout(l.rows[from:to], width)
	lines := []widget.Line{l.headings(columns, width)}
	for i := from; i < to; i++ {
		lines = append(lines, l.row(columns, i, width))
	}
	return widget.Fit(l.Theme(), lines, width, height)
}
