package servicebus

import (
	"testing"

	"eventscope/adapters/adaptertest"
	"eventscope/adapters/driver"
)

func TestConformanceOfQueues(t *testing.T) {
	p := bus(t)
	adaptertest.Run(t, adaptertest.Broker{
		Kind: broker, MaxLogs: 1, Publish: p.publish,
		Make: func(t testing.TB, _ int) string { return p.queue(t, p.name("-queue"), nil) },
		Open: func(t testing.TB, names ...string) *driver.Source {
			return p.open(t, func(c *Config) { c.Names = names })
		},
	})
}
