package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"eventscope/tracing"
)

// mostListed is how many events a report lists.
const mostListed = 500

// Markdown is the flow for an incident ticket: what it is about, its events in order, what is not
// there, and the diagram. Times are of the zone that they have.
func Markdown(f *tracing.Flow, zone *time.Location) string {
	var b strings.Builder
	name := cmp.Or(f.Entity, f.ID)
	fmt.Fprintf(&b, "## Flow %s: %s\n\n", code(name), f.Status)
	if f.ID != name {
		fmt.Fprintf(&b, "- Flow id %s\n", code(f.ID))
	}
	if f.From != "" {
		fmt.Fprintf(&b, "- The id is from %s\n", code(f.From))
	}
	started := f.Started.In(zone)
	fmt.Fprintf(&b, "- %d events from %s, over %v\n", f.Events, started.Format("2006-01-02 15:04:05.000 MST"), f.Duration().Round(time.Millisecond))
	fmt.Fprintf(&b, "- Services: %s\n", codes(f.Services))
	if f.FailedAt != "" {
		fmt.Fprintf(&b, "- Failed at %s\n", code(f.FailedAt))
	}
	if f.DeadLetters > 0 {
		fmt.Fprintf(&b, "- Dead letters: %d\n", f.DeadLetters)
	}
	if f.Cut || f.BeganBefore {
		b.WriteString("- Not the whole flow: the rest is not in memory\n")
	}
	b.WriteString("\n### Events\n\n")
	for i := range f.Steps[:min(len(f.Steps), mostListed)] {
		writeStep(&b, i+1, &f.Steps[i], zone)
	}
	if more := f.Events - min(len(f.Steps), mostListed); more > 0 {
		fmt.Fprintf(&b, "\n%d more events are not listed.\n", more)
	}
	writeMissing(&b, f, zone)
	fmt.Fprintf(&b, "\n### Sequence\n\n```mermaid\n%s```\n", Mermaid(f))
	return b.String()
}

func codes(names []string) string {
	spans := make([]string, len(names))
	for i, name := range names {
		spans[i] = code(name)
	}
	return cmp.Or(strings.Join(spans, ", "), "-")
}

func writeStep(b *strings.Builder, number int, s *tracing.Step, zone *time.Location) {
	at := "no time"
	if !s.Time.IsZero() {
		at = s.Time.In(zone).Format("15:04:05.000")
	}
	fmt.Fprintf(b, "%d. %s, %+d ms: %s", number, at, s.Offset.Milliseconds(), code(s.Type))
	if s.Service != "" {
		fmt.Fprintf(b, " by %s", code(s.Service))
	}
	fmt.Fprintf(b, " at %s", code(s.Position.String()))
	if marks := s.Marks.Names(); len(marks) > 0 {
		fmt.Fprintf(b, " (%s)", strings.Join(marks, ", "))
	}
	if s.Note != "" {
		fmt.Fprintf(b, ", %s", code(s.Note))
	}
	b.WriteByte('\n')
}

// writeMissing lists what was expected and is not there, and when nothing could be seen.
func writeMissing(b *strings.Builder, f *tracing.Flow, zone *time.Location) {
	var lines []string
	for i := range f.Expected {
		if e := &f.Expected[i]; isOpen(e.State) {
			lines = append(lines, fmt.Sprintf("- %s is %s", code(e.Type), e.State))
		}
	}
	for _, gap := range f.Gaps {
		lines = append(lines, fmt.Sprintf("- %s was not seen from %s to %s", code(gap.Source), gap.From.In(zone).Format(time.TimeOnly), gap.To.In(zone).Format(time.TimeOnly)))
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n### Not there\n\n%s\n", strings.Join(lines, "\n"))
	}
}
