package replay

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestALogHearsOfRunsAlone: that they begin, stop, go on and end, not of single letters, and not of
// what could not be written down.
func TestALogHearsOfRunsAlone(t *testing.T) {
	both(t, func(s *story) {
		var heard []string
		service, err := NewService(Config{Folder: s.folder, Sources: []Source{sourceOf(s.broker)}, By: "ann@host", Told: func(l Line) {
			heard = append(heard, string(l.Step))
		}})
		if err != nil {
			s.Fatal(err)
		}
		s.service = service
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		ctx, cancel := context.WithCancel(s.Context())
		if _, err := run.Do(ctx, func(Outcome) { cancel() }); !errors.Is(err, context.Canceled) {
			s.Fatal(err)
		}
		if run, err = service.Resume(run.ID, true, Pace{}); err != nil {
			s.Fatal(err)
		}
		if _, err := run.Do(s.Context(), func(Outcome) {}); err != nil {
			s.Fatal(err)
		}
		if want := []string{"begun", "paused", "resumed", "done"}; !slices.Equal(heard, want) {
			s.Errorf("the log heard %q, want %q", heard, want)
		}
		s.broker.Bury("c")
		plan := s.plan(Replay, PlanOptions{})
		if err := os.Rename(s.journalPath(), s.journalPath()+".away"); err != nil {
			s.Fatal(err)
		}
		if _, err := service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{}); err == nil || len(heard) != 4 {
			s.Errorf("%v, and the log heard %q", err, heard)
		}
	}, "a", "b")
}

// TestWhatHasEndedIsNotEndedAgain, which is said, and nothing is written down about it.
func TestWhatHasEndedIsNotEndedAgain(t *testing.T) {
	both(t, func(s *story) {
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
		if _, err := run.Do(s.Context(), func(Outcome) {}); err != nil {
			s.Fatal(err)
		}
		lines := s.journalLines()
		ending, err := s.service.Abort(run.ID, true)
		if ending != nil || !errors.Is(err, ErrRefused) || err.Error() != "cannot abort run "+run.ID+": it is done already" {
			s.Errorf("%v, %v", ending, err)
		}
		if now := s.journalLines(); now != lines {
			s.Errorf("the journal has %d lines, and had %d", now, lines)
		}
	}, "a")
}

func (s *story) journalLines() int {
	s.Helper()
	data, err := os.ReadFile(s.journalPath())
	if err != nil {
		s.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}
