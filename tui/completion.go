package tui

import (
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// mostOffers is how many completions are shown at once.
const mostOffers = 14

// over lays the completions over the end of a page, above the line that is written.
func (p *prompt) over(d *shell, lines []widget.Line, width int) []widget.Line {
	if len(p.offers) == 0 {
		return lines
	}
	words, arguments, about := 0, 0, 0
	for _, o := range p.offers {
		words = max(words, d.theme.String(o.word).Width())
		arguments = max(arguments, d.theme.String(o.arguments).Width())
		about = max(about, d.theme.String(o.help).Width())
	}
	inner := words
	for _, column := range []int{arguments, about} {
		if column > 0 {
			inner += 2 + column
		}
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
		row.Cell(role, d.theme.String(o.word), words)
		if arguments > 0 {
			row.Gap(2).Cell(theme.Plain, d.theme.String(o.arguments), arguments)
		}
		row.Gap(2).Put(theme.Dim, d.theme.String(o.help))
		panel = append(panel, row.Line())
	}
	panel = framed(d.theme, panel, len(lines))
	return widget.Over(lines, panel, 0, len(lines)-len(panel))
}
