package rabbitmq

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

const namedHere = "named when the source was opened"

// DLQs implements deadletter.Queues: the queues and streams that are named, those that
// some queue dead-letters to, and those that are named like that. Queues that dead-letter
// to each other in a circle, as those do that hold messages back before another try, are
// left out unless they are named. Without a management API there are only those named.
func (a *Adapter) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	l, err := a.broker.Shared(ctx)
	if err != nil {
		return nil, err
	}
	control := l.Control(ctx)
	defer control.Close()
	if a.management == nil {
		return a.namedDLQs(ctx, control)
	}
	y, err := askDeadLetterGraph(ctx, a.management)
	if err != nil {
		return nil, err
	}
	dlqs := y.dlqs(a.namedLogs())
	for i := range dlqs {
		a.count(control, y, &dlqs[i])
	}
	return dlqs, nil
}

// askDeadLetterGraph asks who dead-letters to whom.
func askDeadLetterGraph(ctx context.Context, m *management.Client) (*deadLetterGraph, error) {
	known, err := routing.Read(ctx, m, false)
	if err != nil {
		return nil, err
	}
	queues, err := m.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return newDeadLetterGraph(known, queues), nil
}

// namedLogs are the queues and streams that the config names.
func (a *Adapter) namedLogs() []string {
	names := slices.Concat(a.config.Queues, a.config.Streams)
	if a.config.LettersOnly {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { // they are read for what they receive
		_, dead := deadheader.OriginByName(name)
		return !dead
	})
}

// namedDLQs describes what the config names as far as AMQP tells.
func (a *Adapter) namedDLQs(ctx context.Context, control *connection.Control) ([]deadletter.Queue, error) {
	names := a.namedLogs()
	if len(names) == 0 && !a.config.LettersOnly {
		return nil, nil
	}
	if len(names) == 0 {
		return nil, wording.Problem("find dead letters on "+a.config.broker(), "only the management API tells which queues there are",
			"name a queue with queue=, or add management=http://HOST:15672", adapters.ErrUsage)
	}
	var dlqs []deadletter.Queue
	for _, name := range names {
		facts, err := a.facts(ctx, control, name)
		if err != nil {
			return nil, err
		}
		g := deadletter.Queue{Name: name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Cost: redelivered, Messages: -1,
			Evidence: namedHere + "; without management= no others can be found, nor what leads here",
			Unsafe:   facts.peekPolicy().refusal(&a.config, "look at queue "+wording.Quoted(name))}
		if facts.kind == amqp.QueueTypeStream {
			g.Kind, g.Settling, g.Cost = adapters.Stream, deadletter.ByJournal, deadletter.Cost{}
		} else if depth, err := control.Depth(name); err == nil {
			g.Messages = int64(depth)
		}
		dlqs = append(dlqs, g)
	}
	return dlqs, nil
}

// count says how many letters a dead-letter queue holds: the broker itself knows at once how many wait
// in a queue, and the management API, some seconds late, how many there were with those that
// are held. The two are never added up, as letters move from one to the other meanwhile.
func (a *Adapter) count(control *connection.Control, y *deadLetterGraph, g *deadletter.Queue) {
	q := y.queues[g.Name]
	if q.Messages != nil {
		g.Messages = *q.Messages
	}
	if g.Kind != adapters.Queue {
		return
	}
	if now, err := control.LookUpQueue(g.Name); err == nil {
		g.Messages = int64(now.Messages)
		if q.Messages != nil && (q.Unacknowledged > 0 || now.Consumers > 0) { // some are held, and the API alone counts those
			g.Messages = max(g.Messages, *q.Messages)
		}
	}
	version := versionOf(control.Conn.Connection)
	facts := factsOf(q, version)
	facts.inherited = y.inherited(g.Name, version)
	g.Unsafe = facts.peekPolicy().refusal(&a.config, "look at queue "+wording.Quoted(g.Name))
}

// deadLetterGraph is who dead-letters to whom.
type deadLetterGraph struct {
	known   *routing.Catalog
	queues  map[string]*management.Queue
	sources map[string][]string // of a queue: those that dead-letter to it
	direct  map[string][]string // of these, also what was sent straight to them
	perhaps map[string][]string // those that may
}

func newDeadLetterGraph(known *routing.Catalog, queues []management.Queue) *deadLetterGraph {
	y := &deadLetterGraph{known: known, queues: map[string]*management.Queue{}, sources: map[string][]string{}, direct: map[string][]string{}, perhaps: map[string][]string{}}
	for i := range queues {
		if known.NoteTap(queues[i].Name, queues[i].Arguments); known.Taps[queues[i].Name] {
			continue // nothing dies in a tap
		}
		y.queues[queues[i].Name] = &queues[i]
		known.Queues[queues[i].Name] = queues[i].Type
	}
	for _, name := range slices.Sorted(maps.Keys(y.queues)) {
		y.trace(y.queues[name])
	}
	return y
}

