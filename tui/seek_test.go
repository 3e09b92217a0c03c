package tui_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// seeking are options whose sources can be read again; what was asked for goes to asked, and each
// reading brings the events of again.
func seeking(t *testing.T, s *tuitest.System, start adapters.Start, asked *[]string, again func()) tui.Options {
	options := s.Options()
	options.Start = start
	options.Seek = func(ctx context.Context, start adapters.Start) error {
		*asked = append(*asked, start.String())
		if err := s.Store.Clear(ctx); err != nil {
			return err
		}
		again()
		return nil
	}
	return options
}

// TestTheStartIsMovedWhileRunning, by keys and by commands: it is said, and nothing of before is left.
func TestTheStartIsMovedWhileRunning(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var asked []string
		singles(t, s, 0, 3)
		screen := tuitest.Open(t, seeking(t, s, adapters.Newest(tui.NewestShown), &asked, func() { past(t, s, 100, 40) }), 100, 24)
		screen.Press("]").Sees("this is the latest start").Press("esc")
		screen.Press("space").Filter("ord-1").Press("2").Press("[").Wait(time.Second).Sees("read again from 1999-12-31 23:50 (10m ago); what was shown before was put away", "1 Stream", "▸ following", "live from here")
		screen.Selects("ord-1139").Misses("/ord-1").Press("[", "[", "[", "[", "[").Wait(time.Second).Press("esc")
		screen.Command("from 2h").Wait(time.Second).Sees("read again from 1999-12-31 22:00 (2h ago)").Selects("ord-1139")
		screen.Command("at 22:15").Wait(time.Second).Sees("read again from 1999-12-31 22:15").Selects("ord-1100").Sees("paused")
		screen.Command("from beginning").Wait(time.Second).Sees("read again from the beginning").Press("esc", "[").Sees("there is nothing earlier").Press("esc")
		screen.Press("]").Wait(time.Second).Sees("read again from 1999-12-25 00:00")
		screen.Command("from yesterday").Sees(":from takes newest, beginning, an age such as -2h")
		want := "-10m0s -1h0m0s -6h0m0s -24h0m0s -168h0m0s beginning -2h0m0s 1999-12-31T22:15:00Z beginning -168h0m0s"
		if got := strings.Join(asked, " "); got != want {
			t.Errorf("asked for are %s, want %s", got, want)
		}
	})
}

// TestSourcesThatCannotBeOpenedAgain are told of, and so is that none can be.
func TestSourcesThatCannotBeOpenedAgain(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		tuitest.Open(t, options, 100, 24).Press("[").Sees("what is shown here has no other beginning")
		options.Seek = func(context.Context, adapters.Start) error { return errors.New("the broker has gone") }
		tuitest.Open(t, options, 100, 24).Press("[").Sees("reading again: the broker has gone").Misses("put away")
		release := make(chan struct{})
		options.Seek = func(context.Context, adapters.Start) error { <-release; return nil }
		var taps atomic.Bool
		for i := range options.Sources {
			options.Sources[i].History = func() bool { return !taps.Load() }
		}
		screen := tuitest.Open(t, options, 100, 24).Press("[").Sees("opening the sources again from").Press("[").Sees("already")
		taps.Store(true)
		close(release)
		screen.Wait(time.Second).Sees("a tap has no history: it shows what comes from now on")
	})
}

// TestAnEmptyStreamSaysHowMuchThereIs, and which key brings it.
func TestAnEmptyStreamSaysHowMuchThereIs(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var asked []string
		options := seeking(t, s, adapters.Ago(time.Minute), &asked, func() { past(t, s, 0, 3) })
		options.Sources[0].Held = func(context.Context) (int64, error) { return 12345, nil }
		options.Sources[1].History = func() bool { return false }
		screen := tuitest.Open(t, options, 120, 24).Wait(2*time.Second).Sees("kafka live, 4 topics: 12,345 messages are older than what was read; [ brings the newest", "rabbitmq live, 2 taps: no history can be read")
		if screen.Press("[").Wait(time.Second).Selects("ord-1002"); strings.Join(asked, " ") != "the newest 500 messages" {
			t.Errorf("asked for are %q", asked)
		}
	})
}

// TestWhatHasNoRoomIsSaid: a start from which more is read than memory holds is not taken for one
// that is shown; it is said once.
func TestWhatHasNoRoomIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		var asked []string
		flood := tuitest.Event{Source: s.Kafka, To: "orders", Type: "OrderPlaced", Service: "order", Flow: "f", ID: "i", At: time.Now()}
		more := func() {
			for n := range 12 {
				flood.Flow, flood.ID = fmt.Sprint("f", n), fmt.Sprint("i", n)
				if err := s.Flood(t.Context(), flood, 4000); err != nil {
					t.Fatal(err)
				}
			}
		}
		screen := tuitest.Open(t, seeking(t, s, adapters.Newest(tui.NewestShown), &asked, func() {}), 140, 24)
		more()
		screen.Wait(time.Second).Misses("memory is full")
		screen.Command("at 22:15")
		more()
		screen.Wait(2*time.Second).Sees("memory is full: the oldest events leave it, so the lists no longer begin at 1999-12-31 22:15", "raise --memory").Press("esc")
		more()
		screen.Wait(2 * time.Second).Misses("memory is full")
	})
}

// TestThePastIsNoTraffic: what is read of the past is in no rate, and what comes as it happens is.
func TestThePastIsNoTraffic(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 140, 24).Sees("kafka ● 4 topics 0/s")
		s.Kafka.Set(func(status *adapters.Status) { status.PastMessages += 5000 }) // counted before it is read
		screen.Wait(time.Second).Sees("4 topics 0/s")
		s.Kafka.Set(func(status *adapters.Status) { status.Messages += 5000 })
		screen.Wait(time.Second).Sees("4 topics 0/s").Misses("▁", "█")
		s.Kafka.Set(func(status *adapters.Status) { status.Messages += 100 })
		screen.Wait(time.Second).Sees("4 topics 50/s", "█")
	})
}
