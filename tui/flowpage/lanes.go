package flowpage

import (
	"slices"

	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// laneLeft is the room before the lanes: cursor, offset, gap.
const laneLeft = 12

// lanesDrawing is what draws the rows as lanes, and their names above them.
func (f *flowPage) lanesDrawing(width int) ([]widget.Line, drawing) {
	f.explain(true)
	names, of := f.laneNames()
	lanes := widget.LanesFor(len(names), f.shift, width-laneLeft)
	f.shift = lanes.First
	return []widget.Line{f.laneHeads(lanes, names, width)}, func(i int, selected bool) widget.Line {
		return f.laneRow(lanes, of, i, width, selected)
	}
}

// laneHeads are the names of the services above their lanes.
func (f *flowPage) laneHeads(l widget.Lanes, names []string, width int) widget.Line {
	t := f.Theme()
	row := widget.NewRow(t, width)
	hiddenLeft, hiddenRight := l.Hidden(width - laneLeft)
	if hiddenLeft+hiddenRight > 0 { // as keys and how many lanes each would bring
		row.Gap(1).Cell(theme.Warn, text.Own("h ").Add(text.Count(int64(hiddenLeft)), text.Own("  l "), text.Count(int64(hiddenRight))), laneLeft-2)
	}
	row.Gap(laneLeft - (width - row.Left()))
	for i := l.First; i < len(names)-hiddenRight; i++ {
		name := t.String(names[i])
		if name.Empty() {
			name = text.Own("(unknown)")
		}
		f.serviceCell(row, names[i], name, l.LaneWidth-1)
		row.Gap(1)
	}
	return row.Line()
}

// laneRow is a step as a node in its service's lane.
func (f *flowPage) laneRow(l widget.Lanes, of []int, i, width int, selected bool) widget.Line {
	t, row := f.Theme(), widget.ListRow(f.Theme(), width, selected, false)
	at := f.rows[i]
	if at.kind != stepRow {
		if at.kind == reasonRow {
			row.Gap(8)
		} else {
			row.Right(theme.Dim, t.Glyph.Dot.Repeat(5), 8)
		}
		row.Gap(2)
		if at.kind == expectationRow {
			e := &f.flow.Expected[at.index]
			row.Put(expectationRole(e), t.String(e.Type)).Gap(2)
		}
		sentence, role := f.inWords(at, row.Left())
		return row.Put(role, sentence).Line()
	}
	step := &f.flow.Steps[at.index]
	row.Right(theme.Dim, text.Offset(step.Offset), 8).Gap(laneLeft - 2 - 8)
	role, glyph := t.Marks(step.Marks)
	drawn := widget.Step{Lane: of[at.index], From: -1, Known: step.Edge == tracing.Known, Role: role,
		Label: t.String(step.Type), Mark: glyph, Style: t.Service(step.Service)}
	if step.Parent >= 0 && step.Parent < len(of) {
		drawn.From = of[step.Parent]
	}
	l.Draw(row, drawn)
	return row.Line()
}

// laneNames are the services of the flow in order, and which lane each step is in.
func (f *flowPage) laneNames() (names []string, of []int) {
	of = make([]int, len(f.flow.Steps))
	for i := range f.flow.Steps {
		service := f.flow.Steps[i].Service
		at := slices.Index(names, service)
		if at < 0 {
			at = len(names)
			names = append(names, service)
		}
		of[i] = at
	}
	return names, of
}
