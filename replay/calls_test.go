package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"eventscope/adapters"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

// hasty is a disk that waits for nothing to last.
var hasty = &files.Disk{User: os.Geteuid(), Sync: func(*os.File) error { return nil }}

// callsCase is what is done while a call fails.
type callsCase struct {
	action  Action
	through bool // to another cluster
	aborted bool // after the first letter
	paused  bool // then, and continued
	overdue bool // letters are held for too long, always
	pace    Pace
}

// TestNoFailureOfTheBrokerIsPassedOver: whichever call fails, with its effect or without, a run
// that goes on as if nothing had been is none. It says what failed, no letter is lost, and it is
// resumed to its end, or ended, when the broker is well again.
func TestNoFailureOfTheBrokerIsPassedOver(t *testing.T) {
	for name, c := range map[string]callsCase{
		"replay":                    {action: Replay, pace: Pace{Window: 2}},
		"replay with a canary":      {action: Replay, pace: Pace{Window: 2, Canary: 1}},
		"replay at a rate":          {action: Replay, pace: Pace{Window: 2, Rate: 1e6}},
		"replay to another cluster": {action: Replay, through: true, pace: Pace{Window: 2}},
		"discard":                   {action: Discard, pace: Pace{Window: 2}},
		"restore":                   {action: Restore, pace: Pace{Window: 2}},
		"given back and taken anew": {action: Replay, overdue: true, pace: Pace{Window: 1}},
		"paused":                    {action: Replay, paused: true, pace: Pace{Window: 1}},
		"paused discard":            {action: Discard, paused: true, pace: Pace{Window: 1}},
		"aborted":                   {action: Replay, aborted: true, pace: Pace{Window: 1}},
		"aborted discard":           {action: Discard, aborted: true, pace: Pace{Window: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
				for _, away := range []bool{false, c.through} { // the other cluster is the one that fails
					for calls := 0; c.survives(t, kind, away, calls); calls++ {
					}
				}
			}
		})
	}
}

// survives does it with one call that fails, after so many. It says whether one did.
func (c callsCase) survives(t *testing.T, kind adapters.DestinationKind, away bool, calls int) (failed bool) {
	t.Helper()
	s := tell(t, kind, "a", "b", "c")
	options := PlanOptions{Reason: "test"}
	var others []*replaytest.Broker
	if c.through {
		others = append(others, replaytest.New(kind))
		through := elsewhere(others[0])
		options.Through = &through
	}
	s.service = workplaceOn(t, hasty, s.folder, s.broker, others...)
	if c.action == Restore {
		s.run(Discard, PlanOptions{Reason: "test"})
	}
	run, failing := s.begin(s.plan(c.action, options), c.pace), s.broker
	if away {
		failing = others[0]
	}
	if failing.Failing = calls; c.through && !away {
		failing.Failing += 2 // which cluster it is, and, where the other one is looked for, that it is not that one
	}
	s.broker.Overdue = c.overdue
	summary, err := run.Do(context.Background(), func(Outcome) {
		switch {
		case c.aborted:
			run.Abort()
		case c.paused:
			run.Pause()
			run.Continue()
		}
	})
	failed, failing.Failing = failing.Failing < 0, -1
	what := fmt.Sprintf("%s, call %d, of the other cluster: %v", kind, calls, away)
	switch ended := summary.State == "done" || summary.State == "aborted"; {
	case !failed && (err != nil || !ended):
		t.Errorf("%s: %+v, %v, though nothing failed", what, summary, err)
	case failed && summary.State != "aborted" && (ended || !errors.Is(err, replaytest.ErrFailed)):
		t.Errorf("%s: it failed, and the run says %+v, %v", what, summary, err)
	}
	c.goOn(s, run, others, summary.State, what)
	for _, b := range append(others, s.broker) {
		if b.Busy() || b.Open != 0 {
			t.Errorf("%s: in the end a redrive is open: %v, and %d publishers are", what, b.Busy(), b.Open)
		}
	}
	return failed && !t.Failed()
}

// goOn takes a run up that has not ended, and looks where the letters are then.
func (c callsCase) goOn(s *story, run *Run, others []*replaytest.Broker, state RunState, what string) {
	s.Helper()
	s.service = workplaceOn(s, hasty, s.folder, s.broker, others...)
	s.broker.LedgerEntries = forgetClaims(s.broker.LedgerEntries) // one that could not be taken back has lapsed
	if state == "failed" {
		resumed, err := s.service.Resume(run.ID, true, Pace{})
		if err == nil {
			_, err = resumed.Do(context.Background(), func(Outcome) {})
		}
		if err != nil {
			s.Errorf("%s: resumed, %v", what, err)
		}
	}
	if state == "aborted" { // what is left is open to the next plan, and nothing is in its way
		plan := s.plan(c.action, PlanOptions{Reason: "test"})
		if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); plan.Count() > 0 && err != nil {
			s.Errorf("%s: an ended run is in the way: %v", what, err)
		}
		if plan.Count() > 0 {
			s.run(c.action, PlanOptions{Reason: "test"})
		}
	}
	have := map[string]int{}
	for _, b := range append(others, s.broker) {
		for i := range b.Copies {
			have[string(b.Copies[i].Value)]++
		}
	}
	if c.action == Discard {
		letters, err := s.service.Discarded(context.Background(), dlqOf(s, s.service))
		if err != nil {
			s.Errorf("%s: %v", what, err)
		}
		for range letters {
			have[fmt.Sprint(len(have))]++
		}
	}
	if c.action == Restore {
		for i := range s.broker.Letters {
			have[string(s.broker.Letters[i].Value)]++
		}
	}
	want := map[Action]State{Replay: Replayed, Discard: Discarded, Restore: Open}[c.action]
	for _, l := range s.list() {
		if l.State != want {
			s.Errorf("%s: %s is %s in the end", what, l.Position, l.State)
		}
	}
	if len(have) != 3 {
		s.Errorf("%s: in the end there are %v", what, have)
	}
}

// TestWhateverFailsIsSaid: what is on its way is asked for when no more letters come, and that
// nobody knows how either ended is no reason to tell of one alone.
func TestWhateverFailsIsSaid(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	s.broker.Poison["a"] = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2})
	s.broker.Acting = func(what string) {
		if what == "post" {
			s.broker.Failing = 1 // the next call but one, which asks for more letters
		}
	}
	if summary, err := run.Do(t.Context(), func(Outcome) {}); !errors.Is(err, replaytest.ErrFailed) || !errors.Is(err, adapters.ErrTooLarge) || summary.Failed != 1 {
		t.Errorf("%+v, %v", summary, err)
	}
}
