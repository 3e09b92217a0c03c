package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/tracing"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestAStepSaysWhenAndWhereItWas, after how long, by whom, and what came of it.
func TestAStepSaysWhenAndWhereItWas(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(9, time.Now())...)
		screen := tuitest.Open(t, s.Options(), 170, 24).Press("enter").Wait(time.Second).Press("g")
		for i, wanted := range [][]string{
			{"+0.000", "order ", "OrderPlaced", "kafka orders/0@0"}, {"+0.173", "payment ", "PaymentProcessed", "kafka payments/0@0"}, {"+0.201", "fraud ", "PaymentApprovedByFraudAgent", "kafka payments/0@1"},
			{"+0.420", "inventory ", "InventoryFailed ✗", "rabbitmq invent…", "Out of stock"}, {"+0.655", "payment ", "PaymentRefunded ↩", "kafka payments/0@2", "compensates Payment"},
		} {
			screen.Selects(wanted...)
			if i == 3 {
				screen.Looks(theme.Bad, "InventoryFailed ✗", "Out of stock")
			}
			screen.Press("j")
		}
		screen.Sees("5 events · 4 services · 2 brokers · 655 ms")
	})
}

// TestWhatANarrowTimelineLeavesOut: as the screen becomes narrower the position leaves first, then
// what is said of a step, then the waterfall; time, service and type stay.
func TestWhatANarrowTimelineLeavesOut(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 200, 24).Press("enter").Wait(time.Second).Press("g", "j")
		was := []bool{true, true}
		for width := 200; width >= 40; width -= 2 {
			line := screen.Resize(width, 24).Selected()
			for _, stays := range []string{"+0.173", "Payment"} {
				if !strings.Contains(line, stays) {
					t.Fatalf("%s has left at %d: %s", stays, width, line)
				}
			}
			has := []bool{strings.Contains(line, "kafka "), strings.ContainsAny(line, "●◆■━─")}
			if has[0] && !was[0] || has[1] && !was[1] || has[0] && !has[1] {
				t.Fatalf("at %d: what had left is back, or the waterfall left before the position: %s", width, line)
			}
			was = has
		}
		if was[0] {
			t.Fatal("the position has not left")
		}
	})
}

// TestEveryLaneCanBeReached where there are more than the screen is wide, and no key goes beyond
// the last or before the first.
func TestEveryLaneCanBeReached(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		begun := time.Now()
		for i := range 14 {
			put(t, s, tuitest.Event{Source: s.Kafka, To: "steps", Key: "f", At: begun.Add(time.Duration(i) * time.Second), Type: fmt.Sprintf("Step%02d", i), Service: fmt.Sprintf("service%02d", i), Flow: "long", ID: fmt.Sprint(i), Cause: fmt.Sprint(i - 1)})
		}
		screen := tuitest.Open(t, s.Options(), 80, 30).Press("enter").Wait(time.Second).Press("tab", "v").Sees("h 0 ", "service00").Misses("service13")
		hidden := func() (left, right int) {
			line := screen.Line("h ")
			if _, err := fmt.Sscanf(strings.TrimSpace(line[strings.Index(line, "h "):]), "h %d  l %d", &left, &right); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			return left, right
		}
		left, most := hidden()
		for right := most; right > 0; left, right = hidden() {
			screen.Press("l")
			if now, nowRight := hidden(); now != left+1 || nowRight >= right {
				t.Fatalf("l went from %d to %d, with %d and %d to the right", left, now, right, nowRight)
			}
		}
		screen.Sees("service13").Misses("service00").Press("l", "l", "l").Sees("service13")
		if now, _ := hidden(); now != left {
			t.Fatalf("l went beyond the last lane, from %d to %d", left, now)
		}
		screen.Press("h")
		if now, right := hidden(); now != left-1 || right == 0 {
			t.Fatalf("h went from %d to %d", left, now)
		}
		for range 20 {
			screen.Press("left")
		}
		if now, right := hidden(); now != 0 || right != most {
			t.Fatalf("h went to %d, with %d to the right", now, right)
		}
		screen.Press("l").Resize(250, 30).Sees("service00", "service13").Misses("h 0 ")
		screen.Press("v").Sees("+1.000").Press("l", "l", "v").Sees("service00") // a timeline has nothing to the right
	})
}

// TestWhatDidNotComeIsSaidByItsState, in its colour, in both ways to draw a flow.
func TestWhatDidNotComeIsSaidByItsState(t *testing.T) {
	for name, c := range map[string]struct {
		expected     tracing.Expectation
		sees, misses string
		role         theme.Role
	}{
		"due":          {tracing.Expectation{Type: "Paid", State: tracing.Due, Usual: 2 * time.Second}, "still to come, usually within 2 s", "flows", theme.Dim},
		"overdue":      {tracing.Expectation{Type: "Paid", State: tracing.Overdue, Usual: 2 * time.Second, Late: 5 * time.Second}, "overdue, usually within 5 s", "flows", theme.Warn},
		"missing":      {tracing.Expectation{Type: "Paid", State: tracing.Missing, Seen: 0.95}, "not seen, in 95 % of flows", "usually", theme.Bad},
		"in all":       {tracing.Expectation{Type: "Paid", State: tracing.Missing, Seen: 1}, "not seen", " % of", theme.Bad},
		"not expected": {tracing.Expectation{Type: "Paid", State: tracing.NotExpected}, "not expected", "usually", theme.Dim},
		"instead":      {tracing.Expectation{Type: "Paid", State: tracing.NotExpected, Why: "the flow failed before"}, "the flow failed before", "not expected", theme.Dim},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 2)...)
				options := s.Options()
				options.Querier = altered{s.Store, func(f *tracing.Flow) { f.Expected = []tracing.Expectation{c.expected} }, nil}
				screen := tuitest.Open(t, options, 140, 24).Press("enter").Wait(time.Second).Press("G")
				for range 2 {
					screen.Selects("Paid", c.sees, "·····").SelectsNot(c.misses)
					screen.Looks(c.role, "Paid").Press("enter").Wait(time.Second).Sees("Flow ord-1001").Press("v")
				}
			})
		})
	}
}

// TestWhyTwoFlowsAreOneIsSaid below the events, and so are events that were only counted.
func TestWhyTwoFlowsAreOneIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 2)...)
		options := s.Options()
		options.Querier = altered{s.Store, func(f *tracing.Flow) {
			f.Joins, f.Capped = []tracing.Join{{Other: "4bf92f3577b34da6", Reason: "both name order ord-1001"}}, 1
		}, nil}
		screen := tuitest.Open(t, options, 140, 24).Press("enter").Wait(time.Second).Press("G").Selects("1 further event shares this id and was only counted")
		screen.Press("k").Selects("─────", "joined with 4bf92f3577b34da6: both name order ord-1001").Press("v").Selects("joined with 4bf92f3577b34da6")
	})
}
