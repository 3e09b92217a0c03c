package main

import (
	"errors"
	"fmt"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/query"

	"eventscope/replay"
)

func TestExitCodes(t *testing.T) {
	problem := func(kind error) error { return &adapters.Problem{Doing: "do", Cause: "cause", Kind: kind} }
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, 0}, {errors.New("any"), 1}, {problem(adapters.ErrNotConnected), 1}, {problem(adapters.ErrUsage), 2},
		{exit.Usage("wrong %d", 1), 2}, {&query.Error{Column: 3}, 2}, {&exit.NothingFound{Searched: "nothing"}, 3},
		{problem(adapters.ErrReadOnly), 4}, {problem(deadletter.ErrUnsafePeek), 4}, {&reading.PartlyDone{Failed: 1, Of: 2}, 5}, {&reading.PartlyDone{Partly: 1, Of: 1}, 5},
		{exit.ErrInterrupted, 130}, {errors.Join(exit.ErrInterrupted, errors.New("any")), 130},
		{output.ErrClosed, 0}, {fmt.Errorf("write: %w", output.ErrClosed), 0}, {exit.Printed(problem(adapters.ErrUsage)), 2},
	} {
		if code := exit.Code(c.err); code != c.code {
			t.Errorf("%v: %d, want %d", c.err, code, c.code)
		}
	}
}

// TestFiguresReadAlike: as on the screen, thousands stand apart in what commands say.
func TestFiguresReadAlike(t *testing.T) {
	for want, said := range map[string]error{
		"billing is 12,000 behind, which is above 1,000":                         &tooFarBehind{group: "billing", lag: 12_000, above: 1000},
		"it is not known whether billing is more than 1,000 behind: nobody says": &tooFarBehind{group: "billing", above: 1000, unsure: "nobody says"},
		"run r-1 is failed: 1,234 settled, 2,000 failed, 3,000 skipped":          &partlyRun{replay.Summary{Run: "r-1", State: replay.RunFailed, Counts: replay.Counts{Settled: 1234, Skipped: 3000}, Failed: 2000}},
	} {
		if got := said.Error(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
