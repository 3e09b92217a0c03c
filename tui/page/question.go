package page

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

const (
	// QueryLimit is how long a question to the index may take.
	QueryLimit = 5 * time.Second
	// FetchLimit is how long a broker may take to give a message again.
	FetchLimit = 15 * time.Second
	// SearchBack is how far back brokers are searched when nothing is said.
	SearchBack = time.Hour
	// patience is how long a wait may be before the screen names it.
	patience = 200 * time.Millisecond
	// ListingShare is the least time between two looks at all consumers, dead letters or
	// destinations, in times of what one takes.
	ListingShare = 10
)

// Question is something a page has asked and not yet heard about.
type Question struct {
	Busy   bool
	since  time.Time
	about  text.Safe
	Err    error
	Failed func() // takes back what asking has changed, when no answer came; or nil
	Quiet  bool   // what it brings is drawn only if the page finds that it changed
	Once   bool   // no answer is not asked for again while the page is open
	end    context.CancelFunc

	answered time.Time // when that was asked which was answered last; zero for never
}

// Known reports whether there was an answer.
func (q *Question) Known() bool { return !q.answered.IsZero() }

// Age is how old the last answer is, which stays when no other comes; zero where there was none.
func (q *Question) Age(now time.Time) time.Duration {
	if !q.Known() {
		return 0
	}
	return now.Sub(q.answered)
}

// Ask puts a question, unless one is still open. find works on what it was given alone
// and returns what to do with the answer.
func (q *Question) Ask(s Screen, about text.Safe, limit time.Duration, find func(ctx context.Context) (func(), error)) tea.Cmd {
	if q.Busy {
		return nil
	}
	asked, end := context.WithCancel(s.Context())
	q.Busy, q.since, q.about, q.end = true, s.Now(), about, end
	return Work(func() Answer {
		defer end()
		ctx, cancel := context.WithTimeout(asked, limit)
		defer cancel()
		apply, err := find(ctx)
		return func() tea.Cmd {
			if _, waited := q.Waiting(s.Now()); !q.Quiet || waited || !SameError(q.Err, err) {
				s.Redraw()
			}
			q.Busy, q.Err = false, err
			switch {
			case err == nil:
				apply()
				q.answered = q.since
			case q.Failed != nil:
				q.Failed()
			}
			return nil
		}
	})
}

// Drop ends the search for an answer that nobody wants any more.
func (q *Question) Drop() {
	if q.Busy {
		q.end()
	}
}

// Waiting is the sentence for a wait that has lasted too long to pass over.
func (q *Question) Waiting(now time.Time) (text.Safe, bool) {
	if !q.Busy || now.Sub(q.since) < patience {
		return text.Safe{}, false
	}
	tenths := now.Sub(q.since).Truncate(100 * time.Millisecond)
	return q.about.Add(text.Own(" "), text.Span(tenths)), true
}

// Answer is what a command brings back: it is run in the event loop.
type Answer func() tea.Cmd

// Crashed is a panic in a command.
type Crashed struct{ Crash *Crash }

// Caught turns a recovered value into a crash.
func Caught(reason any) *Crash {
	return &Crash{Reason: text.Cleaner{}.String(fmt.Sprint(reason)).String(), Stack: string(debug.Stack())}
}

// Work does work outside the event loop and then runs what it returns inside.
func Work(work func() Answer) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if reason := recover(); reason != nil {
				msg = Crashed{Caught(reason)}
			}
		}()
		return work()
	}
}

// SameError reports whether two errors read alike; nil is like nil alone.
func SameError(a, b error) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Error() == b.Error()
}

// Crash is a defect of the screen. The terminal was put back before it is returned.
type Crash struct {
	Reason string // what panicked, made printable
	Stack  string // for a log, not for the screen
}

// Error is one sentence for the operator.
func (c *Crash) Error() string {
	return "the screen failed and was closed: " + c.Reason + "; this is a defect of eventscope, and nothing on the brokers was changed"
}
