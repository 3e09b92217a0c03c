package dlq

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// Graph is who dead-letters to whom.
type Graph struct {
	// Known is where messages go, and Queues are all but those of taps, by name.
	Known   *routing.Catalog
	Queues  map[string]*management.Queue
	sources map[string][]string // of a queue: those that dead-letter to it
	direct  map[string][]string // of these, also what was sent straight to them
	perhaps map[string][]string // those that may
}

// NewGraph reads it from what the management API says.
func NewGraph(known *routing.Catalog, queues []management.Queue) *Graph {
	graph := &Graph{Known: known, Queues: map[string]*management.Queue{}, sources: map[string][]string{}, direct: map[string][]string{}, perhaps: map[string][]string{}}
	for i := range queues {
		if known.NoteTap(queues[i].Name, queues[i].Arguments); known.Taps[queues[i].Name] {
			continue // nothing dies in a tap
		}
		graph.Queues[queues[i].Name] = &queues[i]
		known.Queues[queues[i].Name] = queues[i].Type
	}
	for _, name := range slices.Sorted(maps.Keys(graph.Queues)) {
		graph.trace(graph.Queues[name])
	}
	return graph
}

// trace finds where a queue dead-letters to.
func (g *Graph) trace(q *management.Queue) {
	exchange, ok := q.Setting("x-dead-letter-exchange", "dead-letter-exchange").(string)
	if !ok {
		return
	}
	own := q.Name
	key, hasKey := q.Setting("x-dead-letter-routing-key", "dead-letter-routing-key").(string)
	if hasKey {
		own = key
	}
	straight := g.Known.Route(exchange, routing.Message{Key: &own})
	for name := range straight.Queues {
		g.direct[name] = append(g.direct[name], q.Name)
	}
	through := straight
	if !hasKey {
		through = g.keysOf(q, exchange)
	}
	for name := range through.Queues {
		g.sources[name] = append(g.sources[name], q.Name)
	}
	for name := range through.May {
		g.perhaps[name] = append(g.perhaps[name], q.Name)
	}
}

// keysOf is where a queue dead-letters to that leaves a letter its routing key: the keys
// that it is bound by, as far as they can be known, and its name, by the default exchange.
func (g *Graph) keysOf(q *management.Queue, exchange string) *routing.Routes {
	anyKey := g.Known.Route(exchange, routing.Message{})
	through := g.Known.Route(exchange, routing.Message{Key: &q.Name})
	for i := range g.Known.Bindings {
		b := &g.Known.Bindings[i]
		if b.Source == "" || b.Destination != q.Name || b.DestinationType != "queue" {
			continue
		}
		kind := g.Known.TypeOf(b.Source)
		literal := kind == amqp.ExchangeDirect || kind == amqp.ExchangeTopic && !strings.ContainsAny(b.RoutingKey, "*#")
		r := anyKey
		if literal {
			r = g.Known.Route(exchange, routing.Message{Key: &b.RoutingKey})
		}
		for name := range r.Queues {
			through.Queues[name] = true
		}
		for name := range r.May {
			through.May[name] = true
		}
	}
	for name := range through.Queues {
		delete(through.May, name)
	}
	return through
}

// dlqs lists the named queues first, then the others by name.
func (g *Graph) dlqs(named []string) []deadletter.Queue {
	var dlqs []deadletter.Queue
	for _, name := range slices.Concat(named, slices.Sorted(maps.Keys(g.Queues))) {
		listed := slices.ContainsFunc(dlqs, func(d deadletter.Queue) bool { return d.Name == name })
		wanted := slices.Contains(named, name)
		if q := g.Queues[name]; q != nil && !listed && (wanted || g.isDLQ(q)) {
			dlqs = append(dlqs, g.dlq(q, wanted))
		}
	}
	return dlqs
}

// isDLQ reports whether a queue is for dead letters, by what leads there or its name.
func (g *Graph) isDLQ(q *management.Queue) bool {
	if _, ok := deadheader.OriginByName(q.Name); ok {
		return true
	}
	return len(g.sources[q.Name])+len(g.perhaps[q.Name]) > 0 && !g.circles(q.Name)
}

// circles reports whether what dies in a queue can come back to it.
func (g *Graph) circles(name string) bool {
	seen := map[string]bool{}
	var leads func(to string) bool
	leads = func(to string) bool {
		for _, from := range slices.Concat(g.sources[to], g.perhaps[to]) {
			if from == name {
				return true
			}
			if !seen[from] {
				seen[from] = true
				if leads(from) {
					return true
				}
			}
		}
		return false
	}
	return leads(name)
}

// feeders are the queues from which letters may come, over others too.
func (g *Graph) feeders(name string) []string {
	seen := map[string]bool{}
	var from func(to string)
	from = func(to string) {
		for _, source := range slices.Concat(g.sources[to], g.perhaps[to]) {
			if !seen[source] {
				seen[source] = true
				from(source)
			}
		}
	}
	from(name)
	delete(seen, name)
	return slices.Sorted(maps.Keys(seen))
}

// inherited is the highest count that letters of a queue can bring from the quorum queues in
// which they died: their limits and one. Where no source is known, it may have been a
// queue that is gone, with the limit that all have.
func (g *Graph) inherited(name, version string) int {
	highest, seen := 0, map[string]bool{name: true}
	var from func(to string)
	from = func(to string) {
		for _, source := range slices.Concat(g.sources[to], g.perhaps[to]) {
			if seen[source] {
				continue
			}
			seen[source] = true
			if f := infoOf(g.Queues[source], version); f.kind == amqp.QueueTypeQuorum {
				highest = max(highest, int(f.limit)+1)
				if f.limit < 0 {
					highest = math.MaxInt32
				}
			}
			from(source)
		}
	}
	from(name)
	if len(seen) == 1 {
		return int(defaultLimit) + 1
	}
	return highest
}

// AskGraph asks who dead-letters to whom.
func AskGraph(ctx context.Context, m *management.Client) (*Graph, error) {
	known, err := routing.Read(ctx, m, false)
	if err != nil {
		return nil, err
	}
	queues, err := m.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return NewGraph(known, queues), nil
}
