package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// TestARowOfAFlowSaysHowItStands: its state in a word and a colour, what it is about, how long it
// took, how many events it has and which came last.
func TestARowOfAFlowSaysHowItStands(t *testing.T) {
	for status, c := range map[tracing.Status]struct {
		sign string
		role theme.Role
	}{
		tracing.Running: {"▷ running", theme.Dim}, tracing.Complete: {"✓ complete", theme.Good}, tracing.Compensated: {"↩ compensated", theme.Warn}, tracing.Failed: {"✗ failed", theme.Bad},
		tracing.Late: {"◔ late", theme.Warn}, tracing.Stuck: {"◼ stuck", theme.Bad}, tracing.Unknown: {"? unknown", theme.Dim},
	} {
		t.Run(string(status), func(t *testing.T) {
			story(t, func(t *testing.T, s *tuitest.System) {
				put(t, s, s.Order(1, time.Now(), 3)...)
				options := s.Options()
				options.Querier = altered{s.Store, func(f *tracing.Flow) { f.Status = status }, nil}
				screen := tuitest.Open(t, options, 150, 24).Press("2").Wait(time.Second).Selects(c.sign, "ord-1001", "201 ms", " 3 ", "PaymentApprovedByFraudAgent", "order payment fraud").Looks(c.role, c.sign)
				screen.Press("enter").Wait(time.Second).Sees("ord-1001  "+c.sign, "3 events · 3 services · 1 broker · 201 ms").Looks(c.role, c.sign)
			})
		})
	}
}

// TestTheListOfFlowsSaysWhyItIsEmpty: nothing came, nothing is in trouble, nothing matches.
func TestTheListOfFlowsSaysWhyItIsEmpty(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("2").Wait(time.Second).Sees("No flows yet. Events that share a correlation id, a trace id or an order id appear here as one row.", ":trace ID looks for one in the brokers").Misses("⏎ open")
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen.Wait(time.Second).Sees("ord-1001").Misses("No flows yet").Press("!").Wait(time.Second).Sees("No flow is failed, stuck or late.", "! shows all flows again.", "trouble only").Misses("ord-1001")
		screen.Press("!").Wait(time.Second).Filter("nothing-like-it").Sees("No flow has an event that matches the filter.", "esc clears it; / changes it.").Press("esc").Wait(time.Second).Sees("ord-1001")
		put(t, s, s.Compensated(2, time.Now())...)
		screen.Command("filter ord-1001").Press("2").Wait(time.Second).Sees("ord-1001").Misses("ord-1002").Press("esc").Wait(time.Second).Sees("ord-1002")
	})
}

// TestTheOrdersOfFlows are gone through with one key, each marked in its heading, and each begins at
// its first row.
func TestTheOrdersOfFlows(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 12)
		put(t, s, s.Order(50, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("2").Wait(time.Second)
		seen := map[string]bool{}
		for range tracing.FlowSorts {
			status := screen.Press("j", "j").Wait(time.Second).Line("  by ")
			order := strings.Fields(status[strings.Index(status, "  by ")+5:])[0]
			if seen[order] {
				t.Fatalf("by %s comes twice", order)
			}
			seen[order] = true
			screen.Press("s").Wait(time.Second)
			if lines := strings.Split(screen.Text(), "\n"); !strings.HasPrefix(lines[4], "▸") {
				t.Fatalf("another order does not begin at its first row:\n%s", screen.Text())
			}
		}
		screen.Sees("by activity")
		for order := range seen {
			screen.Command("sort " + order).Sees("by " + order)
		}
		screen.Command("sort events").Press("g").Wait(time.Second).Selects("ord-1050").Command("sort duration").Press("g").Wait(time.Second).Selects("ord-1050", "655 ms")
	})
}

