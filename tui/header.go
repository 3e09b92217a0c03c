package tui

import (
	"slices"

	"eventscope/adapters"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

const (
	// sourceName is the most that a source's name takes in the header where there is room.
	sourceName = 20
	// fullDetail is the detail of a source that has a line for itself.
	fullDetail = 4
	// sourcesAlone is the least detail of the header.
	sourcesAlone = -1
)

// header is the first line: what is looked at, and how its sources are.
func (m *Model) header() widget.Line {
	t := m.shell.theme
	mode := page.Piece{Role: theme.Dim, Text: t.String(m.shell.options.ReadOnly)}
	if m.shell.options.Write { // the dangerous mode is the loud one
		mode = page.Piece{Role: theme.Bad, Text: text.Own("WRITE")}
	}
	room := m.width - mode.Text.Width() - 2
	parts := m.foldedHeader(room)
	for detail := 3; detail >= sourcesAlone; detail-- {
		if all := m.headerParts(detail); width(all) <= room {
			parts = all
			break
		}
	}
	row := widget.NewRow(t, m.width)
	for _, p := range parts {
		row.Put(p.Role, p.Text)
	}
	return row.End(mode.Role, mode.Text.Add(text.Space)).Line()
}

// headerParts is the header in more or less detail: 3 has a sparkline, 2 counts
// destinations, 1 names the program, 0 has what is behind and dead, and sourcesAlone not even that.
func (m *Model) headerParts(detail int) []page.Piece {
	t := m.shell.theme
	parts := []page.Piece{{Role: theme.Plain, Text: text.Space}}
	if detail >= 1 {
		parts = append(parts, page.Piece{Role: theme.Title, Text: text.Own("eventscope")})
		if title := t.String(m.shell.options.Title); !title.Empty() {
			parts = append(parts, page.Piece{Role: theme.Dim, Text: text.Space.Add(t.Glyph.Separator, text.Space)},
				page.Piece{Role: theme.Named(m.shell.options.Color), Text: t.Cut(title, 24)})
		}
		parts = append(parts, page.Piece{Role: theme.Plain, Text: wide})
	}
	for i := range m.rates.sources {
		if i > 0 {
			parts = append(parts, page.Piece{Role: theme.Plain, Text: wide})
		}
		parts = append(parts, m.sourceParts(i, max(detail, 0))...)
	}
	if detail >= 3 && m.rates.moving() {
		parts = append(parts, page.Piece{Role: theme.Plain, Text: text.Space}, page.Piece{Role: theme.Dim, Text: widget.Sparkline(t, m.rates.trend, trendLength)})
	}
	if letters := m.shell.letters; detail > sourcesAlone && letters.AtWork() {
		parts = append(parts, page.Piece{Role: theme.Plain, Text: wide}, letters.Progress())
	}
	if lag := m.shell.lags.Total(t, detail <= 1); len(lag) > 0 && detail > sourcesAlone {
		parts = append(append(parts, page.Piece{Role: theme.Plain, Text: wide}), lag...)
	}
	if dead := m.shell.letters.Total(m.awaySince); len(dead) > 0 && detail > sourcesAlone {
		parts = append(append(parts, page.Piece{Role: theme.Plain, Text: wide}), dead...)
	}
	return parts
}

// foldedHeader is the sources that room has cells for, those in trouble first, and how
// many there are besides.
func (m *Model) foldedHeader(room int) []page.Piece {
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
	more := func(n int) page.Piece {
		return page.Piece{Role: theme.Warn, Text: text.Own("+").Add(text.Count(int64(n)), text.Own(" more"))}
	}
	parts, left := []page.Piece{{Role: theme.Plain, Text: text.Space}}, len(order)
	for _, i := range order {
		next := slices.Clone(parts)
		if len(next) > 1 {
			next = append(next, page.Piece{Role: theme.Plain, Text: wide})
		}
		next = append(next, m.sourceParts(i, 0)...)
		rest := 0
		if left > 1 {
			rest = 1 + more(left-1).Text.Width()
		}
		if width(next)+rest > room {
			break
		}
		parts, left = next, left-1
	}
	if left > 0 {
		parts = append(parts, page.Piece{Role: theme.Plain, Text: text.Space}, more(left))
	}
	return parts
}

// sourceParts is one source: name, state, destinations, rate, what is behind and lost.
func (m *Model) sourceParts(i, detail int) []page.Piece {
	t, s := m.shell.theme, &m.rates.sources[i]
	source := m.shell.options.Sources[i]
	role, glyph := t.Connection(s.status.Connection)
	most := sourceName
	switch detail {
	case 0:
		most = page.ShortName
	case fullDetail:
		most = text.Bound
	}
	parts := []page.Piece{{Role: theme.Plain, Text: t.Cut(t.String(source.Name), most).Add(text.Space)}, {Role: role, Text: glyph}}
	add := func(role theme.Role, s text.Safe) {
		parts = append(parts, page.Piece{Role: role, Text: text.Space.Add(s)})
	}
	switch s.status.Connection {
	case adapters.Live, adapters.CatchingUp:
		if detail >= 2 {
			add(theme.Dim, page.Words(m.shell.options.Words).Destinations(t, source.Broker, s.status.Destinations))
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

func width(parts []page.Piece) int {
	sum := 0
	for _, p := range parts {
		sum += p.Text.Width()
	}
	return sum
}
