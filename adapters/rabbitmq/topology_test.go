package rabbitmq

import (
	"errors"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// TestWays has one exchange that leads to another, a queue of each kind, a way of dead
// letters by an exchange and one straight to a queue, and an exchange that nothing leads to.
func TestWays(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		orders, inner, dead, lonely := b.exchange(t, amqp.ExchangeTopic), b.exchange(t, amqp.ExchangeFanout), b.exchange(t, amqp.ExchangeDirect), b.exchange(t, amqp.ExchangeDirect)
		dlq, last := b.queue(t, amqp.QueueTypeClassic, nil), b.queue(t, amqp.QueueTypeClassic, nil)
		work := b.queue(t, amqp.QueueTypeQuorum, amqp.Table{"x-dead-letter-exchange": dead, "x-dead-letter-routing-key": "died"})
		straight := b.queue(t, amqp.QueueTypeClassic, amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": last})
		audit := b.queue(t, amqp.QueueTypeStream, nil)
		b.bind(t, work, "order.*", orders, nil)
		b.bind(t, straight, "", inner, nil)
		b.bind(t, audit, "", inner, nil)
		b.bind(t, dlq, "died", dead, nil)
		if err := b.channel(t).ExchangeBind(inner, "#", orders, false, nil); err != nil {
			t.Fatal(err)
		}
		end := func(kind adapters.DestinationKind, name string) adapters.Endpoint {
			return adapters.Endpoint{Name: name, Kind: kind}
		}
		want := []adapters.Binding{
			{From: end(adapters.Exchange, orders), To: end(adapters.Queue, work), Way: adapters.Bound, Key: "order.*"},
			{From: end(adapters.Exchange, orders), To: end(adapters.Exchange, inner), Way: adapters.Bound, Key: "#"},
			{From: end(adapters.Exchange, inner), To: end(adapters.Queue, straight), Way: adapters.Bound},
			{From: end(adapters.Exchange, inner), To: end(adapters.Stream, audit), Way: adapters.Bound},
			{From: end(adapters.Exchange, dead), To: end(adapters.Queue, dlq), Way: adapters.Bound, Key: "died"},
			{From: end(adapters.Queue, work), To: end(adapters.Exchange, dead), Way: adapters.Dead, Key: "died"},
			{From: end(adapters.Queue, straight), To: end(adapters.Queue, last), Way: adapters.Dead},
		}
		c := b.managed()
		c.Taps = []Tap{{Exchange: orders}}
		named := open(t, c)
		if got, err := named.Bindings(t.Context()); err != nil || len(got) != len(want) || !containsAll(got, want) {
			t.Errorf("from %s: %+v, %v, want %+v", orders, got, err, want)
		}
		if list, err := named.Destinations(t.Context()); err != nil || len(list) != 8 {
			t.Errorf("from %s: %+v, %v", orders, list, err)
		}
		all := open(t, b.managed())
		if got, err := all.Bindings(t.Context()); err != nil || !containsAll(got, want) {
			t.Errorf("of all: %+v, %v, want %+v", got, err, want)
		}
		list, err := all.Destinations(t.Context())
		if err != nil || !slices.ContainsFunc(list, func(d adapters.Destination) bool { return d.Name == lonely }) {
			t.Errorf("of all: %+v, %v", list, err)
		}
		if _, err := b.unnamed(t).Bindings(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("without a management API: %v", err)
		}
	})
}

func containsAll(got, want []adapters.Binding) bool {
	return !slices.ContainsFunc(want, func(b adapters.Binding) bool { return !slices.Contains(got, b) })
}
