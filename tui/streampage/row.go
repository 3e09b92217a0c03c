package streampage

import (
	"time"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// streamWidths is what the columns of the stream needed so far: they only grow, so that
// rows do not jump sideways.
type streamWidths struct {
	service, kind, position, flow int
}

// noWidths are those of no rows: the heads have room.
var noWidths = streamWidths{len("Service"), len("Type"), len("Position"), len("Flow")}

// layout gives the columns for these events: time, service, type, position, flow, value. When the
// screen is narrow the position leaves first, then the value, then the service. A type takes at
// most a fifth of the screen, so that the value is not what long names leave.
func (w *streamWidths) layout(t *theme.Theme, events []tracing.Event, width int) []int {
	for i := range events {
		e := &events[i]
		w.service = max(w.service, min(18, t.String(e.Service).Width()))
		w.kind = max(w.kind, min(34, t.String(e.Type).Width()+2))
		w.position = max(w.position, min(24, t.String(e.Position.String()).Width()))
		w.flow = max(w.flow, min(20, t.String(page.FlowLabel(*e)).Width()))
	}
	return widget.Layout([]widget.Column{
		{Min: page.ClockWidth},
		{Min: min(w.service, 9), Want: w.service, Rank: 2},
		{Min: min(w.kind, 20), Want: min(w.kind, max(20, width/5))},
		{Min: min(w.position, 14), Want: w.position, Rank: 4},
		{Min: min(w.flow, 10), Want: w.flow, Rank: 1},
		{Min: 12, Want: 28, Rank: 3, Rest: true},
	}, width-2)
}

// streamHead names the columns.
func streamHead(t *theme.Theme, columns []int, width int) widget.Line {
	names := []text.Safe{text.Own("Time"), text.Own("Service"), text.Own("Type"), text.Own("Position"), text.Own("Flow"), text.Own("Value")}
	return widget.Headings(t, width, columns, names)
}

// streamRow is one event in the stream.
func streamRow(t *theme.Theme, columns []int, e *tracing.Event, now time.Time, width int, selected, marked bool) widget.Line {
	row := widget.ListRow(t, width, selected, marked)
	row.Cell(theme.Dim, page.ShortMoment(e.Time, now), columns[0])
	if columns[1] > 0 {
		row.Between().StyledCell(t.Service(e.Service), t.String(e.Service), columns[1])
	}
	page.TypeCell(t, row.Between(), e, columns[2])
	row.ColumnID(theme.Dim, t.String(e.Position.String()), columns[3])
	row.ColumnID(theme.Plain, t.String(page.FlowLabel(*e)), columns[4])
	return row.Column(theme.Dim, t.Bytes(e.Summary, columns[5]), columns[5]).Line()
}
