package tui

import (
	"eventscope/tui/text"
	"eventscope/tui/widget"
)

// sourcesPanel is every source over the page: how it is, and in full what is wrong with
// it, for which the lines above the footer have no room.
type sourcesPanel struct {
	scroll
	model *Model
}

// sourcesWidth is the most that its lines have.
const sourcesWidth = 100

// mostSentence is how many lines one sentence may take.
const mostSentence = 40

func (p *sourcesPanel) over(sh *shell, lines []widget.Line, width int) []widget.Line {
	most, room := roomIn(width, len(lines))
	inner := min(sourcesWidth, most)
	var rows []widget.Line
	for i := range p.model.rates.sources {
		row := widget.NewRow(sh.theme, inner)
		for _, part := range p.model.sourceParts(i, fullDetail) {
			row.Put(part.Role, part.Text)
		}
		rows = append(rows, row.Line())
	}
	for _, trouble := range p.model.troubles() {
		for n, s := range widget.Wrap(sh.theme, trouble.Text, inner-2, mostSentence) {
			rows = append(rows, widget.NewRow(sh.theme, inner).Gap(2*min(n, 1)).Put(trouble.Role, s).Line())
		}
	}
	room-- // for the title
	from, to := p.show(len(rows), room)
	shown := append([]widget.Line{p.title(sh.theme, text.Own("Sources"), inner, len(rows)-to)}, rows[from:to]...)
	shown = framed(sh.theme, shown, len(lines))
	return widget.Over(lines, shown, (width-shown[0].Width())/2, (len(lines)-len(shown))/3)
}
