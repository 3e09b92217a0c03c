package page_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/tuitest"

	"pgregory.net/rapid"
)

// polled is a question that is asked in the order of a story, and what is known of its answers.
type polled struct {
	page.Polled[int]
	screen  *tuitest.Alone
	given   int       // the last answer that was given
	asked   time.Time // when that was asked
	open    time.Time // when the question was asked that is open; zero for none
	took    time.Duration
	changes int
	then    int
}

func (p *polled) holds(t *rapid.T) {
	switch {
	case p.Last != p.given, p.Known() != !p.asked.IsZero():
		t.Fatalf("the last answer is %d (%v), want %d", p.Last, p.Known(), p.given)
	case p.Known() && p.Age(p.screen.Now()) != p.screen.Now().Sub(p.asked):
		t.Fatalf("it is %v old, want %v", p.Age(p.screen.Now()), p.screen.Now().Sub(p.asked))
	case p.Changes() != p.changes:
		t.Fatalf("it has changed %d times, want %d", p.Changes(), p.changes)
	case p.Busy != !p.open.IsZero():
		t.Fatalf("it is asked: %v, want %v", p.Busy, !p.open.IsZero())
	}
}

// take notes an answer to the question that is open.
func (p *polled) take(answer int) {
	if p.asked.IsZero() || answer != p.given {
		p.changes++
	}
	p.given, p.asked = answer, p.open
}

// TestWhatIsPolledKeepsItsLastAnswer, however long the next one takes, in what order parts of it come
// and whether it comes at all: an error takes nothing away, nobody asks twice at a time, nor again
// before it is due, and every question ends within its limit.
func TestWhatIsPolledKeepsItsLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := tuitest.NewAlone(t, 80, 24)
		rapid.Check(withoutDeadline{t}, func(t *rapid.T) { tellPolled(t, screen) })
	})
}

// withoutDeadline is a test within a bubble, whose time is not that of the deadline.
type withoutDeadline struct{ *testing.T }

func (withoutDeadline) Deadline() (time.Time, bool) { return time.Time{}, false }

func tellPolled(t *rapid.T, screen *tuitest.Alone) {
	p := &polled{screen: screen}
	p.Alike = func(a, b int) bool { return a == b }
	const limit, every = 5 * time.Second, 2 * time.Second
	refused := errors.New("refused")
	var last time.Time
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		answer, takes := rapid.IntRange(0, 2).Draw(t, "answer"), rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, time.Hour}).Draw(t, "takes")
		err := rapid.SampledFrom([]error{nil, nil, refused}).Draw(t, "error")
		if again := rapid.IntRange(0, 5).Draw(t, "again") == 0; again {
			p.Again()
			last = time.Time{}
		}
		if due := last.IsZero() || p.screen.Now().Sub(last) >= max(every, page.ListingShare*p.took); due != p.Due(p.screen.Now(), every) {
			t.Fatalf("it is due %v, want %v", !due, due)
		}
		command := p.Poll(p.screen, text.Own("it"), limit, func(ctx context.Context) (int, error) {
			select {
			case <-ctx.Done():
				return 7, ctx.Err()
			case <-time.After(takes):
				return answer, err
			}
		}, func() { p.then++ })
		p.open, last = p.screen.Now(), p.screen.Now()
		p.holds(t)
		if p.Due(p.screen.Now().Add(time.Hour), every) || p.Poll(p.screen, text.Own("more"), limit, nil, nil) != nil {
			t.Fatal("it is asked twice at a time")
		}
		if rapid.Bool().Draw(t, "part") {
			part := rapid.IntRange(0, 2).Draw(t, "of it")
			p.Part(p.screen, part)
			p.take(part)
			p.holds(t)
		}
		dropped := rapid.IntRange(0, 5).Draw(t, "dropped") == 0
		if dropped {
			p.Drop()
			takes = time.Hour
		}
		begun, then := time.Now(), p.then
		command().(page.Answer)()
		if waited := time.Since(begun); waited > limit || dropped && waited > 0 {
			t.Fatalf("it was waited for %v", waited)
		}
		if takes < limit && err == nil {
			p.take(answer)
			p.took = takes
			then++
		}
		if p.open = (time.Time{}); p.then != then {
			t.Fatalf("what follows an answer was done %d times, want %d", p.then, then)
		}
		p.Part(p.screen, 8) // of a question that has ended
		p.holds(t)
		time.Sleep(rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute}).Draw(t, "passes"))
	}
}
