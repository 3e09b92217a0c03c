package topologypage_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/lagpage"
	"eventscope/tui/page"
	"eventscope/tui/theme"
	"eventscope/tui/topologypage"
	"eventscope/tui/tuitest"
)

// shop is the map of a system of two brokers.
type shop struct {
	*tuitest.Alone
	*tuitest.System
	t          *testing.T
	groups     *tuitest.Consumers
	log, queue *tuitest.Told
	folder     string
}

// mapped tells a story of the map, which orders of a shop have drawn.
func mapped(t *testing.T, orders int, tell func(s *shop), groups ...*tuitest.Group) {
	t.Helper()
	tuitest.Story(t, func(t *testing.T, system *tuitest.System) {
		s := &shop{Alone: tuitest.NewAlone(t, 150, 30), System: system, t: t, log: &tuitest.Told{}, queue: &tuitest.Told{}, folder: t.TempDir()}
		s.Querier = system.Store
		for i := range orders {
			system.Tell(t, system.Order(i, time.Now(), 5)...)
		}
		s.groups = tuitest.NewConsumers(system.Kafka, groups...)
		words := page.Words{"kafka": driver.Words{Seen: adapters.Topic}, "rabbitmq": driver.Words{Seen: adapters.Exchange}}
		sources := []page.Source{
			{Name: "kafka", Broker: "kafka", Status: system.Kafka.Status, Lag: s.groups, Topology: s.log}, {Name: "rabbitmq", Broker: "rabbitmq", Status: system.RabbitMQ.Status, Topology: s.queue},
		}
		lags := lagpage.NewModel(&lagpage.Config{Screen: s.Alone, Sources: sources, Events: &eventpage.Config{Screen: s.Alone}, Dead: func() map[lag.Key]bool { return nil }})
		model := topologypage.NewModel(&topologypage.Config{Screen: s.Alone, Querier: system.Store, Sources: sources, Words: words, Lags: lags})
		s.Show(topologypage.New(s.Alone, model, page.Files{SaveFolder: s.folder})).Press("v")
		s.Pass(3 * time.Second).Pass(3 * time.Second)
		tell(s)
	})
}

// reads is a group that reads a topic.
func reads(name, topic string, committed, end int64) *tuitest.Group {
	return &tuitest.Group{Name: name, Topic: topic, Members: []consumer.Member{{ID: name, Logs: 1}}, Partitions: []tuitest.Partition{{Committed: committed, End: end}}}
}

// goTo puts the cursor on the first row that has these words.
func (s *shop) goTo(words ...string) *tuitest.Alone {
	s.t.Helper()
	s.Press("g")
	for n := 0; ; n++ {
		line := s.Selected()
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return s.Alone
		}
		if s.Press("j"); n > 0 && s.Selected() == line {
			s.t.Fatalf("no row has %q:\n%s", words, s.Text())
		}
	}
}

// TestADestinationLeadsToItsStream: a queue to that of what feeds it, a service to what it writes, and
// what nobody has seen to none, which is said.
func TestADestinationLeadsToItsStream(t *testing.T) {
	mapped(t, 12, func(s *shop) {
		bound := func(exchange, queue string) adapters.Binding {
			return adapters.Binding{From: adapters.Endpoint{Name: exchange, Kind: adapters.Exchange}, To: adapters.Endpoint{Name: queue, Kind: adapters.Queue}, Way: adapters.Bound, Key: "inventory.*"}
		}
		s.Tell(s.t, tuitest.Event{Source: s.RabbitMQ, To: "returns", At: time.Now(), Type: "ItemReturned", Service: "returns", Flow: "r-1", Value: "x"})
		s.queue.There = []adapters.Destination{{Name: "inventory", Kind: adapters.Exchange}, {Name: "returns", Kind: adapters.Exchange}, {Name: "one", Kind: adapters.Queue}, {Name: "two", Kind: adapters.Queue}, {Name: "lonely", Kind: adapters.Queue}}
		s.queue.Ways = []adapters.Binding{bound("inventory", "one"), bound("inventory", "two"), bound("returns", "two")}
		s.Pass(31 * time.Second).Pass(3 * time.Second)
		s.goTo("orders", "topic").Press("enter")
		s.goTo(" one ", "queue").Press("enter")
		s.goTo(" two ", "queue").Press("enter")
		s.goTo("lonely").Press("enter").Sees("lonely: no event of it was seen")
		s.Press("v").Sees("Service", "v tree")
		s.goTo("payment").Press("enter")
		want := []string{`stream destination == "orders"`, `stream destination == "inventory"`, `stream destination in ["inventory", "returns"]`, `stream service == "payment"`}
		if len(s.Went) == 4 && strings.Contains(s.Went[2], `["returns", "inventory"]`) {
			want[2] = `stream destination in ["returns", "inventory"]`
		}
		if !slices.Equal(s.Went, want) {
			t.Errorf("they lead to %q, want %q", s.Went, want)
		}
	})
}

