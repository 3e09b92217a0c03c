package tui

import (
	"context"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/comparepage"
	"eventscope/tui/eventpage"
	"eventscope/tui/flowpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/letterpage"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/topologypage"

	tea "charm.land/bubbletea/v2"
)

// shell is the screen as pages know it: it shows them, and says what they have to say. It is
// what each of them may ask of it, through an interface of the page's own.
type shell struct {
	ctx      context.Context
	options  *Options
	theme    *theme.Theme
	counters tracing.Counters
	now      time.Time
	dirty    bool
	switched bool        // the screen has ended for one over another context
	pages    []page.Page // the trail; the last is shown

	filter      *page.EventFilter // of the lists of events and flows
	notice      page.Piece
	noticeUntil time.Time
	search      *search        // in history, or nil
	start       adapters.Start // where the sources are read from
	evicted     int64          // what the index had evicted when that reading began; -1 once it was said that more is
	seeking     bool           // they are being opened again

	compares *comparepage.Config
	marked   *marked // what is to be compared with something, or nil

	events   *eventpage.Config // what pages about events, and about flows, work with
	flows    *flowpage.Config
	home     page.Page           // the stream
	topology *topologypage.Model // services, destinations and consumers
	lags     *lagpage.Model      // how far consumers are behind; nil where no source can tell
	letters  *letterpage.Model   // dead letters; nil without a service

	asking *prompt // what a page asks for, until the model shows it
	typing bool    // a line is being written
}

const (
	// noticeTime is how long a notice stands at least, and cellsRead how many cells of it
	// are read in a second.
	noticeTime, cellsRead = 6 * time.Second, 12
)

func (s *shell) Theme() *theme.Theme      { return s.theme }
func (s *shell) Now() time.Time           { return s.now }
func (s *shell) Version() uint64          { return s.counters.Version }
func (s *shell) Context() context.Context { return s.ctx }
func (s *shell) Redraw()                  { s.dirty = true }
func (s *shell) Prompt(l *page.Prompt)    { s.asking = newPrompt(l) }

// LinkTo is where a position can be looked at in a browser, where the terminal can open that.
func (s *shell) LinkTo(source string, p adapters.Position) text.Link {
	if s.options.NoLinks {
		return text.Link{}
	}
	return s.address(source, p)
}

// address is where a position of a source can be looked at in a browser.
func (s *shell) address(source string, p adapters.Position) text.Link {
	for i := range s.options.Sources {
		if s.options.Sources[i].Name == source {
			return s.options.Sources[i].LinkTo(p)
		}
	}
	return text.Link{}
}

// Top is the page on the screen.
func (s *shell) Top() page.Page { return s.pages[len(s.pages)-1] }

// Open shows p above the present page.
func (s *shell) Open(p page.Page) tea.Cmd {
	s.Push(p)
	return p.Refresh()
}

// Push shows p above the present page.
func (s *shell) Push(p page.Page) { s.pages, s.dirty = append(s.pages, p), true }

// Swap shows next in the place of p, if p is on the screen.
func (s *shell) Swap(p, next page.Page) {
	if s.Top() == p {
		s.pages[len(s.pages)-1], s.dirty = next, true
	}
}

// Close goes to the page before p, if p is on the screen.
func (s *shell) Close(p page.Page) {
	if s.Top() == p {
		s.pop()
	}
}

// pop goes to the page before, and reports whether there is one.
func (s *shell) pop() bool {
	if len(s.pages) == 1 {
		return false
	}
	s.pages = s.pages[:len(s.pages)-1]
	s.dirty = true
	return true
}

// Elsewhere reports whether the page from which something was asked is not what a person looks at
// now, so that the answer must not take the place of that.
func (s *shell) Elsewhere(on page.Page) bool { return s.Top() != on || s.typing }

// Say shows a notice for a while, a long one for longer.
func (s *shell) Say(role theme.Role, what text.Safe) {
	reading := time.Duration(what.Width()) * time.Second / cellsRead
	s.notice, s.noticeUntil, s.dirty = page.Piece{Role: role, Text: what}, s.now.Add(max(noticeTime, reading)), true
}

// Wait says what is waited for, and returns what takes that away again.
func (s *shell) Wait(what text.Safe) (over func()) {
	s.Say(theme.Dim, what)
	return func() {
		if s.notice.Text == what { // nothing else was said meanwhile
			s.notice, s.dirty = page.Piece{}, true
		}
	}
}

// OpenEvent shows one event of a list.
func (s *shell) OpenEvent(event tracing.Event, from eventpage.List) tea.Cmd {
	return s.Open(s.events.NewIn(from, event))
}

// OpenFlow shows one flow, called by its label until it is there.
func (s *shell) OpenFlow(key tracing.FlowKey, label text.Safe) tea.Cmd {
	return s.Open(flowpage.New(s.flows, key, label))
}

// OpenLetterOf opens the dead letter that an event is.
func (s *shell) OpenLetterOf(event *tracing.Event) tea.Cmd {
	switch {
	case !event.Marks.Has(tracing.DeadLetter):
		s.Say(theme.Warn, text.Own("this event is no dead letter"))
		return nil
	case s.letters == nil:
		s.Say(theme.Warn, text.Own("no source here has dead letters that can be dealt with"))
		return nil
	}
	return s.letters.OpenLetterOf(event)
}

// ShowStream shows the events that pass a filter.
func (s *shell) ShowStream(filter string) tea.Cmd {
	return tea.Batch(s.filter.Apply(filter, query.Events), s.Open(s.home))
}
