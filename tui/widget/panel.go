package widget

import (
	"strings"

	"eventscope/tui/theme"

	// Lip Gloss draws the frame of a panel and lays it over what is under it.
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// FrameWidth and FrameHeight are what the frame of a [Panel] takes of its room.
const FrameWidth, FrameHeight = 6, 2

// Panel puts lines, all of one width, into a thin frame, with a blank
// on both sides to set it off.
func Panel(t *theme.Theme, lines []Line) []Line {
	border := lipgloss.NormalBorder()
	if t.ASCII {
		border = lipgloss.ASCIIBorder()
	}
	frame := lipgloss.NewStyle().Border(border).BorderForeground(t.Gloss(theme.Faint).GetForeground()).Padding(0, 1).Margin(0, 1)
	return split(frame.Render(Content(lines)))
}

// Over lays a panel over lines, with its upper left corner at x and y. What does not fit
// is cut.
func Over(lines, panel []Line, x, y int) []Line {
	y = max(0, y)
	end := min(len(lines), y+len(panel))
	if y >= end {
		return lines
	}
	under := lines[y:end]
	canvas := lipgloss.NewCanvas(under[0].width, len(under))
	canvas.Compose(lipgloss.NewLayer(Content(under)))
	canvas.Compose(lipgloss.NewCompositor(lipgloss.NewLayer(Content(panel)).X(max(0, x))))
	for i, line := range split(canvas.Render()) {
		line.content += strings.Repeat(" ", under[i].width-line.width) // the canvas leaves out blanks at the end
		under[i] = Line{line.content, under[i].width}
	}
	return lines
}

// split is what was drawn, as lines again. Whoever draws must not have added more than
// frames and styles.
func split(drawn string) []Line {
	var lines []Line
	for line := range strings.SplitSeq(drawn, "\n") {
		lines = append(lines, Line{line, ansi.StringWidth(line)})
	}
	return lines
}
