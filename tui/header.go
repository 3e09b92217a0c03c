package tui

import (
	"cmp"
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
	t := m.shell.theme
	mode := piece{theme.Dim, t.String(m.shell.options.ReadOnly)}
	if m.shell.options.Write { // the dangerous mode is the loud one
		mode = piece{theme.Bad, text.Own("WRITE")}
	}
	room := m.width - mode.text.Width() - 2
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
	return row.End(mode.role, mode.text.Add(space)).Line()
}

// headerParts is the header in more or less detail: 3 has a sparkline, 2 counts
// destinations, 1 names the program, 0 has the sources alone.
func (m *Model) headerParts(detail int) []piece {
	t := m.shell.theme
	parts := []piece{{theme.Plain, space}}
	if detail >= 1 {
		parts = append(parts, piece{theme.Title, text.Own("eventscope")})
		if title := t.String(m.shell.options.Title); !title.Empty() {
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
	if r := m.shell.run; detail >= 1 && r.atWork() {
		s := r.state()
		parts = append(parts, piece{theme.Plain, wide}, piece{theme.Accent, t.Glyph.Running.Add(space, t.String(string(r.run.Plan.Action)), space, text.Count(int64(s.done)), text.Own(" of "), text.Count(int64(r.total)))})
	}
	if lag := m.shell.lagModel.total(t, detail == 1); len(lag) > 0 && detail >= 1 {
		parts = append(append(parts, piece{theme.Plain, wide}), lag...)
	}
	if deadLetters := m.shell.deadLetters; detail >= 1 && deadLetters != nil && deadLetters.open > 0 {
		parts = append(parts, piece{theme.Plain, wide}, piece{theme.Bad, t.Glyph.Dead.Add(space, text.Short(float64(deadLetters.open)), text.Own(" dead"))})
		if old := deadLetters.contents.listing.Old(); !old.IsZero() { // a source does not answer
			parts = append(parts, piece{theme.Warn, text.Own(" (").Add(text.Age(m.shell.now.Sub(old)), text.Own(" old)"))})
		}
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
	t, s := m.shell.theme, &m.rates.sources[i]
	source := m.shell.options.Sources[i]
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
			add(theme.Dim, m.shell.destinations(source.Broker, s.status.Destinations))
		}
		add(theme.Plain, text.Short(s.rate).Add(text.Own("/s")))
		if s.status.BehindBy > 0 {
			add(theme.Warn, text.Own("behind ").Add(text.Short(float64(s.status.BehindBy))))
		}
	case adapters.Lost:
		add(theme.Bad, text.Own("lost ").Add(text.Age(m.shell.now.Sub(s.status.Since))))
	default:
		add(role, t.String(s.status.Connection.String()))
	}
	if s.status.Dropped > 0 || s.status.DroppedUnknown {
		add(theme.Bad, dropped(&s.status))
	}
	return parts
}

// dropped says how many messages were, as far as anybody counted them.
func dropped(s *adapters.Status) text.Safe {
	switch count := text.Short(float64(s.Dropped)); {
	case !s.DroppedUnknown:
		return count.Add(text.Own(" dropped"))
	case s.Dropped == 0:
		return text.Own("some dropped")
	default:
		return count.Add(text.Own("+ dropped"))
	}
}

// destinations is how many a source reads: "4 topics".
func (d *shell) destinations(b adapters.Broker, n int) text.Safe {
	words := d.options.Words[b]
	name := words.ReadMany
	if n == 1 {
		name = words.Read
	}
	return text.Count(int64(n)).Add(space, d.theme.String(name))
}

// product is a kind of broker as it writes itself.
func (d *shell) product(b adapters.Broker) text.Safe {
	return d.theme.String(cmp.Or(d.options.Words[b].Product, string(b)))
}

func width(parts []piece) int {
	sum := 0
	for _, p := range parts {
		sum += p.text.Width()
	}
	return sum
}
