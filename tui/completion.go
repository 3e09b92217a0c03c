package tui

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// mostOffers is how many completions are shown at once.
const mostOffers = 14

// over lays the completions over the end of a page, above the line that is written.
func (p *prompt) over(d *desk, lines []widget.Line, width int) []widget.Line {
	if len(p.offers) == 0 {
		return lines
	}
	words, about := 0, 0
	for _, o := range p.offers {
		words = max(words, d.theme.String(o.word).Width())
		about = max(about, o.about(d.theme).Width())
	}
	inner := words
	if about > 0 {
		inner += 2 + about
	}
	most, room := roomIn(width, len(lines))
	inner = min(inner, most)
	shown := widget.Cursor{Index: max(0, p.offered)}
	height := min(len(p.offers), room, mostOffers)
	shown.Show(height, len(p.offers))
	var panel []widget.Line
	from, to := shown.Range(height, len(p.offers))
	for i := from; i < to; i++ {
		o, row, role := &p.offers[i], widget.NewRow(d.theme, inner), theme.Plain
		if i == p.offered {
			role = theme.Accent
		}
		row.Cell(role, d.theme.String(o.word), words).Gap(2).Put(theme.Dim, o.about(d.theme))
		panel = append(panel, row.Line())
	}
	panel = framed(d.theme, panel, len(lines))
	return widget.Over(lines, panel, 0, len(lines)-len(panel))
}

// about is what an offer takes and does.
func (o *offer) about(t *theme.Theme) text.Safe {
	return text.Join(space, t.String(o.arguments), t.String(o.help))
}
