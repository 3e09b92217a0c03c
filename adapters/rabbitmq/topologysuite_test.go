package rabbitmq

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/driver"
)

func TestConformanceOfTopology(t *testing.T) {
	onEachBroker(t, func(t *testing.T, b *testBroker) {
		adaptertest.RunTopology(t, adaptertest.TopologyBroker{
			Kinds: []adapters.DestinationKind{adapters.Exchange, adapters.Queue, adapters.Stream},
			Odd:   []string{"", ".a.b", ":c:d", " größe→✓", "/%2F?#"}, Keys: []string{"", "order.*", "a:b.ü"},
			Leads: leads, DeadLetters: true, Unroutable: true,
			Place: func(t testing.TB) adaptertest.TopologyPlace {
				b := b.alone(t)
				api, breaks := b.fronted(t)
				return adaptertest.TopologyPlace{
					Unique: func(end string) string { return unique("node") + end },
					Make: func(t testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
						for _, d := range destinations {
							b.declare(t, d, bindings)
						}
						for _, way := range bindings {
							b.lead(t, way)
						}
					},
					Open: func(t testing.TB, ends ...adapters.Endpoint) *driver.Source {
						c := b.config()
						c.Management, c.LettersOnly = api, true
						for _, end := range ends {
							switch end.Kind {
							case adapters.Exchange:
								c.Taps = append(c.Taps, Tap{Exchange: end.Name})
							case adapters.Queue:
								c.Queues = append(c.Queues, end.Name)
							default:
								c.Streams = append(c.Streams, end.Name)
							}
						}
						return openOnly(t, c)
					},
					Break: breaks,
					Lose:  b.lose,
				}
			},
		})
	})
}

func leads(way adapters.Way, from, to adapters.DestinationKind) bool {
	switch way {
	case adapters.Bound:
		return from == adapters.Exchange
	case adapters.Dead:
		return from == adapters.Queue
	}
	return from == adapters.Exchange && to == adapters.Exchange
}

// declare makes a destination, with its dead-letter route or alternate exchange.
func (b *testBroker) declare(t testing.TB, d adapters.Destination, bindings []adapters.Binding) {
	t.Helper()
	channel, arguments, err := b.channel(t), amqp.Table{}, error(nil)
	for _, way := range bindings {
		switch {
		case way.From != adapters.Endpoint{Name: d.Name, Kind: d.Kind}:
		case way.Way == adapters.Alternate:
			arguments["alternate-exchange"] = way.To.Name
		case way.Way == adapters.Dead && way.To.Kind != adapters.Exchange:
			arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"] = "", way.To.Name
		case way.Way == adapters.Dead:
			if arguments["x-dead-letter-exchange"] = way.To.Name; way.Key != "" {
				arguments["x-dead-letter-routing-key"] = way.Key
			}
		}
	}
	if d.Kind == adapters.Exchange {
		err = channel.ExchangeDeclare(d.Name, amqp.ExchangeTopic, true, false, false, false, arguments)
	} else {
		if d.Kind == adapters.Stream {
			arguments[amqp.QueueTypeArg] = amqp.QueueTypeStream
		}
		_, err = channel.QueueDeclare(d.Name, true, false, false, false, arguments)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lead binds twice, by arguments that no exchange of the test heeds: it is one way.
func (b *testBroker) lead(t testing.TB, way adapters.Binding) {
	t.Helper()
	if way.Way != adapters.Bound {
		return
	}
	channel := b.channel(t)
	bind := channel.QueueBind
	if way.To.Kind == adapters.Exchange {
		bind = channel.ExchangeBind
	}
	for _, arguments := range []amqp.Table{nil, {"n": int32(1)}} {
		if err := bind(way.To.Name, way.Key, way.From.Name, false, arguments); err != nil {
			t.Fatal(err)
		}
	}
}

// lose publishes where nothing is bound.
func (b *testBroker) lose(t testing.TB, dropped, returned int) {
	t.Helper()
	channel := b.channel(t)
	for i := range dropped + returned {
		if err := channel.Publish("amq.topic", "nowhere", i < returned, false, amqp.Publishing{}); err != nil {
			t.Fatal(err)
		}
	}
}
