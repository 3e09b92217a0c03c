package streampage

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/eventpage"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Config is what the stream works with.
type Config struct {
	Screen
	Querier   tracing.Querier
	Filter    *page.EventFilter
	Sources   []page.Source
	Words     page.Words
	Preview   *eventpage.Preview
	Columns   []string // by their names; empty for all that every event has
	Fields    []string // the names of further columns, in the order of [tracing.Event.Fields]
	WhenEmpty string   // how an empty stream could show older events
}

// Screen is what the stream asks of the screen.
type Screen interface {
	page.Screen
	// OpenFlow shows one flow, called by its label until it is there.
	OpenFlow(key tracing.FlowKey, label text.Safe) tea.Cmd
	// OpenEvent shows one event of a list.
	OpenEvent(event tracing.Event, from eventpage.List) tea.Cmd
}

// stream is the live tail. Its cursor is a sequence, not a row: it stays on its event
// while others arrive or are evicted.
type stream struct {
	*Config
	page.Question
	window
	matching  page.Question // for the next match, which no reading of the stream keeps waiting
	cursor    tracing.Sequence
	line      int // row of the screen the cursor is on
	later     int // rows to go by when what is around the cursor is at hand
	rows      rows
	past      older
	height    int // rows of events that are shown
	head      int // lines above them
	following bool
	marked    map[tracing.Sequence]string // to the flow id that y copies
	widths    streamWidths
	columns   page.Columns
	names     []text.Safe // the heads of all columns

	seen     uint64         // version of the store that is shown
	under    *tracing.Watch // the filter under which events are asked for
	answered bool           // the index has said once what there is
	stale    bool           // the cursor is near the edge of what is at hand
	asked    time.Time
}

// streamEvery is how often the stream is asked for at most while nobody moves in it.
const streamEvery = 50 * time.Millisecond

// New is the page of the live tail.
func New(c *Config) page.Page {
	s := &stream{Config: c, following: true, height: 50, stale: true, marked: map[tracing.Sequence]string{}}
	s.chooseColumns()
	return s
}

func (s *stream) Scope() keymap.Scope { return keymap.OnStream }
func (s *stream) Name() text.Safe     { return text.Own("Stream") }
func (s *stream) Ages() bool          { return false }

func (s *stream) WaitsFor() *page.Question {
	if s.matching.Busy {
		return &s.matching
	}
	return &s.Question
}

func (s *stream) Hint(b *keymap.Binding) text.Safe {
	switch b.Action {
	case keymap.Pause:
		if !s.following {
			return text.Own("go on")
		}
	case keymap.Enter, keymap.View, keymap.Mark, keymap.Preview:
		if len(s.events) == 0 {
			return text.Safe{}
		}
	}
	return b.Hint()
}

// Refresh asks for the newest events, or for those around the cursor, and when there are none, for
// how many older ones there are.
func (s *stream) Refresh() tea.Cmd {
	return tea.Batch(s.read(), s.count(), s.Preview.Refresh(s.underCursor()))
}

func (s *stream) read() tea.Cmd {
	searching := false
	if s.Filter.Watch != nil {
		progress := s.Filter.Watch.Progress()
		searching = progress.Searched < progress.ToSearch
	}
	if s.under != s.Filter.Watch { // other events must not stand under the name of the filter
		s.under, s.window, s.answered = s.Filter.Watch, window{}, false
		s.stale = true
		s.forgetWidths()
	}
	if s.Busy || !s.stale && (s.seen == s.Version() && !searching || s.Now().Sub(s.asked) < streamEvery) {
		return nil
	}
	s.asked = s.Now()
	version, watch, querier := s.Version(), s.Filter.Watch, s.Querier
	following, cursor, count := s.following, s.cursor, s.height
	s.stale = false
	return s.Ask(s, text.Own("reading the stream"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		var got window
		var err error
		if following || cursor == 0 {
			got, err = tail(ctx, querier, watch, count)
		} else {
			got, err = around(ctx, querier, watch, cursor, 3*count)
		}
		got.lastPast = querier.Counters().LastPast
		return func() {
			if s.Filter.Watch != watch { // it is asked for something else
				s.stale = true
				return
			}
			s.window, s.seen, s.answered = got, version, true
			s.settle(cursor)
		}, err
	})
}

// settle puts the cursor where it belongs in a new window. asked is where it was when
// the window was asked for.
func (s *stream) settle(asked tracing.Sequence) {
	if len(s.events) == 0 {
		return
	}
	i := len(s.events) - 1
	if !s.following {
		if i = s.index(s.cursor); s.cursor != asked && s.events[i].Sequence != s.cursor {
			s.stale = true // it went on meanwhile, out of what was asked for
			return
		}
	} else {
		s.line = s.height - 1
	}
	s.cursor = s.events[i].Sequence
	if by := s.later; by != 0 {
		s.later = 0
		s.move(by)
	}
}

