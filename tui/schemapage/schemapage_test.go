package schemapage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/page"
	"eventscope/tui/schemapage"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
)

// shop is the page of versions of a system.
type shop struct {
	*tuitest.Alone
	*tuitest.System
	t *testing.T
}

// counted tells a story of versions, while groups read.
func counted(t *testing.T, tell func(s *shop), groups ...*tuitest.Group) {
	t.Helper()
	tuitest.Story(t, func(t *testing.T, system *tuitest.System) {
		s := &shop{Alone: tuitest.NewAlone(t, 130, 24), System: system, t: t}
		s.Querier = system.Store
		sources := []page.Source{{Name: "kafka", Broker: "kafka", Status: system.Kafka.Status, Lag: tuitest.NewConsumers(system.Kafka, groups...)}}
		lags := lagpage.NewModel(&lagpage.Config{Screen: s.Alone, Sources: sources, Events: &eventpage.Config{Screen: s.Alone}, Dead: func() map[lag.Key]bool { return nil }})
		s.Show(schemapage.NewList(schemapage.NewModel(&schemapage.Config{Screen: s.Alone, Counted: system.Store, Lags: lags})))
		tell(s)
	})
}

// write writes events of a type to the topic orders, each a second behind the one before.
func (s *shop) write(kind, service string, n int, members string) {
	s.t.Helper()
	for i := range n {
		value := fmt.Sprintf(`{"type":%q,"order_id":"ord-%d"%s}`, kind, i, members)
		s.Tell(s.t, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: kind, Service: service, Flow: "f", Value: value})
		s.Pass(time.Second)
	}
}

func (s *shop) news() { s.Pass(3 * time.Second).Pass(3 * time.Second) }

// reads is a group that reads the topic orders.
func reads(name string, committed, end int64) *tuitest.Group {
	return &tuitest.Group{Name: name, Topic: "orders", Members: []consumer.Member{{ID: name, Logs: 1}}, Partitions: []tuitest.Partition{{Committed: committed, End: end}}}
}

// TestAVersionThatSomebodyCannotRead is the first row, with who that is; its page says where, what
// changed, and leads to its events.
func TestAVersionThatSomebodyCannotRead(t *testing.T) {
	counted(t, func(s *shop) {
		s.write("Paid_v1", "payment", 10, `,"amount":1`)
		s.write("OrderPlaced_v1", "order", 10, `,"total":1`)
		s.write("OrderPlaced_v2", "order", 10, `,"total":"1.00"`)
		s.news()
		s.Sees("For whom", "✗ billing", "3 versions", "1 broke somebody").Press("g").Selects("OrderPlaced", "v2", "new", "50 %", "billing")
		s.Sees("broke billing: ", " at orders/0@20, the first of v2 there").Sees("since v1: total: number → string (breaking)").Misses("audit")
		s.Looks(theme.Bad, "✗ billing").Press("enter")
		s.Sees("Who could not read it", "billing: ", "Changed since v1", "total: number → string (breaking)", "written by    order", "10 of 20, 50 %").Press("y")
		if !strings.Contains(s.Copied, "billing: ") || !strings.Contains(s.Copied, "Changed since v1\n") {
			t.Errorf("copied %q", s.Copied)
		}
		s.Press("enter").Press("esc").Press("G").Selects("Paid", "v1", "current").Press("v")
		want := []string{`stream destination == "orders" && type contains "OrderPlaced"`, `stream destination == "orders" && type contains "Paid"`}
		if !slices.Equal(s.Went, want) {
			t.Errorf("it leads to %q, want %q", s.Went, want)
		}
	}, reads("billing", 20, 30), reads("audit", 30, 30))
}

// TestWhoCouldNotReadItIsShownOnANarrowScreen, too: that is what the page is for.
func TestWhoCouldNotReadItIsShownOnANarrowScreen(t *testing.T) {
	counted(t, func(s *shop) {
		s.write("OrderPlaced_v1", "order", 5, "")
		s.write("OrderPlaced_v2", "order", 5, "")
		s.news()
		for _, width := range []int{80, 60, 40} {
			s.Resize(width, 8).Refresh().Sees("✗ billing")
		}
	}, reads("billing", 5, 10))
}

// TestTheCursorStaysOnItsVersion when another one comes above it, and when words leave out others.
func TestTheCursorStaysOnItsVersion(t *testing.T) {
	counted(t, func(s *shop) {
		s.write("Paid_v1", "payment", 2, "")
		s.write("Shipped_v1", "shipping", 2, "")
		s.news()
		s.Press("G").Selects("Shipped", "v1")
		s.write("Paid_v2", "payment", 2, "")
		s.write("Shipped_v2", "shipping", 2, "")
		s.news()
		s.Selects("v1", "old")
		s.Press("/").Write("shipping v1").Sees("/shipping v1").Misses("Paid").Selects("v1", "old")
		s.Press("/").Write("nothing like it").Sees("No version has these words").Misses("enter version").Press("enter", "v")
		if s.Went != nil {
			t.Errorf("nothing leads to %q", s.Went)
		}
		s.Press("esc").Sees("Paid", "Shipped").Selects("v1", "old")
	})
}

// TestNothingOfAMessageActsOnTheScreen: names are hostile, and long.
func TestNothingOfAMessageActsOnTheScreen(t *testing.T) {
	counted(t, func(s *shop) {
		s.Sees("No event was read yet")
		evil := "Paid\x1b[31m\u202e" + strings.Repeat("é", 300)
		for range 20 {
			s.Tell(s.t, tuitest.Event{Source: s.Kafka, To: "orders", At: time.Now(), Type: evil, Service: "\x1b]0;x\a", Flow: "f", Value: "{\"\x1b[2J\":1}", Headers: []adapters.Header{{Name: "schema_version", Value: []byte("2\x1b[0m")}}})
		}
		s.news()
		for _, size := range [][2]int{{130, 24}, {80, 20}, {40, 7}, {20, 3}} {
			s.Resize(size[0], size[1])
			for _, key := range []string{"g", "enter", "G", "esc"} {
				if text := s.Press(key).Text(); strings.ContainsAny(text, "\x1b\a\u202e") {
					t.Fatalf("at %v:\n%q", size, text)
				}
			}
		}
	})
}
