package report

import (
	"fmt"
	"slices"
	"strings"

	"eventscope/tracing"
)

// mostArrows is how many events a diagram has at most: browsers draw no longer ones.
const mostArrows = 200

// noService is the participant of events whose service is not known.
const noService = "(service not known)"

// Mermaid is the flow as a sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html):
// an arrow to each event's service from that of the event which caused it, dotted where
// that is inferred, with a cross where something failed.
func Mermaid(f *tracing.Flow) string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	steps := f.Steps[:min(len(f.Steps), mostArrows)]
	var services []string
	number := func(service string) int {
		if service == "" {
			service = noService
		}
		i := slices.Index(services, service)
		if i < 0 {
			services = append(services, service)
			return len(services)
		}
		return i + 1
	}
	for i := range steps {
		number(steps[i].Service)
	}
	for i, service := range services {
		fmt.Fprintf(&b, "  participant s%d as %s\n", i+1, label(service))
	}
	for i := range steps {
		step := &steps[i]
		to, text := number(step.Service), label(step.Type)
		if step.Parent < 0 || step.Parent >= len(steps) {
			fmt.Fprintf(&b, "  Note over s%d: %s\n", to, text)
			continue
		}
		fmt.Fprintf(&b, "  s%d%ss%d: %s\n", number(steps[step.Parent].Service), arrow(step), to, text)
	}
	if len(services) > 0 {
		closingNotes(&b, f, len(services))
	}
	return b.String()
}

// closingNotes say, over all participants, what is not drawn.
func closingNotes(b *strings.Builder, f *tracing.Flow, last int) {
	over := "s1"
	if last > 1 {
		over = fmt.Sprintf("s1,s%d", last)
	}
	if more := f.Events - min(len(f.Steps), mostArrows); more > 0 {
		fmt.Fprintf(b, "  Note over %s: %d more events\n", over, more)
	}
	for i := range f.Expected {
		if e := &f.Expected[i]; isOpen(e.State) {
			fmt.Fprintf(b, "  Note over %s: %s is %s\n", over, label(e.Type), e.State)
		}
	}
}

// isOpen reports whether a type of the usual path is waited for, or will not come any more.
func isOpen(s tracing.ExpectationState) bool {
	return s == tracing.Due || s == tracing.Overdue || s == tracing.Missing
}

// arrow is how the link to an event is drawn.
func arrow(s *tracing.Step) string {
	line, head := "-", ">>"
	if s.Edge == tracing.Inferred {
		line = "--"
	}
	if s.Marks.Has(tracing.DeadLetter) || s.Marks.Has(tracing.Failure) {
		head = "x"
	}
	return line + head
}
