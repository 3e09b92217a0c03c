package comparepage

import (
	"strings"
	"time"

	"eventscope/tracing"
	"eventscope/tracing/compare"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// The columns of the steps, in their order on the screen.
const (
	stepA = iota
	stepB
	stepLater
	stepService
	stepKind
	stepDestination
	stepDiffers
)

// telling is from which difference in time on a step is said to be slower.
const telling = 100 * time.Millisecond

// headline says what a flow is.
func (f *flows) headline(i int) text.Safe {
	t, flow, label := f.Theme(), f.a, text.Own("A")
	if i == 1 {
		flow, label = f.b, text.Own("B")
	}
	_, glyph := t.Status(flow.Status)
	dot := text.Space.Add(t.Glyph.Separator, text.Space)
	return text.Join(text.Own("  "), label, f.label(i), glyph.Add(text.Space, t.String(string(flow.Status))),
		text.Join(dot, text.Plural(flow.Events, text.Own(" event"), text.Own(" events")), text.Span(flow.Duration()), text.Own("began ").Add(page.ShortMoment(flow.Started, f.Now()))))
}

// sentence is what the two flows differ in as a whole.
func (f *flows) sentence() text.Safe {
	onlyA, onlyB := 0, 0
	for _, s := range f.steps {
		switch {
		case s.B < 0:
			onlyA++
		case s.A < 0:
			onlyB++
		}
	}
	var parts []text.Safe
	if onlyA > 0 {
		parts = append(parts, text.Plural(onlyA, text.Own(" step is in A alone"), text.Own(" steps are in A alone")))
	}
	if onlyB > 0 {
		parts = append(parts, text.Plural(onlyB, text.Own(" step is in B alone"), text.Own(" steps are in B alone")))
	}
	if len(parts) == 0 {
		parts = append(parts, text.Own("both have the same steps"))
	}
	if i := f.slowest(); i >= 0 {
		took := f.steps[i].Took(f.a, f.b)
		slower := text.Own(" longer in B")
		if took < 0 {
			slower = text.Own(" longer in A")
		}
		parts = append(parts, f.Theme().String(f.step(i).Type).Add(text.Own(" took "), text.Span(took.Abs()), slower))
	}
	return text.Join(text.Own("; "), parts...)
}

// slowest is the step whose time differs most, or -1 where none is worth a word.
func (f *flows) slowest() int {
	most, at := telling, -1
	for i, s := range f.steps {
		if took := s.Took(f.a, f.b).Abs(); took >= most {
			most, at = took+1, i
		}
	}
	return at
}

// step is a step as one of the flows has it.
func (f *flows) step(i int) *tracing.Step { return f.steps[i].Of(f.a, f.b) }

// list draws what the flows are, and the steps.
func (f *flows) list(width, height int) []widget.Line {
	t := f.Theme()
	lines := make([]widget.Line, 0, height)
	for i, flow := range []*tracing.Flow{f.a, f.b} {
		role, _ := t.Status(flow.Status)
		if role == theme.Dim {
			role = theme.Plain
		}
		lines = append(lines, widget.NewRow(t, width).Gap(1).Put(role, f.headline(i)).Line())
	}
	lines = append(lines, widget.NewRow(t, width).Gap(1).Put(theme.Dim, f.sentence()).Line())
	columns := f.columns(width)
	names := []text.Safe{text.Own("A"), text.Own("B"), text.Own("Later"), text.Own("Service"), text.Own("Type"), text.Own("Destination"), text.Own("Differs in")}
	lines = append(lines, widget.Headings(t, width, columns, names, stepA, stepB, stepLater))
	slowest := f.slowest()
	return f.Draw(t, lines, width, height, len(f.steps), func(i int, selected bool) widget.Line { return f.row(columns, i, width, selected, i == slowest) })
}

// columns are the widths of the columns. On a narrow screen the destination leaves first, then what
// differs, then the service.
func (f *flows) columns(width int) []int {
	t := f.Theme()
	when, later, service, kind, destination := len("missing"), len("Later"), len("Service"), len("Type"), len("Destination")
	for i := range f.steps[:min(len(f.steps), page.MostMeasured)] {
		a, b := f.when(i)
		when, later = max(when, a.Width(), b.Width()), max(later, f.later(i).Width())
		s := f.step(i)
		service, kind = max(service, min(16, t.String(s.Service).Width())), max(kind, min(34, t.String(s.Type).Width()+2))
		destination = max(destination, min(24, t.String(s.Position.Destination).Width()))
	}
	return widget.Layout([]widget.Column{
		stepA: {Min: when}, stepB: {Min: when}, stepLater: {Min: later},
		stepService:     {Min: min(service, 9), Want: service, Rank: 1},
		stepKind:        {Min: min(kind, 16), Want: min(kind, max(16, width/4))},
		stepDestination: {Min: min(destination, 12), Want: destination, Rank: 3},
		stepDiffers:     {Min: 12, Want: 30, Rank: 2, Rest: true},
	}, width-2)
}

// when is when a step happened in both, since the beginning of each.
func (f *flows) when(i int) (a, b text.Safe) {
	a, b = text.Own("missing"), text.Own("missing")
	if s := f.steps[i]; s.A >= 0 {
		a = text.Offset(f.a.Steps[s.A].Offset)
	}
	if s := f.steps[i]; s.B >= 0 {
		b = text.Offset(f.b.Steps[s.B].Offset)
	}
	return a, b
}

// later is by how much later a step happened in B.
func (f *flows) later(i int) text.Safe {
	s := f.steps[i]
	if s.A < 0 || s.B < 0 {
		return text.Safe{}
	}
	return text.Later(s.Later(f.a, f.b))
}

// row draws a step.
func (f *flows) row(columns []int, i, width int, selected, slowest bool) widget.Line {
	t, row := f.Theme(), widget.ListRow(f.Theme(), width, selected, false)
	a, b := f.when(i)
	roleA, roleB, later := theme.Dim, theme.Dim, theme.Dim
	if inA, inB := f.steps[i].In(); !inA {
		roleA = theme.Bad
	} else if !inB {
		roleB = theme.Bad
	}
	if slowest {
		later = theme.Warn
	}
	row.Right(roleA, a, columns[stepA])
	row.ColumnRight(roleB, b, columns[stepB])
	row.ColumnRight(later, f.later(i), columns[stepLater])
	s := f.step(i)
	if w := columns[stepService]; w > 0 {
		row.Between().StyledCell(t.Service(s.Service), t.String(s.Service), w)
	}
	page.TypeCell(t, row.Between(), &s.Event, columns[stepKind])
	row.Column(theme.Dim, t.String(s.Position.Destination), columns[stepDestination])
	role, differs := f.differs(i)
	return row.Column(role, differs, columns[stepDiffers]).Line()
}

// differs names the fields that differ between the events of a step.
func (f *flows) differs(i int) (theme.Role, text.Safe) {
	t, s := f.Theme(), f.steps[i]
	switch {
	case s.A < 0:
		return theme.Bad, text.Own("in B alone")
	case s.B < 0:
		return theme.Bad, text.Own("in A alone")
	}
	r := f.results[f.pairOf(s)]
	switch {
	case r == nil:
		return theme.Dim, t.Glyph.Dot
	case r.Err != nil:
		return theme.Warn, text.Own("not compared")
	case len(r.Differs)+r.More == 0 && r.Beyond:
		return theme.Warn, text.Own("in part: nothing")
	case len(r.Differs)+r.More == 0:
		return theme.Dim, text.Own("nothing")
	}
	const named = 4
	var names []text.Safe
	common := commonParent(r.Differs)
	for n := range r.Differs[:min(len(r.Differs), named)] {
		name := fieldName(t, &r.Differs[n])
		if r.Differs[n].In == compare.InValue {
			name = t.String(strings.TrimPrefix(r.Differs[n].Name, common))
		}
		names = append(names, name)
	}
	said := text.Join(text.Own(", "), names...)
	if more := len(r.Differs) + r.More - len(names); more > 0 {
		said = said.Add(text.Own(" and "), text.Count(int64(more)), text.Own(" more"))
	}
	return theme.Plain, said
}

// commonParent is the member in which all fields of values are, with its full stop, or empty.
func commonParent(fields []compare.Field) (parent string) {
	for i := range fields {
		if fields[i].In != compare.InValue {
			continue
		}
		first, _, below := strings.Cut(fields[i].Name, ".")
		if !below || parent != "" && parent != first+"." {
			return ""
		}
		parent = first + "."
	}
	return parent
}

// stepText is a step as text.
func (f *flows) stepText(i int) text.Safe {
	t, s := f.Theme(), f.step(i)
	a, b := f.when(i)
	pad := func(s text.Safe, width int) text.Safe { return text.Space.Repeat(width - s.Width()).Add(s) }
	_, differs := f.differs(i)
	if r := f.results[f.pairOf(f.steps[i])]; r != nil && !r.Equal() && r.Err == nil {
		differs = text.Safe{} // the fields follow
	}
	return text.Join(text.Own("  "), pad(a, 8), pad(b, 8), pad(f.later(i), 9), t.String(s.Service), t.String(s.Type), t.String(s.Position.Destination), differs)
}
