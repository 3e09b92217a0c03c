package tui

import (
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// timelineColumns are offset, service, type, position, waterfall, note. When the screen
// is narrow the position leaves first, then the note, then the waterfall.
func (f *flowPage) timelineColumns(width int) []int {
	t := f.theme
	offset, service, kind, position, note := 7, 6, 14, 10, 0
	for i := range f.flow.Steps {
		step := &f.flow.Steps[i]
		offset = max(offset, text.Offset(step.Offset).Width())
		service = max(service, min(16, t.String(step.Service).Width()))
		kind = max(kind, min(34, t.String(step.Type).Width()+2))
		position = max(position, min(30, f.where(step).Width()))
		note = max(note, min(40, f.note(step).Width()))
	}
	for _, e := range f.flow.Expected {
		kind = max(kind, min(34, t.String(e.Type).Width()+2))
	}
	return widget.Layout([]widget.Column{
		{Min: offset},
		{Min: min(service, 9), Want: service, Rank: 1},
		{Min: min(kind, 18), Want: kind},
		{Min: min(position, 22), Want: position, Rank: 4},
		{Min: 14, Rank: 2, Rest: true},
		{Min: min(note, 16), Want: note, Rank: 3},
	}, width-2)
}

// where is a step's broker and position.
func (f *flowPage) where(step *tracing.Step) text.Safe {
	return f.theme.String(string(step.Broker)).Add(space, f.theme.String(step.Position.String()))
}

// note is what is to be said about a step.
func (f *flowPage) note(step *tracing.Step) text.Safe {
	if step.Note != "" {
		return f.theme.String(step.Note)
	}
	return f.theme.Bytes(step.Summary, 28)
}

func (f *flowPage) timelineRow(columns []int, i, width int, selected bool) widget.Line {
	t, row := f.theme, rowStart(f.theme, width, selected, false)
	switch at := f.rows[i]; at.kind {
	case expectationRow:
		return f.expectationLine(columns, &f.flow.Expected[at.index], row)
	case joinRow:
		join := &f.flow.Joins[at.index]
		reason := text.Own("joined with ").Add(t.CutMiddle(t.String(join.Other), 30), text.Own(": "), t.String(join.Reason))
		return row.Cell(theme.Link, t.Glyph.Known.Repeat(5), columns[0]).Between().Put(theme.Dim, reason).Line()
	case noteRow:
		return row.Cell(theme.Warn, t.Glyph.Warning, columns[0]).Between().Put(theme.Warn, text.Count(int64(f.flow.Capped)).Add(
			text.Own(" further events share this id and were only counted"))).Line()
	}
	step := &f.flow.Steps[f.rows[i].index]
	row.Right(theme.Dim, text.Offset(step.Offset), columns[0])
	if columns[1] > 0 {
		row.Between().StyledCell(t.Service(step.Service), t.String(step.Service), columns[1])
	}
	kindCell(t, row.Between(), &step.Event, columns[2])
	if columns[3] > 0 {
		row.Between().ID(theme.Dim, f.where(step), columns[3])
	}
	if columns[4] > 0 {
		start, end := f.span()
		widget.Waterfall(row.Between(), f.bar(step), start, end, columns[4])
	}
	if columns[5] > 0 {
		role := theme.Dim
		if step.Note != "" {
			role, _ = t.Marks(step.Marks)
		}
		row.Between().Cell(role, f.note(step), columns[5])
	}
	return row.Line()
}

// bar is a step in the waterfall.
func (f *flowPage) bar(step *tracing.Step) widget.Bar {
	bar := widget.Bar{At: step.Offset, Known: step.Edge == tracing.Known, Style: f.theme.Service(step.Service)}
	if role, _ := f.theme.Marks(step.Marks); role == theme.Bad {
		bar.Style = f.theme.Style(theme.Bad)
	}
	if step.Parent >= 0 && step.Parent < len(f.flow.Steps) {
		bar.Caused, bar.CauseAt = true, f.flow.Steps[step.Parent].Offset
	}
	return bar
}

// span is the time that the waterfall covers.
func (f *flowPage) span() (start, end time.Duration) {
	for i := range f.flow.Steps {
		start = min(start, f.flow.Steps[i].Offset)
		end = max(end, f.flow.Steps[i].Offset)
	}
	return start, end
}

// expectationLine is a row for what did not come.
func (f *flowPage) expectationLine(columns []int, e *tracing.Expectation, row *widget.Row) widget.Line {
	t := f.theme
	role := theme.Dim
	switch e.State {
	case tracing.Missing:
		role = theme.Bad
	case tracing.Overdue:
		role = theme.Warn
	}
	row.Right(theme.Dim, t.Glyph.Dot.Repeat(5), columns[0])
	if columns[1] > 0 {
		row.Between().Gap(columns[1])
	}
	return row.Between().Cell(role, t.String(e.Type), columns[2]).Between().Put(role, f.expectation(e)).Line()
}

// expectation is a sentence about a type that did not come.
func (f *flowPage) expectation(e *tracing.Expectation) text.Safe {
	var s text.Safe
	switch e.State {
	case tracing.Due:
		s = text.Own("still to come")
	case tracing.Overdue:
		s = text.Own("overdue")
	case tracing.Missing:
		s = text.Own("not seen")
	default:
		if e.Why != "" {
			return f.theme.String(e.Why)
		}
		return text.Own("not expected")
	}
	if e.Usual > 0 {
		s = s.Add(text.Own(", usually within "), text.Span(max(e.Usual, e.Late)))
	}
	if e.Seen > 0 && e.Seen < 1 {
		s = s.Add(text.Own(", in "), text.Count(int64(e.Seen*100)), text.Own(" % of flows"))
	}
	if e.Why != "" {
		s = s.Add(text.Own("; "), f.theme.String(e.Why))
	}
	return s
}

// brokerName is a broker as it writes itself.
func brokerName(b adapters.Broker) text.Safe {
	if b == adapters.RabbitMQ {
		return text.Own("RabbitMQ")
	}
	return text.Own("Kafka")
}
