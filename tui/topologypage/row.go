package topologypage

import (
	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tracing/lag"
	"eventscope/tracing/topology"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of the map, in their order on the screen.
const (
	mapIn = iota
	mapMiddle
	mapKind
	mapRate
	mapFailed
	mapOut
	mapState
	mapLeft
	mapNote
)

func (p *topologyPage) columns(width int) []int {
	in, middle, out, state, left := 10, 12, 10, 7, 7
	g := p.model.Last.graph
	for i := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		row := p.Rows[i]
		middle = max(middle, min(30, p.Theme().String(g.Nodes[row.node].Name).Width()))
		if row.in >= 0 {
			in = max(in, min(26, p.endText(row.in, g.Edges[row.in].From).Width()))
		}
		if row.out >= 0 {
			out = max(out, min(30, p.endText(row.out, g.Edges[row.out].To).Width()))
		}
		if r := row.reads; r != nil {
			state, left = max(state, 2+len(r.standing.State.String())), max(left, p.leftText(r).Width())
		}
	}
	return widget.Layout([]widget.Column{
		mapIn:     {Min: min(in, 14), Want: in, Rank: 1},
		mapMiddle: {Min: arrowed + min(middle, 16), Want: arrowed + middle},
		mapKind:   {Min: 8, Rank: 5},
		mapRate:   {Min: 5, Rank: 3},
		mapFailed: {Min: 6, Rank: 4},
		mapOut:    {Min: arrowed + min(out, 14), Want: arrowed + out},
		mapState:  {Min: state, Rank: 1},
		mapLeft:   {Min: left, Rank: 2},
		mapNote:   {Min: 16, Rank: 6, Rest: true},
	}, width-2)
}

func (p *topologyPage) list(width, height int) []widget.Line {
	t := p.Theme()
	columns := p.columns(width)
	names := []text.Safe{
		text.Own("Written by"), text.Own("Destination"), text.Own("Kind"), text.Own("/s"), text.Own("Failed"),
		text.Own("Goes to"), text.Own("State"), text.Own("Lag"), text.Own("Types and keys"),
	}
	if p.view == byService {
		names[mapIn], names[mapMiddle], names[mapOut] = text.Own("Reads"), text.Own("Service"), text.Own("Writes to")
	}
	lines := append(page.TroubleLines(p.Theme(), p.model.unseen(), width), widget.Headings(t, width, columns, names, mapRate, mapFailed, mapLeft))
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line {
		return p.row(columns, p.Rows[i], width, selected, i == p.Cursor.Top)
	})
}

// row draws one row. The node in the middle is named in its first row, and in the first one
// on the screen.
func (p *topologyPage) row(columns []int, r *mapRow, width int, selected, top bool) widget.Line {
	t, g := p.Theme(), p.model.Last.graph
	row := widget.ListRow(t, width, selected, false)
	n, names := &g.Nodes[r.node], r.first || top
	p.endCell(row, columns[mapIn], r.in, func(e *topology.Edge) int { return e.From }, false)
	role, name, kind, rate, failed := theme.Strong, text.Safe{}, text.Safe{}, text.Safe{}, text.Safe{}
	if names {
		name, kind = t.String(n.Name), t.String(string(n.Kind))
		rate, failed = flowText(n)
	}
	p.leads(row, r.in >= 0)
	if n.Kind == topology.Service && names {
		row.StyledCell(t.Service(n.Name), t.Cut(name, columns[mapMiddle]-arrowed), columns[mapMiddle]-arrowed)
	} else {
		row.ID(role, name, columns[mapMiddle]-arrowed)
	}
	row.Column(theme.Dim, kind, columns[mapKind])
	row.ColumnRight(theme.Plain, rate, columns[mapRate])
	row.ColumnRight(failedRole(n), failed, columns[mapFailed])
	p.endCell(row, columns[mapOut], r.out, func(e *topology.Edge) int { return e.To }, true)
	p.readingCells(row, r, columns)
	return row.Line()
}

// readingCells are how the consumer of a row stands, and what takes its ways.
func (p *topologyPage) readingCells(row *widget.Row, r *mapRow, columns []int) {
	role, state, left := theme.Dim, text.Safe{}, text.Safe{}
	if reader := r.reads; reader != nil {
		var glyph text.Safe
		if role, glyph = p.Theme().Lag(reader.standing.State); r.dead {
			role, glyph = theme.Dim, p.Theme().Glyph.Dead
		}
		state, left = glyph.Add(text.Space, p.Theme().String(reader.standing.State.String())), p.leftText(reader)
	}
	row.Column(role, state, columns[mapState])
	row.ColumnRight(theme.Plain, left, columns[mapLeft])
	row.Column(theme.Dim, p.noteOf(r), columns[mapNote])
}

