package tui

import (
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

const (
	// tabsRow is the row of the tabs.
	tabsRow = 1
	// lowScreen is the height below which rules make room for content.
	lowScreen = 14
)

// wide stands between two things of the header.
var wide = text.Own("   ")

// draw draws the whole frame: exactly height lines of width cells.
func (m *Model) draw() []widget.Line {
	t := m.shell.theme
	if m.tooSmall() {
		return m.tiny()
	}
	lines := []widget.Line{m.header(), m.tabLine()}
	if m.height >= lowScreen {
		lines = append(lines, widget.Rule(t, m.width))
	}
	if m.banner && m.height >= lowScreen {
		lines = append(lines, widget.Paragraph(t, m.width, 1, theme.Accent, t.String(m.shell.options.Banner), 2)...)
	}
	problems := m.problems()
	m.bodyTop = len(lines)
	notices := m.notices()
	m.bodyHeight = max(1, m.height-len(lines)-len(problems)-len(notices)-1)
	lines = append(lines, m.body()...)
	lines = append(lines, problems...)
	if m.prompt != nil {
		lines = append(lines, m.prompt.hint(m.shell, m.width), m.prompt.draw(m.shell, m.width))
	} else {
		lines = append(append(lines, notices...), m.footer())
	}
	return widget.Fit(t, lines, m.width, m.height)
}

// body is the page, and the panel over it if there is one.
func (m *Model) body() []widget.Line {
	lines := widget.Fit(m.shell.theme, m.shell.Top().Render(m.width, m.bodyHeight), m.width, m.bodyHeight)
	switch {
	case m.panel != nil:
		return m.panel.over(m.shell, lines, m.width)
	case m.prompt != nil:
		return m.prompt.over(m.shell, lines, m.width)
	}
	return lines
}

// tooSmall reports whether the terminal shows no page.
func (m *Model) tooSmall() bool {
	return m.width > 0 && m.height > 0 && (m.width < tooNarrow || m.height < tooLow)
}

// tiny is what can be said where nothing can be drawn.
func (m *Model) tiny() []widget.Line {
	t := m.shell.theme
	sentence := t.String("eventscope needs 40x8 cells. Make this terminal larger; q quits.")
	var lines []widget.Line
	for _, s := range widget.Wrap(t, sentence, m.width, m.height) {
		lines = append(lines, widget.NewRow(t, m.width).Put(theme.Plain, s).Line())
	}
	return widget.Fit(t, lines, m.width, m.height)
}

// tabLine is the second line: the first pages, then the trail to the present one.
func (m *Model) tabLine() widget.Line {
	t := m.shell.theme
	row := widget.NewRow(t, m.width).Gap(1)
	for i, label := range m.tabLabels() {
		role := theme.Dim
		if m.tabs[i].page == m.shell.pages[0] {
			role = theme.Accent
		}
		row.Put(role, label).Gap(tabGap)
	}
	for _, name := range m.trail(row.Left() - 1) {
		row.Put(theme.Dim, t.Glyph.Trail).Gap(1).Put(theme.Strong, name).Gap(1)
	}
	return row.Line()
}

const (
	// tabGap is what stands between two tabs.
	tabGap = 2
	// mostTrail is the most that the name of a page takes in the trail, leastTrail what is
	// left of it where room is scarce, and trailGap what stands round it.
	mostTrail, leastTrail, trailGap = 44, 4, 3
)

// trail are the names of the pages that lead to the present one, for so many cells. Where room is
// scarce those before the present one are cut, then left out, the first of them first.
func (m *Model) trail(room int) (names []text.Safe) {
	t := m.shell.theme
	for _, page := range m.shell.pages[1:] {
		names = append(names, t.CutMiddle(page.Name(), mostTrail))
		room -= names[len(names)-1].Width() + trailGap
	}
	for i := 0; i < len(names)-1 && room < 0; i++ {
		most := max(leastTrail, names[i].Width()+room)
		room += names[i].Width() - min(names[i].Width(), most)
		names[i] = t.CutMiddle(names[i], most)
	}
	for len(names) > 1 && room < 0 {
		room += names[0].Width() + trailGap
		names = names[1:]
	}
	if len(names) == 1 && room < 0 {
		names[0] = t.CutMiddle(names[0], max(leastTrail, names[0].Width()+room))
	}
	return names
}

// tabLabels are the labels of the first pages. Only the number is left of those one is not on, where
// else there is no room for the name of the present page behind them.
func (m *Model) tabLabels() (labels []text.Safe) {
	room := m.width - 2
	for _, tab := range m.tabs {
		label := text.Count(int64(tab.number)).Add(text.Space, tab.page.Name())
		labels = append(labels, label)
		room -= label.Width() + tabGap
	}
	if pages := m.shell.pages; len(pages) > 1 && room < min(pages[len(pages)-1].Name().Width(), mostTrail)+trailGap {
		for i, tab := range m.tabs {
			if tab.page != pages[0] {
				labels[i] = text.Count(int64(tab.number))
			}
		}
	}
	return labels
}

// tabAt is the number of the tab drawn at column x, or 0.
func (m *Model) tabAt(x int) int {
	at := 1
	for i, label := range m.tabLabels() {
		end := at + label.Width()
		if x >= at && x < end {
			return m.tabs[i].number
		}
		at = end + tabGap
	}
	return 0
}

// mostNotice is how many lines a notice may take.
const mostNotice = 4

// notices are above the footer: what is to be said, in as many lines as it takes, or a rule.
func (m *Model) notices() []widget.Line {
	s := m.shell
	said, most := m.said(), mostNotice
	switch {
	case said.Text.Empty() && s.search != nil:
		return []widget.Line{s.search.line(s, widget.NewRow(s.theme, m.width).Gap(1))}
	case said.Text.Empty():
		return []widget.Line{widget.Rule(s.theme, m.width)}
	case m.prompt != nil || m.height < lowScreen:
		most = 1
	}
	var lines []widget.Line
	lines = append(lines, widget.Paragraph(s.theme, m.width, 1, said.Role, said.Text, most)...)
	return lines
}

// said is what happened, what is waited for, or why something cannot be told; a search in
// history comes after what happened, as esc takes them away.
func (m *Model) said() page.Piece {
	s := m.shell
	if !s.notice.Text.Empty() || s.search != nil {
		return s.notice
	}
	if about, waits := s.Top().WaitsFor().Waiting(s.now); waits {
		return page.Piece{Role: theme.Dim, Text: about}
	}
	if q := s.Top().WaitsFor(); q.Err != nil {
		why := page.Repeated(s.theme, q.Err)
		switch {
		case q.Once:
			why = page.Sentence(s.theme, q.Err)
		case q.Known():
			why = why.Add(text.Own("; what is shown is "), text.Age(q.Age(s.now)), text.Own(" old"))
		}
		return page.Piece{Role: theme.Bad, Text: s.theme.Glyph.Failed.Add(text.Space, why)}
	}
	return page.Piece{}
}
