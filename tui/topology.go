package tui

import (
	"slices"
	"strconv"
	"strings"

	"eventscope/tracing/topology"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// topologyPage is the map: destinations with who writes to them and who reads them, or
// services with what they read and write.
type topologyPage struct {
	*shell
	listing
	lagModel *topologyModel
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

func newTopology(d *shell) *topologyPage { return &topologyPage{shell: d, lagModel: d.maps} }

func (p *topologyPage) scope() keymap.Scope { return keymap.OnTopology }
func (p *topologyPage) ages() bool          { return false }
func (p *topologyPage) waitsFor() *question { return &p.lagModel.question }
func (p *topologyPage) name() text.Safe     { return text.Own("Topology") }

func (p *topologyPage) refresh() tea.Cmd {
	if p.seen != p.lagModel.seen {
		p.seen = p.lagModel.seen
		p.choose()
	}
	var lags tea.Cmd
	if p.shell.lagModel != nil {
		lags = p.shell.lagModel.update(nil)
	}
	return tea.Batch(p.lagModel.update(mapEvery), lags)
}

// choose lays out the rows that pass the filter; the cursor stays where it was.
func (p *topologyPage) choose() {
	p.rows, p.dirty = p.rows[:0], true
	g := p.lagModel.graph
	if g == nil {
		return
	}
	ins, outs := make([][]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for i := range g.Edges {
		ins[g.Edges[i].To], outs[g.Edges[i].From] = append(ins[g.Edges[i].To], i), append(outs[g.Edges[i].From], i)
	}
	words := strings.Fields(strings.ToLower(p.filter))
	cursor := -1
	for i := range g.Nodes {
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
		p.cursor.Index = cursor
	}
	p.stay()
}

func (p *topologyPage) keyOf(node, row int) mapKey {
	n := &p.lagModel.graph.Nodes[node]
	return mapKey{n.Kind, n.Source, n.Name, row}
}

// passes says that a node, or what is beside it, has all the words.
func (p *topologyPage) passes(node int, words []string, in, out []int) bool {
	if len(words) == 0 {
		return true
	}
	g := p.lagModel.graph
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
	p.cursor.To(p.cursor.Index, len(p.rows))
	p.at = mapKey{}
	if row := p.selected(); row != nil {
		n := 0
		for i := p.cursor.Index; !p.rows[i].first; i-- {
			n++
		}
		p.at = p.keyOf(row.node, n)
	}
}

// selected is the row under the cursor, or nil.
func (p *topologyPage) selected() *mapRow {
	if p.cursor.Index >= len(p.rows) {
		return nil
	}
	return &p.rows[p.cursor.Index]
}

func (p *topologyPage) hint(b *keymap.Binding) text.Safe {
	switch {
	case p.selected() == nil && (b.Action == keymap.Enter || b.Action == keymap.CopyText || b.Action == keymap.Save):
		return text.Safe{}
	case b.Action == keymap.View && p.services:
		return text.Own("by destination")
	}
	return b.Hint()
}

func (p *topologyPage) do(a keymap.Action) tea.Cmd {
	if p.move(a, len(p.rows)) {
		p.stay()
		return nil
	}
	row := p.selected()
	switch {
	case a == keymap.View:
		p.services = !p.services
		p.cursor, p.at = widget.Cursor{}, mapKey{}
		p.choose()
	case row == nil:
	case a == keymap.Enter:
		return p.openStream(row.node)
	case a == keymap.CopyText:
		return p.copyText(p.lagModel.graph.Mermaid(), text.Own("the map as a Mermaid diagram"))
	case a == keymap.Save:
		return p.saveDiagram()
	}
	return nil
}

// openStream shows the stream of a destination, or of a service. The messages of a queue are
// seen at what feeds it.
func (p *topologyPage) openStream(node int) tea.Cmd {
	n := &p.lagModel.graph.Nodes[node]
	filter := "service == " + strconv.Quote(n.Name)
	if n.Kind.IsDestination() {
		var places []string
		for _, at := range p.lagModel.graph.SeenAt(node) {
			places = append(places, strconv.Quote(p.lagModel.graph.Nodes[at].Name))
		}
		if len(places) == 0 {
			p.say(theme.Warn, p.theme.String(n.Name).Add(text.Own(": no event of it was seen")))
			return nil
		}
		filter = "destination == " + places[0]
		if len(places) > 1 {
			filter = "destination in [" + strings.Join(places, ", ") + "]"
		}
	}
	if n.Kind == topology.Group {
		p.say(theme.Warn, text.Own("what a group writes is not known; 3 shows how far it is behind"))
		return nil
	}
	return tea.Batch(applyFilter(p.shell, filter), p.open(p.home))
}

// saveDiagram writes the map to a new file of the save folder.
func (p *topologyPage) saveDiagram() tea.Cmd {
	d, folder, diagram := p.shell, p.options.SaveFolder, []byte(p.lagModel.graph.Mermaid())
	return run(func() answer {
		path, err := writeNew(folder, "topology.mmd", diagram)
		return func() tea.Cmd {
			if err != nil {
				d.say(theme.Bad, text.Own("cannot save the map: ").Add(d.theme.String(err.Error())))
				return nil
			}
			d.say(theme.Good, d.theme.Glyph.Done.Add(text.Own(" saved the map as a Mermaid diagram to "), d.theme.String(path)))
			return nil
		}
	})
}

func (p *topologyPage) back() bool {
	was := p.filter != ""
	if was {
		p.filter = ""
		p.choose()
	}
	return was
}

// filterLine asks for words.
func (p *topologyPage) filterLine() *prompt {
	line := newPrompt(text.Own("/"), p.filter)
	line.explain = func(string) text.Safe {
		return text.Own("words of a destination or service, what is beside it, its types, keys, groups or states, such as orders STALL")
	}
	line.accept = func(_ *Model, value string) tea.Cmd {
		p.filter = strings.TrimSpace(value)
		p.choose()
		return nil
	}
	return line
}

func (p *topologyPage) click(_, row int) bool {
	again := p.listing.click(row, len(p.rows))
	p.stay()
	return again
}

func (p *topologyPage) status() []piece {
	g := p.lagModel.graph
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
	counts := text.Join(text.Own(", "), plural(services, text.Own(" service"), text.Own(" services")),
		plural(destinations, text.Own(" destination"), text.Own(" destinations")), plural(groups, text.Own(" other group"), text.Own(" other groups")))
	pieces := []piece{{theme.Dim, counts}}
	if p.filter != "" {
		pieces = append(pieces, piece{theme.Accent, text.Own("  /").Add(p.theme.Cut(p.theme.String(p.filter), 20))})
	}
	return pieces
}

func (p *topologyPage) render(width, height int) []widget.Line {
	if p.lagModel.graph == nil || len(p.rows) == 0 {
		return p.empty(width, height)
	}
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// empty says what would be here.
func (p *topologyPage) empty(width, height int) []widget.Line {
	t := p.theme
	lines := []widget.Line{widget.Blank(t, width)}
	if p.lagModel.graph == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	lines = append(lines, troubleLines(p.shell, p.lagModel.unseen(), width)...)
	hint := text.Own("Nothing is known yet: destinations appear as the brokers tell of them, and services when an event of theirs is seen.")
	if p.filter != "" {
		hint = text.Own("Nothing on the map has these words. / changes them; esc clears them.")
	}
	for _, s := range widget.Wrap(t, hint, width-4, 3) {
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, s).Line())
	}
	return widget.Fit(t, lines, width, height)
}
