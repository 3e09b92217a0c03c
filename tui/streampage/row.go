package streampage

import (
	"time"

	"eventscope/adapters"
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

// layout gives the columns for these events: time, service, type, position, flow,
// summary. When the screen is narrow the position leaves first, then the summary, then
// the service.
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
		{Min: min(w.kind, 20), Want: w.kind},
		{Min: min(w.position, 14), Want: w.position, Rank: 4},
		{Min: min(w.flow, 10), Want: w.flow, Rank: 1},
		{Min: 12, Want: 28, Rank: 3, Rest: true},
	}, width-2)
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

// empty says what would be here and what brings it.
func (s *stream) empty(width, height int) []widget.Line {
	t := s.Theme()
	lines := []widget.Line{widget.Blank(t, width)}
	add := func(role theme.Role, sentence text.Safe) {
		lines = append(lines, widget.Paragraph(t, width, 2, role, sentence, 4)...)
	}
	if s.Filter.Watch != nil {
		add(theme.Plain, text.Own("No event matches the filter so far."))
		add(theme.Dim, text.Own("esc clears it; / changes it."))
		return widget.Fit(t, lines, width, height)
	}
	add(theme.Plain, text.Own("No events yet. Each event appears here as it is written."))
	for _, source := range s.Sources {
		status := source.Status()
		role, glyph := t.Connection(status.Connection)
		add(role, glyph.Add(text.Space, t.String(source.Name), text.Space, t.String(status.Connection.String()), text.Own(", "),
			s.Words.Destinations(s.Theme(), source.Broker, status.Destinations), connectionHint(status.Connection)))
	}
	if s.WhenEmpty != "" {
		add(theme.Dim, t.String(s.WhenEmpty))
	}
	return widget.Fit(t, lines, width, height)
}

// connectionHint says what an empty page means in that state.
func connectionHint(c adapters.Connection) text.Safe {
	switch c {
	case adapters.Live:
		return text.Own(": waiting for a producer to write")
	case adapters.Connecting, adapters.Lost:
		return text.Own(": trying")
	}
	return text.Safe{}
}
