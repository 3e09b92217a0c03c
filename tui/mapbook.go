package tui

import (
	"context"
	"reflect"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/topology"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// mapBook is the map of services, destinations and consumers as it was last drawn up, for
// the pages that show it or something of it. It belongs to the event loop.
type mapBook struct {
	*desk
	question
	graph    *topology.Graph             // nil until the first came
	worst    map[string]*topology.Reader // the consumer of a service that is worst off
	writers  map[string]string           // the service that writes most events of a type
	troubles []lagTrouble                // what brokers do not tell of themselves
	facts    []topology.Facts

	asked   time.Time
	told    time.Time // when the brokers were asked
	took    time.Duration
	version uint64 // of the index, then
	lags    int    // surveys of the lag book, then
	moving  bool   // it has rates
	seen    int    // maps drawn up that differ from the one before
}

const (
	// mapEvery is how often the map is drawn up while it is on the screen, and mapSeldom
	// while a page shows something of it.
	mapEvery, mapSeldom = 2 * time.Second, 10 * time.Second
	// factsEvery is how often brokers are asked what there is.
	factsEvery = 30 * time.Second
	// mapLimit is how long all that may take.
	mapLimit = 30 * time.Second
)

func newMapBook(d *desk) *mapBook {
	b := &mapBook{desk: d}
	b.quiet = true
	return b
}

// update asks for a new map when one is due: when something came, or was heard of consumers,
// or the brokers may tell something else.
func (b *mapBook) update(every time.Duration) tea.Cmd {
	lags := 0
	if b.book != nil {
		lags = b.book.seen
	}
	stale := b.now.Sub(b.told) >= factsEvery
	same := b.version == b.counters.Version && b.lags == lags && !stale && !b.moving
	if b.busy || b.graph != nil && (b.now.Sub(b.asked) < max(every, surveyShare*b.took) || same) {
		return nil
	}
	b.asked, b.version, b.lags = b.now, b.counters.Version, lags
	known, before, sources, querier, troubles := b.known(), b.graph, b.options.Sources, b.options.Querier, b.troubles
	if stale {
		b.told = b.now
	}
	return b.ask(b.desk, text.Own("drawing up the map"), mapLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		var err error
		if known.Traffic, err = querier.Traffic(ctx); err != nil {
			return nil, err
		}
		if stale {
			known.Brokers, troubles = toldBy(ctx, sources, known.Brokers)
		}
		graph := topology.Build(known)
		worst, writers := worstOf(graph), writersOf(graph)
		changed, took := before == nil || !reflect.DeepEqual(before, graph), time.Since(begun)
		return func() {
			b.facts, b.took, b.moving = known.Brokers, took, moves(graph)
			if changed || len(troubles) != len(b.troubles) {
				b.graph, b.troubles, b.worst, b.writers = graph, troubles, worst, writers
				b.seen++
				b.dirty = true
			}
		}, nil
	})
}

// moves says that there are rates, which become less when nothing comes.
func moves(g *topology.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n topology.Node) bool { return n.Flow.PerSecond > 0 })
}

// known is what the map is made of, less the traffic.
func (b *mapBook) known() *topology.Known {
	known := &topology.Known{Groups: b.options.Groups, Brokers: b.facts}
	if b.book != nil && b.book.contents != nil {
		for _, c := range b.book.contents.consumers {
			known.Consumers = append(known.Consumers, topology.Consumer{Source: c.source, Broker: c.broker, Lag: &c.lag, Standing: c.standing})
		}
	}
	return known
}

// toldBy asks all brokers what there is. Of one that does not answer, what it told before
// stays.
func toldBy(ctx context.Context, sources []Source, before []topology.Facts) (all []topology.Facts, troubles []lagTrouble) {
	for i := range sources {
		source := &sources[i]
		facts := topology.Facts{Source: source.Name, Broker: source.Broker}
		if i < len(before) {
			facts = before[i]
		}
		if source.Topology != nil {
			destinations, err := source.Topology.Destinations(ctx)
			if err == nil {
				facts.Destinations = destinations
			} else {
				troubles = append(troubles, lagTrouble{source.Name, err})
			}
			bindings, unbound := source.Topology.Bindings(ctx)
			if unbound == nil {
				facts.Bindings = bindings
			} else if err == nil {
				troubles = append(troubles, lagTrouble{source.Name, unbound})
			}
		}
		all = append(all, facts)
	}
	return all, troubles
}

// worstOf finds the consumer of each service that is worst off.
func worstOf(g *topology.Graph) map[string]*topology.Reader {
	worst := map[string]*topology.Reader{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for j := range n.Readers {
			r, known := &n.Readers[j], worst[n.Name]
			if n.Kind == topology.Service && (known == nil || worseReader(r, known)) {
				worst[n.Name] = r
			}
		}
	}
	return worst
}

func worseReader(a, b *topology.Reader) bool {
	x, y := gravity(a.Standing.State), gravity(b.Standing.State)
	return x > y || x == y && a.Lag.Total().Lag > b.Lag.Total().Lag
}

// writersOf finds the service that writes most events of each type.
func writersOf(g *topology.Graph) map[string]string {
	writers, most := map[string]string{}, map[string]int64{}
	for i := range g.Edges {
		e := &g.Edges[i]
		if e.Relation != topology.Writes {
			continue
		}
		for _, kind := range e.Labels {
			if e.Flow.Events > most[kind] {
				writers[kind], most[kind] = g.Nodes[e.From].Name, e.Flow.Events
			}
		}
	}
	return writers
}

// worstReader is the consumer of a service that is worst off; false if none is known.
func (b *mapBook) worstReader(service string) (*topology.Reader, bool) {
	r, ok := b.worst[service]
	return r, ok
}

// ill says that a consumer is in a state that somebody should look at.
func ill(r *topology.Reader) bool { return gravity(r.Standing.State) >= gravity(adapters.LagWarn) }

// growing says that a consumer falls behind.
func growing(r *topology.Reader) bool {
	return r.Standing.Direction == tracing.Growing && r.Lag.Total().Lag > 0
}
