package lagpage

import (
	"eventscope/tracing/lag"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of consumers, in their order on the screen.
const (
	lagState = iota
	lagGroup
	lagKind
	lagCount
	lagBehind
	lagRates
	lagLeft
	lagLine
	lagMembers
	lagSource
	lagWhy
)

// Columns are the names by which the columns of consumers are chosen.
var Columns = []string{"state", "group", "kind", "lag", "behind", "rates", "drains_in", "trend", "members", "source", "why"}

// rateWidth is what a rate takes, and smallLag the lag below which the line of a lag is low.
const rateWidth, smallLag = 5, 10

// trendText is the line of a lag over the last minutes.
func trendText(t *theme.Theme, c *consumerLag, width int) text.Safe {
	return widget.SparklineFrom(t, c.trend, width, smallLag)
}

// columns gives what tells most the room: why and the source leave first when the screen
// is narrow, then kind, members, the line, the rates, and last how long it is behind: no figure
// is cut, since a part of it is another figure.
func (p *lagPage) columns(width int) []int {
	state, group, count, behind, source := 7, 12, 6, 8, 0
	for _, c := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		state = max(state, 2+len(c.Standing.State.String()))
		group = max(group, min(36, p.Theme().String(c.Lag.Group).Width()))
		count = max(count, page.LagText(&c.Total).Width())
		behind = max(behind, behindText(c).Width())
		if c.Source != p.Rows[0].Source {
			source = 10
		}
	}
	least := max(4, min(12, width-2-state-count-4)) // a name gives way to figures
	return p.model.columns.Layout([]widget.Column{
		lagState:   {Min: state},
		lagGroup:   {Min: least, Want: group},
		lagKind:    {Min: 8, Rank: 7},
		lagCount:   {Min: count},
		lagBehind:  {Min: behind, Rank: 1},
		lagRates:   {Min: 2*rateWidth + 1, Rank: 4},
		lagLeft:    {Min: 10, Rank: 2},
		lagLine:    {Min: 10, Want: lagTrend, Rank: 3},
		lagMembers: {Min: 7, Rank: 5},
		lagSource:  {Min: source, Want: 2 * source, Rank: 6},
		lagWhy:     {Min: 24, Rank: 8, Rest: true},
	}, width-2)
}

func (p *lagPage) list(width, height int) []widget.Line {
	t := p.Theme()
	columns := p.columns(width)
	names := []text.Safe{
		text.Own("State"), text.Own("Group"), text.Own("Kind"), text.Own("Lag"), text.Own("Behind"), text.Own(" In/s Out/s"),
		text.Own("Drains in"), text.Own("Last 5 min"), text.Own("Members"), text.Own("Source"), text.Own("Why"),
	}
	lines := append(page.TroubleLines(p.Theme(), p.model.Last.troubles, width), p.unroutedLines(width)...)
	lines = append(lines, p.model.columns.Headings(t, width, columns, p.Mark(t, names), lagCount, lagBehind, lagRates, lagLine, lagMembers))
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line { return p.row(columns, p.Rows[i], width, selected) })
}

func (p *lagPage) row(columns []int, c *consumerLag, width int, selected bool) widget.Line {
	t, s := p.Theme(), &c.Standing
	row := widget.ListRow(t, width, selected, false)
	return p.model.columns.Draw(row, columns, func(column, width int) {
		switch column {
		case lagState:
			role, glyph := p.model.stateLook(c)
			row.Cell(role, glyph.Add(text.Space, t.String(s.State.String())), width)
		case lagGroup:
			row.ID(theme.Plain, t.String(c.Lag.Group), width)
		case lagKind:
			row.Cell(theme.Dim, t.String(string(c.Lag.Kind)), width)
		case lagCount:
			row.Right(theme.Strong, page.LagText(&c.Total), width)
		case lagBehind:
			row.Right(theme.Plain, behindText(c), width)
		case lagRates:
			row.Right(theme.Dim, page.RateText(s.In), rateWidth).Gap(1).Right(theme.Dim, page.RateText(s.Out), rateWidth)
		case lagLeft:
			role, value := directionText(t, c)
			row.Cell(role, value, width)
		case lagLine:
			row.Right(theme.Dim, trendText(t, c, width), width)
		case lagMembers:
			row.Right(theme.Dim, membersText(c), width)
		case lagSource:
			row.Cell(theme.Dim, t.String(c.Source), width)
		case lagWhy:
			row.Cell(theme.Dim, p.whyText(c), width)
		}
	}).Line()
}

// membersText is how many members a group has.
func membersText(c *consumerLag) text.Safe {
	if !c.Lag.MembersKnown {
		return page.Unknown
	}
	return text.Count(int64(len(c.Lag.Members)))
}

// behindText is how many seconds a consumer is behind.
func behindText(c *consumerLag) text.Safe {
	if c.Total.Of == 0 {
		return text.Own("-")
	}
	return secondsText(&c.Standing, c.partly)
}

// directionText is what becomes of a lag: growing, or how long until it is zero.
func directionText(t *theme.Theme, c *consumerLag) (theme.Role, text.Safe) {
	s, total := &c.Standing, &c.Total
	switch {
	case total.Of == 0, total.Known == total.Of && total.Lag == 0:
		return theme.Dim, text.Own("-")
	case c.keepsUp():
		return theme.Dim, t.Glyph.Steady.Add(text.Own(" keeps up"))
	case s.Direction == lag.Growing:
		return theme.Warn, t.Glyph.Growing.Add(text.Own(" growing"))
	case s.Direction == lag.Draining:
		return theme.Good, t.Glyph.Draining.Add(text.Space, leftText(s.Left))
	case s.Trend() == lag.NotDraining:
		return theme.Warn, text.Own("never")
	case s.Direction == lag.Steady && total.Known == total.Of:
		return theme.Dim, t.Glyph.Steady.Add(text.Own(" steady"))
	}
	return theme.Dim, page.Unknown
}

// whyText is why a consumer is in its state, and how much of it is known.
func (p *lagPage) whyText(c *consumerLag) text.Safe {
	if c.Err != nil && len(c.Lag.Logs) == 0 {
		return page.Repeated(p.Theme(), c.Err)
	}
	why := p.Theme().String(c.Standing.Why)
	if c.inPart() {
		why = text.Join(text.Own("; "), text.Count(int64(c.Total.Known)).Add(text.Own(" of "), text.Count(int64(c.Total.Of)), text.Own(" known")), why)
	}
	return why
}
