package flowpage

import (
	"strings"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of the list, in their order on the screen.
const (
	flowStatus = iota
	flowID
	flowAge
	flowDuration
	flowEvents
	flowLast
	flowNotes
	flowServices
)

// Columns are the names by which the columns of the list are chosen.
var Columns = []string{"status", "flow", "last", "duration", "events", "last_event", "notes", "services"}

// layout gives the columns; services leave first when the screen is narrow, then notes,
// the last event, duration, events.
func (l *List) layout(rows []tracing.FlowSummary, width int) []int {
	id, last, notes, events := 10, 12, 5, 6
	for i := range rows {
		id = max(id, min(28, l.Theme().String(flowName(&rows[i])).Width()))
		last = max(last, min(30, l.Theme().String(rows[i].LastType).Width()))
		events = max(events, text.Count(int64(rows[i].Events)).Width())
		_, note := l.notes(&rows[i])
		notes = max(notes, min(36, note.Width()))
	}
	return l.columns.Layout([]widget.Column{
		flowStatus:   {Min: len("x compensated")},
		flowID:       {Min: min(id, 12), Want: id},
		flowAge:      {Min: 5},
		flowDuration: {Min: 8, Rank: 2},
		flowEvents:   {Min: events, Rank: 1},
		flowLast:     {Min: 12, Want: last, Rank: 3},
		flowNotes:    {Min: min(notes, 11), Want: notes, Rank: 4},
		flowServices: {Min: 16, Rank: 5, Rest: true},
	}, width-2)
}

func (l *List) headings(columns []int, width int) widget.Line {
	names := []text.Safe{text.Own("Status"), text.Own("Flow"), text.Own("Last"), text.Own("Duration"), text.Own("Events"), text.Own("Last event"), text.Own("Notes"), text.Own("Services")}
	row, over := widget.NewRow(l.Theme(), width).Gap(2), 0
	l.columns.Each(columns, func(i, n int) {
		if n > 0 {
			row.Gap(widget.Gap - over)
		}
		role, name := theme.Dim, names[i]
		if l.Order().Column == i {
			name, role = name.Add(l.Glyph(l.Theme())), theme.Accent
		}
		over = min(1, max(0, name.Width()-columns[i])) // the mark of the order
		wide := columns[i] + over
		if i == flowAge || i == flowDuration || i == flowEvents {
			row.Right(role, name, wide)
		} else {
			row.Cell(role, name, wide)
		}
	})
	return row.Line()
}

// flowOrders are the orders of the list, which the index puts it in.
func flowOrders() (orders []page.Order[tracing.FlowSummary]) {
	columns := map[tracing.FlowSort]int{
		tracing.ByTrouble: flowStatus, tracing.ByName: flowID, tracing.ByActivity: flowAge, tracing.ByDuration: flowDuration,
		tracing.ByEvents: flowEvents, tracing.ByType: flowLast, tracing.ByServices: flowServices, tracing.ByStart: -1,
	}
	for _, sort := range tracing.FlowSorts {
		orders = append(orders, page.Order[tracing.FlowSummary]{Name: string(sort), Column: columns[sort]})
	}
	return orders
}

func (l *List) row(columns []int, i, width int) widget.Line {
	t, flow := l.Theme(), &l.rows[i]
	_, marked := l.marked[flow.Key]
	row := widget.ListRow(t, width, i == l.cursor.Index, marked)
	return l.columns.Draw(row, columns, func(column, width int) {
		switch column {
		case flowStatus:
			role, glyph := t.Status(flow.Status)
			row.Cell(role, glyph.Add(text.Space, t.String(string(flow.Status))), width)
		case flowID:
			row.ID(theme.Plain, t.String(flowName(flow)), width)
		case flowAge:
			row.Right(theme.Dim, text.Age(l.Now().Sub(flow.Last)), width)
		case flowDuration:
			row.Right(theme.Plain, text.Span(flow.Duration()), width)
		case flowEvents:
			row.Right(theme.Plain, text.Count(int64(flow.Events)), width)
		case flowLast:
			row.Cell(theme.Plain, t.String(flow.LastType), width)
		case flowNotes:
			role, note := l.notes(flow)
			row.Cell(role, note, width)
		case flowServices:
			row.Cell(theme.Dim, l.services(flow), width)
		}
	}).Line()
}

func (l *List) services(flow *tracing.FlowSummary) text.Safe {
	return l.Theme().String(strings.Join(flow.Services, " "))
}

// notes are what is out of the ordinary in a flow.
func (l *List) notes(flow *tracing.FlowSummary) (theme.Role, text.Safe) {
	t := l.Theme()
	var notes []text.Safe
	role := theme.Dim
	if flow.DeadLetters > 0 {
		notes, role = append(notes, t.Glyph.Dead.Add(text.Space, text.Plural(flow.DeadLetters, text.Own(" dead letter"), text.Own(" dead letters")))), theme.Bad
	}
	if flow.FailedAt != "" && flow.FailedAt != flow.LastType {
		notes = append(notes, t.Glyph.Failed.Add(text.Space, t.String(flow.FailedAt)))
	}
	if flow.Duplicates > 0 {
		notes = append(notes, t.Glyph.Duplicate.Add(text.Space, text.Plural(flow.Duplicates, text.Own(" duplicate"), text.Own(" duplicates"))))
	}
	if flow.Entities > 0 {
		notes = append(notes, text.Count(int64(flow.Entities)).Add(text.Own(" entities")))
	}
	switch {
	case flow.Cut:
		notes = append(notes, text.Own("cut"))
	case flow.BeganBefore:
		notes = append(notes, text.Own("began earlier"))
	}
	return role, text.Join(text.Own(", "), notes...)
}

// flowName is what a flow is called: what it is about, such as the order's number, since
// that is what people ask for; else its id.
func flowName(flow *tracing.FlowSummary) string {
	if flow.Entity != "" {
		return flow.Entity
	}
	return flow.ID
}

func (l *List) empty(width, height int) []widget.Line {
	t := l.Theme()
	if !l.answered {
		return widget.Fit(t, nil, width, height) // the footer says what is waited for
	}
	sentences := []text.Safe{text.Own("No flows yet. Events that share a correlation id, a trace id or an order id appear here as one row."),
		text.Own("1 shows every event, those that name no flow too; :trace ID looks for one in the brokers.")}
	switch {
	case l.trouble && l.watch() != nil:
		is := text.Own(" are failed, stuck or late.")
		if l.troubled == 1 {
			is = text.Own(" is failed, stuck or late.")
		}
		sentences = []text.Safe{
			text.Own("No failed, stuck or late flow matches the filter; without it ").Add(text.Plural(l.troubled, text.Own(" flow"), text.Own(" flows")), is),
			text.Own("esc clears the filter; ! shows all flows that match it."),
		}
	case l.trouble:
		sentences = []text.Safe{text.Own("No flow is failed, stuck or late."), text.Own("! shows all flows again.")}
	case l.watch() != nil:
		none := text.Own("No flow has an event that matches the filter.")
		if l.Filter.OfFlows != nil {
			none = text.Own("No flow matches the filter.")
		}
		sentences = []text.Safe{none, text.Own("esc clears it; / changes it.")}
	}
	return page.Empty(t, width, height, nil, page.Piece{Role: theme.Plain, Text: sentences[0]}, page.Piece{Role: theme.Dim, Text: sentences[1]})
}