// endCell is the other end of an edge: a service in its colour.
func (p *topologyPage) endCell(row *widget.Row, width, edge int, end func(*topology.Edge) int, between bool) {
	if width == 0 {
		return
	}
	if between {
		p.leads(row, edge >= 0)
		width -= arrowed
	}
	if edge < 0 {
		row.Gap(width)
		return
	}
	node := end(&p.model.Last.graph.Edges[edge])
	label := p.endText(edge, node)
	if n := &p.model.Last.graph.Nodes[node]; n.Kind == topology.Service {
		row.StyledCell(p.Theme().Service(n.Name), p.Theme().Cut(label, width), width)
		return
	}
	role := theme.Plain
	if p.model.Last.graph.Edges[edge].Relation == topology.Dies {
		role = theme.Bad
	}
	row.Cell(role, p.Theme().CutMiddle(label, width), width)
}

// arrowed is how many cells of a column the arrow before its text takes.
const arrowed = 2

// leads begins a column: with an arrow where what is before it leads there.
func (p *topologyPage) leads(row *widget.Row, leads bool) {
	if row.Between(); leads {
		row.Put(theme.Dim, p.Theme().Glyph.ArrowRight).Gap(arrowed - 1)
	} else {
		row.Gap(arrowed)
	}
}

// endText is the other end of an edge in words: dead letters with their sign, and dots before
// what is merely inferred.
func (p *topologyPage) endText(edge, node int) text.Safe {
	t, e, n := p.Theme(), &p.model.Last.graph.Edges[edge], &p.model.Last.graph.Nodes[node]
	name := t.String(n.Name)
	switch {
	case n.Kind == topology.Group:
		name = text.Own("group ").Add(name)
	case e.Relation == topology.Dies:
		name = t.Glyph.Dead.Add(text.Space, name)
	}
	if e.Evidence == topology.Inferred {
		name = t.Glyph.Inferred.Repeat(2).Add(text.Space, name)
	}
	return name
}

// flowText is how much is written, and how much of it tells of failures or died.
func flowText(n *topology.Node) (rate, failed text.Safe) {
	f := &n.Flow
	if f.Events == 0 {
		return text.Own("-"), text.Safe{}
	}
	rate = page.RateText(adapters.Rate{PerSecond: f.PerSecond, Known: true})
	if bad := f.Failures + f.Dead; bad > 0 {
		failed = text.Share(bad, f.Events)
	}
	return rate, failed
}

func failedRole(n *topology.Node) theme.Role {
	if n.Flow.Dead > 0 || n.Flow.Failures > 0 {
		return theme.Bad
	}
	return theme.Dim
}

// reading is a consumer at a place that it reads.
type reading struct {
	*topology.Reader
	standing lag.Standing   // there
	total    consumer.Total // there
}

// readingOf is the consumer whose state a row shows, at what it reads: by the edge by which
// something is read, or of a queue itself. It is nil where nobody is known.
func (p *topologyPage) readingOf(r *mapRow) *reading {
	edge := r.out
	if p.view != byDestination {
		edge = r.in
	}
	switch {
	case edge >= 0 && p.model.Last.graph.Edges[edge].Relation == topology.Reads:
		return p.readsBy(edge)
	case r.first && p.view != byService:
		return p.reads(r.node)
	}
	return nil
}

// readsBy is the worst of the consumers that read by an edge, or nil.
func (p *topologyPage) readsBy(edge int) *reading {
	g := p.model.Last.graph
	e := &g.Edges[edge]
	if e.Relation != topology.Reads {
		return nil
	}
	return worstAt(g.Nodes[e.To].Readers, g.Nodes[e.From].Name)
}

// reads is the worst of the consumers of a queue itself, or nil.
func (p *topologyPage) reads(node int) *reading {
	n := &p.model.Last.graph.Nodes[node]
	return worstAt(n.Readers, n.Name)
}

// worstAt is the worst of some consumers that read a destination, or nil.
func worstAt(readers []topology.Reader, at string) (worst *reading) {
	for i := range readers {
		standing, total, reads := readers[i].At(at)
		if reads && (worst == nil || lag.Gravity(standing.State) > lag.Gravity(worst.standing.State)) {
			worst = &reading{&readers[i], standing, total}
		}
	}
	return worst
}

// leftText is how much a consumer has to read, with a sign where that becomes more.
func (p *topologyPage) leftText(r *reading) text.Safe {
	if page.Growing(&r.standing, &r.total) {
		return p.Theme().Glyph.Growing.Add(text.Space, r.leftToRead())
	}
	return r.leftToRead()
}

// leftToRead is how much a consumer has to read at a destination.
func (r *reading) leftToRead() text.Safe { return page.LagText(&r.total) }

// noteOf is what takes the ways of a row.
func (p *topologyPage) noteOf(r *mapRow) text.Safe {
	var notes []text.Safe
	for _, edge := range []int{r.in, r.out} {
		if edge >= 0 && len(p.model.Last.graph.Edges[edge].Labels) > 0 {
			notes = append(notes, labelsText(p.Theme(), &p.model.Last.graph.Edges[edge]))
		}
	}
	return text.Join(text.Space.Add(p.Theme().Glyph.Separator, text.Space), notes...)
}

