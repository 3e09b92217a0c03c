package tracing

import (
	"reflect"
	"testing"
	"time"
)

func TestTrafficTellsWhoWritesWhatAndWhy(t *testing.T) {
	b := newBench(t, Config{})
	for n, id := range []string{"ord-1", "ord-2"} {
		story := order(n, id, "OrderPlaced", "PaymentProcessed", "InventoryFailed", "ShipmentPrepared")
		story[1].destination, story[2].destination, story[3].destination = "payments", "inventory", "shipping"
		story[3].headers = story[3].headers[:8] // names no cause, and nothing is usual yet
		b.tell(story...)
	}
	dead := order(1, "ord-2", "OrderPlaced", "PaymentProcessed")[1]
	dead.destination, dead.at = "payments.dlq", 2*time.Second
	dead.headers = append(dead.headers, "kafka_dlt-original-topic", "payments", "kafka_dlt-exception-message", "boom")
	now := order(3, "ord-3", "OrderPlaced")[0]
	now.at = time.Since(noon)
	b.tell(dead, now)

	got, err := b.Traffic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spot := func(destination string) Spot { return Spot{"kafka", "kafka", destination} }
	if got.Events != 10 || got.Flows != 3 || !got.Oldest.Equal(noon) || got.Uncounted != 0 {
		t.Errorf("%d events of %d flows since %v, %d uncounted", got.Events, got.Flows, got.Oldest, got.Uncounted)
	}
	written := map[Written]bool{}
	for _, w := range got.Written {
		w.Last = time.Time{}
		written[w] = true
	}
	for _, want := range []Written{
		{Spot: spot("orders"), Service: "serviceOrd", Type: "OrderPlaced", Events: 3, Recent: 1},
		{Spot: spot("payments"), Service: "servicePay", Type: "PaymentProcessed", Events: 2},
		{Spot: spot("payments.dlq"), Type: "PaymentProcessed", Dead: true, Events: 1},
		{Spot: spot("inventory"), Service: "serviceInv", Type: "InventoryFailed", Failures: true, Events: 2},
		{Spot: spot("shipping"), Service: "serviceShi", Type: "ShipmentPrepared", Events: 2},
	} {
		if !written[want] {
			t.Errorf("%+v is not in %+v", want, got.Written)
		}
	}
	if want := []Reaction{{spot("orders"), "servicePay", Known, 2}, {spot("payments"), "serviceInv", Known, 2}}; !reflect.DeepEqual(got.Reactions, want) {
		t.Errorf("reactions %+v, want %+v", got.Reactions, want)
	}
	if want := []Death{{spot("payments"), spot("payments.dlq"), 1}}; !reflect.DeepEqual(got.Deaths, want) {
		t.Errorf("deaths %+v, want %+v", got.Deaths, want)
	}
}

// TestTrafficInfersWhatIsUsual has a service that names no cause, often enough.
func TestTrafficInfersWhatIsUsual(t *testing.T) {
	b := newBench(t, Config{})
	for n := range 20 {
		story := order(n, string(rune('a'+n)), happy...)
		story[3].destination, story[3].headers = "shipping", story[3].headers[:8]
		b.tell(story...)
	}
	if err := b.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := b.Traffic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Reactions {
		if r.Service == "serviceShi" && r.Destination == "orders" && r.Edge == Inferred && r.Events == 20 {
			return
		}
	}
	t.Errorf("%+v", got.Reactions)
}

// BenchmarkTraffic counts a large index, in which each flow has five events.
func BenchmarkTraffic(b *testing.B) {
	bench := newBench(b, Config{})
	if err := bench.ask(b.Context(), func(x *index) { fill(x, 0, 2_000_000, 5) }); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := bench.Traffic(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
