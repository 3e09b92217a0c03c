package tui_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui"
	"eventscope/tui/tuitest"
)

// exchange and queue are ends of a binding.
func exchange(name string) adapters.Endpoint {
	return adapters.Endpoint{Name: name, Kind: adapters.Exchange}
}
func queue(name string) adapters.Endpoint {
	return adapters.Endpoint{Name: name, Kind: adapters.Queue}
}

// bound says that one place leads to another, by a key.
func bound(from, to adapters.Endpoint, key string) adapters.Binding {
	return adapters.Binding{From: from, To: to, Way: adapters.Bound, Key: key}
}

// TestTheStreamOfAPlaceIsThatOfAllThatFeedIt: a queue of several exchanges, one of one, and none.
func TestTheStreamOfAPlaceIsThatOfAllThatFeedIt(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i, to := range []string{"inventory", "parcels", "mail"} {
			put(t, s, tuitest.Event{Source: s.RabbitMQ, To: to, At: time.Now(), Type: "Event" + fmt.Sprint(i), Service: "shop", Flow: fmt.Sprint("f-", i), ID: fmt.Sprint(i)})
		}
		options := s.Options()
		options.Sources[1].Topology = &tuitest.Told{
			There: []adapters.Destination{{Name: "all", Kind: adapters.Queue}, {Name: "one", Kind: adapters.Queue}, {Name: "none", Kind: adapters.Queue}},
			Ways:  []adapters.Binding{bound(exchange("inventory"), queue("all"), "#"), bound(exchange("parcels"), queue("all"), "a.*"), bound(exchange("mail"), queue("one"), "b")},
		}
		screen := tuitest.Open(t, options, 140, 30).Press("5", "v").Wait(5 * time.Second)
		for place, c := range map[string]struct{ filter, sees, misses string }{
			"all": {`/destination in ["inventory`, "Event0", "Event2"}, "one": {`/destination == "mail"`, "Event2", "Event1"}, "none": {"none: no event of it was seen", "Written by", "› Stream"},
		} {
			screen.Filter(place + " queue").Press("g").Wait(time.Second)
			screen.PressUntil("j", func() bool { return strings.Contains(screen.Text(), " "+place+": queue of rabbitmq") })
			if screen.Press("enter").Wait(time.Second).Sees(c.filter, c.sees).Misses(c.misses); place != "none" {
				screen.Press("esc").Wait(time.Second).Misses("/destination").Press("esc").Wait(time.Second)
			}
			screen.Press("esc", "esc").Wait(time.Second).Sees("Written by").Misses("› Stream")
		}
	})
}

// TestWhatAGroupWritesIsNotKnown, so that its row among the services leads nowhere.
func TestWhatAGroupWritesIsNotKnown(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := aShop(t, s).open(140, 40).Press("v").Wait(time.Second).Sees("v tree", "Reads")
		screen.GoTo("j", "auditors")
		screen.Press("enter").Wait(time.Second).Sees("what a group writes is not known; 3 shows how far it is behind", "Writes to").Misses("› Stream")
	})
}

// TestADiagramThatCannotBeSavedSaysWhy, and one that can takes the place of no file.
func TestADiagramThatCannotBeSavedSaysWhy(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop := aShop(t, s)
		screen := shop.open(140, 30).Press("w").Wait(time.Second).Sees("topology.mmd").Press("w").Wait(time.Second).Sees("topology-1.mmd")
		if err := os.RemoveAll(shop.options.SaveFolder); err != nil {
			t.Fatal(err)
		}
		screen.Press("w").Wait(time.Second).Sees("cannot save the map", "no such file")
	})
}

// unbound is a broker that lists its destinations and not how they are bound.
type unbound struct{ tuitest.Told }

// Bindings implements adapters.Topology.
func (b *unbound) Bindings(context.Context) ([]adapters.Binding, error) {
	return nil, errors.New("cannot list the bindings: no permission")
}

// TestWhatABrokerDoesNotTellOfItselfIsSaid, and what it tells is shown.
func TestWhatABrokerDoesNotTellOfItselfIsSaid(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		options := s.Options()
		options.Sources[1].Topology = &unbound{tuitest.Told{There: []adapters.Destination{{Name: "work", Kind: adapters.Queue}}}}
		tuitest.Open(t, options, 140, 30).Press("5", "v").Wait(5*time.Second).Sees("✗ rabbitmq: cannot list the bindings: no permission", "work", "queue")
	})
}

