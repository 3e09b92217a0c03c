package topologypage

import (
	"slices"
	"strconv"
	"strings"

	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// topologyPage is the map: a tree from who writes to who reads, or a table of destinations with who
// writes to them and who reads them, or of services with what they read and write.
type topologyPage struct {
	Screen
	page.List[*mapRow, mapKey]
	model  *Model
	files  page.Files
	view   view
	filter page.WordFilter
	folded map[nodeKey]bool // of the tree
	seen   int
}

// view is a way to look at the map.
type view int

const (
	asTree view = iota
	byDestination
	byService
	views // how many there are
)

// mapRow is one row: of a node in the middle, what leads to it and where it leads, or of a node of
// the tree and what leads to it from the one above. Each is an index, or -1; edges of a table are beside
// each other only to save rows.
type mapRow struct {
	key     mapKey
	node    int
	first   bool // of the rows of the node
	in, out int
	dead    bool     // dead letters wait there, and nobody reads them
	reads   *reading // the consumer whose state it shows, at what it reads; nil where nobody is known

	branch topology.Branch
	stem   text.Safe // from the nodes above it in the tree
	inside int       // rows that are folded away below it
	ill    bool      // some of these are in trouble
}

// nodeKey names a node, and mapKey what the row under the cursor is about.
type nodeKey struct {
	kind         topology.Kind
	source, name string
}

type mapKey struct {
	nodeKey
	row      int // of the node, in a table
	from     nodeKey
	relation topology.Relation // by which it leads here, in the tree
}

// Screen is what the page asks of the screen.
type Screen interface {
	page.Screen
	// ShowStream shows the events that pass a filter.
	ShowStream(filter string) tea.Cmd
}

// New is the page of the map; files say where a diagram of it is saved.
func New(s Screen, model *Model, files page.Files) page.Page {
	p := &topologyPage{Screen: s, model: model, files: files, folded: map[nodeKey]bool{}}
	p.Key = func(row *mapRow) mapKey { return row.key }
	return p
}

func (p *topologyPage) Scope() keymap.Scope      { return keymap.OnTopology }
func (p *topologyPage) Ages() bool               { return false }
func (p *topologyPage) WaitsFor() *page.Question { return &p.model.Question }
func (p *topologyPage) Name() text.Safe          { return text.Own("Topology") }

func (p *topologyPage) Refresh() tea.Cmd {
	if p.seen != p.model.Changes() {
		p.seen = p.model.Changes()
		p.choose()
	}
	var lags tea.Cmd
	if p.model.Lags != nil {
		lags = p.model.Lags.Update(nil)
	}
	return tea.Batch(p.model.update(mapEvery), lags)
}

// choose lays out the rows that pass the filter; the cursor stays where it was.
func (p *topologyPage) choose() {
	p.Redraw()
	g := p.model.Last.graph
	if g == nil {
		return
	}
	ins, outs := make([][]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for i := range g.Edges {
		ins[g.Edges[i].To], outs[g.Edges[i].From] = append(ins[g.Edges[i].To], i), append(outs[g.Edges[i].From], i)
	}
	trouble := p.trouble(ins, outs)
	if p.view == asTree {
		p.Set(p.branches(trouble), true)
		return
	}
	var rows []*mapRow
	for _, i := range troubleFirst(trouble) {
		if g.Nodes[i].Kind.IsDestination() == (p.view == byService) || !p.filter.Passes(p.words(i, ins[i], outs[i])...) {
			continue
		}
		for n := range max(1, len(ins[i]), len(outs[i])) {
			row := &mapRow{key: mapKey{nodeKey: p.keyOf(i), row: n}, node: i, first: n == 0, in: -1, out: -1}
			if n < len(ins[i]) {
				row.in = ins[i][n]
			}
			if n < len(outs[i]) {
				row.out = outs[i][n]
			}
			if row.reads = p.readingOf(row); row.reads != nil {
				row.dead = p.holdsDead(row.reads, ins[i])
			}
			rows = append(rows, row)
		}
	}
	p.Set(rows, true)
}

// trouble is how bad the state is of the consumers that read a node, or that a node is, where
// somebody should look at it; zero elsewhere.
func (p *topologyPage) trouble(ins, outs [][]int) []int {
	g := p.model.Last.graph
	worst := make([]int, len(g.Nodes))
	for i := range g.Nodes {
		look := func(state consumer.LagState) {
			if gravity := lag.Gravity(state); gravity >= lag.Gravity(consumer.LagWarn) {
				worst[i] = max(worst[i], gravity)
			}
		}
		n := &g.Nodes[i]
		if n.Kind == topology.Service || n.Kind == topology.Group {
			for j := range n.Readers {
				look(n.Readers[j].Standing.State)
			}
			continue
		}
		if r := p.reads(i); r != nil && !p.holdsDead(r, ins[i]) {
			look(r.standing.State)
		}
		for _, out := range outs[i] {
			if r := p.readsBy(out); r != nil {
				look(r.standing.State)
			}
		}
	}
	return worst
}

// holdsDead reports whether a destination that these edges lead to holds dead letters, and nobody reads it:
// that is as it should be.
func (p *topologyPage) holdsDead(r *reading, in []int) bool {
	return r.standing.State == consumer.LagStop && slices.ContainsFunc(in, func(i int) bool { return p.model.Last.graph.Edges[i].Relation == topology.Dies })
}

// troubleFirst are all nodes, the worst before all, and the others in their order.
func troubleFirst(trouble []int) []int {
	order := make([]int, len(trouble))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return trouble[b] - trouble[a] })
	return order
}

