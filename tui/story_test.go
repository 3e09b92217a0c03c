package tui_test

import (
	"os"
	"testing"
	"time"

	"eventscope/tui/tuitest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(defectVariable) != "" {
		showDefect()
	}
	time.Local = time.UTC // clocks on the screen are local
	os.Unsetenv("NO_COLOR")
	goleak.VerifyTestMain(m)
}

// story runs a test in virtual time over a system of two brokers.
func story(t *testing.T, tell func(t *testing.T, s *tuitest.System)) { tuitest.Story(t, tell) }

// put puts events or fails.
func put(t *testing.T, s *tuitest.System, events ...tuitest.Event) {
	t.Helper()
	s.Tell(t, events...)
}

func TestAnOrderIsTwoKeysAway(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 120, 30).Sees("No events yet", "kafka ● 4 topics", "following", "READ-ONLY")
		put(t, s, s.Compensated(9, time.Now())...)
		screen.Wait(time.Second).Sees("OrderPlaced", "InventoryFailed ✗", "PaymentRefunded ↩", "ord-1009")
		screen.Press("enter").Sees("Flow ord-1009", "↩ compensated", "5 events · 4 services · 2 brokers", "flow id from header correlation_id", "compensates Payment")
		screen.Press("v").Sees("● OrderPlaced", "├──", "▶● PaymentProcessed")
		screen.Press("v", "j", "enter").Sees("PaymentProcessed", "header causation_id", "order_id", "Headers 5")
		screen.Press("esc").Sees("5 events").Press("esc").Sees("paused", "1 Stream")
		screen.Press("esc", "esc")
		if screen.Ended() {
			t.Fatal("esc has quit")
		}
		screen.Press("f").Sees("following").Press("enter", "q").Sees("ord-1009").Press("q")
		if !screen.Ended() {
			t.Fatal("q on the first page has not quit")
		}
	})
}

func TestControlCQuitsFromAnywhere(t *testing.T) {
	for _, before := range [][]string{{}, {"/", "x"}, {":", "t"}, {"?"}, {"2"}} {
		story(t, func(t *testing.T, s *tuitest.System) {
			screen := tuitest.Open(t, s.Options(), 80, 24).Press(before...).Press("ctrl+c")
			if !screen.Ended() {
				t.Fatalf("ctrl+c after %v has not quit", before)
			}
		})
	}
}

func TestTheCursorStaysOnItsEvent(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 20 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		screen := tuitest.Open(t, s.Options(), 120, 24)
		screen.Press("k", "k", "k", "k", "k", "k").Sees("paused")
		selected := screen.Selected()
		put(t, s, s.Order(50, time.Now(), 5)...)
		screen.Wait(time.Second)
		if now := screen.Selected(); now != selected {
			t.Fatalf("the cursor was on\n%s\nand is now on\n%s", selected, now)
		}
		screen.Sees("5 new below")
		put(t, s, s.Order(51, time.Now(), 5)...)
		screen.Wait(time.Second).Sees("10 new below").Press("G").Sees("following", "ord-1051")
	})
}

func TestTheCursorSurvivesEviction(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("g", "j").Sees("paused", "ord-1001")
		flood := tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "flood", ID: "flood"}
		for range 30 {
			if err := s.Flood(t.Context(), flood, 4000); err != nil {
				t.Fatal(err)
			}
		}
		if s.Store.Counters().Evicted == 0 {
			t.Fatal("the flood was too small to evict anything")
		}
		screen.Wait(2*time.Second).Misses("ord-1001").Sees("▸", "flood-", "new below")
		screen.Press("j", "k", "G").Wait(time.Second).Sees("following", "flood-3999")
	})
}

func TestNothingIsDrawnWhenNothingChanges(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 30).Wait(30 * time.Second)
		before := screen.Frames()
		screen.Wait(5 * time.Minute)
		if drawn := screen.Frames() - before; drawn != 0 {
			t.Fatalf("%d frames were drawn while nothing changed", drawn)
		}
		put(t, s, s.Order(2, time.Now(), 1)...)
		if screen.Wait(time.Second).Frames() == before {
			t.Fatal("a new event was not drawn")
		}
		screen.Sees("ord-1002")
	})
}
