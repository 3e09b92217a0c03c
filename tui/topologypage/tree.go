package topologypage

import (
	"eventscope/tracing/topology"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// stemWidth is what one node takes above another in the tree.
const stemWidth = 2

// branches are the rows of the tree: those that pass the filter, with what they hang below, or else
// those that are not folded away.
func (p *topologyPage) branches(trouble []int) (rows []*mapRow) {
	g := p.model.Last.graph
	all := g.Tree(trouble)
	shown := p.passing(all)
	for i := 0; i < len(all); i++ {
		if !shown[i] {
			continue
		}
		b := all[i]
		row := &mapRow{key: mapKey{nodeKey: p.keyOf(b.Node)}, node: b.Node, first: true, in: b.Edge, out: -1, branch: b}
		if b.Edge >= 0 {
			row.key.from, row.key.relation = p.keyOf(g.Edges[b.Edge].From), g.Edges[b.Edge].Relation
		}
		if row.reads = p.readingOf(row); row.reads != nil && b.Edge >= 0 {
			row.dead = p.holdsDead(row.reads, []int{b.Edge})
		}
		rows = append(rows, row)
		if b.Below == 0 || p.filter.Any() || !p.folded[row.key.nodeKey] {
			continue
		}
		row.inside = b.Below
		for _, below := range all[i+1 : i+1+b.Below] {
			row.ill = row.ill || trouble[below.Node] > 0 && !below.Above
		}
		i += b.Below
	}
	stems(p.Theme(), rows)
	return rows
}

// passing are the rows that pass the filter, and those that they hang below.
func (p *topologyPage) passing(all []topology.Branch) []bool {
	shown := make([]bool, len(all))
	var above []int // the rows that the present one hangs below
	for i, b := range all {
		above = append(above[:b.Depth], i)
		var in []int
		if b.Edge >= 0 {
			in = []int{b.Edge}
		}
		if p.filter.Passes(p.words(b.Node, in, nil)...) {
			for _, row := range above {
				shown[row] = true
			}
		}
	}
	return shown
}

// stems draws what leads from the rows above to each.
func stems(t *theme.Theme, rows []*mapRow) {
	var goesOn []bool // whether another row follows, at each depth
	for i := len(rows) - 1; i >= 0; i-- {
		depth := rows[i].branch.Depth
		for len(goesOn) <= depth {
			goesOn = append(goesOn, false)
		}
		for at := 1; at < depth; at++ {
			if goesOn[at] {
				rows[i].stem = rows[i].stem.Add(t.Glyph.Vertical, text.Space)
			} else {
				rows[i].stem = rows[i].stem.Add(text.Space.Repeat(stemWidth))
			}
		}
		switch {
		case depth == 0:
		case goesOn[depth]:
			rows[i].stem = rows[i].stem.Add(t.Glyph.TeeRight, t.Glyph.Rule)
		default:
			rows[i].stem = rows[i].stem.Add(t.Glyph.Corner, t.Glyph.Rule)
		}
		goesOn = append(goesOn[:depth], true)
	}
}

// fold folds what hangs below the row under the cursor away, or goes to the row above where there is
// nothing to fold; or shows it again; or does either with all rows.
func (p *topologyPage) fold(a keymap.Action, row *mapRow) {
	folded := p.folded[row.key.nodeKey] && !row.branch.Above
	switch {
	case a == keymap.FoldAll && len(p.folded) > 0:
		clear(p.folded)
	case a == keymap.FoldAll:
		for _, row := range p.Rows {
			if row.branch.Below > 0 {
				p.folded[row.key.nodeKey] = true
			}
		}
		p.toParent(func(above *mapRow) bool { return above.branch.Depth == 0 })
	case a == keymap.Right:
		delete(p.folded, row.key.nodeKey)
	case row.branch.Below > 0 && !folded:
		p.folded[row.key.nodeKey] = true
	default:
		p.toParent(func(above *mapRow) bool { return above.branch.Depth < row.branch.Depth })
	}
	p.choose()
}

// unfoldAbove unfolds all that a row hangs below.
func (p *topologyPage) unfoldAbove(row *mapRow) {
	depth := row.branch.Depth
	for i := p.Cursor.Index; i >= 0 && depth > 0; i-- {
		if above := p.Rows[i]; above.branch.Depth < depth {
			depth = above.branch.Depth
			delete(p.folded, above.key.nodeKey)
		}
	}
}

// toParent goes up to the nearest row that is one, from the row under the cursor on.
func (p *topologyPage) toParent(is func(*mapRow) bool) {
	for i := p.Cursor.Index; i >= 0; i-- {
		if is(p.Rows[i]) {
			p.GoTo(i)
			return
		}
	}
}

// treeColumns gives the tree the room that its names need, up to half of the screen, and more while
// nothing else needs it.
func (p *topologyPage) treeColumns(width int) []int {
	name, state, left := 23, 7, 7
	for _, row := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		name = max(name, row.stem.Width()+p.branchText(row).Width())
		if r := row.reads; r != nil {
			state, left = max(state, 2+len(r.standing.State.String())), max(left, p.leftText(r).Width())
		}
	}
	return widget.Layout([]widget.Column{
		mapMiddle: {Min: min(name, width/2), Want: name},
		mapKind:   {Min: 8, Rank: 4},
		mapRate:   {Min: 5, Rank: 3},
		mapFailed: {Min: 6, Rank: 3},
		mapState:  {Min: state, Rank: 1},
		mapLeft:   {Min: left, Rank: 2},
		mapNote:   {Min: 12, Rank: 5, Rest: true},
	}, width-2)
}