// aMap is a shop with failures, dead letters and more types than a line has room for.
func aMap(t *testing.T, s *tuitest.System) tui.Options {
	t.Helper()
	for i := range 3 {
		put(t, s, s.Compensated(i, time.Now())...)
	}
	for i := range 12 {
		put(t, s, tuitest.Event{Source: s.Kafka, To: "audit", At: time.Now(), Type: fmt.Sprintf("Type%02d", i), Service: "auditor", Flow: fmt.Sprint("a-", i), ID: fmt.Sprint("a-", i)})
	}
	put(t, s, tuitest.Event{Source: s.Kafka, To: "orders.dlq", At: time.Now(), Type: "OrderPlaced", Service: "order", Flow: "ord-9", ID: "dead", Headers: header("dlq-original-topic", "orders", "dlq-reason", "card declined")})
	group := func(name, topic string, committed int64) *tuitest.Group {
		return &tuitest.Group{Name: name, Topic: topic, Members: []consumer.Member{{ID: name, Logs: 1}}, Partitions: []tuitest.Partition{{Committed: committed, End: 5000}}}
	}
	c := tuitest.NewConsumers(s.Kafka, group("payment-a", "orders", 5000), group("payment-b", "orders", 2000), group("fraud", "payments", 4000),
		&tuitest.Group{Name: "work", Topic: "work", Kind: consumer.QueueConsumers, Members: make([]consumer.Member, 1), Partitions: []tuitest.Partition{{End: 70}}, Queue: &consumer.QueueDepth{Ready: 70, Consumers: 1, Capacity: -1}})
	options := c.Over(s.Options())
	options.Groups = map[string][]string{"payment": {"payment-a", "payment-b"}}
	options.Sources[0].Topology = &tuitest.Told{There: []adapters.Destination{{Name: "orders", Kind: adapters.Topic, Partitions: 1}, {Name: "work", Kind: adapters.Queue}}}
	return options
}

// TestTheMapSaysWhatFailsAndWhatDies, how much of all that is, and who is worst off.
func TestTheMapSaysWhatFailsAndWhatDies(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, aMap(t, s), 200, 40).Press("5", "v").Wait(5 * time.Second)
		for row, wanted := range map[string][]string{
			"exchange  ":   {"inventory", "100 %"},
			"orders.dlq  ": {"100 %"},
			"Type00":       {"Type00, Type01, Type02, Type03, Type04, Type05, Type06, Type07, 4 more"},
		} {
			line := screen.Line(row)
			for _, w := range wanted {
				if !strings.Contains(line, w) {
					t.Errorf("%s without %s:\n%s", row, w, line)
				}
			}
		}
		at := func(with string, sees ...string) {
			screen.Press("g")
			for range 40 {
				if strings.Contains(screen.Selected(), with) {
					break
				}
				screen.Press("j")
			}
			screen.Selects(with).Sees(sees...)
		}
		at("exchange", "inventory: exchange of rabbitmq", "3 events since", "3 tell of a failure")
		at(" orders.dlq ", "1 event since", "1 is a dead letter")
		at(" work ", "work: queue of kafka", "70 to read")
		screen.Press("v").Wait(time.Second)
		at("payment  ", "BEHIND", "3,000")
	})
}

// TestWhatMerelyFollowsIsDrawnAsAGuess: a service that is taken to read a topic since its events
// usually come after those there.
func TestWhatMerelyFollowsIsDrawnAsAGuess(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		usual(t, s) // the shipping service names no cause
		screen := tuitest.Open(t, s.Options(), 160, 30).Press("5", "v").Wait(5 * time.Second)
		screen.Sees("·· shipping")
		screen.GoTo("j", "·· shipping")
		screen.Sees("shipping reads payments", "inferred from what usually follows").Press("g").Sees("as observed")
	})
}

// TestAServiceIsAsIllAsItsWorstConsumer, and a flow says so of the step that it waits for.
func TestAServiceIsAsIllAsItsWorstConsumer(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 12 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		group := func(name string) *tuitest.Group {
			return &tuitest.Group{Name: name, Topic: "orders", In: 10, Out: 10, Members: []consumer.Member{{ID: name, Logs: 1}}, Partitions: []tuitest.Partition{{Committed: 5000, End: 5000}}}
		}
		c := tuitest.NewConsumers(s.Kafka, group("payment-a"), group("payment-b"))
		options := c.Over(s.Options())
		options.Groups = map[string][]string{"payment": {"payment-a", "payment-b"}}
		screen := tuitest.Open(t, options, 140, 30).Press("5", "v").Wait(3 * time.Minute)
		c.Change(func(groups []*tuitest.Group) { groups[1].Out = 2 })
		put(t, s, s.Order(50, time.Now(), 2)...)
		screen.Wait(3*time.Minute).Press("2").Wait(time.Second).Press("g", "enter").Wait(12*time.Second).Sees("Flow ord-1050").Press("j").Selects("PaymentProcessed", "payment ◔")
		screen.Sees("payment-b WARN, ", " to read and growing").Press("v").Wait(time.Second).Sees("payment ◔")
		c.Change(func(groups []*tuitest.Group) { groups[1].Out = 1000 })
		screen.Wait(2*time.Minute).Misses("payment ◔", "payment-b").Press("k", "j").Misses("and growing")
	})
}
