package topology

import (
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
)

// Graph is the map. Edges name nodes by their index.
type Graph struct {
	Nodes []Node
	Edges []Edge
	// Events is how many events were counted, the oldest of them at Since, by broker time.
	Events int64
	Since  time.Time
	// Uncounted are events that found no room among the rows that are counted.
	Uncounted int64
}

// Kind says what a node is: a service, a consumer group whose service is not known, or one
// of the kinds of destinations.
type Kind string

const (
	Service  Kind = "service"
	Group    Kind = "group"
	Topic         = Kind(adapters.Topic)
	Exchange      = Kind(adapters.Exchange)
	Queue         = Kind(adapters.Queue)
	Stream        = Kind(adapters.Stream)
)

// IsDestination reports whether messages can be at it.
func (k Kind) IsDestination() bool { return k != Service && k != Group }

// Node is one thing on the map.
type Node struct {
	Kind   Kind
	Name   string
	Source string // of a destination or group; a service may be at several
	Broker adapters.Broker

	// Flow is what was written to a destination, or by a service.
	Flow Flow
	// Partitions is how many a topic has, 0 where that is not known.
	Partitions int
	// Dead says that a destination is one of dead letters, as far as was seen or is told.
	Dead bool
	// Readers are the consumers of a service, a group, or a queue.
	Readers []Reader
}

// Flow counts events.
type Flow struct {
	Events, Failures, Dead int64
	// PerSecond is how many there were in each of the last [tracing.TrafficWindow].
	PerSecond float64
}

func (f *Flow) add(g Flow) {
	f.Events, f.Failures, f.Dead, f.PerSecond = f.Events+g.Events, f.Failures+g.Failures, f.Dead+g.Dead, f.PerSecond+g.PerSecond
}

// Reader is one consumer group, or the consumers of one queue or stream.
type Reader struct {
	*lag.Consumer
	// By says why it is that of a service; empty beside a group or queue.
	By string
}

// At is how the consumer stands at one destination, and how much is left to read there; reads
// reports whether it reads it at all. Where nothing is known of single logs, it stands as in all.
func (r *Reader) At(destination string) (at lag.Standing, total consumer.Total, reads bool) {
	there := r.Lag
	there.Logs = nil
	var logs []lag.Standing
	for i := range r.Lag.Logs {
		if l := &r.Lag.Logs[i]; l.Destination == destination && !l.Left {
			there.Logs = append(there.Logs, *l)
			if i < len(r.Logs) {
				logs = append(logs, r.Logs[i])
			}
		}
	}
	if at = r.Standing; len(logs) > 0 {
		at = lag.Together(&there, logs)
	}
	return at, there.Total(), len(there.Logs) > 0
}

// Relation says what an edge is.
type Relation string

const (
	Writes    Relation = "writes"
	Reads     Relation = "reads"
	Binding            = Relation(adapters.Bound)
	Dies               = Relation(adapters.Dead)
	Alternate          = Relation(adapters.Alternate)
)

// Evidence says where an edge is from.
type Evidence string

const (
	Observed Evidence = "observed" // events say so
	Told     Evidence = "told"     // the broker says so
	Inferred Evidence = "inferred" // it is usual that one comes after the other
)

// Edge is one way that messages take, from the node that has them to the one that gets
// them.
type Edge struct {
	From, To int
	Relation Relation
	Evidence Evidence
	// Labels are what takes this way, most first: types of events, or keys of bindings.
	Labels []string
	Flow   Flow
}

// Find is the index of a node, or -1.
func (g *Graph) Find(kind Kind, source, name string) int {
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Kind == kind && n.Source == source && n.Name == name {
			return i
		}
	}
	return -1
}

// SeenAt are the destinations at which the messages of one are seen: itself, or what leads to
// it within the broker.
func (g *Graph) SeenAt(node int) (seen []int) {
	if g.Nodes[node].Flow.Events > 0 {
		return []int{node}
	}
	visited, next := map[int]bool{node: true}, []int{node}
	for ; len(next) > 0; next = next[1:] {
		for i := range g.Edges {
			e := &g.Edges[i]
			if e.To != next[0] || visited[e.From] || !g.Nodes[e.From].Kind.IsDestination() || e.Relation == Dies {
				continue
			}
			visited[e.From] = true
			if g.Nodes[e.From].Flow.Events > 0 {
				seen = append(seen, e.From)
			} else {
				next = append(next, e.From)
			}
		}
	}
	return seen
}