// TestAGroupWhoseServiceIsNotKnownHasNoStream, and says where it is told of.
func TestAGroupWhoseServiceIsNotKnownHasNoStream(t *testing.T) {
	mapped(t, 3, func(s *shop) {
		s.Sees("1 other group", "group auditors").Press("v")
		s.goTo("auditors").Press("enter").Sees("what a group writes is not known; 3 shows how far it is behind")
		if s.Went != nil {
			t.Errorf("it leads to %q", s.Went)
		}
	}, reads("auditors", "orders", 1, 5))
}

// TestAReaderIsShownWithWhatItHasToRead there, in the row and below it: how it stands, and whether it
// becomes more.
func TestAReaderIsShownWithWhatItHasToRead(t *testing.T) {
	slow := reads("payment-service", "orders", 0, 1_000)
	slow.In, slow.Out = 50, 10
	mapped(t, 12, func(s *shop) {
		for range 10 {
			s.Pass(3 * time.Second)
		}
		s.goTo("orders", "topic").Sees("12 events since 00:00:00")
		s.Selects("↗ ", "BEHIND").Sees(" and growing").Sees("payment reads orders", "as the broker says")
		s.goTo("payments").Selects("OK", " 0 ").Misses(" and growing").Sees("fraud reads payments")
	}, slow, reads("fraud", "payments", 9, 9))
}

// TestWordsOfTheMapAreLookedForInAllThatARowShows, and what is beside it; they are told when nothing
// has them, and the cursor stays where it was when they go.
func TestWordsOfTheMapAreLookedForInAllThatARowShows(t *testing.T) {
	mapped(t, 3, func(s *shop) {
		for words, sees := range map[string]string{
			"ORDERS topic": "orders", "fraud": "payments", "auditors behind": "orders", "InventoryReserved": "inventory", "rabbitmq exchange": "inventory", "shipmentprepared": "shipping",
		} {
			s.Press("/").Write(words).Sees(sees, "/"+words)
		}
		s.Press("/").Write("auditors nowhere").Sees("Nothing on the map has these words. / changes them; esc clears them.").Misses("enter stream", "y copy", "w save").Press("enter", "y", "w", "G")
		if s.Went != nil || s.Copied != "" {
			t.Errorf("nothing leads to %q, and %q was copied", s.Went, s.Copied)
		}
		s.Press("/").Write("ship").Press("G")
		row := strings.Fields(strings.TrimPrefix(s.Selected(), "▸"))
		s.Press("esc").Misses("/ship").Selects(row[0], row[1])
	}, reads("auditors", "orders", 1, 5))
}

// TestTheMapIsTakenAwayAsADiagram, to the clipboard and into a file.
func TestTheMapIsTakenAwayAsADiagram(t *testing.T) {
	mapped(t, 3, func(s *shop) {
		s.Press("y").Sees("copied the map as a Mermaid diagram").Press("w").Sees("saved the map as a Mermaid diagram to ")
		saved, err := os.ReadFile(filepath.Join(s.folder, "topology.mmd"))
		if err != nil || string(saved) != s.Copied || !strings.Contains(s.Copied, "payments") {
			t.Errorf("saved %q, %v, copied %q", saved, err, s.Copied)
		}
	})
}

