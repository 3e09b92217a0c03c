package streampage

import (
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of the stream, in their order on the screen; fields come behind them.
const (
	streamTime = iota
	streamService
	streamType
	streamPosition
	streamFlow
	streamValue
	streamFields
)

// Columns are the names by which the columns of the stream are chosen.
var Columns = []string{"time", "service", "type", "position", "flow", "value"}

// streamWidths is what the columns of the stream needed so far: they only grow, so that
// rows do not jump sideways.
type streamWidths struct {
	service, kind, position, flow int
	fields                        []int
}

// chooseColumns makes the columns those that were chosen.
func (s *stream) chooseColumns() {
	s.columns = page.ColumnsWithFields(Columns, s.Fields, s.Columns)
	s.names = []text.Safe{text.Own("Time"), text.Own("Service"), text.Own("Type"), text.Own("Position"), text.Own("Flow"), text.Own("Value")}
	s.names = append(s.names, page.FieldHeads(s.Theme(), s.Fields)...)
	s.forgetWidths()
}

// forgetWidths makes the columns as wide as those of no rows: the heads have room.
func (s *stream) forgetWidths() {
	s.widths = streamWidths{service: len("Service"), kind: len("Type"), position: len("Position"), flow: len("Flow")}
	for _, name := range s.names[streamFields:] {
		s.widths.fields = append(s.widths.fields, max(6, name.Width()))
	}
}

// layout gives the columns for these events. When the screen is narrow the position leaves first,
// then the value, then fields, then the service. A type takes at most a fifth of the screen, so that
// the value is not what long names leave.
func (s *stream) layout(events []tracing.Event, width int) []int {
	t, w := s.Theme(), &s.widths
	for i := range events {
		e := &events[i]
		w.service = max(w.service, min(18, t.String(e.Service).Width()))
		w.kind = max(w.kind, min(34, t.String(e.Type).Width()+2))
		w.position = max(w.position, min(24, t.String(e.Position.String()).Width()))
		w.flow = max(w.flow, min(20, t.String(page.FlowLabel(*e)).Width()))
		for n := range min(len(e.Fields), len(w.fields)) {
			w.fields[n] = max(w.fields[n], min(page.MostField, t.Bytes(e.Fields[n], page.MostField).Width()))
		}
	}
	columns := []widget.Column{
		streamTime:     {Min: page.ClockWidth},
		streamService:  {Min: min(w.service, 9), Want: w.service, Rank: 2},
		streamType:     {Min: min(w.kind, 20), Want: min(w.kind, max(20, width/5))},
		streamPosition: {Min: min(w.position, 14), Want: w.position, Rank: 5},
		streamFlow:     {Min: min(w.flow, 10), Want: w.flow, Rank: 1},
		streamValue:    {Min: 12, Want: 28, Rank: 4, Rest: true},
	}
	for _, wide := range w.fields {
		columns = append(columns, widget.Column{Min: min(wide, 10), Want: wide, Rank: 3})
	}
	return s.columns.Layout(columns, width-2)
}

// row is one event in the stream.
func (s *stream) row(columns []int, e *tracing.Event, width int, selected, marked bool) widget.Line {
	t := s.Theme()
	row := widget.ListRow(t, width, selected, marked)
	return s.columns.Draw(row, columns, func(column, width int) {
		switch column {
		case streamTime:
			row.Cell(theme.Dim, page.ShortMoment(e.Time, s.Now()), width)
		case streamService:
			row.StyledCell(t.Service(e.Service), t.String(e.Service), width)
		case streamType:
			page.TypeCell(t, row, e, width)
		case streamPosition:
			row.Link(s.LinkTo(e.Source, e.Position)).ID(theme.Dim, t.String(e.Position.String()), width)
		case streamFlow:
			row.ID(theme.Plain, t.String(page.FlowLabel(*e)), width)
		case streamValue:
			row.Cell(theme.Dim, t.Bytes(e.Summary, width), width)
		default:
			page.FieldCell(t, row, e.Fields, column-streamFields, width)
		}
	}).Line()
}