// TestMarkedFlowsAreCopiedOnce, each in a line of its own, whatever order they were marked in.
func TestMarkedFlowsAreCopiedOnce(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		many(t, s, 0, 6)
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("2").Wait(time.Second).Press("G", "space").Sees("◆ 1").Press("g", "space").Sees("◆ 2").Press("y").Sees("✓ copied 2 flow ids, 17 B").Wait(time.Second)
		if !screen.Copied("ord-1000\nord-1005") {
			t.Fatal("the marked flows are not in the clipboard")
		}
		screen.Press("esc", "esc").Misses("◆ 2").Press("g", "y").Sees("✓ copied the flow id, 8 B").Wait(time.Second)
		if !screen.Copied("ord-1005") {
			t.Fatal("the flow under the cursor is not in the clipboard")
		}
	})
}

// TestAMarkedRowWithoutAFlowIsNotCopied, and where no row has one, nothing is.
func TestAMarkedRowWithoutAFlowIsNotCopied(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 2 {
			event := odd(s, `{"a":1}`)
			event.Key, event.Flow, event.ID = "", "", fmt.Sprint("alone-", i)
			put(t, s, event)
		}
		screen := tuitest.Open(t, s.Options(), 140, 24).Press("g", "space", "space").Sees("◆ 2").Press("y").Sees("none of the marked rows has a flow id; nothing was copied").Press("esc", "esc")
		screen.Press("g", "y").Sees("✓ copied the position").Wait(time.Second)
		if !screen.Copied("odd/0@0") {
			t.Fatal("the position is not in the clipboard")
		}
		screen.Press("enter").Wait(time.Second).Sees("this event names no flow and no order; here is the event", "tree line 1").Press("esc", "esc")
		put(t, s, s.Order(1, time.Now(), 1)...)
		screen.Wait(time.Second).Press("f").Wait(time.Second).Press("g", "space").Press("G", "space").Press("y").Sees("✓ copied 1 flow id, 8 B")
	})
}

// TestWhatIsCopiedSaysHowMuchItIs, and whether something in it was made harmless.
func TestWhatIsCopiedSaysHowMuchItIs(t *testing.T) {
	for value, says := range map[string]string{
		`{"a":1}`: "✓ copied the value, 7 B", "a\x1b[2Jb": "✓ copied the value, 6 B; control characters are escaped", "one\r\ntwo": "✓ copied the value, 8 B",
		strings.Repeat("x", 74_000): "✓ copied the value, 74 KB", strings.Repeat("x", 74_001): "the value is too long for a clipboard; w saves it to a file",
	} {
		story(t, func(t *testing.T, s *tuitest.System) {
			put(t, s, odd(s, value))
			screen := tuitest.Open(t, s.Options(), 140, 24).Press("v").Wait(time.Second).Press("y").Sees(says)
			if !strings.Contains(says, "escaped") {
				screen.Misses("escaped")
			}
		})
	}
}

// TestAQueueOfDeadLettersIsOneRowADeath, with how many are open, where they died and how old the
// newest is.
func TestAQueueOfDeadLettersIsOneRowADeath(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		l := tuitest.EmptyDLQ(t, adapters.Topic)
		for i := range 3 {
			l.BuryFor(fmt.Sprintf(`{"type":"OrderPlaced","order_id":"ord-%d"}`, i), "card declined")
		}
		l.Broker.BuryFrom("payments", `{"type":"PaymentAsked","order_id":"ord-9"}`, header("dlq-reason", "timeout")...)
		for i := range l.Broker.Letters {
			died(l, i, time.Duration(4-i)*time.Minute)
		}
		screen := tuitest.Open(t, l.Over(s.Options()), 140, 24).Press("4").Wait(time.Second).Sees("Open", "Type", "Why", "Failed in", "Newest", "DLQ", "☠ 4 open", "☠ 4 dead")
		screen.Press("g").Selects("3", "OrderPlaced", "card declined", "orders", "2m", "dlq").Press("j").Selects("1", "PaymentAsked", "timeout", "payments", "1m", "dlq")
		screen.Wait(time.Minute).Selects("2m").Press("enter").Wait(time.Second).Sees("☠ 1 letter", "PaymentAsked timeout").Selects("open", "ord-9", "payments", "dlq/0@3")
	})
}
