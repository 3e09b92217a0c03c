package flowpage

import (
	"time"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of the timeline, in their order on the screen.
const (
	stepOffset = iota
	stepUsual
	stepService
	stepKind
	stepPosition
	stepWaterfall
	stepNote
)

// timeline is what drawing a flow needs to know of all its steps, taken once when the
// flow came: a flow can have thousands.
type timeline struct {
	offset, usual, service, kind, position int // cells
	note, reason                           int // of what is said about steps; of why they failed
	times                                  []time.Duration
	causes                                 []int // by index, or -1
	// usually is when each step usually comes; nil where that is not known.
	usually []*tracing.Expectation
}

func (f *flowPage) measure() timeline {
	t := f.Theme()
	m := timeline{offset: 7, service: 7, kind: 14, position: 10, usually: usually(f.flow)}
	for i := range f.flow.Steps {
		step := &f.flow.Steps[i]
		m.offset = max(m.offset, text.Offset(step.Offset).Width())
		if e := m.usually[i]; e != nil {
			m.usual = max(m.usual, usualText(e).Width(), usualHead.Width())
		}
		m.service = max(m.service, min(16, f.serviceWidth(step.Service)))
		m.kind = max(m.kind, min(34, t.String(step.Type).Width()+2))
		m.position = max(m.position, min(30, f.where(step).Width()))
		if note := f.note(step).Width(); hasReason(step) {
			m.reason = max(m.reason, note)
		} else {
			m.note = max(m.note, min(40, note))
		}
		m.times, m.causes = append(m.times, step.Offset), append(m.causes, step.Parent)
	}
	for i := range f.flow.Expected {
		m.kind = max(m.kind, min(34, t.String(f.flow.Expected[i].Type).Width()+2))
	}
	return m
}

// columns are the widths of the columns, and whether the reasons of failures need rows
// of their own. When the screen is narrow the usual times leave first, then the position, the note
// and the waterfall; but a reason stays readable, so the first two leave for it as well.
func (m *timeline) columns(width int) (columns []int, reasons bool) {
	layout := func(usual, position, note int) []int {
		return widget.Layout([]widget.Column{
			stepOffset:    {Min: m.offset},
			stepUsual:     {Min: usual, Rank: 5},
			stepService:   {Min: min(m.service, 9), Want: m.service, Rank: 1},
			stepKind:      {Min: min(m.kind, 18), Want: m.kind},
			stepPosition:  {Min: min(position, 22), Want: position, Rank: 4},
			stepWaterfall: {Min: 14, Rank: 2, Rest: true},
			stepNote:      {Min: min(note, 16), Want: note, Rank: 3},
		}, width-2)
	}
	for _, most := range [][2]int{{m.usual, m.position}, {0, m.position}, {0, 0}} {
		if columns = layout(most[0], most[1], max(m.note, m.reason)); columns[stepNote] >= m.reason {
			return columns, false
		}
	}
	return layout(m.usual, m.position, m.note), true
}

// where is a step's broker and position.
func (f *flowPage) where(step *tracing.Step) text.Safe {
	return f.Theme().String(string(step.Broker)).Add(text.Space, f.Theme().String(step.Position.String()))
}

// note is what is to be said about a step.
func (f *flowPage) note(step *tracing.Step) text.Safe {
	if step.Note != "" {
		return f.Theme().String(step.Note)
	}
	return f.Theme().Bytes(step.Summary, 28)
}

// timelineRow draws row i. places are those of the waterfall; reasons says that failures
// have rows of their own for why.
func (f *flowPage) timelineRow(columns, places []int, reasons bool, i, width int, selected bool) widget.Line {
	t, row := f.Theme(), widget.ListRow(f.Theme(), width, selected, false)
	if f.rows[i].kind != stepRow {
		return f.besideSteps(columns, f.rows[i], row)
	}
	index := f.rows[i].index
	step := &f.flow.Steps[index]
	f.timeCells(row, columns, index)
	if w := columns[stepService]; w > 0 {
		f.serviceCell(row.Between(), step.Service, t.String(step.Service), w)
	}
	page.TypeCell(t, row.Between(), &step.Event, columns[stepKind])
	if w := columns[stepPosition]; w > 0 {
		row.Between().Link(f.LinkTo(step.Source, step.Position)).ID(theme.Dim, f.where(step), w)
	}
	if w := columns[stepWaterfall]; w > 0 {
		widget.Waterfall(row.Between(), f.bar(index, places), w)
	}
	if w := columns[stepNote]; w > 0 && !(reasons && hasReason(step)) {
		role := theme.Dim
		if step.Note != "" {
			role, _ = t.Marks(step.Marks)
		}
		row.Between().Cell(role, f.note(step), w)
	}
	return row.Line()
}

// timeCells are when a step came, and when such a step usually comes.
func (f *flowPage) timeCells(row *widget.Row, columns []int, index int) {
	step, e := &f.flow.Steps[index], f.size.usually[index]
	role, usual := theme.Dim, text.Safe{}
	if e != nil {
		usual = usualText(e)
		if step.Offset > e.Late+e.Late/10 { // the times are known to a tenth
			role = theme.Warn
		}
	}
	row.Right(role, text.Offset(step.Offset), columns[stepOffset])
	row.ColumnRight(theme.Dim, usual, columns[stepUsual])
}

// usually are, for each step, how soon such a step usually comes after the start of a flow: known of
// the first of each type.
func usually(flow *tracing.Flow) []*tracing.Expectation {
	known := map[string]*tracing.Expectation{}
	for i := range flow.Expected {
		if e := &flow.Expected[i]; e.State == tracing.Seen && e.Late > 0 {
			known[e.Type] = e
		}
	}
	all := make([]*tracing.Expectation, len(flow.Steps))
	for i := range flow.Steps {
		if step := &flow.Steps[i]; step.Offset > 0 {
			all[i] = known[step.Type]
		}
		delete(known, flow.Steps[i].Type)
	}
	return all
}

// usualHead names what usualText is.
var usualHead = text.Own("p50 / p95")

// usualText is how soon half of such steps come, and nearly all.
func usualText(e *tracing.Expectation) text.Safe {
	return text.Span(e.Usual).Add(text.Own(" / "), text.Span(e.Late))
}

// timelineHead names the columns, and has the axis of the waterfall.
func (f *flowPage) timelineHead(columns []int, scale widget.Scale, width int) widget.Line {
	row := widget.NewRow(f.Theme(), width).Gap(2).Right(theme.Dim, text.Own("Time"), columns[stepOffset])
	row.ColumnRight(theme.Dim, usualHead, columns[stepUsual]).Column(theme.Dim, text.Own("Service"), columns[stepService])
	row.Column(theme.Dim, text.Own("Type"), columns[stepKind]).Column(theme.Dim, text.Own("Position"), columns[stepPosition])
	if w := columns[stepWaterfall]; w > 0 {
		widget.Axis(row.Between(), scale, w)
	}
	return row.Column(theme.Dim, text.Own("Note"), columns[stepNote]).Line()
}

// leastExpectation is the room that how an expectation stands has at least: still to come.
const leastExpectation = 13

// besideSteps draws a row that is no step: a sign in the place of the time, what it is
// about, and a sentence.
func (f *flowPage) besideSteps(columns []int, at flowRow, row *widget.Row) widget.Line {
	t := f.Theme()
	switch at.kind {
	case expectationRow:
		e := &f.flow.Expected[at.index]
		row.Right(theme.Dim, t.Glyph.Dot.Repeat(5), columns[stepOffset])
		if w := columns[stepUsual]; w > 0 {
			row.Between().Gap(w)
		}
		if w := columns[stepService]; w > 0 {
			row.Between().Gap(w)
		}
		row.Between()
		kind := min(columns[stepKind], row.Left()-2-leastExpectation)
		row.Cell(expectationRole(e), t.String(e.Type), kind)
	case reasonRow:
		row.Gap(columns[stepOffset])
		service := columns[stepService] + 2
		if reason, _ := f.inWords(at, row.Left()); columns[stepService] > 0 && reason.Width() <= row.Left()-service-2 {
			row.Gap(service) // below the type
		}
	case joinRow:
		row.Right(theme.Link, t.Glyph.Known.Repeat(5), columns[stepOffset])
	default:
		row.Right(theme.Warn, t.Glyph.Warning, columns[stepOffset])
	}
	row.Between()
	sentence, role := f.inWords(at, row.Left())
	return row.Put(role, sentence).Line()
}

// bar is a step in the waterfall.
func (f *flowPage) bar(index int, places []int) widget.Bar {
	step := &f.flow.Steps[index]
	bar := widget.Bar{At: places[index], Cause: -1, Known: step.Edge == tracing.Known, Style: f.Theme().Service(step.Service)}
	if role, _ := f.Theme().Marks(step.Marks); role == theme.Bad {
		bar.Style = f.Theme().Style(theme.Bad)
	}
	if step.Parent >= 0 && step.Parent < len(places) {
		bar.Cause = places[step.Parent]
	}
	return bar
}
