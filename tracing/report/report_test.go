package report_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tracing/report"
)

func flow(id, kind, service, note string) *tracing.Flow {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	step := func(parent int, edge tracing.Edge, marks tracing.Marks) tracing.Step {
		return tracing.Step{
			Event: tracing.Event{Type: kind, Service: service, Time: at, Marks: marks, Position: adapters.Position{Destination: "orders", Offset: 1}},
			Note:  note, Parent: parent, Edge: edge,
		}
	}
	return &tracing.Flow{
		FlowSummary: tracing.FlowSummary{ID: id, Entity: "ord-1", From: note, Status: tracing.Stuck, Events: 4, Services: []string{service}, FailedAt: kind, Started: at, Last: at.Add(time.Second)},
		Steps:       []tracing.Step{step(-1, tracing.NoEdge, 0), step(0, tracing.Known, tracing.Failure), step(1, tracing.Inferred, 0)},
		Expected:    []tracing.Expectation{{Type: kind, State: tracing.Missing}, {Type: kind, State: tracing.Seen}},
		Gaps:        []tracing.SourceGap{{Source: service, Gap: adapters.Gap{From: at, To: at}}},
	}
}

func TestAFlowAsADiagram(t *testing.T) {
	want := `sequenceDiagram
  participant s1 as order-service
  Note over s1: Paid
  s1-xs1: Paid
  s1-->>s1: Paid
  Note over s1: 1 more events
  Note over s1: Paid is missing
`
	if got := report.Mermaid(flow("f", "Paid", "order-service", "")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := report.Mermaid(flow("f", "", "", "")); !strings.Contains(got, "as (service not known)\n") || !strings.Contains(got, "Note over s1: -\n") {
		t.Errorf("without names it is\n%s", got)
	}
}

func TestAFlowForATicket(t *testing.T) {
	got := report.Markdown(flow("f-1", "Paid", "billing", "found by key"), time.UTC)
	for _, want := range []string{
		"## Flow `ord-1`: stuck\n", "- Flow id `f-1`\n", "- 4 events from 2026-03-01 12:00:00.000 UTC, over 1s\n", "- Services: `billing`\n",
		"2. 12:00:00.000, +0 ms: `Paid` by `billing` at `orders/0@1` (failure), `found by key`\n", "\n1 more events are not listed.\n",
		"- `Paid` is missing\n- `billing` was not seen from 12:00:00 to 12:00:00\n", "```mermaid\nsequenceDiagram\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// hostile are names that try to be more than names.
var hostile = rapid.OneOf(rapid.String(), rapid.StringMatching("[`\\n |#;:>x-]{0,20}"), rapid.SampledFrom([]string{
	"```\n# owned", "a\nend\n  Note over s1: x", "s1->>s2: x", "<script>", "@team", "%%{init: {}}%%", "x; participant y", "end", "END", "``", "` ", "\u2028", "\x1b[m", "[a](http://b)", "$$x$$", "style:#1;",
}))

// diagram is all that a line of a diagram may be, its label being letters, digits, plain signs and
// numbers of characters.
var diagram = regexp.MustCompile(`^(sequenceDiagram|  (participant s\d+ as |Note over s\d+(,s\d+)?: |s\d+--?(>>|x)s\d+: )([\pL\p{Nd} .,_/()…-]|#\d+;)+)$`)

// Whatever events are called, a diagram has as many lines as it has with plain names, and none of
// them says anything else.
func TestNobodyBreaksOutOfADiagram(t *testing.T) {
	plain := strings.Count(report.Mermaid(flow("f", "a", "b", "c")), "\n")
	rapid.Check(t, func(t *rapid.T) {
		got := report.Mermaid(flow(hostile.Draw(t, "id"), hostile.Draw(t, "type"), hostile.Draw(t, "service"), ""))
		lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
		if len(lines) != plain {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), plain, got)
		}
		for _, line := range lines {
			if !diagram.MatchString(line) || strings.Contains(strings.ToLower(line), "end") {
				t.Fatalf("%q is no plain line", line)
			}
		}
	})
}

// outside is a document without its code spans, as a reader of Markdown finds them: a run of
// backticks opens one that the next run of the same length closes.
func outside(t *rapid.T, document string) string {
	runs := regexp.MustCompile("`+")
	var b strings.Builder
	for {
		at := runs.FindStringIndex(document)
		if at == nil {
			return b.String() + document
		}
		b.WriteString(document[:at[0]])
		fence, rest := document[at[0]:at[1]], document[at[1]:]
		end := -1
		for _, other := range runs.FindAllStringIndex(rest, -1) {
			if other[1]-other[0] == len(fence) {
				end = other[0]
				document = rest[other[1]:]
				break
			}
		}
		if end < 0 {
			t.Fatalf("a code span has no end: %q", document)
		}
		if strings.ContainsAny(rest[:end], "\n\r") {
			t.Fatalf("a code span goes over lines: %q", rest[:end])
		}
	}
}

// Whatever events are called, what is markup in the report is the report's own: without its
// code spans it is the same as with plain names.
func TestNobodyBreaksOutOfMarkdown(t *testing.T) {
	text := func(t *rapid.T, id, kind, service, note string) string {
		before, _, _ := strings.Cut(report.Markdown(flow(id, kind, service, note), time.UTC), "\n### Sequence\n")
		return outside(t, before)
	}
	rapid.Check(t, func(t *rapid.T) {
		visible := hostile.Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
		got := text(t, visible.Draw(t, "id"), visible.Draw(t, "type"), visible.Draw(t, "service"), visible.Draw(t, "note"))
		if want := text(t, "f", "a", "b", "c"); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}
