package topology

import (
	"cmp"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing"
	"eventscope/tracing/lag"
)

// Facts are what a broker tells of itself.
type Facts struct {
	Source       string
	Broker       adapters.Broker
	Destinations []adapters.Destination
	Bindings     []adapters.Binding
	// Seen is the kind of destination at which messages are seen, of those that are not listed.
	Seen adapters.DestinationKind
}

// Known is all that a graph is made of.
type Known struct {
	Traffic   tracing.Traffic
	Brokers   []Facts
	Consumers []*lag.Consumer
	// Groups are the consumer groups and queues of services, as the operator says.
	Groups map[string][]string
}

// Build puts together what is known.
func Build(known *Known) *Graph {
	b := &builder{
		graph: &Graph{Events: known.Traffic.Events, Since: known.Traffic.Oldest, Uncounted: known.Traffic.Uncounted},
		nodes: map[nodeKey]int{}, edges: map[edgeKey]int{}, labels: map[int]map[string]int64{}, kinds: map[tracing.Spot]Kind{}, seen: map[string]adapters.DestinationKind{},
		ways: map[int][]int{}, reached: map[int]map[int]bool{},
	}
	for i := range known.Brokers {
		b.destinations(&known.Brokers[i])
	}
	b.written(known.Traffic.Written)
	for i := range known.Brokers {
		b.bindings(&known.Brokers[i])
	}
	b.deaths(known.Traffic.Deaths)
	b.consumers(known)
	b.reactions(known.Traffic.Reactions)
	b.label()
	b.drop()
	b.graph.order()
	return b.graph
}

type nodeKey struct {
	kind         Kind
	source, name string
}

type edgeKey struct {
	from, to int
	relation Relation
}

// builder is a graph in the making.
type builder struct {
	graph  *Graph
	nodes  map[nodeKey]int
	edges  map[edgeKey]int
	labels map[int]map[string]int64            // of edges, with how many events each has
	kinds  map[tracing.Spot]Kind               // of destinations that the brokers told of
	seen   map[string]adapters.DestinationKind // of others, by source

	ways    map[int][]int        // from destination to destination, as the brokers tell
	reached map[int]map[int]bool // what a destination leads to, once somebody asked
}

func (b *builder) node(kind Kind, source, name string, broker adapters.Broker) int {
	key := nodeKey{kind, source, name}
	i, ok := b.nodes[key]
	if !ok {
		i = len(b.graph.Nodes)
		b.nodes[key] = i
		b.graph.Nodes = append(b.graph.Nodes, Node{Kind: kind, Name: name, Source: source, Broker: broker})
	}
	return i
}

// edge adds to an edge. What is told is more certain than what was observed, and that than
// what is inferred.
func (b *builder) edge(from, to int, relation Relation, evidence Evidence, flow Flow) int {
	key := edgeKey{from, to, relation}
	i, ok := b.edges[key]
	if !ok {
		i = len(b.graph.Edges)
		b.edges[key] = i
		b.graph.Edges = append(b.graph.Edges, Edge{From: from, To: to, Relation: relation, Evidence: evidence})
	}
	e := &b.graph.Edges[i]
	e.Flow.add(flow)
	if rank(evidence) > rank(e.Evidence) {
		e.Evidence = evidence
	}
	return i
}

func rank(e Evidence) int { return slices.Index([]Evidence{Inferred, Observed, Told}, e) }

func (b *builder) destinations(facts *Facts) {
	b.seen[facts.Source] = facts.Seen
	for _, d := range facts.Destinations {
		if d.Internal {
			continue
		}
		i := b.node(Kind(d.Kind), facts.Source, d.Name, facts.Broker)
		b.graph.Nodes[i].Partitions = d.Partitions
		spot := tracing.Spot{Source: facts.Source, Broker: facts.Broker, Destination: d.Name}
		if known := b.kinds[spot]; known != Exchange { // of two with one name, events are seen at the exchange
			b.kinds[spot] = Kind(d.Kind)
		}
	}
}

