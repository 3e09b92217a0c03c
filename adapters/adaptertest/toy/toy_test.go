package toy

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

var made atomic.Int64

// cluster is one that nobody else uses, until the end of t.
func cluster(t testing.TB) *Cluster {
	c := New(fmt.Sprint("cluster-", made.Add(1)))
	t.Cleanup(c.Remove)
	return c
}

// opened opens destinations of it.
func (c *Cluster) opened(t testing.TB, config driver.Config) *driver.Source {
	t.Helper()
	config.Hosts = []string{c.name + ":1"}
	adapter, err := Driver.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return adapter
}

func TestConformance(t *testing.T) {
	c, logs := cluster(t), 0
	adaptertest.Run(t, adaptertest.Broker{
		Kind: Driver.Broker, MaxLogs: 1, Keys: true, Multimap: true, Times: true,
		Make: func(testing.TB, int) string {
			logs++
			name := fmt.Sprint("log-", logs)
			c.Log(name)
			return name
		},
		Open: func(t testing.TB, names ...string) *driver.Source {
			return c.opened(t, driver.Config{Path: strings.Join(names, ",")})
		},
		Publish: func(_ testing.TB, log string, messages ...adapters.Message) { c.Publish(log, messages...) },
		Break: func(testing.TB) func() {
			c.Stop()
			return c.Start
		},
	})
}

func TestConformanceOfDeadLetters(t *testing.T) {
	adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{Kind: adapters.Queue, Make: func(t testing.TB) adaptertest.DeadLetterPlace {
		c := cluster(t)
		c.Log("orders")
		c.Queue("orders.dlq", "orders")
		return adaptertest.DeadLetterPlace{
			Name: "orders.dlq", Target: deadletter.Routed("", "orders"), Nowhere: deadletter.Routed("", "nowhere"), TargetOf: Driver.TargetOf,
			Bury: func(_ testing.TB, letters ...adapters.Message) { c.Publish("orders.dlq", letters...) },
			Open: func(t testing.TB, write bool) deadletter.Queues {
				return c.opened(t, driver.Config{Path: "orders.dlq", Purpose: driver.ToInspect, Write: write}).DeadLetters
			},
			Received: func(testing.TB) []adapters.Message { return c.Messages("orders") },
		}
	}})
}

func TestConformanceOfLag(t *testing.T) {
	adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.ClassicGroup, Offsets: true, Make: func(t testing.TB) adaptertest.LagPlace {
		c, made := cluster(t), 0
		log := func() string {
			made++
			name := fmt.Sprint("log-", made)
			c.Log(name)
			return name
		}
		reads := func(first int64) adaptertest.LagConsumer {
			name, next := log(), first
			group := "group-of-" + name
			c.Commit(group, name, next)
			return adaptertest.LagConsumer{
				Group: group, Log: adapters.Log{Destination: name, Partition: adapters.NoPartition},
				Publish: func(_ testing.TB, messages ...adapters.Message) { c.Publish(name, messages...) },
				Finish: func(_ testing.TB, n int) {
					next += int64(n)
					c.Commit(group, name, next)
				},
				Remove: func(testing.TB) { c.Forget(group) },
			}
		}
		return adaptertest.LagPlace{
			Consumer: func(testing.TB) adaptertest.LagConsumer { return reads(0) },
			Untold: func(t testing.TB) adaptertest.LagConsumer {
				untold := reads(-1)
				untold.Publish(t, adapters.Message{})
				return untold
			},
			Unread: func(testing.TB) string {
				name := log()
				c.Publish(name, adapters.Message{})
				return name
			},
			Open: func(t testing.TB, names ...string) *driver.Source {
				return c.opened(t, driver.Config{Path: strings.Join(names, ","), Purpose: driver.ToInspect})
			},
			Break: func(testing.TB) { c.Stop() },
		}
	}})
}

func TestConformanceOfTopology(t *testing.T) {
	adaptertest.RunTopology(t, adaptertest.TopologyBroker{
		Kinds: []adapters.DestinationKind{adapters.Stream, adapters.Queue}, Odd: []string{"", ".a.b", "_-"}, DeadLetters: true,
		Leads: func(way adapters.Way, from, to adapters.DestinationKind) bool {
			return way == adapters.Dead && from == adapters.Stream && to == adapters.Queue
		},
		Place: func(t testing.TB) adaptertest.TopologyPlace {
			c, made := cluster(t), 0
			return adaptertest.TopologyPlace{
				Unique: func(end string) string {
					made++
					return fmt.Sprint("channel-", made, end)
				},
				Make: func(_ testing.TB, destinations []adapters.Destination, bindings []adapters.Binding) {
					feeders := map[string][]string{}
					for _, b := range bindings {
						feeders[b.To.Name] = append(feeders[b.To.Name], b.From.Name)
					}
					for _, d := range destinations {
						if d.Kind == adapters.Queue {
							c.Queue(d.Name, feeders[d.Name]...)
						} else {
							c.Log(d.Name)
						}
					}
				},
				Open: func(t testing.TB, ends ...adapters.Endpoint) *driver.Source {
					var names []string
					for _, end := range ends {
						names = append(names, end.Name)
					}
					return c.opened(t, driver.Config{Path: strings.Join(names, ",")})
				},
				Break: func(testing.TB) { c.Stop() },
			}
		},
	})
}