// move goes by rows, as far as what is at hand reaches.
func (s *stream) move(by int) {
	if len(s.events) == 0 {
		return
	}
	i := s.index(s.cursor)
	if !s.following && s.events[i].Sequence != s.cursor { // it is on its way out of what is at hand
		s.later, s.stale = s.later+by, true
		return
	}
	to := max(0, min(i+by, len(s.events)-1))
	if s.following = s.following && to == len(s.events)-1; !s.following {
		s.cursor = s.events[to].Sequence
		s.line = max(0, min(s.line+to-i, s.height-1))
		if to < s.height && s.older > 0 || to > len(s.events)-1-s.height && s.newer > 0 {
			s.stale = true
		}
	}
}

func (s *stream) Do(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down, keymap.Up, keymap.PageDown, keymap.PageUp:
		by, _ := page.Rows(a, s.height, 0)
		s.move(by)
	case keymap.First:
		s.following, s.cursor, s.line, s.later, s.stale = false, 1, 0, 0, true
	case keymap.Last, keymap.Follow:
		s.following, s.later, s.stale = true, 0, true
	case keymap.Pause:
		s.following = !s.following
		s.later, s.stale = 0, true
	case keymap.Mark:
		s.mark()
	case keymap.Preview:
		s.Preview.Toggle()
	case keymap.PreviewDown, keymap.PreviewUp:
		s.Preview.Scroll(a)
	case keymap.CopyText:
		return s.copy()
	case keymap.NextMatch, keymap.PreviousMatch:
		return s.match(a == keymap.PreviousMatch)
	case keymap.Enter, keymap.View:
		return s.openEvent(a == keymap.View)
	}
	return nil
}

// selected is the event under the cursor.
func (s *stream) selected() (tracing.Event, bool) {
	i := s.index(s.cursor)
	if i < 0 {
		return tracing.Event{}, false
	}
	return s.events[i], true
}

// underCursor is the selected event, or nil.
func (s *stream) underCursor() *tracing.Event {
	event, ok := s.selected()
	if !ok {
		return nil
	}
	return &event
}

// openEvent opens the event's flow, or the event itself.
func (s *stream) openEvent(itself bool) tea.Cmd {
	event, ok := s.selected()
	if !ok {
		return nil
	}
	s.following = false // it is where one comes back to
	if itself || event.FlowKey == 0 {
		if !itself {
			s.Say(theme.Warn, text.Own("this event names no flow and no order; here is the event"))
		}
		return s.OpenEvent(event, s)
	}
	return s.OpenFlow(event.FlowKey, s.Theme().String(page.FlowLabel(event)))
}

// idOfFlow is the id of an event's flow: what the event is about where it names none.
func idOfFlow(event tracing.Event) string { return cmp.Or(event.FlowID, event.Entity) }

func (s *stream) mark() {
	event, ok := s.selected()
	if !ok {
		return
	}
	if _, was := s.marked[event.Sequence]; was {
		delete(s.marked, event.Sequence)
	} else {
		s.marked[event.Sequence] = idOfFlow(event)
	}
	s.move(1)
}

// Subject is the event under the cursor, and its flow.
func (s *stream) Subject() page.Subject {
	event, ok := s.selected()
	if !ok {
		return page.Subject{}
	}
	return page.Subject{Event: &event, Flow: event.FlowKey}
}

func (s *stream) copy() tea.Cmd {
	if len(s.marked) > 0 {
		return page.CopyFlowIDs(s, maps.Values(s.marked))
	}
	event, ok := s.selected()
	switch {
	case !ok:
		return nil
	case idOfFlow(event) == "":
		return page.Copy(s, event.Position.String(), text.Own("the position"))
	}
	return page.Copy(s, idOfFlow(event), text.Own("the flow id"))
}

// match goes to the next event that the last filter matched, in the whole stream.
func (s *stream) match(backward bool) tea.Cmd {
	if s.Filter.Last == nil {
		s.Say(theme.Dim, text.Own("no filter yet: / and some words"))
		return nil
	}
	at, watch, querier := s.cursor, s.Filter.Last, s.Querier
	return s.matching.Ask(s, text.Own("looking for the next match"), page.QueryLimit, func(ctx context.Context) (func(), error) {
		found, err := beside(ctx, querier, watch, at, backward)
		return func() {
			switch {
			case errors.Is(err, tracing.ErrUnknown):
				s.Say(theme.Dim, text.Own("no further match"))
				return
			case err != nil:
				s.Say(theme.Bad, text.Own("the next match: ").Add(page.Sentence(s.Theme(), err)))
				return
			}
			s.goTo(found.Sequence, s.height/2)
		}, nil
	})
}