// TestWhatABrokerDoesNotTellIsSaidOnce, also where a map cannot be drawn for it, until it is told.
func TestWhatABrokerDoesNotTellIsSaidOnce(t *testing.T) {
	mapped(t, 0, func(s *shop) {
		s.Sees("Nothing is known yet", "0 services, 0 destinations")
		s.queue.Break(&adapters.Problem{Doing: "list exchanges", Cause: "user ann has no right to it", Kind: adapters.ErrNotAuthorized})
		if s.Pass(31 * time.Second).Pass(3 * time.Second); strings.Count(s.Text(), "cannot list exchanges") != 1 {
			t.Errorf("it is not said once:\n%s", s.Text())
		}
		s.Looks(theme.Bad, "rabbitmq").Sees("Nothing is known yet")
		s.queue.Break(nil)
		s.queue.There = []adapters.Destination{{Name: "inventory", Kind: adapters.Exchange}}
		s.Pass(31*time.Second).Pass(3*time.Second).Misses("cannot list").Sees("inventory", "1 destination,")
	})
}

// TestTheMapIsDrawnUpWhenSomethingMayHaveChanged, and what did not change is not drawn again.
func TestTheMapIsDrawnUpWhenSomethingMayHaveChanged(t *testing.T) {
	mapped(t, 3, func(s *shop) {
		for range 45 { // until no rate is left
			s.Pass(2 * time.Second)
		}
		was := s.Redraws()
		for range 10 {
			s.Pass(2 * time.Second)
		}
		if now := s.Redraws(); now != was {
			t.Errorf("the map was drawn %d times while nothing came", now-was)
		}
		s.Tell(s.t, tuitest.Event{Source: s.Kafka, To: "refunds", At: time.Now(), Type: "Refunded", Service: "payment", Flow: "r", Value: "x"})
		s.Pass(2*time.Second).Sees("refunds", "Refunded")
	})
}

// TestTroubleComesFirstOnTheMap, and the cursor stays on its place when something else comes before it.
func TestTroubleComesFirstOnTheMap(t *testing.T) {
	stops := reads("fraud", "payments", 3, 9)
	mapped(t, 3, func(s *shop) {
		first := func(want string) {
			t.Helper()
			if got := s.Row(1); !strings.Contains(got, want) {
				t.Errorf("the first row is %q, want %s:\n%s", got, want, s.Text())
			}
		}
		first("orders")
		s.goTo("order ", "▶ orders", "▶ payment")
		s.groups.Change(func(groups []*tuitest.Group) { groups[0].Members = nil })
		for range 10 {
			s.Pass(3 * time.Second)
		}
		first("payments")
		s.Selects("order ", "▶ orders").Press("g").Selects("▶ payments", "▶ fraud", "✗ STOP").Press("v")
		first("fraud")
	}, stops)
}

// TestDeadLettersThatNobodyReadsAreNoTrouble: a queue that they wait in looks as it should, and what else
// nobody reads comes first.
func TestDeadLettersThatNobodyReadsAreNoTrouble(t *testing.T) {
	queue := func(name string) *tuitest.Group {
		return &tuitest.Group{Name: name, Topic: name, Kind: consumer.QueueConsumers, Partitions: []tuitest.Partition{{End: 7}}}
	}
	mapped(t, 3, func(s *shop) {
		work, dead := adapters.Endpoint{Name: "a.work", Kind: adapters.Queue}, adapters.Endpoint{Name: "a.dlq", Kind: adapters.Queue}
		s.log.There = []adapters.Destination{{Name: dead.Name, Kind: dead.Kind}, {Name: work.Name, Kind: work.Kind}, {Name: "z.work", Kind: adapters.Queue}}
		s.log.Ways = []adapters.Binding{{From: work, To: dead, Way: adapters.Dead}}
		s.Pass(31 * time.Second).Pass(3 * time.Second)
		for _, view := range []string{"by destination", "tree"} {
			s.goTo("z.work ", "queue").Looks(theme.Bad, "✗ STOP")
			s.goTo("a.dlq ", "queue", "☠ STOP")
			if first := s.Row(1); !strings.Contains(first, "z.work") {
				t.Errorf("%s: what comes first is %q:\n%s", view, first, s.Text())
			}
			s.Press("v", "v")
		}
	}, queue("z.work"), queue("a.dlq"))
}