// spot is the destination at which events were seen.
func (b *builder) spot(s tracing.Spot) int {
	kind, told := b.kinds[s]
	switch {
	case told:
	default:
		kind = Kind(cmp.Or(b.seen[s.Source], adapters.Topic))
	}
	return b.node(kind, s.Source, s.Destination, s.Broker)
}

func (b *builder) written(list []tracing.Written) {
	for _, w := range list {
		flow := Flow{Events: w.Events, PerSecond: float64(w.Recent) / tracing.TrafficWindow.Seconds()}
		if w.Failures {
			flow.Failures = w.Events
		}
		at := b.spot(w.Spot)
		if w.Dead {
			flow.Failures, flow.Dead = 0, w.Events
			b.graph.Nodes[at].Dead = true
		}
		b.graph.Nodes[at].Flow.add(flow)
		if w.Service == "" {
			continue
		}
		by := b.node(Service, "", w.Service, "")
		b.graph.Nodes[by].Flow.add(flow)
		b.tag(b.edge(by, at, Writes, Observed, flow), w.Type, w.Events)
	}
}

// tag gives an edge a label.
func (b *builder) tag(edge int, label string, events int64) {
	if label == "" {
		return
	}
	if b.labels[edge] == nil {
		b.labels[edge] = map[string]int64{}
	}
	b.labels[edge][label] += events
}

// label puts the labels of each edge in order.
func (b *builder) label() {
	for i, counts := range b.labels {
		labels := make([]string, 0, len(counts))
		for label := range counts {
			labels = append(labels, label)
		}
		slices.SortFunc(labels, func(x, y string) int { return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y)) })
		b.graph.Edges[i].Labels = labels
	}
}

func (b *builder) bindings(facts *Facts) {
	for _, binding := range facts.Bindings {
		from := b.node(Kind(binding.From.Kind), facts.Source, binding.From.Name, facts.Broker)
		to := b.node(Kind(binding.To.Kind), facts.Source, binding.To.Name, facts.Broker)
		b.tag(b.edge(from, to, Relation(binding.Way), Told, Flow{}), binding.Key, 0)
		b.ways[from] = append(b.ways[from], to)
		if binding.Way == adapters.Dead {
			b.graph.Nodes[to].Dead = true
		}
	}
}

func (b *builder) deaths(list []tracing.Death) {
	for _, d := range list {
		from, to := b.spot(d.From), b.spot(d.To)
		if b.leads(from, to) {
			continue // the brokers tell by which way
		}
		b.edge(from, to, Dies, Observed, Flow{Events: d.Events})
	}
}

// leads reports whether a destination leads to another by what the brokers tell.
func (b *builder) leads(from, to int) bool {
	reached, known := b.reached[from]
	if !known {
		reached = b.reach(from)
		b.reached[from] = reached
	}
	return reached[to]
}

// reach is all that a destination leads to.
func (b *builder) reach(from int) map[int]bool {
	reached, next := map[int]bool{}, []int{from}
	for ; len(next) > 0; next = next[1:] {
		for _, to := range b.ways[next[0]] {
			if !reached[to] && to != from {
				reached[to] = true
				next = append(next, to)
			}
		}
	}
	return reached
}

// consumers puts in who reads what, each as the service that it is of, if that is known. The
// consumers of a queue of which no service is known are told of beside the queue itself.
func (b *builder) consumers(known *Known) {
	reacted := map[string][]int{} // service to destinations
	for _, r := range known.Traffic.Reactions {
		b.node(Service, "", r.Service, "")
		reacted[r.Service] = append(reacted[r.Service], b.spot(r.Spot))
	}
	owners := newOwners(known.Groups, b.services())
	for _, c := range known.Consumers {
		reads := b.reads(c)
		name, by := owners.of(c.Lag.Group, func(service string) bool {
			return slices.ContainsFunc(reacted[service], func(at int) bool {
				return slices.ContainsFunc(reads, func(read int) bool { return read == at || b.leads(at, read) })
			})
		})
		reader := -1
		switch {
		case name != "":
			reader = b.node(Service, "", name, "")
			b.graph.Nodes[reader].Readers = append(b.graph.Nodes[reader].Readers, Reader{c, by})
		case c.Lag.Kind != consumer.QueueConsumers:
			reader = b.node(Group, c.Source, c.Lag.Group, c.Broker)
			b.graph.Nodes[reader].Readers = append(b.graph.Nodes[reader].Readers, Reader{Consumer: c})
		}
		for _, at := range reads {
			if c.Lag.Kind == consumer.QueueConsumers {
				b.graph.Nodes[at].Readers = append(b.graph.Nodes[at].Readers, Reader{Consumer: c})
			}
			if reader >= 0 && !unread(c) {
				b.edge(at, reader, Reads, Told, Flow{})
			}
		}
	}
}

