package tui_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"eventscope/tui"
	"eventscope/tui/tuitest"
)

func TestTracePeeksIntoHistory(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
			progress <- tui.HistoryProgress{Read: 250_000, Total: 1_000_000}
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
			if id == "ord-1042" && since == 6*time.Hour {
				return s.Put(ctx, s.Order(42, time.Now().Add(-2*time.Hour), 5)...)
			}
			return nil
		}
		screen := tuitest.Open(t, options, 120, 24).Press(":").Type("tr").Sees("trace ID [since]").Press("tab").Type(" ord-1042 6h").Press("enter").Wait(time.Second)
		screen.Sees("history of ord-1042", "████░░", "250k read", "esc stops")
		screen.Wait(6*time.Second).Sees("Flow ord-1042", "5 events")
		screen.Press("esc").Press(":").Type("trace nothing").Press("enter").Wait(7 * time.Second).Sees("nothing found for nothing")
		screen.Press("esc").Press(":").Type("trace nothing").Press("enter").Wait(time.Second).Press("esc").Wait(time.Second).Sees("stopped")
	})
}

// b on a flow that began before the window looks for the rest of it; what is known of
// the search is told at any width.
func TestEarlierEventsAreLookedFor(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.History = func(ctx context.Context, id string, since time.Duration, progress chan<- tui.HistoryProgress) error {
			if id != "ord-1005" || since < time.Hour {
				return fmt.Errorf("asked for %s, %v", id, since)
			}
			progress <- tui.HistoryProgress{Read: 1_250_000, Total: 10_000_000}
			<-time.After(4 * time.Second)
			return s.Put(ctx, s.Order(5, time.Now().Add(-time.Hour), 2)...)
		}
		order := s.Order(5, time.Now().Add(-time.Hour), 5)
		put(t, s, order[2:]...)
		screen := tuitest.Open(t, options, 80, 24).Press("enter").Sees("3 events").Press("b").Wait(2 * time.Second)
		screen.Sees("history of ord-1005", "1.2M read", "left", "/s", "esc stops").Misses("0 found")
		screen.Press("b").Sees("a search is running; esc stops it").Press("esc").Sees("history of").Resize(40, 8).Sees("history of", "esc stops").Resize(80, 24)
		screen.Wait(6*time.Second).Sees("5 events", "OrderPlaced").Misses("history of")
	})
}

func TestTheCommandLine(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Faults = []string{"payment", "inventory"}
		options.Nearest = func(name string, names []string) string {
			if i := slices.IndexFunc(names, func(other string) bool { return name[:min(3, len(name))] == other[:min(3, len(other))] }); i >= 0 {
				return names[i]
			}
			return ""
		}
		options.Fault = func(_ context.Context, words []string) (string, error) {
			if len(words) != 2 {
				return "", errors.New("say which service and what")
			}
			return "the " + words[0] + " service is " + words[1] + " now", nil
		}
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, options, 100, 24)
		run := func(line string) *tuitest.Screen {
			return screen.Press(":").Type(line).Press("enter").Wait(time.Second)
		}
		run("goto payments/0@1").Sees("PaymentApprovedByFraudAgent", "tree line").Press("esc")
		run("goto payments/0@77").Sees("not in the index").Press("esc")
		run("goto nonsense").Sees("looks like orders/2@881").Press("esc")
		run("fault payment slow").Sees("the payment service is slow now").Press("esc")
		run("fault").Sees("say which service").Press("esc")
		run("fault inventry").Sees("say which service and what; did you mean :fault inventory?").Press("esc")
		run("from begining").Sees("did you mean :from beginning?").Press("esc")
		run("at soon").Misses("did you mean").Press("esc")
		run("sort duration").Sees("by duration")
		run("theme light").Sees("Status")
		run("nonsense").Sees("unknown command nonsense").Press("esc")
		screen.Press(":").Type("fault ").Sees("payment", "inventory").Press("tab").Sees(":fault payment").Press("esc")
		screen.Press(":").Press("up").Sees(":nonsense").Press("up").Sees(":theme light").Press("esc")
		run("help").Sees("Keys of Flows").Press("x").Misses("Keys of")
		if run("q"); !screen.Ended() {
			t.Fatal(":q has not quit")
		}
	})
}