func (p *topologyPage) keyOf(node int) nodeKey {
	n := &p.model.Last.graph.Nodes[node]
	return nodeKey{n.Kind, n.Source, n.Name}
}

// words are those by which a filter finds a node: its own, and those of what is beside it.
func (p *topologyPage) words(node int, in, out []int) []string {
	g := p.model.Last.graph
	var all []string
	add := func(n *topology.Node) {
		all = append(all, n.Name, n.Source, string(n.Kind))
		for _, r := range n.Readers {
			all = append(all, r.Lag.Group, r.Standing.State.String())
		}
	}
	add(&g.Nodes[node])
	for _, i := range in {
		add(&g.Nodes[g.Edges[i].From])
		all = append(all, g.Edges[i].Labels...)
	}
	for _, i := range out {
		add(&g.Nodes[g.Edges[i].To])
		all = append(all, g.Edges[i].Labels...)
	}
	return all
}

func (p *topologyPage) Hint(b *keymap.Binding) text.Safe {
	switch {
	case p.Selected() == nil && (b.Action == keymap.Enter || b.Action == keymap.CopyText || b.Action == keymap.Save):
		return text.Safe{}
	case b.Action == keymap.View:
		return [...]text.Safe{text.Own("by destination"), text.Own("by service"), text.Own("tree")}[p.view]
	}
	return b.Hint()
}

func (p *topologyPage) Do(a keymap.Action) tea.Cmd {
	if p.Act(a) {
		return nil
	}
	row := p.Selected()
	switch {
	case a == keymap.View:
		p.view = (p.view + 1) % views
		p.Restart()
		p.choose()
	case row == nil:
	case a == keymap.Enter:
		return p.openStream(row.node)
	case a == keymap.Left, a == keymap.Right, a == keymap.FoldAll:
		if p.view == asTree {
			p.fold(a, row)
		}
	case a == keymap.CopyText:
		return page.CopySaved(p, p.model.Last.graph.Mermaid(), text.Own("the map as a Mermaid diagram"))
	case a == keymap.Save:
		return p.files.Save(p, "topology.mmd", []byte(p.model.Last.graph.Mermaid()), text.Own("the map"), text.Own("the map as a Mermaid diagram"))
	}
	return nil
}

// openStream shows the stream of a destination, or of a service. The messages of a queue are
// seen at what feeds it.
func (p *topologyPage) openStream(node int) tea.Cmd {
	n := &p.model.Last.graph.Nodes[node]
	filter := "service == " + strconv.Quote(n.Name)
	if n.Kind.IsDestination() {
		var places []string
		for _, at := range p.model.Last.graph.SeenAt(node) {
			places = append(places, strconv.Quote(p.model.Last.graph.Nodes[at].Name))
		}
		if len(places) == 0 {
			p.Say(theme.Warn, p.Theme().String(n.Name).Add(text.Own(": no event of it was seen")))
			return nil
		}
		filter = "destination == " + places[0]
		if len(places) > 1 {
			filter = "destination in [" + strings.Join(places, ", ") + "]"
		}
	}
	if n.Kind == topology.Group {
		p.Say(theme.Warn, text.Own("what a group writes is not known; 3 shows how far it is behind"))
		return nil
	}
	return p.ShowStream(filter)
}

// Back clears the filter; the row of the tree that it led to stays in sight.
func (p *topologyPage) Back() bool {
	if row := p.Selected(); row != nil && p.filter.Any() {
		p.unfoldAbove(row)
	}
	was := p.filter.Clear()
	if was {
		p.choose()
	}
	return was
}

// FilterPrompt asks for words.
func (p *topologyPage) FilterPrompt() *page.Prompt {
	about := text.Own("words of a destination or service, what is beside it, its types, keys, groups or states, such as orders STALL")
	return p.filter.Prompt(about, p.choose)
}

func (p *topologyPage) Status() []page.Piece {
	g := p.model.Last.graph
	if g == nil {
		return nil
	}
	services, destinations, groups := 0, 0, 0
	for i := range g.Nodes {
		switch kind := g.Nodes[i].Kind; {
		case kind == topology.Service:
			services++
		case kind == topology.Group:
			groups++
		default:
			destinations++
		}
	}
	counts := text.Join(text.Own(", "), text.Plural(services, text.Own(" service"), text.Own(" services")),
		text.Plural(destinations, text.Own(" destination"), text.Own(" destinations")), text.Plural(groups, text.Own(" other group"), text.Own(" other groups")))
	return append([]page.Piece{{Role: theme.Dim, Text: counts}}, p.filter.Status(p.Theme())...)
}

func (p *topologyPage) Render(width, height int) []widget.Line {
	if p.model.Last.graph == nil || len(p.Rows) == 0 {
		return p.empty(width, height)
	}
	list := p.list
	if p.view == asTree {
		list = p.tree
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return list(width, height) }, p.details)
}

// empty says what would be here.
func (p *topologyPage) empty(width, height int) []widget.Line {
	t := p.Theme()
	if p.model.Last.graph == nil {
		return page.Empty(t, width, height, nil)
	}
	hint := text.Own("Nothing is known yet: destinations appear as the brokers tell of them, and services when an event of theirs is seen.")
	if p.filter.Any() {
		hint = text.Own("Nothing on the map has these words. / changes them; esc clears them.")
	}
	return page.Empty(t, width, height, page.TroubleLines(t, p.model.unseen(), width), page.Piece{Role: theme.Dim, Text: hint})
}