// unread reports whether a queue has nobody who reads it.
func unread(c *lag.Consumer) bool {
	return c.Lag.Kind == consumer.QueueConsumers && c.Lag.MembersKnown && len(c.Lag.Members) == 0
}

// reads are the destinations that a consumer reads.
func (b *builder) reads(c *lag.Consumer) (nodes []int) {
	last := ""
	for i := range c.Lag.Logs {
		l := &c.Lag.Logs[i]
		if l.Left || i > 0 && l.Destination == last {
			continue
		}
		last = l.Destination
		nodes = append(nodes, b.read(c, l.Destination))
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// read is a destination that a consumer reads. A group reads where messages are seen.
func (b *builder) read(c *lag.Consumer, name string) int {
	switch c.Lag.Kind {
	case consumer.QueueConsumers:
		return b.node(Queue, c.Source, name, c.Broker)
	case consumer.StreamConsumer:
		return b.node(Stream, c.Source, name, c.Broker)
	}
	return b.spot(tracing.Spot{Source: c.Source, Broker: c.Broker, Destination: name})
}

func (b *builder) services() (names []string) {
	for i := range b.graph.Nodes {
		if n := &b.graph.Nodes[i]; n.Kind == Service {
			names = append(names, n.Name)
		}
	}
	return names
}

// reactions puts in what services were seen to react to, unless what they are known to read
// explains it. What is merely usual says something only of a service of which nothing else
// is known.
func (b *builder) reactions(list []tracing.Reaction) {
	known := map[string]bool{}
	for i := range b.graph.Edges {
		if e := &b.graph.Edges[i]; e.Relation == Reads && b.graph.Nodes[e.To].Kind == Service {
			known[b.graph.Nodes[e.To].Name] = true
		}
	}
	for _, r := range list {
		known[r.Service] = known[r.Service] || r.Edge == tracing.Known
	}
	for _, r := range list {
		if r.Edge == tracing.Inferred && known[r.Service] {
			continue
		}
		at, by := b.spot(r.Spot), b.node(Service, "", r.Service, "")
		evidence := Observed
		if r.Edge == tracing.Inferred {
			evidence = Inferred
		}
		if _, told := b.edges[edgeKey{at, by, Reads}]; !told && b.explained(at, by) {
			continue
		}
		b.edge(at, by, Reads, evidence, Flow{Events: r.Events})
	}
}

// explained reports whether what a service reads comes from a destination.
func (b *builder) explained(at, service int) bool {
	for i := range b.graph.Edges {
		if e := &b.graph.Edges[i]; e.To == service && e.Relation == Reads && e.Evidence == Told && b.leads(at, e.From) {
			return true
		}
	}
	return false
}

// drop leaves out the exchanges that every broker has, where nothing is bound to them and
// nothing was seen.
func (b *builder) drop() {
	used := make([]bool, len(b.graph.Nodes))
	for i := range b.graph.Edges {
		used[b.graph.Edges[i].From], used[b.graph.Edges[i].To] = true, true
	}
	b.graph.keep(func(i int) bool {
		n := &b.graph.Nodes[i]
		return used[i] || n.Kind != Exchange || n.Flow.Events > 0 || !reserved(n.Name)
	})
}

// reserved reports whether a name is one that only the broker gives (RabbitMQ).
func reserved(name string) bool { return len(name) >= 4 && name[:4] == "amq." }
