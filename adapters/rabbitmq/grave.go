package rabbitmq

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

const namedHere = "named when the source was opened"

// Graves implements adapters.DeadLetters: the queues and streams that are named, those that
// some queue dead-letters to, and those that are named like that. Queues that dead-letter
// to each other in a circle, as those do that hold messages back before another try, are
// left out unless they are named. Without a management API there are only those named.
func (a *Adapter) Graves(ctx context.Context) ([]adapters.Grave, error) {
	connection, err := a.config.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(connection)
	control := &control{config: &a.config, connection: connection}
	if a.management == nil {
		return a.namedGraves(ctx, control)
	}
	y, err := a.management.yard(ctx)
	if err != nil {
		return nil, err
	}
	graves := y.graves(a.namedLogs())
	for i := range graves {
		a.count(control, y, &graves[i])
	}
	return graves, nil
}

// yard asks who dead-letters to whom.
func (m *management) yard(ctx context.Context) (*yard, error) {
	known, err := m.catalog(ctx, false)
	if err != nil {
		return nil, err
	}
	queues, err := m.describe(ctx)
	if err != nil {
		return nil, err
	}
	return newYard(known, queues), nil
}

// namedLogs are the queues and streams that the config names.
func (a *Adapter) namedLogs() []string {
	names := slices.Concat(a.config.Queues, a.config.Streams)
	if a.config.LettersOnly {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { // they are read for what they receive
		_, dead := envelope.DeadName(name)
		return !dead
	})
}

// namedGraves describes what the config names as far as AMQP tells.
func (a *Adapter) namedGraves(ctx context.Context, control *control) ([]adapters.Grave, error) {
	names := a.namedLogs()
	if len(names) == 0 && !a.config.LettersOnly {
		return nil, nil
	}
	if len(names) == 0 {
		return nil, a.config.problem("find dead letters on "+a.config.broker(), "only the management API tells which queues there are",
			"name a queue with queue=, or add management=http://HOST:15672", adapters.ErrUsage)
	}
	var graves []adapters.Grave
	for _, name := range names {
		facts, err := a.facts(ctx, control, name)
		if err != nil {
			return nil, err
		}
		g := adapters.Grave{Name: name, Kind: adapters.Queue, Messages: -1,
			Evidence: namedHere + "; without management= no others can be found, nor what leads here",
			Unsafe:   facts.verdict().refusal(&a.config, "look at queue "+quoted(name))}
		if facts.kind == amqp.QueueTypeStream {
			g.Kind = adapters.Stream
		} else if depth, err := control.depth(name); err == nil {
			g.Messages = int64(depth)
		}
		graves = append(graves, g)
	}
	return graves, nil
}

// count says how many letters a grave holds: the broker itself knows at once how many wait
// in a queue, and the management API, some seconds late, how many are held.
func (a *Adapter) count(control *control, y *yard, g *adapters.Grave) {
	q := y.queues[g.Name]
	if q.Messages != nil {
		g.Messages = *q.Messages
	}
	if g.Kind != adapters.Queue {
		return
	}
	if depth, err := control.depth(g.Name); err == nil {
		g.Messages = max(int64(depth)+q.Unacknowledged, 0)
	}
	version := versionOf(control.connection)
	facts := factsOf(q, version)
	facts.brought = y.brought(g.Name, version)
	g.Unsafe = facts.verdict().refusal(&a.config, "look at queue "+quoted(g.Name))
}

// yard is who dead-letters to whom.
type yard struct {
	known   *catalog
	queues  map[string]*queueInfo
	sources map[string][]string // of a queue: those that dead-letter to it
	direct  map[string][]string // of these, also what was sent straight to them
	perhaps map[string][]string // those that may
}

func newYard(known *catalog, queues []queueInfo) *yard {
	y := &yard{known: known, queues: map[string]*queueInfo{}, sources: map[string][]string{}, direct: map[string][]string{}, perhaps: map[string][]string{}}
	for i := range queues {
		if known.noteTap(queues[i].Name, queues[i].Arguments); known.taps[queues[i].Name] {
			continue // nothing dies in a tap
		}
		y.queues[queues[i].Name] = &queues[i]
		known.queues[queues[i].Name] = queues[i].Type
	}
	for _, name := range sortedKeys(y.queues) {
		y.trace(y.queues[name])
	}
	return y
}

