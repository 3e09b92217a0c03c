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
func (m *Model) update(every time.Duration) tea.Cmd {
	heard := 0
	if m.Lags != nil {
		heard = m.Lags.Seen()
	}
	stale := m.Now().Sub(m.told) >= factsEvery
	same := m.version == m.Version() && m.heard == heard && !stale && !m.moving
	if m.Busy || m.Now().Sub(m.asked) < max(every, page.ListingShare*m.took) || m.graph != nil && same {
		return nil
	}
	m.asked, m.version, m.heard = m.Now(), m.Version(), heard
	known, before, sources, querier, troubles := m.known(), m.graph, mappable(m.Sources, m.Words), m.Querier, m.troubles
	if stale {
		m.told = m.Now()
	}
	return m.Ask(m, text.Own("building the map"), mapLimit, func(ctx context.Context) (func(), error) {
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
			m.facts, m.took, m.moving = known.Brokers, took, moves(graph)
			if changed || !slices.EqualFunc(troubles, m.troubles, page.SameTrouble) {
				m.graph, m.troubles, m.worst, m.writers = graph, troubles, worst, writers
				m.seen++
				m.Redraw()
			}
		}, nil
	})
}

// unseen is what brokers do not tell of themselves, and of consumers.
func (m *Model) unseen() []lag.Trouble {
	all := slices.Clone(m.troubles)
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
	known := &topology.Known{Groups: m.Groups, Brokers: m.facts}
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
	r, ok := m.worst[service]
	return r, ok
}

// Writer is the service that writes most events of a type, empty if none is known.
func (m *Model) Writer(kind string) string { return m.writers[kind] }

// Refresh asks for a new map when one is due for a page that shows something of it.
func (m *Model) Refresh() tea.Cmd { return m.update(mapSeldom) }