// details are what a row has no room for: the node, and each of the two ways beside it.
func (p *topologyPage) details() []page.Piece {
	r := p.Selected()
	if r == nil {
		return nil
	}
	t, g := p.Theme(), p.model.Last.graph
	n := &g.Nodes[r.node]
	facts := []text.Safe{t.String(n.Name).Add(text.Own(": "), t.String(string(n.Kind)))}
	if n.Source != "" {
		facts[0] = facts[0].Add(text.Own(" of "), t.String(n.Source))
	}
	if n.Partitions > 0 {
		facts = append(facts, text.Plural(n.Partitions, text.Own(" partition"), text.Own(" partitions")))
	}
	if f := &n.Flow; f.Events > 0 {
		facts = append(facts, text.Plural(int(f.Events), text.Own(" event since "), text.Own(" events since ")).Add(text.Clock(g.Since.Local())))
		if f.Failures > 0 {
			facts = append(facts, text.Plural(int(f.Failures), text.Own(" tells of a failure"), text.Own(" tell of a failure")))
		}
		if f.Dead > 0 {
			facts = append(facts, text.Plural(int(f.Dead), text.Own(" is a dead letter"), text.Own(" are dead letters")))
		}
	}
	pieces := []page.Piece{{Role: theme.Dim, Text: text.Join(text.Own(", "), facts...)}}
	if r.in >= 0 {
		pieces = append(pieces, p.edgeDetail(r.in))
	}
	if r.out >= 0 {
		pieces = append(pieces, p.edgeDetail(r.out))
	} else if reader := p.reads(r.node); r.first && reader != nil && p.view != byService {
		pieces = append(pieces, page.Piece{Role: theme.Dim, Text: t.String(n.Name).Add(text.Own(": "), reader.text(t, n.Name))})
	}
	return pieces
}

// edgeDetail is an edge in a sentence, with its evidence.
func (p *topologyPage) edgeDetail(edge int) page.Piece {
	t, g := p.Theme(), p.model.Last.graph
	e := &g.Edges[edge]
	from, to := &g.Nodes[e.From], &g.Nodes[e.To]
	var s text.Safe
	switch e.Relation {
	case topology.Reads:
		s = t.String(to.Name).Add(text.Own(" reads "), t.String(from.Name))
	case topology.Writes:
		s = t.String(from.Name).Add(text.Own(" writes "), t.String(to.Name))
	case topology.Dies:
		s = text.Own("what dies in ").Add(t.String(from.Name), text.Own(" goes to "), t.String(to.Name))
	default:
		s = t.String(from.Name).Add(text.Own(" leads to "), t.String(to.Name), text.Own(" by "), t.String(string(e.Relation)))
	}
	if len(e.Labels) > 0 {
		s = s.Add(text.Own(": "), labelsText(t, e))
	}
	notes := []text.Safe{s}
	if e.Relation == topology.Reads {
		for i := range to.Readers {
			if standing, total, reads := to.Readers[i].At(from.Name); reads {
				notes = append(notes, (&reading{&to.Readers[i], standing, total}).text(t, from.Name))
			}
		}
	}
	if e.Flow.Events > 0 {
		notes = append(notes, text.Plural(int(e.Flow.Events), text.Own(" time"), text.Own(" times")))
	}
	evidence := map[topology.Evidence]text.Safe{
		topology.Told: text.Own("as the broker says"), topology.Observed: text.Own("as observed"), topology.Inferred: text.Own("inferred from what usually follows"),
	}[e.Evidence]
	return page.Piece{Role: theme.Dim, Text: text.Join(text.Own("; "), append(notes, evidence)...)}
}

// mostLabels is how many labels of an edge a line names.
const mostLabels = 8

func labelsText(t *theme.Theme, e *topology.Edge) text.Safe {
	var all []text.Safe
	for _, label := range e.Labels[:min(len(e.Labels), mostLabels)] {
		all = append(all, t.String(label))
	}
	if more := len(e.Labels) - mostLabels; more > 0 {
		all = append(all, text.Count(int64(more)).Add(text.Own(" more")))
	}
	return text.Join(text.Own(", "), all...)
}

// text is a consumer and how it stands, unnamed where it is what is spoken of, with why it is that of a service.
func (r *reading) text(t *theme.Theme, at string) text.Safe {
	s := t.String(r.standing.State.String()).Add(text.Own(", "), r.leftToRead(), text.Own(" to read"))
	if r.Lag.Group != at {
		s = t.String(r.Lag.Group).Add(text.Space, s)
	}
	if page.Growing(&r.standing, &r.total) {
		s = s.Add(text.Own(" and growing"))
	}
	if r.By != "" {
		s = s.Add(text.Own(" ("), t.String(r.By), text.Own(")"))
	}
	return s
}
