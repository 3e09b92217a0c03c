package output

import (
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"
)

// textLines writes aligned columns. All bytes of messages go through the sanitiser.
type textLines struct {
	options Options
	cleaner text.Cleaner
	theme   *theme.Theme
	headed  heading         // the kind of lines that has its heading
	widths  map[*column]int // as wide as the widest text so far
	summary []byte
}

// column is one column of a kind of line.
type column struct {
	least, most int
	whole       bool // never cut, for it is there to be copied
}

// The columns of event lines and of flow lines.
var (
	timeColumn     = &column{least: len("15:04:05.000"), most: len("2006-01-02 15:04:05.000"), whole: true}
	serviceColumn  = &column{least: 10, most: 16}
	typeColumn     = &column{least: 18, most: 30}
	positionColumn = &column{least: 14, most: 30, whole: true}
	flowColumn     = &column{least: 10, most: 36, whole: true}
	statusColumn   = &column{least: 11, most: 11}
)

const (
	// summaryWidth is the width of a summary where the terminal does not bound it.
	summaryWidth = 160
	// leastSummary is what a summary gets on a terminal that is full already.
	leastSummary = 12
	// largeValue is the size in bytes from which on it is told, for of such a value
	// little is in the line.
	largeValue = 16 << 10
)

func newText(options Options) *textLines {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &textLines{options: options, cleaner: text.Cleaner{ASCII: options.ASCII}, theme: basicTheme(options.ASCII), widths: map[*column]int{}}
}

// cell is content fitted into a column.
func (l *textLines) cell(c *column, content text.Safe) text.Safe {
	if !c.whole {
		content = l.cleaner.Cut(content, c.most)
	}
	width := max(l.widths[c], c.least, min(content.Width(), c.most))
	l.widths[c] = width
	return content.Add(text.Own(" ").Repeat(width - content.Width()))
}

func (l *textLines) clean(b []byte) text.Safe { return l.cleaner.Bytes(b, text.Bound) }

// line appends the cells with two spaces between, the last one cut to what the
// terminal has left. The looks are those of the cells, in order; those that are not given are plain.
func (l *textLines) line(dst []byte, cells []text.Safe, last text.Safe, looks ...theme.Style) []byte {
	used := 0
	for i, cell := range cells {
		if i < len(looks) {
			dst = l.paint(dst, looks[i], cell)
		} else {
			dst = append(dst, cell.String()...)
		}
		dst = append(dst, "  "...)
		used += cell.Width() + 2
	}
	if l.options.Width > 0 {
		last = l.cleaner.Cut(last, max(l.options.Width-used, leastSummary))
	}
	if len(looks) > len(cells) {
		dst = l.paint(dst, looks[len(cells)], last)
	} else {
		dst = append(dst, last.String()...)
	}
	for dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return append(dst, '\n')
}

// AppendEvent appends time, service, type, position, what it is about and a summary.
func (l *textLines) AppendEvent(dst []byte, e *Event) []byte {
	service, about := l.clean(e.Identity.Service.Value), e.Identity.Entity.Value
	if !e.Identity.Entity.Known() { // people know an order by its number, not by the id of its flow
		about, _, _ = flowOf(e.Identity)
	}
	cells := []text.Safe{
		l.clock(e.Message.Time),
		l.cell(serviceColumn, service),
		l.cell(typeColumn, l.clean(e.Identity.Type.Value)),
		l.cell(positionColumn, l.cleaner.String(e.Message.Position.String())),
		l.cell(flowColumn, l.clean(about)),
	}
	dst = l.head(dst, eventLines, func() []text.Safe {
		return []text.Safe{l.cell(timeColumn, text.Own("Time")), l.cell(serviceColumn, text.Own("Service")), l.cell(typeColumn, text.Own("Type")),
			l.cell(positionColumn, text.Own("Position")), l.cell(flowColumn, text.Own("About")), text.Own("Value")}
	})
	looks := l.looks(theme.Dim, theme.Plain, theme.Plain, theme.Dim, theme.Strong)
	looks[1] = l.theme.Service(service.String())
	if e.Identity.DeadLetter {
		looks[2] = l.theme.Style(theme.Bad)
	}
	return l.line(dst, cells, l.summarise(e.Message, e.Identity.DeadLetter), looks...)
}

