package tuitest

import (
	"context"
	"fmt"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
	"eventscope/tracing"
)

var errAway = &adapters.Problem{Doing: "ask the broker", Cause: "it is away", Remedy: "bring it back", Kind: adapters.ErrNotConnected}

// TestTheModelOfConsumersIsTrue: what stands on it would else prove nothing.
func TestTheModelOfConsumersIsTrue(t *testing.T) {
	for _, kind := range []consumer.Kind{consumer.ClassicGroup, consumer.QueueConsumers} {
		t.Run(string(kind), func(t *testing.T) {
			queue := kind == consumer.QueueConsumers
			adaptertest.RunLag(t, adaptertest.LagBroker{Kind: kind, Offsets: !queue, Whole: true, Make: func(t testing.TB) adaptertest.LagPlace {
				ctx, cancel := context.WithCancel(context.Background())
				s, stopped := NewSystem(ctx, tracing.Config{KeepRecent: true})
				t.Cleanup(func() { cancel(); <-stopped })
				return (&modelled{system: s, kind: kind, Consumers: NewConsumers(s.Kafka)}).place()
			}})
		})
	}
}

// modelled are the consumers that a suite has made.
type modelled struct {
	*Consumers
	system *System
	kind   consumer.Kind
	all    []*Group
}

func (m *modelled) place() adaptertest.LagPlace {
	return adaptertest.LagPlace{
		Consumer: func(testing.TB) adaptertest.LagConsumer { return m.consumer(Partition{}) },
		Untold: func(testing.TB) adaptertest.LagConsumer {
			return m.consumer(Partition{End: 3, Unknown: "its leader does not answer"})
		},
		Unread: func(testing.TB) string {
			if m.kind != consumer.QueueConsumers {
				return "unread"
			}
			waits := m.consumer(Partition{End: 1})
			m.all[len(m.all)-1].Queue.Ready = 1
			return waits.Group
		},
		Open: func(testing.TB, ...string) *driver.Source {
			return &driver.Source{Lag: m.Consumers, Close: func() error { return nil }}
		},
		Break: func(testing.TB) { m.Break(errAway) },
	}
}

func (m *modelled) consumer(p Partition) adaptertest.LagConsumer {
	name := fmt.Sprint("c-", len(m.all))
	g := &Group{Name: name, Topic: name, Kind: m.kind, Partitions: []Partition{p}}
	log := adapters.Log{Destination: name}
	if m.kind == consumer.QueueConsumers {
		g.Queue, log.Partition = &consumer.QueueDepth{Capacity: -1}, adapters.NoPartition
	}
	m.all = append(m.all, g)
	m.Replace(m.all...)
	return adaptertest.LagConsumer{
		Group: name, Log: log,
		Publish: func(t testing.TB, messages ...adapters.Message) {
			for i := range messages {
				if err := m.system.Put(t.Context(), Event{Source: m.system.Kafka, To: name, At: messages[i].Time}); err != nil {
					t.Fatal(err)
				}
			}
			m.moves(g, int64(len(messages)), 0)
		},
		Finish: func(_ testing.TB, n int) { m.moves(g, 0, int64(n)) },
		Holds:  2,
		Join: func(testing.TB) func() {
			m.Change(func([]*Group) { g.Members = []consumer.Member{{ID: "joined", Logs: 1}} })
			m.holds(g, 2)
			return func() {
				m.Change(func([]*Group) { g.Members = nil })
				m.holds(g, 0)
			}
		},
		Remove: func(testing.TB) {
			var left []*Group
			for _, other := range m.all {
				if other != g {
					left = append(left, other)
				}
			}
			m.all = left
			m.Replace(left...)
		},
	}
}

// holds lets a member of a queue hold messages.
func (m *modelled) holds(g *Group, n int64) {
	m.Change(func([]*Group) {
		if g.Queue != nil {
			g.Queue.Ready, g.Queue.Unacked = g.Queue.Ready+g.Queue.Unacked-n, n
		}
	})
}

func (m *modelled) moves(g *Group, published, finished int64) {
	m.Change(func([]*Group) {
		p := &g.Partitions[0]
		p.End, p.Committed = p.End+published, p.Committed+finished
		if g.Queue != nil {
			g.Queue.Ready = p.End - p.Committed
		}
	})
}

// TestTheModelOfTopologyIsTrue has what brokers of exchanges have.
func TestTheModelOfTopologyIsTrue(t *testing.T) {
	adaptertest.RunTopology(t, adaptertest.TopologyBroker{
		Kinds: []adapters.DestinationKind{adapters.Topic, adapters.Exchange, adapters.Queue}, Odd: []string{"", ".a:b", "ü"},
		Keys: []string{"", "a.*"}, Unroutable: true, Whole: true,
		Leads: func(way adapters.Way, from, to adapters.DestinationKind) bool {
			return way == adapters.Bound && from == adapters.Exchange && to == adapters.Queue || way == adapters.Dead && from == adapters.Queue && to == adapters.Exchange
		},
		Place: func(testing.TB) adaptertest.TopologyPlace {
			told, counts, made := &Told{}, NewConsumers(nil), 0
			return adaptertest.TopologyPlace{
				Unique: func(end string) string {
					made++
					return fmt.Sprint("node-", made, end)
				},
				Make: func(_ testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
					told.There, told.Ways = destinations, bindings
				},
				Open: func(testing.TB, ...adapters.Endpoint) *driver.Source {
					return &driver.Source{Topology: told, Unroutable: counts, Close: func() error { return nil }}
				},
				Break: func(testing.TB) { told.Break(errAway); counts.Break(errAway) },
				Lose: func(_ testing.TB, dropped, returned int) {
					counts.Lose(adapters.Unroutable{Dropped: int64(dropped), Returned: int64(returned)})
				},
			}
		},
	})
}
