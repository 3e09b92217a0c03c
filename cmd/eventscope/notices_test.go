package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/cmd/internal/output"
	"eventscope/tracing/query"

	"eventscope/replay"
)

func TestChanges(t *testing.T) {
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	live := adapters.Status{Connection: adapters.Live, Since: start}
	lost := adapters.Status{Connection: adapters.Lost, Since: start, Err: errors.New("cannot reach kafka h:9092: connection refused")}
	gap := adapters.Gap{From: start, To: start.Add(8 * time.Second), Reason: "connection lost", Missed: -1}
	longer, counted := gap, gap
	longer.To = gap.To.Add(time.Second)
	counted.Missed = 1
	for _, c := range []struct {
		what        string
		before, now adapters.Status
		want        []string
	}{
		{"nothing", live, live, nil},
		{"start", adapters.Status{}, live, nil},
		{"lost", live, lost, []string{"k: cannot reach kafka h:9092: connection refused"}},
		{"still lost", lost, lost, nil},
		{"back", lost, adapters.Status{Connection: adapters.CatchingUp, Since: start.Add(8 * time.Second)}, []string{"k: connected again after 8 s"}},
		{"a problem", live, adapters.Status{Connection: adapters.Live, Problems: []string{"topic x is not allowed"}}, []string{"k: topic x is not allowed"}},
		{"a gap", live, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{gap}}, []string{"k: tap was away 8 s (connection lost), messages in between are not shown"}},
		{"a moment", live, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{{From: start, To: start, Reason: "topic x was made again", Missed: -1}}}, []string{"k: topic x was made again"}},
		{"a gap that grows", adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{gap}}, adapters.Status{Connection: adapters.Live, Gaps: []adapters.Gap{longer}}, nil},
		{"one drop", live, adapters.Status{Connection: adapters.Live, Dropped: 1, Gaps: []adapters.Gap{counted}}, []string{"k: 1 message was dropped because it was not read fast enough"}},
		{"drops", adapters.Status{Dropped: 2}, adapters.Status{Dropped: 1502, DroppedUnknown: true}, []string{
			"k: 1,500 messages were dropped because they were not read fast enough",
			"k: messages were dropped because they were not read fast enough, and nobody knows how many"}},
	} {
		if diff := cmp.Diff(c.want, changes("k", c.before, c.now)); diff != "" {
			t.Errorf("%s:\n%s", c.what, diff)
		}
	}
}

func TestExitCodes(t *testing.T) {
	problem := func(kind error) error { return &adapters.Problem{Doing: "do", Cause: "cause", Kind: kind} }
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, 0}, {errors.New("any"), 1}, {problem(adapters.ErrNotConnected), 1}, {problem(adapters.ErrUsage), 2},
		{usage("wrong %d", 1), 2}, {&query.Error{Column: 3}, 2}, {&nothingFound{"nothing"}, 3},
		{problem(adapters.ErrReadOnly), 4}, {problem(deadletter.ErrUnsafePeek), 4}, {&partlyDone{1, 0, 2}, 5}, {&partlyDone{0, 1, 1}, 5},
		{errInterrupted, 130}, {errors.Join(errInterrupted, errors.New("any")), 130},
		{output.ErrClosed, 0}, {fmt.Errorf("write: %w", output.ErrClosed), 0}, {printed{problem(adapters.ErrUsage)}, 2},
	} {
		if code := exitCode(c.err); code != c.code {
			t.Errorf("%v: %d, want %d", c.err, code, c.code)
		}
	}
}

// A sentence holds nothing that acts on a terminal, whoever wrote it.
func TestSentencesAreSafe(t *testing.T) {
	got := newProgram(nil, nil, nil, nil).sentences(fmt.Errorf("the topic %s\nis wrong", "\x1b]0;x\a\u202e"))
	if want := "eventscope: the topic \\x1b]0;x\\x07\\u202e\neventscope: is wrong\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFiguresReadAlike: as on the screen, thousands stand apart in what commands say.
func TestFiguresReadAlike(t *testing.T) {
	for want, said := range map[string]error{
		"billing is 12,000 behind, which is above 1,000":                         &tooFarBehind{group: "billing", lag: 12_000, above: 1000},
		"it is not known whether billing is more than 1,000 behind: nobody says": &tooFarBehind{group: "billing", above: 1000, unsure: "nobody says"},
		"run r-1 is failed: 1,234 settled, 2,000 failed, 3,000 skipped":          &partlyRun{replay.Summary{Run: "r-1", State: "failed", Settled: 1234, Failed: 2000, Skipped: 3000}},
	} {
		if got := said.Error(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
