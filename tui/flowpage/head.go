package flowpage

import (
	"strings"

	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// headLines say what the flow is, where that is known from, and what is missing.
func (f *flowPage) headLines(width int) []widget.Line {
	t, flow := f.Theme(), f.flow
	role, glyph := t.Status(flow.Status)
	evidence := f.evidence()
	row := widget.NewRow(t, width).Gap(1).Put(theme.Title, t.CutMiddle(f.id(), max(12, width/3))).Gap(2)
	row.Put(role, glyph.Add(text.Space, t.String(string(flow.Status)))).Gap(2)
	sep := text.Space.Add(t.Glyph.Separator, text.Space)
	figures := text.Join(sep, text.Plural(flow.Events, text.Own(" event"), text.Own(" events")), text.Plural(len(flow.Services), text.Own(" service"), text.Own(" services")),
		text.Plural(len(flow.Brokers), text.Own(" broker"), text.Own(" brokers")), text.Span(flow.Duration()))
	row.Put(theme.Plain, figures).Gap(2)
	if evidence.Width()+2 < row.Left() {
		row.End(theme.Dim, evidence.Add(text.Space))
		evidence = text.Safe{}
	}
	return []widget.Line{row.Line(), f.secondLine(evidence, width)}
}

// evidence is the flow's id, unless the title is that, and where it was read.
func (f *flowPage) evidence() text.Safe {
	t, flow := f.Theme(), f.flow
	switch {
	case flow.From == "":
		return text.Safe{}
	}
	id := text.Own("flow id")
	if flow.ID != flowName(&flow.FlowSummary) {
		id = id.Add(text.Space, t.CutMiddle(t.String(flow.ID), 36))
	}
	if strings.HasPrefix(flow.From, "by ") {
		return id.Add(text.Space, t.String(flow.From))
	}
	return id.Add(text.Own(" from "), t.String(flow.From))
}

// secondLine tells where expectations are from, or that the beginning is missing; and
// the evidence, when the first line had no room for it.
func (f *flowPage) secondLine(evidence text.Safe, width int) widget.Line {
	t, flow := f.Theme(), f.flow
	row := widget.NewRow(t, width).Gap(1)
	if flow.Entities > 0 && !flow.Cut && !flow.BeganBefore {
		note := text.Own("about ").Add(text.Count(int64(flow.Entities)), text.Own(" entities, such as orders, share this id, as in a batch; causes are guessed only within each"))
		return row.Put(theme.Warn, t.Glyph.Warning.Add(text.Space, note)).Line()
	}
	if flow.BeganBefore || flow.Cut {
		note := text.Own("began before the window")
		if flow.Evicted > 0 {
			note = note.Add(text.Own("; "), text.Plural(flow.Evicted, text.Own(" event"), text.Own(" events")), text.Own(" no longer indexed"))
		}
		if f.History {
			note = note.Add(text.Own("; b looks for them in the brokers"))
		}
		return row.Put(theme.Warn, t.Glyph.Warning.Add(text.Space, note)).Line()
	}
	sep := text.Space.Add(t.Glyph.Separator, text.Space)
	began := text.Own("began ").Add(text.Moment(flow.Started.Local()))
	if text.Join(sep, evidence, began).Width() > row.Left() { // the day is on the events' pages
		began = text.Own("began ").Add(text.ShortMoment(flow.Started.Local(), f.Now().Local()))
	}
	parts := []text.Safe{evidence, began}
	if flow.Path != "" {
		parts = append(parts, text.Own("usual path ").Add(t.String(flow.Path)))
	}
	if flow.Settle > 0 {
		parts = append(parts, text.Own("usually settles in ").Add(text.Span(flow.Settle)))
	}
	line := parts[0]
	for _, part := range parts[1:] {
		if longer := text.Join(sep, line, part); longer.Width() <= row.Left() || line.Empty() {
			line = longer
		}
	}
	return row.Put(theme.Dim, line).Line()
}
