package page

import (
	"context"
	"strconv"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
	"eventscope/tracing/lag"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Source is one source in the header.
type Source struct {
	Name   string
	Broker adapters.Broker
	// Status is asked about twice a second.
	Status func() adapters.Status
	// History reports whether what came before can be read of it, which is true while nobody
	// knows; nil where it always can.
	History func() bool
	// Held is how many messages of the past there are, at most; nil where nobody knows. It is
	// asked while nothing of them is shown.
	Held func(ctx context.Context) (int64, error)
	// Lag tells how far the consumers of this source are behind; nil where nobody can.
	// Without any there is no page about them.
	Lag LagSource
	// Unroutable counts what led to no queue; nil where nobody does.
	Unroutable adapters.UnroutableCounter
	// Commands are command lines of other tools that look at the message at a position; nil where
	// there are none.
	Commands func(p adapters.Position) []driver.Command
	// Link is where a position can be looked at in a browser: see [LinkNames].
	Link text.Template
	// Topology tells what there is and where it leads, asked every 30 seconds while the map
	// is shown; nil where nobody can.
	Topology adapters.Topology
}

// LinkNames are what may stand in braces in [Source.Link].
var LinkNames = []string{"destination", "partition", "offset"}

// LinkTo is the address of a position.
func (s *Source) LinkTo(p adapters.Position) text.Link {
	return s.Link.Link(func(name string) string {
		switch {
		case name == "destination":
			return p.Destination
		case name == "partition" && p.Partition >= 0:
			return strconv.Itoa(int(p.Partition))
		case name == "offset" && p.Partition != adapters.ByDigest:
			return strconv.FormatInt(p.Offset, 10)
		}
		return "" // this position has none
	})
}

// HasHistory reports whether what came before can be read of the source, as far as is known.
func (s *Source) HasHistory() bool { return s.History == nil || s.History() }

// LagSource tells how far the consumers of a source are behind, and reads what one of them
// is to read next. It is asked outside the event loop, every two seconds while that is on
// the screen and every 15 seconds otherwise. A source that is not connected answers
// ErrNotConnected, and one that cannot tell ErrUnsupported.
type LagSource interface {
	consumer.LagReader
	adapters.Fetcher
}

// Lags is how far consumers are behind, as they were last looked at.
type Lags interface {
	// Changes counts the times that what follows has changed.
	Changes() int
	// Consumers are those that were found, the worst first.
	Consumers() []*lag.Consumer
	// Troubles are what sources do not tell of consumers.
	Troubles() []lag.Trouble
	// Update asks for news of the consumers on the screen when that is due.
	Update(shown []lag.Key) tea.Cmd
}
