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

// topologyPage is the map: destinations with who writes to them and who reads them, or
// services with what they read and write.
type topologyPage struct {
	Screen
	page.Listing
	model    *Model
	files    page.Files
	rows     []mapRow
	services bool // services are in the middle, not destinations
	filter   string
	seen     int
	at       mapKey // under the cursor
}

// mapRow is one row: of a node in the middle, what leads to it and where it leads. Each is
// an index, or -1; edges are beside each other only to save rows.
type mapRow struct {
	node    int
	first   bool // of the rows of the node
	in, out int
}

// mapKey names the row under the cursor.
type mapKey struct {
	kind         topology.Kind
	source, name string
	row          int // of the node
}

// Screen is what the page asks of the screen.
type Screen interface {
	page.Screen
	// ShowStream shows the events that pass a filter.
	ShowStream(filter string) tea.Cmd
}

// New is the page of the map; files say where a diagram of it is saved.
func New(s Screen, model *Model, files page.Files) page.Page {
	return &topologyPage{Screen: s, model: model, files: files}
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
	p.rows = p.rows[:0]
	p.Redraw()
	g := p.model.Last.graph
	if g == nil {
		return
	}
	ins, outs := make([][]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for i := range g.Edges {
		ins[g.Edges[i].To], outs[g.Edges[i].From] = append(ins[g.Edges[i].To], i), append(outs[g.Edges[i].From], i)
	}
	words := strings.Fields(strings.ToLower(p.filter))
	cursor := -1
	for _, i := range p.troubleFirst(outs) {
		if g.Nodes[i].Kind.IsDestination() == p.services || !p.passes(i, words, ins[i], outs[i]) {
			continue
		}
		for n := range max(1, len(ins[i]), len(outs[i])) {
			row := mapRow{node: i, first: n == 0, in: -1, out: -1}
			if n < len(ins[i]) {
				row.in = ins[i][n]
			}
			if n < len(outs[i]) {
				row.out = outs[i][n]
			}
			if p.keyOf(i, n) == p.at {
				cursor = len(p.rows)
			}
			p.rows = append(p.rows, row)
		}
	}
	if cursor >= 0 {
		p.Cursor.Index = cursor
	}
	p.stay()
}

// troubleFirst are all nodes, those first that an ill consumer reads, or that are one: the worst before
// all, and the others in their order.
func (p *topologyPage) troubleFirst(outs [][]int) []int {
	g := p.model.Last.graph
	order, worst := make([]int, len(g.Nodes)), make([]int, len(g.Nodes))
	for i := range g.Nodes {
		order[i] = i
		reads := []*reading{p.readingOf(&mapRow{node: i, first: true, in: -1, out: -1})}
		for _, out := range outs[i] {
			reads = append(reads, p.readingOf(&mapRow{node: i, in: -1, out: out}))
		}
		if r := &g.Nodes[i]; r.Kind == topology.Service || r.Kind == topology.Group {
			reads = nil
			for j := range r.Readers {
				reads = append(reads, &reading{Reader: &r.Readers[j], standing: r.Readers[j].Standing})
			}
		}
		for _, r := range reads {
			if r != nil && lag.Gravity(r.standing.State) >= lag.Gravity(consumer.LagWarn) {
				worst[i] = max(worst[i], lag.Gravity(r.standing.State))
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return worst[b] - worst[a] })
	return order
}

func (p *topologyPage) keyOf(node, row int) mapKey {
	n := &p.model.Last.graph.Nodes[node]
	return mapKey{n.Kind, n.Source, n.Name, row}
}

// passes reports whether a node, or what is beside it, has all the words.
func (p *topologyPage) passes(node int, words []string, in, out []int) bool {
	if len(words) == 0 {
		return true
	}
	g := p.model.Last.graph
	var all strings.Builder
	add := func(n *topology.Node) {
		all.WriteString(strings.ToLower(n.Name + "\n" + n.Source + "\n" + string(n.Kind) + "\n"))
		for _, r := range n.Readers {
			all.WriteString(strings.ToLower(r.Lag.Group + "\n" + r.Standing.State.String() + "\n"))
		}
	}
	add(&g.Nodes[node])
	for _, i := range in {
		add(&g.Nodes[g.Edges[i].From])
		all.WriteString(strings.ToLower(strings.Join(g.Edges[i].Labels, "\n") + "\n"))
	}
	for _, i := range out {
		add(&g.Nodes[g.Edges[i].To])
		all.WriteString(strings.ToLower(strings.Join(g.Edges[i].Labels, "\n") + "\n"))
	}
	text := all.String()
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// stay notes what is under the cursor.
func (p *topologyPage) stay() {
	p.Cursor.To(p.Cursor.Index, len(p.rows))
	p.at = mapKey{}
	if row := p.selected(); row != nil {
		n := 0
		for i := p.Cursor.Index; !p.rows[i].first; i-- {
			n++
		}
		p.at = p.keyOf(row.node, n)
	}
}

// selected is the row under the cursor, or nil.
func (p *topologyPage) selected() *mapRow {
	if p.Cursor.Index >= len(p.rows) {
		return nil
	}
	return &p.rows[p.Cursor.Index]
}

func (p *topologyPage) Hint(b *keymap.Binding) text.Safe {
	switch {
	case p.selected() == nil && (b.Action == keymap.Enter || b.Action == keymap.CopyText || b.Action == keymap.Save):
		return text.Safe{}
	case b.Action == keymap.View && p.services:
		return text.Own("by destination")
	}
	return b.Hint()
}

func (p *topologyPage) Do(a keymap.Action) tea.Cmd {
	if p.Move(a, len(p.rows)) {
		p.stay()
		return nil
	}
	row := p.selected()
	switch {
	case a == keymap.View:
		p.services = !p.services
		p.Cursor, p.at = widget.Cursor{}, mapKey{}
		p.choose()
	case row == nil:
	case a == keymap.Enter:
		return p.openStream(row.node)
	case a == keymap.CopyText:
		return page.Copy(p, p.model.Last.graph.Mermaid(), text.Own("the map as a Mermaid diagram"))
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

func (p *topologyPage) Back() bool {
	was := p.filter != ""
	if was {
		p.filter = ""
		p.choose()
	}
	return was
}

// FilterPrompt asks for words.
func (p *topologyPage) FilterPrompt() *page.Prompt {
	about := text.Own("words of a destination or service, what is beside it, its types, keys, groups or states, such as orders STALL")
	return &page.Prompt{Sign: text.Own("/"), Value: p.filter, Explain: about, Accept: func(value string) tea.Cmd {
		p.filter = strings.TrimSpace(value)
		p.choose()
		return nil
	}}
}

func (p *topologyPage) Click(_, row int) bool {
	again := p.Listing.Click(row, len(p.rows))
	p.stay()
	return again
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
	pieces := []page.Piece{{Role: theme.Dim, Text: counts}}
	if p.filter != "" {
		pieces = append(pieces, page.Piece{Role: theme.Accent, Text: text.Own("  /").Add(p.Theme().Cut(p.Theme().String(p.filter), 20))})
	}
	return pieces
}

func (p *topologyPage) Render(width, height int) []widget.Line {
	if p.model.Last.graph == nil || len(p.rows) == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// empty says what would be here.
func (p *topologyPage) empty(width, height int) []widget.Line {
	t := p.Theme()
	lines := []widget.Line{widget.Blank(t, width)}
	if p.model.Last.graph == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	lines = append(lines, page.TroubleLines(p.Theme(), p.model.unseen(), width)...)
	hint := text.Own("Nothing is known yet: destinations appear as the brokers tell of them, and services when an event of theirs is seen.")
	if p.filter != "" {
		hint = text.Own("Nothing on the map has these words. / changes them; esc clears them.")
	}
	lines = append(lines, widget.Paragraph(t, width, 2, theme.Dim, hint, 3)...)
	return widget.Fit(t, lines, width, height)
}
