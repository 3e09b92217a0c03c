package comparepage

import (
	"eventscope/tracing/compare"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

const (
	// besideFrom is the width from which the two stand side by side.
	besideFrom = 100
	// mostUnfolded is how many lines a field has at most that was unfolded.
	mostUnfolded = 60
	// besideLabel is what the label A or B takes.
	besideLabel = 5
)

// fieldLine is a line about what differs.
type fieldLine struct {
	field int // whose it is, or -1
	draw  func(row *widget.Row)
	said  text.Safe // by one that is of no field
}

// layout lays out what differs between two events.
type layout struct {
	theme    *theme.Theme
	result   *compare.Result
	width    int
	unfolded map[int]bool
	name     int // cells of the names, side by side
	lines    []fieldLine
}

// linesOf are the lines of a result. Fields are numbered, those that matter first.
func linesOf(t *theme.Theme, r *compare.Result, width int, unfolded map[int]bool) []fieldLine {
	l := &layout{theme: t, result: r, width: width, unfolded: unfolded, name: 12}
	for _, f := range [][]compare.Field{r.Differs, r.Varies} {
		for i := range f {
			l.name = max(l.name, min(fieldName(t, &f[i]).Width(), width/3))
		}
	}
	if width >= besideFrom && len(r.Differs)+len(r.Varies) > 0 {
		l.heads()
	}
	l.differing()
	l.varying()
	l.rest()
	return l.lines
}

// fieldName is what a field is called.
func fieldName(t *theme.Theme, f *compare.Field) text.Safe { return t.String(f.Label()) }

func (l *layout) say(role theme.Role, s text.Safe) {
	l.lines = append(l.lines, fieldLine{field: -1, draw: func(row *widget.Row) { row.Put(role, s) }, said: s})
}

// heads name the columns.
func (l *layout) heads() {
	half := l.half()
	l.lines = append(l.lines, fieldLine{field: -1, draw: func(row *widget.Row) {
		row.Gap(1).Cell(theme.Dim, text.Own("Field"), l.name).Between().Cell(theme.Dim, text.Own("A"), half).Between().Put(theme.Dim, text.Own("B"))
	}})
}

// half is the width of one side where they stand side by side.
func (l *layout) half() int { return (l.width - l.name - 2 - 2*widget.Gap) / 2 }

// differing are the fields that may matter.
func (l *layout) differing() {
	r := l.result
	switch {
	case r.Err != nil:
		l.say(theme.Warn, text.Own("The messages cannot be compared: ").Add(page.Sentence(l.theme, r.Err)))
	case len(r.Differs)+r.More == 0 && r.Beyond:
		l.say(theme.Warn, text.Own("Nothing differs in what was compared."))
	case len(r.Differs)+r.More == 0 && len(r.Varies) > 0:
		l.say(theme.Good, l.theme.Glyph.Done.Add(text.Own(" Nothing differs but ids, times and positions.")))
	case len(r.Differs)+r.More == 0:
		l.say(theme.Good, l.theme.Glyph.Done.Add(text.Own(" Nothing differs.")))
	default:
		l.say(theme.Title, text.Plural(len(r.Differs)+r.More, text.Own(" difference"), text.Own(" differences")))
	}
	for i := range r.Differs {
		l.field(i, &r.Differs[i], theme.Plain)
	}
	if r.More > 0 {
		l.say(theme.Warn, notListed(r))
	}
}

// notListed says how many differences are not listed.
func notListed(r *compare.Result) text.Safe {
	return text.Own("and ").Add(text.Count(int64(r.More)), text.Own(" more, which are not listed"))
}

// varying are the fields that differ between any two events.
func (l *layout) varying() {
	r := l.result
	if len(r.Varies) == 0 {
		return
	}
	l.say(theme.Title, text.Own("Ids, times and positions"))
	for i := range r.Varies {
		l.field(len(r.Differs)+i, &r.Varies[i], theme.Dim)
	}
}

// rest is what else there is to be said.
func (l *layout) rest() {
	r := l.result
	if r.Same > 0 {
		l.say(theme.Dim, text.Plural(r.Same, text.Own(" field is the same"), text.Own(" fields are the same")))
	}
	if r.Masked > 0 {
		l.say(theme.Warn, text.Plural(r.Masked, text.Own(" masked field is not compared"), text.Own(" masked fields are not compared")))
	}
	if r.Beyond {
		l.say(theme.Warn, text.Own("the values are too large to be compared whole: their lines are, as far as there is room"))
	}
}

// valueText is one side of a field.
func valueText(t *theme.Theme, b []byte) (text.Safe, theme.Role) {
	switch {
	case b == nil:
		return text.Own("not there"), theme.Warn
	case len(b) == 0:
		return text.Own("(empty)"), theme.Dim
	}
	return t.Bytes(b, text.Bound), theme.Plain
}

// fieldOf is the field of a number.
func fieldOf(r *compare.Result, number int) *compare.Field {
	if number < len(r.Differs) {
		return &r.Differs[number]
	}
	return &r.Varies[number-len(r.Differs)]
}

// plainField is a field as text, as much of it as is known.
func plainField(t *theme.Theme, f *compare.Field, indent string) string {
	all := append([]byte(indent), t.Append(nil, []byte(f.Label()))...)
	for _, side := range []struct {
		label string
		value []byte
	}{{"A", f.A}, {"B", f.B}} {
		all = append(all, "\n"+indent+"  "+side.label+"  "...)
		if len(side.value) > 0 {
			all = t.Append(all, side.value)
			continue
		}
		said, _ := valueText(t, side.value)
		all = append(all, said.String()...)
	}
	return string(append(all, '\n'))
}

// field lays out one field: a line, or side by side in one.
func (l *layout) field(number int, f *compare.Field, role theme.Role) {
	name := fieldName(l.theme, f)
	a, roleA := valueText(l.theme, f.A)
	b, roleB := valueText(l.theme, f.B)
	if role == theme.Dim {
		roleA, roleB = theme.Dim, theme.Dim
	}
	add := func(draw func(row *widget.Row)) {
		l.lines = append(l.lines, fieldLine{field: number, draw: draw})
	}
	if l.width < besideFrom {
		add(func(row *widget.Row) { row.Gap(1).Put(role, name) })
		l.side(number, text.Own("A"), a, roleA)
		l.side(number, text.Own("B"), b, roleB)
		return
	}
	half := l.half()
	left, right := l.folded(number, a, half), l.folded(number, b, half)
	for i := range max(len(left), len(right)) {
		shown, was, is := text.Safe{}, text.Safe{}, text.Safe{}
		if i == 0 {
			shown = l.theme.CutMiddle(name, l.name)
		}
		if i < len(left) {
			was = left[i]
		}
		if i < len(right) {
			is = right[i]
		}
		add(func(row *widget.Row) {
			row.Gap(1).Cell(role, shown, l.name).Between().Cell(roleA, was, half).Between().Cell(roleB, is, half)
		})
	}
}

// side lays out one side of a field in lines of its own.
func (l *layout) side(number int, label, side text.Safe, role theme.Role) {
	for i, line := range l.folded(number, side, l.width-besideLabel-2) {
		shown := label
		if i > 0 {
			shown = text.Space
		}
		l.lines = append(l.lines, fieldLine{field: number, draw: func(row *widget.Row) { row.Gap(3).Put(theme.Dim, shown).Between().Put(role, line) }})
	}
}

// folded is one side of a field in as many lines as it has: one, unless it was unfolded.
func (l *layout) folded(number int, s text.Safe, width int) (lines []text.Safe) {
	if !l.unfolded[number] {
		return []text.Safe{l.theme.Cut(s, width)}
	}
	for len(lines) < mostUnfolded && (s.Width() > 0 || len(lines) == 0) {
		line := s.To(width)
		lines, s = append(lines, line), s.From(max(1, line.Width()))
	}
	return lines
}
