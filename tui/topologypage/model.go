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
	Lags    page.Lags           // nil where no source can tell
}

// Model is the map of services, destinations and consumers as it was last drawn up, for
// the pages that show it or something of it. It belongs to the event loop.
type Model struct {
	*Config
	page.Polled[drawnUp]
	told    time.Time // when the brokers were asked
	version uint64    // of the index, when the map was asked for
	heard   int       // of consumers, then
}

// drawnUp is a map and what is known beside it. It never changes.
type drawnUp struct {
	graph    *topology.Graph             // nil until the first came
	worst    map[string]*topology.Reader // the consumer of a service that is worst off
	writers  map[string]string           // the service that writes most events of a type
	facts    []topology.Facts            // as brokers told them
	troubles []lag.Trouble               // what they do not tell of themselves
}

// alike reports whether two maps are shown alike.
func alike(a, b drawnUp) bool {
	return slices.EqualFunc(a.troubles, b.troubles, page.SameTrouble) && reflect.DeepEqual(a.graph, b.graph)
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
	m := &Model{Config: c}
	m.Quiet, m.Alike = true, alike
	return m
}

// update asks for a new map when one is due: when something came, or was heard of consumers,
// or the brokers may tell something else.
func (m *Model) update(every time.Duration) tea.Cmd {
	heard := 0
	if m.Lags != nil {
		heard = m.Lags.Changes()
	}
	stale := m.Now().Sub(m.told) >= factsEvery
	if !m.Due(m.Now(), every) || m.Known() && m.version == m.Version() && m.heard == heard && !stale && !moves(m.Last.graph) {
		return nil
	}
	m.version, m.heard = m.Version(), heard
	known, sources, querier, next := m.known(), mappable(m.Sources, m.Words), m.Querier, m.Last
	if stale {
		m.told = m.Now()
	}
	return m.Poll(m, text.Own("building the map"), mapLimit, func(ctx context.Context) (_ drawnUp, err error) {
		if known.Traffic, err = querier.Traffic(ctx); err != nil {
			return next, err
		}
		if stale {
			known.Brokers, next.troubles = topology.Gather(ctx, sources, known.Brokers)
			next.troubles = slices.CompactFunc(next.troubles, func(a, b lag.Trouble) bool { return a.Source == b.Source }) // one says it
		}
		next.facts, next.graph = known.Brokers, topology.Build(known)
		next.worst, next.writers = worstOf(next.graph), writersOf(next.graph)
		return next, nil
	}, nil)
}

// unseen is what brokers do not tell of themselves, and of consumers.
func (m *Model) unseen() []lag.Trouble {
	all := slices.Clone(m.Last.troubles)
	if m.Lags == nil {
		return all
	}
	for _, trouble := range m.Lags.Troubles() {
		if !slices.ContainsFunc(all, func(known lag.Trouble) bool { return page.SameTrouble(known, trouble) }) {
			all = append(all, trouble)
		}
	}
	return all
}

// moves reports whether there are rates, which become less when nothing comes.
func moves(g *topology.Graph) bool {
	return slices.ContainsFunc(g.Nodes, func(n topology.Node) bool { return n.Flow.PerSecond > 0 })
}

// known is what the map is made of, less the traffic.
func (m *Model) known() *topology.Known {
	known := &topology.Known{Groups: m.Groups, Brokers: m.Last.facts}
	if m.Lags != nil {
		known.Consumers = m.Lags.Consumers()
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
func (m *Model) Worst(service string) (*topology.Reader, bool) {
	r, ok := m.Last.worst[service]
	return r, ok
}

// Writer is the service that writes most events of a type, empty if none is known.
func (m *Model) Writer(kind string) string { return m.Last.writers[kind] }

// Refresh asks for a new map when one is due for a page that shows something of it.
func (m *Model) Refresh() tea.Cmd { return m.update(mapSeldom) }
