package tui

import (
	"context"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/query"
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
	pages    []page.Page // the trail; the last is shown

	filter      *page.EventFilter // of the lists of events and flows
	notice      page.Piece
	noticeUntil time.Time
	search      *search        // in history, or nil
	start       adapters.Start // where the sources are read from
	evicted     int64          // what the index had evicted when that reading began; -1 once it was said that more is
	seeking     bool           // they are being opened again

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

func (d *shell) Theme() *theme.Theme      { return d.theme }
func (d *shell) Now() time.Time           { return d.now }
func (d *shell) Version() uint64          { return d.counters.Version }
func (d *shell) Context() context.Context { return d.ctx }
func (d *shell) Redraw()                  { d.dirty = true }
func (d *shell) Prompt(l *page.Prompt)    { d.asking = newPrompt(l) }

// Top is the page on the screen.
func (d *shell) Top() page.Page { return d.pages[len(d.pages)-1] }

// Open shows p above the present page.
func (d *shell) Open(p page.Page) tea.Cmd {
	d.Push(p)
	return p.Refresh()
}

// Push shows p above the present page.
func (d *shell) Push(p page.Page) { d.pages, d.dirty = append(d.pages, p), true }

// Swap shows next in the place of p, if p is on the screen.
func (d *shell) Swap(p, next page.Page) {
	if d.Top() == p {
		d.pages[len(d.pages)-1], d.dirty = next, true
	}
}

// Close goes to the page before p, if p is on the screen.
func (d *shell) Close(p page.Page) {
	if d.Top() == p {
		d.pop()
	}
}

// pop goes to the page before, and says whether there is one.
func (d *shell) pop() bool {
	if len(d.pages) == 1 {
		return false
	}
	d.pages = d.pages[:len(d.pages)-1]
	d.dirty = true
	return true
}

// Elsewhere says that the page from which something was asked is not what a person looks at
// now, so that the answer must not take the place of that.
func (d *shell) Elsewhere(on page.Page) bool { return d.Top() != on || d.typing }

// Say shows a notice for a while, a long one for longer.
func (d *shell) Say(role theme.Role, s text.Safe) {
	reading := time.Duration(s.Width()) * time.Second / cellsRead
	d.notice, d.noticeUntil, d.dirty = page.Piece{Role: role, Text: s}, d.now.Add(max(noticeTime, reading)), true
}

// Wait says what is waited for, and returns what takes that away again.
func (d *shell) Wait(s text.Safe) (over func()) {
	d.Say(theme.Dim, s)
	return func() {
		if d.notice.Text == s { // nothing else was said meanwhile
			d.notice, d.dirty = page.Piece{}, true
		}
	}
}

// OpenEvent shows one event of a list.
func (d *shell) OpenEvent(event tracing.Event, from eventpage.List) tea.Cmd {
	return d.Open(d.events.NewIn(from, event))
}

// OpenFlow shows one flow, called by its label until it is there.
func (d *shell) OpenFlow(key tracing.FlowKey, label text.Safe) tea.Cmd {
	return d.Open(flowpage.New(d.flows, key, label))
}

// OpenLetterOf opens the dead letter that an event is.
func (d *shell) OpenLetterOf(event *tracing.Event) tea.Cmd {
	switch {
	case !event.Marks.Has(tracing.DeadLetter):
		d.Say(theme.Warn, text.Own("this event is no dead letter"))
		return nil
	case d.letters == nil:
		d.Say(theme.Warn, text.Own("no source here has dead letters that can be dealt with"))
		return nil
	}
	return d.letters.OpenLetterOf(event)
}

// ShowStream shows the events that pass a filter.
func (d *shell) ShowStream(filter string) tea.Cmd {
	return tea.Batch(d.filter.Apply(filter, query.Events), d.Open(d.home))
}