// summarise is a message in one line of words.
func (l *textLines) summarise(m *adapters.Message, dead bool) text.Safe {
	var notes []text.Safe
	if info, ok := deadheader.Read(payload.ShownHeaders(m)); dead && ok {
		words := strings.Join(strings.Fields(info.Reason+" "+info.Exception), " ")
		notes = append(notes, l.cleaner.String(strings.TrimSuffix("dead letter: "+words, ": ")))
	}
	if m.Redelivered {
		notes = append(notes, text.Own("redelivered"))
	}
	if !l.options.NoValue {
		if len(m.Value) >= largeValue {
			notes = append(notes, text.Size(int64(len(m.Value))))
		}
		l.summary = payload.AppendSummary(l.summary[:0], m, summaryWidth)
		notes = append(notes, l.cleaner.Bytes(l.summary, summaryWidth))
	}
	return text.Join(text.Own(", "), notes...)
}

// flowName is how people know a flow: by what it is about, if that is one thing, else by its id.
func (l *textLines) flowName(f *tracing.FlowSummary) text.Safe {
	if f.Entity != "" && f.Entities == 0 {
		return l.cleaner.String(f.Entity)
	}
	return l.cleaner.String(f.ID)
}

// AppendFlow appends flow, status, number of events, duration, start and types.
func (l *textLines) AppendFlow(dst []byte, f *tracing.FlowSummary) []byte {
	cells := []text.Safe{
		l.cell(flowColumn, l.flowName(f)),
		l.cell(statusColumn, l.cleaner.String(string(f.Status))),
		right(text.Plural(f.Events, text.Own(" event "), text.Own(" events")), 13),
		right(text.Span(f.Duration()), 8),
		l.moment(f.Started),
	}
	started := text.Own("Started")
	dst = l.head(dst, flowLines, func() []text.Safe {
		return []text.Safe{l.cell(flowColumn, text.Own("Flow")), l.cell(statusColumn, text.Own("Status")), right(text.Own("Events"), 13), right(text.Own("Duration"), 8),
			started.Add(text.Own(" ").Repeat(cells[len(cells)-1].Width() - started.Width())), text.Own("Types")}
	})
	path := l.cleaner.String(strings.Join(f.Types, " > "))
	role, _ := l.theme.Status(f.Status)
	return l.line(dst, cells, text.Join(text.Own("; "), append(l.troubles(f), path)...), l.looks(theme.Strong, role, theme.Plain, theme.Plain, theme.Dim)...)
}

// evidence is where a flow's id was read, as a clause: "by key" has its own word.
func (l *textLines) evidence(from string) text.Safe {
	if strings.HasPrefix(from, "by ") {
		return text.Own("flow id ").Add(l.cleaner.String(from))
	}
	return text.Own("flow id from ").Add(l.cleaner.String(from))
}

// moment is a date and time, or on a narrow terminal the time alone.
func (l *textLines) moment(t time.Time) text.Safe {
	const narrow = 120
	if l.options.Width > 0 && l.options.Width < narrow {
		return l.clock(t)
	}
	return text.Moment(t.Local())
}

// clock is a time of day, with its date when that is not today, or the room of one when
// there is none.
func (l *textLines) clock(t time.Time) text.Safe {
	if t.IsZero() {
		return l.cell(timeColumn, text.Own(""))
	}
	return l.cell(timeColumn, text.DayMoment(t.Local(), l.options.Now().Local()))
}

// troubles are what an operator should not overlook at the end of a long line.
func (l *textLines) troubles(f *tracing.FlowSummary) []text.Safe {
	var notes []text.Safe
	if f.FailedAt != "" {
		notes = append(notes, text.Own("failed at ").Add(l.cleaner.String(f.FailedAt)))
	}
	if f.DeadLetters > 0 {
		notes = append(notes, text.Plural(f.DeadLetters, text.Own(" dead letter"), text.Own(" dead letters")))
	}
	if f.Duplicates > 0 {
		notes = append(notes, text.Plural(f.Duplicates, text.Own(" duplicate"), text.Own(" duplicates")))
	}
	if f.Entities > 0 {
		notes = append(notes, text.Own("shared by about ").Add(text.Count(int64(f.Entities)), text.Own(" entities")))
	}
	if f.Cut {
		notes = append(notes, text.Own("cut: the rest is not in memory"))
	}
	return notes
}

