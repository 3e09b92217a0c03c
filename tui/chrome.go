package tui

import (
	"time"

	"eventscope/adapters"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

const (
	// tabsRow is the row of the tabs.
	tabsRow = 1
	// lowScreen is the height below which rules make room for content.
	lowScreen = 14
	// gapShown is how long a gap is spoken of after it ended.
	gapShown = time.Minute
)

var (
	space = text.Own(" ")
	wide  = text.Own("   ")
)

// draw draws the whole frame: exactly height lines of width cells.
func (m *Model) draw() []widget.Line {
	t := m.desk.theme
	if m.width < tooNarrow || m.height < tooLow {
		return m.tiny()
	}
	lines := []widget.Line{m.header(), m.tabLine()}
	if m.height >= lowScreen {
		lines = append(lines, widget.Rule(t, m.width))
	}
	if m.banner && m.height >= lowScreen {
		for _, s := range widget.Wrap(t, t.String(m.desk.options.Banner), m.width-2, 2) {
			lines = append(lines, widget.NewRow(t, m.width).Gap(1).Put(theme.Accent, s).Line())
		}
	}
	problems := m.problems()
	m.bodyTop = len(lines)
	m.bodyHeight = max(1, m.height-len(lines)-len(problems)-2)
	lines = append(lines, m.body()...)
	lines = append(lines, problems...)
	if m.prompt != nil {
		lines = append(lines, m.prompt.hint(m.desk, m.width), m.prompt.line(m.desk, m.width))
	} else {
		lines = append(lines, m.noticeLine(), m.footer())
	}
	return widget.Fit(t, lines, m.width, m.height)
}

// body is the page, and the panel over it if there is one.
func (m *Model) body() []widget.Line {
	lines := widget.Fit(m.desk.theme, m.desk.top().render(m.width, m.bodyHeight), m.width, m.bodyHeight)
	switch {
	case m.help != nil:
		return m.help.over(m.desk, lines, m.width)
	case m.prompt != nil:
		return m.prompt.over(m.desk, lines, m.width)
	}
	return lines
}

// tiny is what can be said where nothing can be drawn.
func (m *Model) tiny() []widget.Line {
	t := m.desk.theme
	sentence := t.String("eventscope needs 40x8 cells. Make this terminal larger; q quits.")
	var lines []widget.Line
	for _, s := range widget.Wrap(t, sentence, m.width, m.height) {
		lines = append(lines, widget.NewRow(t, m.width).Put(theme.Plain, s).Line())
	}
	return widget.Fit(t, lines, m.width, m.height)
}

// header is the first line: what is looked at, and how its sources are.
func (m *Model) header() widget.Line {
	t := m.desk.theme
	readOnly := t.String(m.desk.options.ReadOnly)
	room := m.width - readOnly.Width() - 2
	var parts []piece
	for detail := 3; detail >= 0; detail-- {
		if parts = m.headerParts(detail); width(parts) <= room || detail == 0 {
			break
		}
	}
	row := widget.NewRow(t, m.width)
	for _, p := range parts {
		if row.Left() > readOnly.Width()+2 {
			row.Put(p.role, t.Cut(p.text, row.Left()-readOnly.Width()-2))
		}
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
		parts = append(parts, piece{theme.Plain, wide}, piece{theme.Dim, widget.Sparkline(t, m.rates.trend, trendLength)})
	}
	return parts
}

// sourceParts is one source: name, state, destinations, rate, what is behind and lost.
func (m *Model) sourceParts(i, detail int) []piece {
	t, s := m.desk.theme, &m.rates.sources[i]
	source := m.desk.options.Sources[i]
	role, glyph := t.Connection(s.status.Connection)
	parts := []piece{{theme.Plain, t.Cut(t.String(source.Name), 20).Add(space)}, {role, glyph}}
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

// tabLine is the second line: the first pages, then the trail to the present one.
func (m *Model) tabLine() widget.Line {
	t := m.desk.theme
	row := widget.NewRow(t, m.width).Gap(1)
	for i, tab := range m.tabs {
		role := theme.Dim
		if tab == m.desk.pages[0] {
			role = theme.Accent
		}
		row.Put(role, tabLabel(i, tab)).Gap(2)
	}
	for _, p := range m.desk.pages[1:] {
		row.Put(theme.Dim, t.Glyph.Trail).Gap(1).Put(theme.Strong, t.CutMiddle(p.name(), 44)).Gap(1)
	}
	return row.Line()
}

func tabLabel(i int, tab page) text.Safe {
	return text.Count(int64(i+1)).Add(space, tab.name())
}

// tabAt is the tab drawn at column x, or -1.
func (m *Model) tabAt(x int) int {
	at := 1
	for i, tab := range m.tabs {
		end := at + tabLabel(i, tab).Width()
		if x >= at && x < end {
			return i
		}
		at = end + 2
	}
	return -1
}

// problems are the sentences about sources that cannot be read.
func (m *Model) problems() []widget.Line {
	t := m.desk.theme
	most := 1
	if m.height >= lowScreen {
		most = 2
	}
	var all []piece
	for i := range m.rates.sources {
		s := &m.rates.sources[i].status
		name := t.String(m.desk.options.Sources[i].Name).Add(text.Own(": "))
		if s.Err != nil {
			all = append(all, piece{theme.Bad, t.Glyph.Lost.Add(space, name, t.String(s.Err.Error()))})
		}
		for _, p := range s.Problems {
			all = append(all, piece{theme.Warn, t.Glyph.Warning.Add(space, name, t.String(p))})
		}
		if n := len(s.Gaps); n > 0 && m.desk.now.Sub(s.Gaps[n-1].To) < gapShown {
			all = append(all, piece{theme.Warn, t.Glyph.Warning.Add(space, name, gapSentence(t, s.Gaps[n-1]))})
		}
	}
	var lines []widget.Line
	for i, p := range all {
		if i == most {
			p = piece{theme.Warn, text.Count(int64(len(all) - i)).Add(text.Own(" more problems; the log has them all"))}
		}
		for n, s := range widget.Wrap(t, p.text, m.width-4, most) {
			lines = append(lines, widget.NewRow(t, m.width).Gap(1+2*min(n, 1)).Put(p.role, s).Line())
		}
		if i == most {
			break
		}
	}
	return lines
}

// gapSentence says what passed unseen.
func gapSentence(t *theme.Theme, g adapters.Gap) text.Safe {
	away := text.Own("was away ").Add(text.Span(g.To.Sub(g.From).Round(time.Second)))
	if g.Reason != "" {
		away = away.Add(text.Own(" ("), t.String(g.Reason), text.Own(")"))
	}
	if g.Missed >= 0 {
		return away.Add(text.Own("; "), text.Count(g.Missed), text.Own(" messages in between are not shown"))
	}
	return away.Add(text.Own("; messages in between are not shown"))
}

// noticeLine is above the footer: a rule, or what happened, or what is waited for.
func (m *Model) noticeLine() widget.Line {
	d := m.desk
	row := widget.NewRow(d.theme, m.width).Gap(1)
	if d.search != nil {
		return d.search.line(d, row)
	}
	if !d.notice.text.Empty() {
		return row.Put(d.notice.role, d.notice.text).Line()
	}
	if about, waits := d.top().waitsFor().waiting(d); waits {
		return row.Put(theme.Dim, about).Line()
	}
	if err := d.top().waitsFor().err; err != nil {
		return row.Put(theme.Bad, d.theme.Glyph.Failed.Add(space, d.sentence(err))).Line()
	}
	return widget.Rule(d.theme, m.width)
}

// footer is the last line: the state of the page, its keys, and what drawing costs.
func (m *Model) footer() widget.Line {
	t := m.desk.theme
	dropped, more := m.rates.dropped()
	count := text.Count(dropped)
	if more {
		count = count.Add(text.Own("+"))
	}
	cost := text.Own("frame ").Add(text.Count(m.frameTime.Round(time.Millisecond).Milliseconds()), text.Own(" ms  "), count, text.Own(" dropped "))
	row := widget.NewRow(t, m.width).Gap(1)
	for _, p := range m.desk.top().status() {
		row.Put(p.role, t.Cut(p.text, row.Left()-cost.Width()-1))
	}
	row.Gap(2)
	helpKey := text.Own("?").Add(space, text.Own("help"))
	for _, b := range bindings(m.desk.top().scope()) {
		label := t.String(b.short)
		if label.Empty() || b.action == help || b.action == back && len(m.desk.pages) == 1 {
			continue
		}
		key := keyName(b.keys[0], t.Glyph.Enter)
		if key.Width()+label.Width()+4 > row.Left()-cost.Width()-helpKey.Width()-2 {
			break
		}
		row.Put(theme.Accent, key).Gap(1).Put(theme.Dim, label).Gap(2)
	}
	row.Put(theme.Accent, text.Own("?")).Gap(1).Put(theme.Dim, text.Own("help"))
	return row.End(theme.Dim, cost).Line()
}
