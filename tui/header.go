package tui

import (
	"slices"

	"eventscope/adapters"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

const (
	// sourceName is the most that a source's name takes in the header, shortName where
	// room is scarce.
	sourceName, shortName = 20, 10
	// fullDetail is the detail of a source that has a line for itself.
	fullDetail = 4
)

// header is the first line: what is looked at, and how its sources are.
func (m *Model) header() widget.Line {
	t := m.desk.theme
	readOnly := t.String(m.desk.options.ReadOnly)
	room := m.width - readOnly.Width() - 2
	parts := m.foldedHeader(room)
	for detail := 3; detail >= 0; detail-- {
		if all := m.headerParts(detail); width(all) <= room {
			parts = all
			break
		}
	}
	row := widget.NewRow(t, m.width)
	for _, p := range parts {
		row.Put(p.role, p.text)
	}
	return row.End(theme.Dim, readOnly.Add(space)).Line()
}

// headerParts is the header in more or less detail: 3 has a sparkline, 2 counts
// destinations, 1 names the program, 0 has the sources alone.
func (m *Model) headerParts(detail int) []piece {
	t := m.desk.theme
	parts := []piece{{theme.Plain, space}}
	if detail >= 1 {
		parts = append(parts, piece{theme.Title, text.Own("eventscope")})
		if title := t.String(m.desk.options.Title); !title.Empty() {
			parts = append(parts, piece{theme.Dim, space.Add(t.Glyph.Separator, space, t.Cut(title, 24))})
		}
		parts = append(parts, piece{theme.Plain, wide})
	}
	for i := range m.rates.sources {
		if i > 0 {
			parts = append(parts, piece{theme.Plain, wide})
		}
		parts = append(parts, m.sourceParts(i, detail)...)
	}
	if detail >= 3 && m.rates.moving() {
		parts = append(parts, piece{theme.Plain, space}, piece{theme.Dim, widget.Sparkline(t, m.rates.trend, trendLength)})
	}
	if r := m.desk.run; detail >= 1 && r.atWork() {
		s := r.state()
		parts = append(parts, piece{theme.Plain, wide}, piece{theme.Accent, t.Glyph.Running.Add(space, t.String(string(r.run.Plan.Action)), space, text.Count(int64(s.done)), text.Own(" of "), text.Count(int64(r.total)))})
	}
	if lag, ok := m.desk.book.total(t); ok && detail >= 1 {
		parts = append(parts, piece{theme.Plain, wide}, lag)
	}
	if box := m.desk.box; detail >= 1 && box != nil && box.open > 0 {
		parts = append(parts, piece{theme.Plain, wide}, piece{theme.Bad, t.Glyph.Dead.Add(space, text.Short(float64(box.open)), text.Own(" dead"))})
	}
	return parts
}

// foldedHeader is the sources that room has cells for, those in trouble first, and how
// many there are besides.
func (m *Model) foldedHeader(room int) []piece {
	order := make([]int, len(m.rates.sources))
	for i := range order {
		order[i] = i
	}
	trouble := func(i int) int {
		switch m.rates.sources[i].status.Connection {
		case adapters.Live:
			return 0
		case adapters.Lost, adapters.Failed:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int { return trouble(b) - trouble(a) })
	more := func(n int) piece {
		return piece{theme.Warn, text.Own("+").Add(text.Count(int64(n)), text.Own(" more"))}
	}
	parts, left := []piece{{theme.Plain, space}}, len(order)
	for _, i := range order {
		next := slices.Clone(parts)
		if len(next) > 1 {
			next = append(next, piece{theme.Plain, wide})
		}
		next = append(next, m.sourceParts(i, 0)...)
		rest := 0
		if left > 1 {
			rest = 1 + more(left-1).text.Width()
		}
		if width(next)+rest > room {
			break
		}
		parts, left = next, left-1
	}
	if left > 0 {
		parts = append(parts, piece{theme.Plain, space}, more(left))
	}
	return parts
}

// sourceParts is one source: name, state, destinations, rate, what is behind and lost.
func (m *Model) sourceParts(i, detail int) []piece {
	t, s := m.desk.theme, &m.rates.sources[i]
	source := m.desk.options.Sources[i]
	role, glyph := t.Connection(s.status.Connection)
	most := sourceName
	switch detail {
	case 0:
		most = shortName
	case fullDetail:
		most = text.Bound
	}
	parts := []piece{{theme.Plain, t.Cut(t.String(source.Name), most).Add(space)}, {role, glyph}}
	add := func(role theme.Role, s text.Safe) { parts = append(parts, piece{role, space.Add(s)}) }
	switch s.status.Connection {
	case adapters.Live, adapters.CatchingUp:
		if detail >= 2 {
			add(theme.Dim, text.Count(int64(s.status.Destinations)).Add(destinationNoun(source.Broker, s.status.Destinations)))
		}
		add(theme.Plain, text.Short(s.rate).Add(text.Own("/s")))
		if s.status.BehindBy > 0 {
			add(theme.Warn, text.Own("behind ").Add(text.Short(float64(s.status.BehindBy))))
		}
	case adapters.Lost:
		add(theme.Bad, text.Own("lost ").Add(text.Age(m.desk.now.Sub(s.status.Since))))
	default:
		add(role, t.String(s.status.Connection.String()))
	}
	if s.status.Dropped > 0 || s.status.DroppedUnknown {
		add(theme.Bad, text.Short(float64(s.status.Dropped)).Add(text.Own(" dropped")))
	}
	return parts
}

// destinationNoun names what a broker's source reads.
func destinationNoun(b adapters.Broker, n int) text.Safe {
	switch {
	case b == adapters.Kafka && n == 1:
		return text.Own(" topic")
	case b == adapters.Kafka:
		return text.Own(" topics")
	case n == 1:
		return text.Own(" tap")
	}
	return text.Own(" taps")
}

func width(parts []piece) int {
	sum := 0
	for _, p := range parts {
		sum += p.text.Width()
	}
	return sum
}
