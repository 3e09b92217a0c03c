package driver

import (
	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/schemas"
)

// Source is one broker cluster, opened: what can be done with it. A part that is nil is one
// that this kind of broker, or this way to open it, does not have. Opening has checked the
// address, the credentials and that the named destinations exist; nothing of it joins a group,
// commits an offset, takes a message from a queue or changes what a producer or consumer of
// the cluster sees.
type Source struct {
	// Name tells this source from the others of the process, such as "kafka" or the name
	// that the config gives it.
	Name   string
	Broker adapters.Broker

	// Status is the state of the connection and the counters, at any time.
	Status func() adapters.Status

	// Close ends the connections. Run and Scan must have returned.
	Close func() error

	// Schemas are those of its messages, which have them too; nil where none were named.
	Schemas schemas.Finder

	adapters.Tailer
	adapters.Scanner
	adapters.Estimator // of what Scan will read
	adapters.Fetcher

	// Commands are those by which other tools look at the message at a position, or at where it is.
	Commands func(adapters.Position) []Command

	// ByKey says that Range.Key narrows a scan.
	ByKey bool

	DeadLetters deadletter.Queues
	Lag         consumer.LagReader
	Unroutable  adapters.UnroutableCounter
	Topology    adapters.Topology
}
