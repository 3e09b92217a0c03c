package flowpage

import (
	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// rowKind is what a row of a flow is.
type rowKind uint8

const (
	stepRow        rowKind = iota
	reasonRow              // why the step above failed, where it has no room there
	expectationRow         // what did not come
	joinRow                // why two groups of events are one flow
	gapRow                 // when a source saw nothing
	cappedRow              // what was only counted
)

// flowRow is a row of a flow, by its index in the list of its kind.
type flowRow struct {
	kind  rowKind
	index int
}

// flowRows are the rows of a flow: what happened, with the gaps where they were, what did
// not, and why it is one flow. With reasons, failures say why in a row of their own.
func flowRows(flow *tracing.Flow, reasons bool) []flowRow {
	rows := make([]flowRow, 0, len(flow.Steps)+len(flow.Expected)+len(flow.Joins)+len(flow.Gaps)+1)
	gap := 0
	for i := range flow.Steps {
		for ; gap < len(flow.Gaps) && flow.Gaps[gap].From.Before(flow.Steps[i].Time); gap++ {
			rows = append(rows, flowRow{gapRow, gap})
		}
		rows = append(rows, flowRow{stepRow, i})
		if reasons && hasReason(&flow.Steps[i]) {
			rows = append(rows, flowRow{reasonRow, i})
		}
	}
	for ; gap < len(flow.Gaps); gap++ {
		rows = append(rows, flowRow{gapRow, gap})
	}
	for i := range flow.Expected {
		if flow.Expected[i].State != tracing.Seen {
			rows = append(rows, flowRow{expectationRow, i})
		}
	}
	for i := range flow.Joins {
		rows = append(rows, flowRow{joinRow, i})
	}
	if flow.Capped > 0 {
		rows = append(rows, flowRow{cappedRow, 0})
	}
	return rows
}

// hasReason reports whether the step failed and tells why.
func hasReason(step *tracing.Step) bool {
	return step.Note != "" && step.Marks&(tracing.Failure|tracing.DeadLetter) != 0
}

// inWords is a row that is no step, in words of at most room cells, and its role.
func (f *flowPage) inWords(at flowRow, room int) (text.Safe, theme.Role) {
	t := f.Theme()
	switch at.kind {
	case reasonRow:
		step := &f.flow.Steps[at.index]
		role, _ := t.Marks(step.Marks)
		return t.String(step.Note), role
	case expectationRow:
		e := &f.flow.Expected[at.index]
		return f.expectation(e, room), expectationRole(e)
	case joinRow:
		join := &f.flow.Joins[at.index]
		return text.Own("joined with ").Add(t.CutMiddle(t.String(join.Other), 30), text.Own(": "), t.String(join.Reason)), theme.Dim
	case gapRow:
		gap := &f.flow.Gaps[at.index]
		return t.String(gap.Source).Add(text.Space, page.GapSentence(t, gap.Gap)), theme.Warn
	}
	return text.Plural(f.flow.Capped, text.Own(" further event shares this id and was only counted"), text.Own(" further events share this id and were only counted")), theme.Warn
}

func expectationRole(e *tracing.Expectation) theme.Role {
	switch e.State {
	case tracing.Missing:
		return theme.Bad
	case tracing.Overdue:
		return theme.Warn
	}
	return theme.Dim
}

// expectation is a sentence about a type that did not come: as much of it as room has
// cells for, the telling parts first.
func (f *flowPage) expectation(e *tracing.Expectation, room int) text.Safe {
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
			return f.Theme().String(e.Why)
		}
		return text.Own("not expected")
	}
	more := []text.Safe{f.waitsForService(e)}
	if e.Usual > 0 {
		more = append(more, text.Own(", usually within ").Add(text.Span(max(e.Usual, e.Late))))
	}
	if e.Why != "" {
		more = append(more, text.Own("; ").Add(f.Theme().String(e.Why)))
	}
	if e.Seen > 0 && e.Seen < 1 {
		more = append(more, text.Own(", in ").Add(text.Count(int64(e.Seen*100)), text.Own(" % of flows")))
	}
	for _, part := range more {
		if s.Width()+part.Width() > room {
			break
		}
		s = s.Add(part)
	}
	return s
}