// WriteTrace writes a headline, one line a step, and what was expected and is not
// there.
func (l *textLines) WriteTrace(w *Writer, t *Trace) error {
	f := t.Flow
	dot := text.Own(" · ")
	if l.options.ASCII {
		dot = text.Own(", ")
	}
	facts := text.Join(dot,
		text.Plural(f.Events, text.Own(" event"), text.Own(" events")),
		text.Plural(len(f.Services), text.Own(" service"), text.Own(" services")),
		text.Plural(len(f.Brokers), text.Own(" broker"), text.Own(" brokers")),
		text.Span(f.Duration()))
	headline := []text.Safe{text.Own("Flow ").Add(l.named(&f.FlowSummary)), l.cleaner.String(string(f.Status)), facts}
	role, _ := l.theme.Status(f.Status)
	dst := l.line(w.Available(), headline, l.evidence(f.From), l.looks(theme.Title, role, theme.Plain, theme.Dim)...)
	err := t.eachStep(func(s *traceStep) error {
		err := w.Write(l.step(dst, s))
		dst = w.Available()
		return err
	})
	if err != nil {
		return err
	}
	return w.Write(l.appendRest(dst, f))
}

// appendRest appends what stands below the steps of a flow.
func (l *textLines) appendRest(dst []byte, f *tracing.Flow) []byte {
	for i := range f.Expected {
		if e := &f.Expected[i]; e.State != tracing.Seen {
			cells := []text.Safe{text.Own("   ....."), l.cell(serviceColumn, text.Safe{}), l.cell(typeColumn, l.cleaner.String(e.Type))}
			state := text.Join(text.Own("; "), l.cleaner.String(string(e.State)), l.cleaner.String(e.Why))
			dst = l.line(dst, cells, state, l.looks(theme.Dim, theme.Dim, theme.Warn, theme.Warn)...)
		}
	}
	for _, join := range f.Joins {
		dst = l.line(dst, nil, text.Own("  joined with ").Add(l.cleaner.String(join.Other), text.Own(": "), l.cleaner.String(join.Reason)))
	}
	for _, gap := range f.Gaps {
		dst = l.line(dst, nil, text.Own("  not seen: ").Add(l.cleaner.String(gap.Source), text.Own(" was away from "),
			text.Moment(gap.From.Local()), text.Own(" to "), text.Moment(gap.To.Local()), text.Own(", "), l.cleaner.String(gap.Reason)))
	}
	return dst
}

// named is what a flow is about, and its id.
func (l *textLines) named(f *tracing.FlowSummary) text.Safe {
	id, name := l.cleaner.String(f.ID), l.flowName(f)
	if name == id {
		return id
	}
	return name.Add(text.Own(" ("), id, text.Own(")"))
}

// branch draws the link to the event before: solid where the event names its cause, dotted where
// that is inferred.
func (l *textLines) branch(step *tracing.Step) text.Safe {
	depth := min(step.Depth, 8)
	if depth == 0 {
		return text.Safe{}
	}
	corner := text.Own("└─ ")
	switch inferred := step.Edge == tracing.Inferred; {
	case l.options.ASCII && inferred:
		corner = text.Own("`. ")
	case l.options.ASCII:
		corner = text.Own("`- ")
	case inferred:
		corner = text.Own("└· ")
	}
	return text.Own("   ").Repeat(depth - 1).Add(corner)
}

func (l *textLines) step(dst []byte, s *traceStep) []byte {
	step := s.Step
	cells := []text.Safe{
		right(text.Offset(step.Offset), 8),
		l.cell(serviceColumn, l.cleaner.String(step.Service)),
		l.cell(typeColumn, l.branch(step).Add(l.cleaner.String(step.Type))),
		l.cell(positionColumn, l.cleaner.String(string(step.Broker)+" "+step.Position.String())),
	}
	notes := []text.Safe{l.cleaner.String(strings.Join(step.Marks.Names(), ", ")), l.cleaner.String(step.Note)}
	if s.unreadable == nil {
		notes = append(notes, l.summarise(s.message, false))
	} else {
		notes = append(notes, l.cleaner.String(s.unreadable.Error()))
	}
	role, _ := l.theme.Marks(step.Marks)
	looks := l.looks(theme.Dim, theme.Plain, role, theme.Dim)
	looks[1] = l.theme.Service(step.Service)
	return l.line(dst, cells, text.Join(text.Own("; "), notes...), looks...)
}

func right(content text.Safe, width int) text.Safe {
	return text.Own(" ").Repeat(width - content.Width()).Add(content)
}
