package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/adapters/consumer"
	"eventscope/tui/tuitest"
)

// TestWhatANarrowLagLeavesOut: why first, then the kind, the members and the rates; who it is, how
// it stands and how far it is behind stay.
func TestWhatANarrowLagLeavesOut(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		screen.Wait(time.Minute).Resize(200, 30)
		heads := []string{"Why", "Kind", "Members", "In/s Out/s", "Last 5 min", "Drains in"}
		was := make([]bool, len(heads))
		for i := range was {
			was[i] = true
		}
		for width := 200; width >= 50; width -= 2 {
			line := screen.Resize(width, 30).Line("State")
			for _, stays := range []string{"State", "Group", "Lag", "Behind"} {
				if !strings.Contains(line, stays) {
					t.Fatalf("%s has left at %d:\n%s", stays, width, line)
				}
			}
			for i, head := range heads {
				has := strings.Contains(line, head)
				if has && !was[i] || i > 0 && !has && strings.Contains(line, heads[i-1]) {
					t.Fatalf("at %d %q is back, or left before %q:\n%s", width, head, heads[max(0, i-1)], line)
				}
				was[i] = has
			}
		}
		if was[0] || was[1] || was[2] {
			t.Fatal("nothing has left at 50")
		}
	})
}

// TestTheOrderOfTheLagIsMarkedInItsHeading, on the column by which the rows are in order.
func TestTheOrderOfTheLagIsMarkedInItsHeading(t *testing.T) {
	lags(t, func(t *testing.T, _ *tuitest.System, _ *tuitest.Consumers, screen *tuitest.Screen) {
		for _, marked := range []string{"State↓", "Lag↓", "Behind↓", "Group↓", "Kind↓", "In/s Out/s↓", "Drains in↓", "Members↓"} {
			line := screen.Line("Members")
			if !strings.Contains(line, marked) || strings.Count(line, "↓") != 1 {
				t.Fatalf("%s is not marked:\n%s", marked, line)
			}
			screen.Press("s").Wait(time.Second)
		}
		screen.Command("sort name").Press("g").Sees("by name").Selects("audit")
		for _, name := range []string{"billing", "partly", "search", "secret", "shipping"} {
			screen.Press("j").Selects(name)
		}
	})
}

// TestTheSourceIsNamedWhereThereAreSeveral, since two brokers may have consumers of one name.
func TestTheSourceIsNamedWhereThereAreSeveral(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		_, _, options := twoBrokers(s, groups("bill", 2), groups("bill", 1))
		screen := tuitest.Open(t, options, 180, 24).Press("3").Wait(3*time.Second).Sees("3 consumers", "Source")
		if text := screen.Text(); strings.Count(text, "bill-000") < 2 {
			t.Fatalf("two consumers of one name are not two rows:\n%s", text)
		}
		screen.Filter("bill-000").Sees("2 consumers").Press("g").Sees("bill-000: classic group on ").Press("esc").Wait(time.Second)
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		tuitest.Open(t, tuitest.NewConsumers(s.Kafka, groups("bill", 2)...).Over(s.Options()), 180, 24).Press("3").Wait(3*time.Second).Sees("2 consumers", "Members").Misses("Source")
	})
}

// TestAKindOfConsumerIsCalledByItsName, in its row, below it and where one filters by it.
func TestAKindOfConsumerIsCalledByItsName(t *testing.T) {
	for kind, c := range map[consumer.Kind]struct{ row, below string }{
		consumer.ClassicGroup: {"classic", "classic group on kafka"}, consumer.QueueConsumers: {"queue", "queue on kafka"}, consumer.StreamConsumer: {"stream", "reader of a stream on kafka"},
	} {
		story(t, func(t *testing.T, s *tuitest.System) {
			group := &tuitest.Group{Name: "billing", Topic: "orders", Kind: kind, Members: named(1, "a"), Partitions: []tuitest.Partition{{Committed: 5, End: 9}}}
			other := &tuitest.Group{Name: "other", Topic: "bills", Kind: "share", Members: named(1, "b"), Partitions: []tuitest.Partition{{Committed: 5, End: 6}}}
			screen := tuitest.Open(t, tuitest.NewConsumers(s.Kafka, group, other).Over(s.Options()), 180, 24).Press("3").Wait(3*time.Second).Press("g").Selects("billing", c.row).Sees("billing: " + c.below)
			screen.Filter(string(kind)).Sees("1 consumer ").Selects("billing").Press("esc").Wait(time.Second).Filter("bills share").Selects("other").Filter("bills share billing").Press("esc")
		})
	}
}

// TestNoFigureOfANarrowLagIsCut: how far a group is behind leaves instead.
func TestNoFigureOfANarrowLagIsCut(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now().Add(-123 * 24 * time.Hour), Type: "OrderPlaced", Flow: "f"})
		c := tuitest.NewConsumers(s.Kafka, &tuitest.Group{Name: "billing", Topic: "orders", Members: make([]consumer.Member, 1), Partitions: []tuitest.Partition{{End: 1_234_567_890}}},
			&tuitest.Group{Name: "search", Topic: "catalog", Partitions: []tuitest.Partition{{End: 10, Committed: -1}}})
		screen := tuitest.Open(t, c.Over(s.Options()), 140, 24).Press("3").Wait(3 * time.Second).Sees("123d 0h")
		for width := 140; width >= 40; width-- {
			screen.Resize(width, 24)
			head, line := screen.Line("Group"), screen.Line("billing")
			if !strings.Contains(line, "1,234,567,890") || strings.Contains(head, "Behind") != strings.Contains(line, "123d 0h") || !strings.HasPrefix(strings.TrimLeft(head[strings.Index(head, "Lag"):], "Lag "), "Behind") && strings.Contains(head, "Beh") {
				t.Fatalf("at %d:\n%s\n%s", width, head, line)
			}
		}
		screen.Misses("Behind").Sees("NO_OFFSET")
	})
}
