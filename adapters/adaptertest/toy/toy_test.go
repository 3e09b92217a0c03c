package toy

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
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