// trace finds where a queue dead-letters to.
func (y *yard) trace(q *queueInfo) {
	exchange, ok := q.setting("x-dead-letter-exchange", "dead-letter-exchange").(string)
	if !ok {
		return
	}
	own := q.Name
	key, hasKey := q.setting("x-dead-letter-routing-key", "dead-letter-routing-key").(string)
	if hasKey {
		own = key
	}
	straight := y.known.route(exchange, routed{key: &own})
	for name := range straight.queues {
		y.direct[name] = append(y.direct[name], q.Name)
	}
	through := straight
	if !hasKey {
		through = y.keysOf(q, exchange)
	}
	for name := range through.queues {
		y.sources[name] = append(y.sources[name], q.Name)
	}
	for name := range through.may {
		y.perhaps[name] = append(y.perhaps[name], q.Name)
	}
}

// keysOf is where a queue dead-letters to that leaves a letter its routing key: the keys
// that it is bound by, as far as they can be known, and its name, by the default exchange.
func (y *yard) keysOf(q *queueInfo, exchange string) *routes {
	anyKey := y.known.route(exchange, routed{})
	through := y.known.route(exchange, routed{key: &q.Name})
	for i := range y.known.bindings {
		b := &y.known.bindings[i]
		if b.Source == "" || b.Destination != q.Name || b.DestinationType != "queue" {
			continue
		}
		kind := y.known.typeOf(b.Source)
		literal := kind == amqp.ExchangeDirect || kind == amqp.ExchangeTopic && !strings.ContainsAny(b.RoutingKey, "*#")
		r := anyKey
		if literal {
			r = y.known.route(exchange, routed{key: &b.RoutingKey})
		}
		for name := range r.queues {
			through.queues[name] = true
		}
		for name := range r.may {
			through.may[name] = true
		}
	}
	for name := range through.queues {
		delete(through.may, name)
	}
	return through
}

// graves lists the named queues first, then the others by name.
func (y *yard) graves(named []string) []adapters.Grave {
	var graves []adapters.Grave
	for _, name := range slices.Concat(named, sortedKeys(y.queues)) {
		listed := slices.ContainsFunc(graves, func(g adapters.Grave) bool { return g.Name == name })
		wanted := slices.Contains(named, name)
		if q := y.queues[name]; q != nil && !listed && (wanted || y.isGrave(q)) {
			graves = append(graves, y.grave(q, wanted))
		}
	}
	return graves
}

// isGrave says that a queue is for dead letters, by what leads there or its name.
func (y *yard) isGrave(q *queueInfo) bool {
	if _, ok := envelope.DeadName(q.Name); ok {
		return true
	}
	return len(y.sources[q.Name])+len(y.perhaps[q.Name]) > 0 && !y.circles(q.Name)
}

// circles says that what dies in a queue can come back to it.
func (y *yard) circles(name string) bool {
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

// brought is the highest count that letters of a queue can bring from the quorum queues in
// which they died: their limits and one. Where no source is known, it may have been a
// queue that is gone, with the limit that all have.
func (y *yard) brought(name, version string) int {
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

func (y *yard) grave(q *queueInfo, named bool) adapters.Grave {
	g := adapters.Grave{
		Name: q.Name, Kind: adapters.Queue, Messages: -1, Sources: y.sources[q.Name], Direct: y.direct[q.Name],
		Configured: len(y.sources[q.Name]) > 0, Guarantee: adapters.AtLeastOnce,
	}
	if q.Type == amqp.QueueTypeStream {
		g.Kind = adapters.Stream
	}
	g.Direct = slices.DeleteFunc(slices.Clone(g.Direct), func(source string) bool { return !slices.Contains(g.Sources, source) })
	_, like := envelope.DeadName(q.Name)
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
