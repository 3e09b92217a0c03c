package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// failing makes the broker go away when something is about to be done, for as long as a step of
// the story takes.
func failing(l *tuitest.Letters, at string, step func()) {
	l.Change(func() {
		l.Broker.Acting = func(what string) {
			if what == at {
				l.Broker.Failing = 0
			}
		}
	})
	step()
	l.Change(func() { l.Broker.Acting, l.Broker.Failing = nil, -1 })
}

// TestARunThatIsEndedSettlesWhatItHasSent: letters of a queue whose copies are at their target are
// taken out of it, and no other is sent.
func TestARunThatIsEndedSettlesWhatItHasSent(t *testing.T) {
	for _, page := range []string{"", "6"} {
		story(t, func(t *testing.T, s *tuitest.System) {
			l := tuitest.EmptyDLQ(t, adapters.Queue)
			for _, id := range []string{"a", "b", "c"} {
				l.BuryNamed(`{"type":"OrderPlaced","order_id":"ord-`+id+`"}`, id)
			}
			left := func(copies, letters int) {
				t.Helper()
				if sent(l) != copies || l.Left() != letters {
					t.Fatalf("%d copies were sent, and %d letters lie in the queue", sent(l), l.Left())
				}
			}
			screen := tuitest.Open(t, l.Over(s.Options()), 140, 30).Press("4").Wait(time.Second).Press("enter", "y").Wait(time.Second).Press("r").Wait(time.Second).Sees("3 letters,")
			failing(l, "settle", func() {
				screen.Press("enter").Type("3").Press("enter").Wait(time.Second).Sees("✗ failed", "the broker is gone", "What is not settled is as it was. Go on with :resume, or end it with :abort.")
			})
			left(1, 3)
			if page != "" {
				screen.Press(page).Wait(3*time.Second).Selects("✗ failed", "0 of 3")
			}
			screen.Command("abort").Wait(time.Second).Sees("✗ aborted", "› Run", "✓ replayed", "1 of 3").Misses("Go on with :resume", "may have arrived", "› Run › Run")
			left(1, 2)
			screen.Press("6").Wait(3*time.Second).Selects("✗ aborted", "1 of 3").Command("abort").Wait(time.Second).Sees("✗ cannot abort", "it is aborted already")
			left(1, 2)
		})
	}
}

// TestWhatMayHaveComeBackTwiceIsSaid when a broker went away while letters were put back.
func TestWhatMayHaveComeBackTwiceIsSaid(t *testing.T) {
	kept(t, adapters.Queue, func(t *testing.T, l *tuitest.Letters, _ string, screen *tuitest.Screen) {
		discard(screen.Press("g"), "test data", "2").Press("4").Wait(3*time.Second).Press("a").Wait(3*time.Second).Press("g", "enter").Wait(time.Second).Press("u").Wait(time.Second).Sees("Plan: restore", "2 letters,")
		failing(l, "publish", func() {
			screen.Press("enter").Type("2").Press("enter").Wait(time.Second).Sees("✗ failed", "the broker is gone").Misses("twice")
		})
		screen.Command("resume").Wait(time.Second).Sees("✓ done", "✓ restored", "1 letter may have come back twice").Misses("may have arrived twice", "x-replay-id")
	})
}
