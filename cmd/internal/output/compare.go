package output

import (
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/tracing"
	"eventscope/tracing/compare"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// Compared is two flows, to be written beside each other.
type Compared struct {
	A, B  *tracing.Flow
	Steps []compare.Step
	// Results yields what differs in the messages of the steps that are in both flows, by their
	// index. They are asked for one at a time while the steps are written.
	Results iter.Seq2[int, *compare.Result]
}

// ComparedEvents is two events, and what differs between them.
type ComparedEvents struct {
	A, B   *tracing.Event
	Result *compare.Result
}

// counts are how many steps are in one flow alone, and how many of the others differ.
type counts struct{ onlyA, onlyB, differ int }

// each calls write for the steps in their order, with what differs in those that are in both.
func (c *Compared) each(write func(step compare.Step, r *compare.Result) error) (n counts, err error) {
	next, stop := iter.Pull2(c.Results)
	defer stop()
	for _, step := range c.Steps {
		var r *compare.Result
		switch inA, inB := step.In(); {
		case !inB:
			n.onlyA++
		case !inA:
			n.onlyB++
		default:
			if _, r, _ = next(); r != nil && !r.Equal() {
				n.differ++
			}
		}
		if err := write(step, r); err != nil {
			return n, err
		}
	}
	return n, nil
}

// WriteCompared writes a line for each step, and one for both flows.
func (l *jsonLines) WriteCompared(w *Writer, c *Compared) error {
	n, err := c.each(func(step compare.Step, r *compare.Result) error {
		return w.Write(l.comparedStep(w.Available(), c, step, r))
	})
	if err != nil {
		return err
	}
	dst := append(w.Available(), '{')
	start := len(dst) - 1
	for i, f := range []*tracing.Flow{c.A, c.B} {
		dst = flowHead(append(field(dst, []string{"a", "b"}[i]), '{'), &f.FlowSummary)
		dst = number(field(dst, "events"), int64(f.Events))
		dst = append(flowRest(dst, &f.FlowSummary), '}')
	}
	dst = number(field(dst, "steps"), int64(len(c.Steps)))
	dst = number(field(dst, "only_a"), int64(n.onlyA))
	dst = number(field(dst, "only_b"), int64(n.onlyB))
	dst = number(field(dst, "differ"), int64(n.differ))
	return w.Write(l.end(dst, start))
}

func (l *jsonLines) comparedStep(dst []byte, c *Compared, step compare.Step, r *compare.Result) []byte {
	start := len(dst)
	of := step.Of(c.A, c.B)
	dst = known(field(append(dst, '{'), "service"), of.Service)
	dst = known(field(dst, "type"), of.Type)
	dst = quote(field(dst, "destination"), of.Position.Destination)
	for i, side := range []struct {
		flow *tracing.Flow
		at   int
	}{{c.A, step.A}, {c.B, step.B}} {
		if dst = field(dst, []string{"a", "b"}[i]); side.at < 0 {
			dst = append(dst, "null"...)
			continue
		}
		s := &side.flow.Steps[side.at]
		dst = position(field(append(dst, '{'), "position"), s.Position)
		dst = moment(field(dst, "time"), s.Time)
		dst = append(number(field(dst, "offset_ms"), s.Offset.Milliseconds()), '}')
	}
	if inA, inB := step.In(); inA && inB {
		dst = number(field(dst, "later_ms"), step.Later(c.A, c.B).Milliseconds())
	} else {
		dst = append(field(dst, "later_ms"), "null"...)
	}
	if r != nil {
		dst = result(dst, r)
	}
	return l.end(dst, start)
}

// AppendComparedEvents appends a line for two events.
func (l *jsonLines) AppendComparedEvents(dst []byte, c *ComparedEvents) []byte {
	start := len(dst)
	dst = append(dst, '{')
	for i, e := range []*tracing.Event{c.A, c.B} {
		dst = append(indexed(append(field(dst, []string{"a", "b"}[i]), '{'), &tracing.Step{Event: *e}), '}')
	}
	return l.end(result(dst, c.Result), start)
}

// result appends what differs between two events.
func result(dst []byte, r *compare.Result) []byte {
	for i, fields := range [][]compare.Field{r.Differs, r.Varies} {
		dst = append(field(dst, []string{"differs", "varies"}[i]), '[')
		for n := range fields {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = append(comparedField(append(dst, '{'), &fields[n]), '}')
		}
		dst = append(dst, ']')
	}
	dst = number(field(dst, "same"), int64(r.Same))
	dst = number(field(dst, "masked"), int64(r.Masked))
	dst = number(field(dst, "not_listed"), int64(r.More))
	if r.Beyond {
		dst = boolean(field(dst, "cut"), true)
	}
	if r.Err != nil {
		dst = quote(field(dst, "not_compared"), r.Err.Error())
	}
	return dst
}

func comparedField(dst []byte, f *compare.Field) []byte {
	dst = quote(field(dst, "in"), f.In)
	dst = known(field(dst, "name"), f.Name)
	for i, value := range [][]byte{f.A, f.B} {
		dst = field(dst, []string{"a", "b"}[i])
		if !f.JSON || value == nil {
			dst = binary(dst, value)
			continue
		}
		start := len(dst)
		var err error
		if dst, err = jsontext.AppendFormat(dst, value, keepStrings, keepNames); err != nil {
			dst = binary(dst[:start], value)
		}
	}
	if f.Varies != "" {
		dst = quote(field(dst, "by"), f.Varies)
	}
	return dst
}

// The columns of what is compared.
var (
	fieldColumn = &column{least: 16, most: 40}
	sideColumn  = &column{least: 12, most: 36}
)

// WriteCompared writes what the two flows are, a line for each step, and below it what differs.
func (l *textLines) WriteCompared(w *Writer, c *Compared) error {
	for i, f := range []*tracing.Flow{c.A, c.B} {
		role, _ := l.theme.Status(f.Status)
		cells := []text.Safe{[]text.Safe{text.Own("A"), text.Own("B")}[i], l.named(&f.FlowSummary), l.cleaner.String(string(f.Status)), text.Plural(f.Events, text.Own(" event"), text.Own(" events")), text.Span(f.Duration())}
		if err := w.Write(l.line(w.Available(), cells, text.Own("began ").Add(l.moment(f.Started)), l.looks(theme.Dim, theme.Title, role)...)); err != nil {
			return err
		}
	}
	n, err := c.each(func(step compare.Step, r *compare.Result) error {
		return w.Write(l.comparedStep(w.Available(), c, step, r))
	})
	if err != nil {
		return err
	}
	said := text.Join(text.Own(", "), text.Plural(len(c.Steps), text.Own(" step"), text.Own(" steps")), text.Count(int64(n.onlyA)).Add(text.Own(" in A alone")),
		text.Count(int64(n.onlyB)).Add(text.Own(" in B alone")), text.Count(int64(n.differ)).Add(text.Own(" with other fields")))
	return w.Write(l.line(w.Available(), nil, said))
}

func (l *textLines) comparedStep(dst []byte, c *Compared, step compare.Step, r *compare.Result) []byte {
	of, a, b, later := step.Of(c.A, c.B), text.Own("missing"), text.Own("missing"), text.Safe{}
	lookA, lookB := theme.Bad, theme.Bad
	if step.A >= 0 {
		a, lookA = text.Offset(c.A.Steps[step.A].Offset), theme.Dim
	}
	if step.B >= 0 {
		b, lookB = text.Offset(c.B.Steps[step.B].Offset), theme.Dim
	}
	if inA, inB := step.In(); inA && inB {
		later = text.Later(step.Later(c.A, c.B))
	}
	cells := []text.Safe{right(a, 9), right(b, 9), right(later, 9), l.cell(serviceColumn, l.cleaner.String(of.Service)), l.cell(typeColumn, l.cleaner.String(of.Type))}
	looks := l.looks(lookA, lookB, theme.Dim, theme.Plain, theme.Plain, theme.Dim)
	looks[3] = l.theme.Service(of.Service)
	dst = l.line(dst, cells, l.cleaner.String(of.Position.Destination), looks...)
	if r == nil {
		return dst
	}
	return l.result(dst, r, false)
}

// AppendComparedEvents appends what the two events are, and what differs between them.
func (l *textLines) AppendComparedEvents(dst []byte, c *ComparedEvents) []byte {
	for i, e := range []*tracing.Event{c.A, c.B} {
		cells := []text.Safe{[]text.Safe{text.Own("A"), text.Own("B")}[i], l.clock(e.Time), l.cell(serviceColumn, l.cleaner.String(e.Service)), l.cell(typeColumn, l.cleaner.String(e.Type)),
			l.cell(positionColumn, l.cleaner.String(e.Position.String()))}
		dst = l.line(dst, cells, l.cleaner.String(e.FlowID), l.looks(theme.Dim, theme.Dim, theme.Plain, theme.Plain, theme.Dim, theme.Strong)...)
	}
	return l.result(dst, c.Result, true)
}

// result appends what differs between two events; with everything also what varies, and how much
// is the same.
func (l *textLines) result(dst []byte, r *compare.Result, everything bool) []byte {
	note := func(role theme.Role, s text.Safe) {
		dst = l.line(dst, nil, text.Own("    ").Add(s), l.looks(role)...)
	}
	if r.Err != nil {
		note(theme.Warn, text.Own("the messages are not compared: ").Add(l.cleaner.String(r.Err.Error())))
	}
	dst = l.fields(dst, r.Differs, theme.Plain)
	if everything && r.Equal() {
		note(theme.Good, text.Own("nothing differs but ids, times and positions"))
	}
	if r.More > 0 {
		note(theme.Warn, text.Count(int64(r.More)).Add(text.Own(" more differences are not listed")))
	}
	if r.Beyond {
		note(theme.Warn, text.Own("the values are too large to be compared whole: their lines are, as far as there is room"))
	}
	if !everything {
		return dst
	}
	if len(r.Varies) > 0 {
		note(theme.Title, text.Own("ids, times and positions:"))
		dst = l.fields(dst, r.Varies, theme.Dim)
	}
	note(theme.Dim, text.Plural(r.Same, text.Own(" field is the same"), text.Own(" fields are the same")))
	if r.Masked > 0 {
		note(theme.Warn, text.Plural(r.Masked, text.Own(" masked field is not compared"), text.Own(" masked fields are not compared")))
	}
	return dst
}

func (l *textLines) fields(dst []byte, fields []compare.Field, role theme.Role) []byte {
	side := func(value []byte) text.Safe {
		switch {
		case value == nil:
			return text.Own("not there")
		case len(value) == 0:
			return text.Own("(empty)")
		}
		return l.clean(value)
	}
	for i := range fields {
		f := &fields[i]
		name := l.cleaner.String(f.Label())
		dst = l.line(dst, []text.Safe{text.Own("  "), l.cell(fieldColumn, name), l.cell(sideColumn, side(f.A))}, side(f.B), l.looks(role, role, role, role)...)
	}
	return dst
}