// tree draws the rows as a tree.
func (p *topologyPage) tree(width, height int) []widget.Line {
	t, columns := p.Theme(), p.treeColumns(width)
	names := make([]text.Safe, len(columns))
	names[mapMiddle], names[mapKind], names[mapRate], names[mapFailed] = text.Own("From writers to readers"), text.Own("Kind"), text.Own("/s"), text.Own("Failed")
	names[mapState], names[mapLeft], names[mapNote] = text.Own("State"), text.Own("Lag"), text.Own("Types and keys")
	lines := append(page.TroubleLines(t, p.model.unseen(), width), widget.Headings(t, width, columns, names, mapRate, mapFailed, mapLeft))
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line {
		return p.branchRow(columns, p.Rows[i], width, selected)
	})
}

// branchRow draws one row of the tree. What is drawn further up is merely named.
func (p *topologyPage) branchRow(columns []int, r *mapRow, width int, selected bool) widget.Line {
	t, n := p.Theme(), &p.model.Last.graph.Nodes[r.node]
	row := widget.ListRow(t, width, selected, false)
	room := columns[mapMiddle]
	stem := r.stem
	if most := room / 2; stem.Width() > most { // of a deep one its end tells more
		stem = stem.From(stem.Width() - most)
	}
	row.Put(theme.Faint, stem)
	room -= stem.Width()
	name := t.CutMiddle(p.branchText(r), room)
	role := theme.Strong
	switch {
	case r.branch.Above:
		row.Cell(theme.Dim, name, room)
	case r.ill:
		row.Cell(theme.Bad, name, room)
	case n.Kind == topology.Service:
		row.StyledCell(t.Service(n.Name), name, room)
	default:
		if r.in >= 0 && p.model.Last.graph.Edges[r.in].Relation == topology.Dies {
			role = theme.Bad
		}
		row.Cell(role, name, room)
	}
	kind, rate, failed := t.String(string(n.Kind)), text.Safe{}, text.Safe{}
	if !r.branch.Above {
		rate, failed = flowText(n)
	}
	row.Column(theme.Dim, kind, columns[mapKind])
	row.ColumnRight(theme.Plain, rate, columns[mapRate])
	row.ColumnRight(failedRole(n), failed, columns[mapFailed])
	p.readingCells(row, r, columns)
	return row.Line()
}

// branchText is a node of the tree, with what is folded away below it, or that it is drawn further up.
func (p *topologyPage) branchText(r *mapRow) text.Safe {
	t := p.Theme()
	name := t.String(p.model.Last.graph.Nodes[r.node].Name)
	if r.in >= 0 {
		name = p.endText(r.in, r.node)
	}
	switch {
	case r.branch.Above:
		return name.Add(text.Space, t.Glyph.SortReversed)
	case r.inside > 0:
		return t.Glyph.Folded.Add(text.Space, name, text.Own(" +"), text.Count(int64(r.inside)))
	case r.branch.Below > 0:
		return t.Glyph.Unfolded.Add(text.Space, name)
	}
	return name
}