// trace finds where a queue dead-letters to.
func (y *deadLetterGraph) trace(q *management.Queue) {
	exchange, ok := q.Setting("x-dead-letter-exchange", "dead-letter-exchange").(string)
	if !ok {
		return
	}
	own := q.Name
	key, hasKey := q.Setting("x-dead-letter-routing-key", "dead-letter-routing-key").(string)
	if hasKey {
		own = key
	}
	straight := y.known.Route(exchange, routing.Message{Key: &own})
	for name := range straight.Queues {
		y.direct[name] = append(y.direct[name], q.Name)
	}
	through := straight
	if !hasKey {
		through = y.keysOf(q, exchange)
	}
	for name := range through.Queues {
		y.sources[name] = append(y.sources[name], q.Name)
	}
	for name := range through.May {
		y.perhaps[name] = append(y.perhaps[name], q.Name)
	}
}

// keysOf is where a queue dead-letters to that leaves a letter its routing key: the keys
// that it is bound by, as far as they can be known, and its name, by the default exchange.
func (y *deadLetterGraph) keysOf(q *management.Queue, exchange string) *routing.Routes {
	anyKey := y.known.Route(exchange, routing.Message{})
	through := y.known.Route(exchange, routing.Message{Key: &q.Name})
	for i := range y.known.Bindings {
		b := &y.known.Bindings[i]
		if b.Source == "" || b.Destination != q.Name || b.DestinationType != "queue" {
			continue
		}
		kind := y.known.TypeOf(b.Source)
		literal := kind == amqp.ExchangeDirect || kind == amqp.ExchangeTopic && !strings.ContainsAny(b.RoutingKey, "*#")
		r := anyKey
		if literal {
			r = y.known.Route(exchange, routing.Message{Key: &b.RoutingKey})
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
func (y *deadLetterGraph) dlqs(named []string) []deadletter.Queue {
	var dlqs []deadletter.Queue
	for _, name := range slices.Concat(named, slices.Sorted(maps.Keys(y.queues))) {
		listed := slices.ContainsFunc(dlqs, func(g deadletter.Queue) bool { return g.Name == name })
		wanted := slices.Contains(named, name)
		if q := y.queues[name]; q != nil && !listed && (wanted || y.isDLQ(q)) {
			dlqs = append(dlqs, y.dlq(q, wanted))
		}
	}
	return dlqs
}

// isDLQ says that a queue is for dead letters, by what leads there or its name.
func (y *deadLetterGraph) isDLQ(q *management.Queue) bool {
	if _, ok := deadheader.OriginByName(q.Name); ok {
		return true
	}
	return len(y.sources[q.Name])+len(y.perhaps[q.Name]) > 0 && !y.circles(q.Name)
}

// circles says that what dies in a queue can come back to it.
func (y *deadLetterGraph) circles(name string) bool {
	seen := map[string]bool{}
	var leads func(to string) bool
	leads = func(to string) bool {
		for _, from := range slices.Concat(y.sources[to], y.perhaps[to]) {
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
func (y *deadLetterGraph) feeders(name string) []string {
	seen := map[string]bool{}
	var from func(to string)
	from = func(to string) {
		for _, source := range slices.Concat(y.sources[to], y.perhaps[to]) {
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
func (y *deadLetterGraph) inherited(name, version string) int {
	highest, seen := 0, map[string]bool{name: true}
	var from func(to string)
	from = func(to string) {
		for _, source := range slices.Concat(y.sources[to], y.perhaps[to]) {
			if seen[source] {
				continue
			}
			seen[source] = true
			if f := factsOf(y.queues[source], version); f.kind == amqp.QueueTypeQuorum {
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

func (y *deadLetterGraph) dlq(q *management.Queue, named bool) deadletter.Queue {
	g := deadletter.Queue{
		Name: q.Name, Kind: adapters.Queue, Settling: deadletter.ByRemoval, Cost: redelivered, Messages: -1, Sources: y.sources[q.Name], Direct: y.direct[q.Name],
		Configured: len(y.sources[q.Name]) > 0, Guarantee: deadletter.AtLeastOnce,
	}
	if q.Type == amqp.QueueTypeStream {
		g.Kind, g.Settling, g.Cost = adapters.Stream, deadletter.ByJournal, deadletter.Cost{}
	}
	g.Feeders = y.feeders(q.Name)
	g.Direct = slices.DeleteFunc(slices.Clone(g.Direct), func(source string) bool { return !slices.Contains(g.Sources, source) })
	_, like := deadheader.OriginByName(q.Name)
	var evidence []string
	switch sources, perhaps := g.Sources, y.perhaps[q.Name]; {
	case len(sources) > 0:
		evidence = append(evidence, lead(sources, "dead-letters to it", "dead-letter to it"))
	case len(perhaps) > 0:
		evidence = append(evidence, lead(perhaps, "may dead-letter to it, by routing key or headers", "may dead-letter to it, by routing key or headers"))
	case like:
		evidence = append(evidence, "named like one")
	}
	if named {
		evidence = append(evidence, namedHere)
	}
	g.Evidence = strings.Join(evidence, "; ")
	return g
}

// lead names queues, at most three.
func lead(queues []string, one, many string) string {
	switch n := len(queues); {
	case n == 1:
		return "queue " + queues[0] + " " + one
	case n <= 3:
		return "queues " + strings.Join(queues, ", ") + " " + many
	default:
		return fmt.Sprintf("queues %s and %d others %s", strings.Join(queues[:2], ", "), n-2, many)
	}
}
