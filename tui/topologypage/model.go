package topologypage

import (
	"context"
	"reflect"
	"slices"
	"time"

	"eventscope/tracing"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/page"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Config is what the map is drawn up from.
type Config struct {
	page.Screen
	Querier tracing.Querier
	Sources []page.Source
	Words   page.Words
	Groups  map[string][]string // the consumer groups and queues of services, as the operator says
	Lags    Lags                // nil where no source can tell
}

// Lags is how far consumers are behind, as they were last looked at.
type Lags interface {
	// Seen counts the times that what follows has changed.
	Seen() int
	// Consumers are those that were found, the worst first.
	Consumers() []*lag.Consumer
	// Troubles are what sources do not tell of consumers.
	Troubles() []lag.Trouble
	// Update asks for news of the consumers on the screen when that is due.
	Update(shown []lag.Key) tea.Cmd
}

// Model is the map of services, destinations and consumers as it was last drawn up, for
// the pages that show it or something of it. It belongs to the event loop.
type Model struct {
	*Config
	page.Question
	graph    *topology.Graph             // nil until the first came
	worst    map[string]*topology.Reader // the consumer of a service that is worst off
	writers  map[string]string           // the service that writes most events of a type
	troubles []lag.Trouble               // what brokers do not tell of themselves
	facts    []topology.Facts

	asked   time.Time
	told    time.Time // when the brokers were asked
	took    time.Duration
	version uint64 // of the index, then
	heard   int    // of consumers, then
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

// NewModel is a map that was not drawn up yet.
func NewModel(c *Config) *Model {
	b := &Model{Config: c}
	b.Quiet = true
	return b
}

// update asks for a new map when one is due: when something came, or was heard of consumers,
// or the brokers may tell something else.
func (b *Model) update(every time.Duration) tea.Cmd {
	heard := 0
	if b.Lags != nil {
		heard = b.Lags.Seen()
	}
	stale := b.Now().Sub(b.told) >= factsEvery
	same := b.version == b.Version() && b.heard == heard && !stale && !b.moving
	if b.Busy || b.Now().Sub(b.asked) < max(every, page.ListingShare*b.took) || b.graph != nil && same {
		return nil
	}
	b.asked, b.version, b.heard = b.Now(), b.Version(), heard
	known, before, sources, querier, troubles := b.known(), b.graph, mappable(b.Sources, b.Words), b.Querier, b.troubles
	if stale {
		b.told = b.Now()
	}
	return b.Ask(b, text.Own("building the map"), mapLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		var err error
		if known.Traffic, err = querier.Traffic(ctx); err != nil {
			return nil, err
		}
		if stale {
			known.Brokers, troubles = topology.Gather(ctx, sources, known.Brokers)
			troubles = slices.CompactFunc(troubles, func(a, b lag.Trouble) bool { return a.Source == b.Source }) // one says it
		}
		graph := topology.Build(known)
		worst, writers := worstOf(graph), writersOf(graph)
		changed, took := before == nil || !reflect.DeepEqual(before, graph), time.Since(begun)
		return func() {
			b.facts, b.took, b.moving = known.Brokers, took, moves(graph)
			if changed || !slices.EqualFunc(troubles, b.troubles, page.SameTrouble) {
				b.graph, b.troubles, b.worst, b.writers = graph, troubles, worst, writers
				b.seen++
				b.Redraw()
			}
		}, nil
	})
}

// unseen is what brokers do not tell of themselves, and of consumers.
func (b *Model) unseen() []lag.Trouble {
	all := slices.Clone(b.troubles)
	if b.Lags == nil {
		return all
	}
	for _, trouble := range b.Lags.Troubles() {
		if !slices.ContainsFunc(all, func(known lag.Trouble) bool { return page.SameTrouble(known, trouble) }) {
			all = append(all, trouble)
		}
	}
	return all
}

// moves says that there are rates, which become less when nothing comes.
func moves(g *topology.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n topology.Node) bool { return n.Flow.PerSecond > 0 })
}

// known is what the map is made of, less the traffic.
func (b *Model) known() *topology.Known {
	known := &topology.Known{Groups: b.Groups, Brokers: b.facts}
	if b.Lags != nil {
		known.Consumers = b.Lags.Consumers()
	}
	return known
}

// mappable are the sources as the map asks them.
func mappable(sources []page.Source, words page.Words) []topology.Source {
	all := make([]topology.Source, len(sources))
	for i := range sources {
		source := &sources[i]
		all[i] = topology.Source{Name: source.Name, Broker: source.Broker, Seen: words[source.Broker].Seen, Topology: source.Topology}
	}
	return all
}

// worstOf finds the consumer of each service that is worst off.
func worstOf(g *topology.Graph) map[string]*topology.Reader {
	worst := map[string]*topology.Reader{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for j := range n.Readers {
			r, known := &n.Readers[j], worst[n.Name]
			if n.Kind == topology.Service && (known == nil || r.Rank().Compare(known.Rank()) < 0) {
				worst[n.Name] = r
			}
		}
	}
	return worst
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

// Worst is the consumer of a service that is worst off; false if none is known.
func (b *Model) Worst(service string) (*topology.Reader, bool) {
	r, ok := b.worst[service]
	return r, ok
}

// Writer is the service that writes most events of a type, empty if none is known.
func (b *Model) Writer(kind string) string { return b.writers[kind] }

// Refresh asks for a new map when one is due for a page that shows something of it.
func (b *Model) Refresh() tea.Cmd { return b.update(mapSeldom) }