// Beside implements eventpage.List: along the stream as it is filtered.
func (s *stream) Beside(event *tracing.Event, backward bool) func(context.Context) (tracing.Event, error) {
	at, watch, querier := event.Sequence, s.Filter.Watch, s.Querier
	return func(ctx context.Context) (tracing.Event, error) { return beside(ctx, querier, watch, at, backward) }
}

// Went implements eventpage.List.
func (s *stream) Went(event *tracing.Event) { s.goTo(event.Sequence, s.line) }

// goTo puts the cursor on an event, on a line of the screen if there are rows for that.
func (s *stream) goTo(at tracing.Sequence, line int) {
	s.following, s.cursor, s.stale, s.line, s.later = false, at, true, line, 0
}

// Back clears marks, then the filter, then goes on following.
func (s *stream) Back() bool {
	switch {
	case len(s.marked) > 0:
		clear(s.marked)
	case s.Filter.Watch != nil:
		s.Filter.Set(nil)
	default:
		return false
	}
	return true
}

func (s *stream) Click(column, row int) bool {
	line := row - s.head
	i, ok := s.rows.at(line)
	if line < 0 || !ok || i >= len(s.events) || s.Preview.Covers(column, row) {
		return false
	}
	was := s.cursor
	s.following, s.cursor, s.line, s.later = false, s.events[i].Sequence, line, 0
	return was == s.cursor
}

// below is how many events there are under the last one drawn.
func (s *stream) below() int64 {
	return s.newer + int64(max(0, len(s.events)-1-s.rows.last(s.height)))
}

func (s *stream) Status() []page.Piece {
	g := s.Theme().Glyph
	var parts []page.Piece
	switch below := s.below(); {
	case s.following:
		parts = append(parts, page.Piece{Role: theme.Good, Text: g.Follow.Add(text.Own(" following"))})
	case below > 0:
		parts = append(parts, page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" paused, "), text.Count(below), text.Own(" new below"))})
	default:
		parts = append(parts, page.Piece{Role: theme.Warn, Text: g.Paused.Add(text.Own(" paused"))})
	}
	if len(s.marked) > 0 {
		parts = append(parts, page.Piece{Role: theme.Marked, Text: text.Own("  ").Add(g.Mark, text.Space, text.Count(int64(len(s.marked))))})
	}
	return append(parts, s.Filter.Status(s.Filter.Watch)...)
}

// FilterPrompt asks for a filter.
func (s *stream) FilterPrompt() *page.Prompt {
	return s.Filter.FilterPrompt(query.Events, s.Filter.Watch)
}

func (s *stream) Render(width, height int) []widget.Line {
	switch {
	case len(s.events) == 0 && !s.answered:
		s.fit(height)
		return widget.Fit(s.Theme(), nil, width, height) // the footer says what is waited for
	case len(s.events) == 0:
		s.fit(height)
		return s.empty(width, height)
	}
	return s.Preview.Draw(width, height, 0, s.list, s.underCursor)
}

// lowList is the height below which the columns of the stream have no heads.
const lowList = 8

// fit makes rows of events those that a list of that height has.
func (s *stream) fit(height int) {
	if s.height != height {
		s.height, s.stale = height, true
	}
}

// list draws the heads of the columns and the rows.
func (s *stream) list(width, height int) []widget.Line {
	if s.head = 0; height >= lowList {
		s.head = 1
	}
	height -= s.head
	s.fit(height)
	s.rows = rowsOf(&s.window)
	s.line = s.rows.scroll(s.index(s.cursor), s.line, height, s.following)
	from, to := s.rows.drawn(height)
	columns := s.layout(s.events[from:to], width)
	lines := make([]widget.Line, 0, height+s.head)
	if s.head > 0 {
		lines = append(lines, s.columns.Headings(s.Theme(), width, columns, s.names))
	}
	for row := range min(height, s.rows.all-s.rows.top) {
		i, ok := s.rows.at(row)
		if !ok {
			lines = append(lines, liveLine(s.Theme(), width))
			continue
		}
		_, marked := s.marked[s.events[i].Sequence]
		lines = append(lines, s.row(columns, &s.events[i], width, row == s.line, marked))
	}
	return widget.Fit(s.Theme(), lines, width, height+s.head)
}
