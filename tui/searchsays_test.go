package tui_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// TestASearchSaysHowFastItReads, once that can be told, and how long it takes yet.
func TestASearchSaysHowFastItReads(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.History = func(ctx context.Context, _ string, _ time.Duration, progress chan<- tui.HistoryProgress) error {
			progress <- tui.HistoryProgress{Read: 250_000, Total: 1_000_000, Found: 1204}
			<-ctx.Done()
			return ctx.Err()
		}
		screen := tuitest.Open(t, options, 160, 24).Press(":").Type("trace nothing").Press("enter").Wait(300 * time.Millisecond)
		if line := screen.Line("history of"); strings.Contains(line, "/s") {
			t.Errorf("it knows a rate at once: %s", line)
		}
		screen.Wait(9700*time.Millisecond).Sees("250k read, 1,204 found, ", " s left, 25k/s").Wait(10 * time.Second).Sees("59 s left, 13k/s")
		for width := 160; width >= 40; width -= 4 { // the rate leaves first, then how long, and no part is cut
			line := screen.Resize(width, 24).Line("history of")
			if rate, left := strings.Contains(line, "13k/s"), strings.Contains(line, "s left"); rate && !left || strings.Contains(line, "13k") != rate || !strings.Contains(line, "esc stops") {
				t.Fatalf("at %d: %s", width, line)
			}
		}
		screen.Press("esc").Wait(time.Second).Sees("stopped; nothing found for nothing")
	})
}

// TestASearchForWhatWasBeforeAFlowBeginsAnHourBeforeIt, however old the flow is.
func TestASearchForWhatWasBeforeAFlowBeginsAnHourBeforeIt(t *testing.T) {
	for ago, wanted := range map[time.Duration]time.Duration{0: time.Hour, 3 * time.Hour: 4 * time.Hour} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, s.Order(1, time.Now().Add(-ago), 2)...)
			options := s.Options()
			asked := make(chan time.Duration, 1)
			options.History = func(_ context.Context, _ string, since time.Duration, _ chan<- tui.HistoryProgress) error {
				asked <- since
				return nil
			}
			tuitest.Open(t, options, 120, 24).Press("enter").Wait(time.Second).Press("b").Wait(time.Second)
			if since := <-asked; since.Round(time.Minute) != wanted {
				t.Errorf("a flow of %v ago is looked for in the last %v", ago, since)
			}
		})
	}
}
