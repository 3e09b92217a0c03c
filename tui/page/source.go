package page

import (
	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Source is one source in the header.
type Source struct {
	Name   string
	Broker adapters.Broker
	// Status is asked about twice a second.
	Status func() adapters.Status
	// Lag tells how far the consumers of this source are behind; nil where nobody can.
	// Without any there is no page about them.
	Lag LagSource
	// Unroutable counts what led to no queue; nil where nobody does.
	Unroutable adapters.UnroutableCounter
	// Topology tells what there is and where it leads, asked every 30 seconds while the map
	// is shown; nil where nobody can.
	Topology adapters.Topology
}

// LagSource tells how far the consumers of a source are behind, and reads what one of them
// is to read next. It is asked outside the event loop, every two seconds while that is on
// the screen and every 15 seconds otherwise. A source that is not connected answers
// ErrNotConnected, and one that cannot tell ErrUnsupported.
type LagSource interface {
	consumer.LagReader
	adapters.Fetcher
}
