package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// page is one of the things the screen can show. All of it runs in the event loop.
type page interface {
	// scope says which keys work.
	scope() keymap.Scope
	// name is for the tab or the trail of pages.
	name() text.Safe
	// do acts on a key of the page and says whether that meant anything here.
	do(a keymap.Action) tea.Cmd
	// back undoes one step within the page and says whether there was one.
	back() bool
	// refresh asks for what the page needs now; it is called every tick and after
	// every key.
	refresh() tea.Cmd
	// render draws exactly height lines of width cells.
	render(width, height int) []widget.Line
	// status is one line for the footer: follow, paused, filter.
	status() []piece
	// click puts the cursor on what is in a cell of the page, and says whether it was
	// there already.
	click(column, row int) bool
	// ages says that the page shows how long ago things were.
	ages() bool
	// hint is what the footer says of a key now, empty for one that it leaves out.
	hint(b *keymap.Binding) text.Safe
	// question is what the page waits for.
	waitsFor() *question
}

// piece is a text with its role.
type piece struct {
	role theme.Role
	text text.Safe
}

// shell is what the pages share.
type shell struct {
	ctx      context.Context
	options  *Options
	theme    *theme.Theme
	counters tracing.Counters
	now      time.Time
	dirty    bool
	pages    []page // the trail; the last is shown

	// watch is the filter of the lists, nil when there is none. found is the last
	// watch there was, for going to the next match after the filter was cleared.
	watch, found *tracing.Watch
	// ofFlows is the filter of Flows when it asks about flows as a whole, of which single
	// events know nothing; there is no other then.
	ofFlows *tracing.Watch

	notice      piece
	noticeUntil time.Time
	search      *search // in history, or nil

	home        page           // the stream
	maps        *topologyModel // services, destinations and consumers
	lagModel    *lagModel      // how far consumers are behind; nil where no source can tell
	deadLetters *letterModel   // dead letters; nil without a service
	run         *running       // begun from here last, or nil
	runs        sync.WaitGroup // those that are carried out

	asking *prompt // what a page asks for, until the model shows it
	typing bool    // a line is being written
}

const (
	// queryLimit is how long a question to the index may take.
	queryLimit = 5 * time.Second
	// fetchLimit is how long a broker may take to give a message again.
	fetchLimit = 15 * time.Second
	// patience is how long a wait may be before the screen names it.
	patience = 200 * time.Millisecond
	// noticeTime is how long a notice stands at least, and cellsRead how many cells of it
	// are read in a second.
	noticeTime, cellsRead = 6 * time.Second, 12
)

// top is the page on the screen.
func (d *shell) top() page { return d.pages[len(d.pages)-1] }

// open shows p above the present page.
func (d *shell) open(p page) tea.Cmd {
	d.pages = append(d.pages, p)
	d.dirty = true
	return p.refresh()
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

// say shows a notice for a while, a long one for longer.
func (d *shell) say(role theme.Role, s text.Safe) {
	reading := time.Duration(s.Width()) * time.Second / cellsRead
	d.notice, d.noticeUntil, d.dirty = piece{role, s}, d.now.Add(max(noticeTime, reading)), true
}

// wait says what is waited for, and returns what takes that away again.
func (d *shell) wait(s text.Safe) (over func()) {
	d.say(theme.Dim, s)
	return func() {
		if d.notice.text == s { // nothing else was said meanwhile
			d.notice, d.dirty = piece{}, true
		}
	}
}

// setFilter makes w the filter of the lists; nil for none, and then the one before still
// serves to go from match to match.
func (d *shell) setFilter(w *tracing.Watch) {
	if d.ofFlows != nil {
		d.ofFlows.Close()
		d.ofFlows = nil
	}
	switch {
	case w != nil && w.Filter().OfFlow():
		d.ofFlows, w = w, nil
	case w != nil:
		if d.found != nil {
			d.found.Close()
		}
		d.found = w
	}
	d.watch, d.dirty = w, true
}

// answer is what a command brings back: it is run in the event loop.
type answer func() tea.Cmd

// crashed is a panic in a command.
type crashed struct{ crash *Crash }

// caught turns a recovered value into a Crash.
func caught(reason any) *Crash {
	return &Crash{Reason: text.Cleaner{}.String(fmt.Sprint(reason)).String(), Stack: string(debug.Stack())}
}

// run does work outside the event loop and then runs what it returns inside.
func run(work func() answer) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if reason := recover(); reason != nil {
				msg = crashed{caught(reason)}
			}
		}()
		return work()
	}
}

// question is something a page has asked and not yet heard about.
type question struct {
	busy   bool
	since  time.Time
	about  text.Safe
	err    error
	failed func() // takes back what asking has changed, when no answer came; or nil
	quiet  bool   // what it brings is drawn only if the page finds that it changed
	once   bool   // no answer is not asked for again while the page is open
}

// ask puts a question, unless one is still open. find works on what it was given alone
// and returns what to do with the answer.
func (q *question) ask(d *shell, about text.Safe, limit time.Duration, find func(ctx context.Context) (func(), error)) tea.Cmd {
	if q.busy {
		return nil
	}
	q.busy, q.since, q.about = true, d.now, about
	ctx := d.ctx
	return run(func() answer {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		apply, err := find(ctx)
		return func() tea.Cmd {
			_, waited := q.waiting(d)
			d.dirty = d.dirty || !q.quiet || waited || !sameError(q.err, err)
			q.busy, q.err = false, err
			switch {
			case err == nil:
				apply()
			case q.failed != nil:
				q.failed()
			}
			return nil
		}
	})
}

// waiting is the sentence for a wait that has lasted too long to pass over.
func (q *question) waiting(d *shell) (text.Safe, bool) {
	if !q.busy || d.now.Sub(q.since) < patience {
		return text.Safe{}, false
	}
	tenths := d.now.Sub(q.since).Truncate(100 * time.Millisecond)
	return q.about.Add(text.Own(" "), text.Span(tenths)), true
}

// sentence is an error for an operator, made printable.
func (d *shell) sentence(err error) text.Safe {
	if errors.Is(err, context.DeadlineExceeded) {
		return text.Own("no answer in time")
	}
	if errors.Is(err, tracing.ErrUnknown) {
		return text.Own("it is not in the index, or no longer")
	}
	problem := (*adapters.Problem)(nil)
	advised := errors.As(err, &problem) && problem.Remedy != "" // as of an archive: it tells more
	if errors.Is(err, adapters.ErrGone) && !advised {
		return text.Own("the broker no longer has it (retention or compaction)")
	}
	return d.theme.String(err.Error())
}

// repeated is the sentence for an error of something that is asked again by itself.
func (d *shell) repeated(err error) text.Safe {
	if errors.Is(err, context.DeadlineExceeded) {
		return d.sentence(err).Add(text.Own("; it is asked again"))
	}
	return d.sentence(err)
}
