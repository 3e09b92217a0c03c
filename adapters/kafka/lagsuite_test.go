package kafka_test

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
)

// onPlaces gives a suite the embedded broker, which it may break, and a real one, which others
// use, too.
func onPlaces(t *testing.T, suite func(t *testing.T, stays bool, at func(testing.TB) (*cluster, func(testing.TB)))) {
	t.Run("Embedded", func(t *testing.T) {
		suite(t, false, func(t testing.TB) (*cluster, func(testing.TB)) {
			c, k := fake(t)
			return c, func(testing.TB) { k.Close() }
		})
	})
	t.Run("Real", func(t *testing.T) {
		suite(t, true, func(t testing.TB) (*cluster, func(testing.TB)) { return real(t), nil })
	})
}

func TestConformanceOfLag(t *testing.T) {
	onPlaces(t, func(t *testing.T, stays bool, at func(testing.TB) (*cluster, func(testing.TB))) {
		adaptertest.RunLag(t, adaptertest.LagBroker{Kind: consumer.ClassicGroup, Offsets: true, Stays: stays, Make: func(t testing.TB) adaptertest.LagPlace {
			c, breaks := at(t)
			place := c.lagPlace()
			place.Break = breaks
			return place
		}})
	})
}

func (c *cluster) lagPlace() adaptertest.LagPlace {
	return adaptertest.LagPlace{
		Consumer: func(t testing.TB) adaptertest.LagConsumer {
			committed := c.lagConsumer(t)
			committed.Finish(t, 0)
			return committed
		},
		Untold: func(t testing.TB) adaptertest.LagConsumer { // it has committed nothing
			untold := c.lagConsumer(t)
			untold.Publish(t, value("waits"))
			untold.Join(t)
			return untold
		},
		Unread: func(t testing.TB) string {
			topic := c.topic(t, 1)
			c.publish(t, topic, value("waits"))
			return topic
		},
		Open: func(t testing.TB, topics ...string) *driver.Source { return c.open(t, topics...).Source() },
	}
}

// lagConsumer is a group that has said nothing yet.
func (c *cluster) lagConsumer(t testing.TB) adaptertest.LagConsumer {
	topic, next := c.topic(t, 1), int64(0)
	group := topic + ".group"
	return adaptertest.LagConsumer{
		Group: group, Log: adapters.Log{Destination: topic},
		Publish: func(t testing.TB, messages ...adapters.Message) { c.publish(t, topic, messages...) },
		Finish: func(t testing.TB, n int) {
			next += int64(n)
			c.commit(t, group, topic, next)
		},
		Join: func(t testing.TB) func() {
			m := c.entered(t, group)
			m.given(topic, 0)
			return m.leave
		},
		Remove: func(t testing.TB) {
			if _, err := c.admin.DeleteGroups(t.Context(), group); err != nil {
				t.Error(err)
			}
		},
	}
}

func TestConformanceOfTopology(t *testing.T) {
	onPlaces(t, func(t *testing.T, stays bool, at func(testing.TB) (*cluster, func(testing.TB))) {
		adaptertest.RunTopology(t, adaptertest.TopologyBroker{
			Kinds: []adapters.DestinationKind{adapters.Topic}, Odd: []string{"", ".a.b", "_-"}, Stays: stays,
			Place: func(t testing.TB) adaptertest.TopologyPlace {
				c, breaks := at(t)
				return adaptertest.TopologyPlace{
					Unique: func(end string) string { return c.unique() + end },
					Make: func(t testing.TB, topics []adapters.Destination, _ []adapters.Binding) {
						for _, topic := range topics {
							c.create(t, topic.Name, topic.Partitions)
						}
					},
					Open: func(t testing.TB, topics ...adapters.Endpoint) *driver.Source {
						var names []string
						for _, topic := range topics {
							names = append(names, topic.Name)
						}
						return c.open(t, names...).Source()
					},
					Break: breaks,
				}
			},
		})
	})
}
