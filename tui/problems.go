package tui

import (
	"slices"
	"time"

	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// gapShown is how long a gap is spoken of after it ended.
const gapShown = time.Minute

// troubles are the sentences about sources, the gravest first: what cannot be read at
// all, what passed unseen, what is read in part only.
func (m *Model) troubles() []page.Piece {
	t := m.shell.theme
	var unreadable, unseen, partly []page.Piece
	m.gapsUntil = time.Time{}
	for i := range m.rates.sources {
		s := &m.rates.sources[i].status
		name := t.String(m.shell.options.Sources[i].Name).Add(text.Own(": "))
		if s.Err != nil {
			unreadable = append(unreadable, page.Piece{Role: theme.Bad, Text: t.Glyph.Lost.Add(text.Space, name, t.String(s.Err.Error()))})
		}
		if n := len(s.Gaps); n > 0 && m.shell.now.Sub(s.Gaps[n-1].To) < gapShown {
			if until := s.Gaps[n-1].To.Add(gapShown); m.gapsUntil.IsZero() || until.Before(m.gapsUntil) {
				m.gapsUntil = until
			}
			unseen = append(unseen, page.Piece{Role: theme.Warn, Text: t.Glyph.Warning.Add(text.Space, name, page.GapSentence(t, s.Gaps[n-1]))})
		}
		for _, p := range s.Problems {
			partly = append(partly, page.Piece{Role: theme.Warn, Text: t.Glyph.Warning.Add(text.Space, name, t.String(p))})
		}
	}
	return slices.Concat(unreadable, unseen, partly)
}

// problems are the gravest of them, and where the others are told. On a low screen there
// is one line for all.
func (m *Model) problems() []widget.Line {
	t, all := m.shell.theme, m.troubles()
	most := 1
	if m.height >= lowScreen {
		most = 2
	}
	var lines []widget.Line
	for i, p := range all {
		if i == most {
			break
		}
		for n, s := range widget.Wrap(t, p.Text, m.width-4, most) {
			lines = append(lines, widget.NewRow(t, m.width).Gap(1+2*min(n, 1)).Put(p.Role, s).Line())
		}
	}
	if rest := len(all) - most; rest > 0 {
		more := text.Plural(rest, text.Own(" more problem"), text.Own(" more problems")).Add(text.Own(", :sources tells all"))
		row := widget.NewRow(t, m.width).Gap(3).Put(theme.Warn, more)
		if most == 1 {
			more = text.Own("+").Add(text.Count(int64(rest)), text.Own(" :sources"))
			row = widget.NewRow(t, m.width).Gap(1).Put(all[0].Role, t.Cut(all[0].Text, m.width-more.Width()-4)).Gap(2).Put(theme.Warn, more)
			lines = nil
		}
		lines = append(lines, row.Line())
	}
	return lines
}
