package replay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// story is one operator at one broker.
type story struct {
	*testing.T
	broker  *replaytest.Broker
	folder  string
	service *Service
}

func tell(t *testing.T, kind adapters.DestinationKind, bodies ...string) *story {
	t.Helper()
	s := &story{T: t, broker: replaytest.New(kind), folder: t.TempDir()}
	for _, body := range bodies {
		s.broker.BuryNamed(body, "id of "+body)
	}
	s.service = workplace(t, s.folder, s.broker)
	return s
}

func (s *story) list() []Letter {
	s.Helper()
	letters, err := list(s.service)
	if err != nil {
		s.Fatal(err)
	}
	return letters
}

func (s *story) plan(action Action, options PlanOptions) *Plan {
	s.Helper()
	letters := s.list()
	if action == Restore {
		dlqs, err := s.service.DLQs(context.Background())
		if err == nil {
			letters, err = s.service.Discarded(context.Background(), dlqs[0])
		}
		if err != nil {
			s.Fatal(err)
		}
	}
	plan, err := s.service.Plan(context.Background(), action, Chosen(letters), options)
	if err != nil {
		s.Fatal(err)
	}
	return plan
}

func (s *story) target(name string) deadletter.Target {
	s.Helper()
	target, err := s.service.Target(context.Background(), s.broker.Name(), name)
	if err != nil {
		s.Fatal(err)
	}
	return target
}

func (s *story) begin(plan *Plan, pace Pace) *Run {
	s.Helper()
	run, err := s.service.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, pace)
	if err != nil {
		s.Fatal(err)
	}
	return run
}

// run does an action to everything.
func (s *story) run(action Action, options PlanOptions) Summary {
	s.Helper()
	summary, err := s.begin(s.plan(action, options), Pace{}).Do(context.Background(), func(Outcome) {})
	if err != nil {
		s.Fatal(err)
	}
	return summary
}

func both(t *testing.T, test func(s *story), bodies ...string) {
	for _, kind := range []adapters.DestinationKind{adapters.Topic, adapters.Queue} {
		t.Run(string(kind), func(t *testing.T) { test(tell(t, kind, bodies...)) })
	}
}

func (s *story) states() string {
	var words []string
	for _, l := range s.list() {
		words = append(words, l.State.String())
	}
	return strings.Join(words, " ")
}

func TestADiscardIsTakenBack(t *testing.T) {
	both(t, func(s *story) {
		if got := s.run(Discard, PlanOptions{Reason: "test traffic"}); got.State != "done" || got.Settled != 2 {
			s.Errorf("discarded: %+v", got)
		}
		if got := s.states(); got != map[adapters.DestinationKind]string{adapters.Topic: "discarded discarded", adapters.Queue: ""}[s.broker.Kind] {
			s.Errorf("after the discard: %q", got)
		}
		if got := s.run(Restore, PlanOptions{}); got.State != "done" || got.Settled != 2 {
			s.Errorf("restored: %+v", got)
		}
		if got := s.states(); got != "open open" {
			s.Errorf("after the restore: %q", got)
		}
		if plan := s.plan(Restore, PlanOptions{}); plan.Count() != 0 {
			s.Errorf("%d could be restored again", plan.Count())
		}
	}, "a", "b")
}

func TestARunStopsAtTheFirstFailure(t *testing.T) {
	both(t, func(s *story) {
		s.broker.Poison["c"] = true
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2})
		summary, err := run.Do(context.Background(), func(Outcome) {})
		if !errors.Is(err, adapters.ErrTooLarge) || summary.State != "failed" || summary.Failed != 1 {
			s.Fatalf("%+v, %v", summary, err)
		}
		if len(s.broker.Copies) != 2 {
			s.Errorf("%d copies", len(s.broker.Copies))
		}
		s.broker.Poison["c"] = false
		run, err = s.service.Resume(run.ID, true, Pace{Window: 2})
		if err != nil {
			s.Fatal(err)
		}
		if summary, err = run.Do(context.Background(), func(Outcome) {}); err != nil || summary.State != "done" || summary.Settled != 5 || len(s.broker.Copies) != 5 {
			s.Errorf("resumed: %+v, %v, %d copies", summary, err, len(s.broker.Copies))
		}
	}, "a", "b", "c", "d", "e")
}

func TestACanaryGoesAlone(t *testing.T) {
	both(t, func(s *story) {
		s.broker.Poison["a"] = true
		summary, err := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 1}).Do(context.Background(), func(Outcome) {})
		if err == nil || summary.Failed != 1 || len(s.broker.Copies) != 0 {
			s.Errorf("%+v, %v, and %d copies went along", summary, err, len(s.broker.Copies))
		}
	}, "a", "b", "c")
}

func TestAnAbortedRunLeavesTheRestOpen(t *testing.T) {
	both(t, func(s *story) {
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		summary, err := run.Do(context.Background(), func(Outcome) { run.Abort() })
		if err != nil || summary.State != "aborted" || summary.Settled != 1 {
			s.Fatalf("%+v, %v", summary, err)
		}
		if plan := s.plan(Replay, PlanOptions{}); plan.Count() != 2 {
			s.Errorf("%d are open", plan.Count())
		}
		if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) {
			s.Errorf("it was resumed: %v", err)
		}
	}, "a", "b", "c")
}

// TestAnInterruptedRunIsInTheWay: letters that a run had in hand when its process died are
// not planned again under its feet. To abort it takes them out of the queue.
func TestAnInterruptedRunIsInTheWay(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	plan := s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), run.ID) {
		t.Errorf("%d letters planned, and %v", plan.Count(), err)
	}
	if _, err := s.service.Abort(run.ID, false); !errors.Is(err, ErrRefused) {
		t.Errorf("aborted without writing: %v", err)
	}
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	if summary, err := ending.Do(context.Background(), func(Outcome) {}); err != nil || summary.State != "aborted" || len(s.broker.Copies) != 2 || len(s.broker.Letters) != 1 {
		t.Errorf("%+v, %v, %d copies, %d letters", summary, err, len(s.broker.Copies), len(s.broker.Letters))
	}
	if plan := s.plan(Replay, PlanOptions{}); plan.Check(Confirmation{Count: 1, Write: true}) != nil {
		t.Errorf("still in the way: %v", plan.Parts)
	}
}

func TestWhatIsRefused(t *testing.T) {
	both(t, func(s *story) {
		s.broker.Missing["nowhere"] = true
		plan := s.plan(Replay, PlanOptions{})
		target := s.target
		for what, refused := range map[string]error{
			"read-only":   plan.Check(Confirmation{Count: 2}),
			"a count":     plan.Check(Confirmation{Count: 3, Write: true}),
			"another":     plan.Check(Confirmation{Count: 2, Write: true, Plan: "abc"}),
			"a loop":      s.plan(Replay, PlanOptions{To: target("dlq")}).Check(Confirmation{Write: true}),
			"nowhere":     s.plan(Replay, PlanOptions{To: target("nowhere")}).Check(Confirmation{Count: 2, Write: true}),
			"none chosen": s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{}}).Check(Confirmation{Write: true}),
		} {
			if !errors.Is(refused, ErrRefused) {
				s.Errorf("%s: %v", what, refused)
			}
		}
		if err := plan.Check(Confirmation{Count: 2, Write: true, Plan: plan.ID}); err != nil {
			s.Error(err)
		}
		s.broker.Bury("c")
		if again := s.plan(Replay, PlanOptions{}); again.ID == plan.ID {
			s.Error("the plan changed, and its id did not")
		}
		if len(s.broker.Copies) > 0 || len(s.broker.LedgerEntries) > 0 {
			s.Error("something was touched")
		}
	}, "a", "b")
}

// TestTwoOperators: the second is refused while the first is at work, or takes over from
// one that is dead; nothing is sent twice.
func TestTwoOperators(t *testing.T) {
	both(t, func(s *story) {
		other := workplace(s, s.TempDir(), s.broker) // another machine, another journal
		plan := s.plan(Replay, PlanOptions{})
		run := s.begin(plan, Pace{Window: 1})
		told := false
		if _, err := run.Do(context.Background(), func(Outcome) {
			if told {
				return
			}
			told = true
			second, err := other.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{})
			if err == nil {
				_, err = second.Do(context.Background(), func(Outcome) {})
			}
			if !errors.Is(err, adapters.ErrBusy) {
				s.Errorf("the second operator: %v", err)
			}
		}); err != nil {
			s.Error(err)
		}
		if len(s.broker.Copies) != 3 {
			s.Errorf("%d copies", len(s.broker.Copies))
		}
		second, err := other.Begin(plan, Confirmation{Count: plan.Count(), Write: true}, Pace{})
		if err != nil {
			s.Fatal(err)
		}
		if summary, err := second.Do(context.Background(), func(Outcome) {}); err != nil || summary.Skipped != 3 || len(s.broker.Copies) != 3 {
			s.Errorf("after the first: %+v, %v, %d copies", summary, err, len(s.broker.Copies))
		}
	}, "a", "b", "c")
}

// TestAJournalThatCannotBeWritten stops a run before anything is sent.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	path := filepath.Join(s.folder, "journal.jsonl")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Do(context.Background(), func(Outcome) {}); !errors.Is(err, ErrJournal) || len(s.broker.Copies) > 0 || len(s.broker.Letters) != 2 {
		t.Errorf("%v, %d copies, %d letters", err, len(s.broker.Copies), len(s.broker.Letters))
	}
}

// TestAnotherNameOfTheClusterIsNoOtherCluster: what would come back to where it lies stays,
// though its own cluster was named by another address.
func TestAnotherNameOfTheClusterIsNoOtherCluster(t *testing.T) {
	both(t, func(s *story) {
		same := sourceOf(s.broker)
		same.Name, same.Address = "elsewhere", "model://by-another-name"
		to := deadletter.Target("dlq")
		if s.broker.Kind == adapters.Queue {
			to = deadletter.Routed("", "dlq")
		}
		if plan := s.plan(Replay, PlanOptions{To: to, Through: &same}); plan.Count() != 0 || len(plan.Parts[0].Looping) != 2 {
			s.Errorf("%d letters would be sent to where they lie: %+v", plan.Count(), plan.Parts[0].Looping)
		}
	}, "a", "b")
}

// TestARunTellsOfAsManyLettersAsItSays: those that the plan leaves out are told of once, and those
// that were dealt with before it was resumed are not.
func TestARunTellsOfAsManyLettersAsItSays(t *testing.T) {
	both(t, func(s *story) {
		s.broker.BuryFrom("orders", "too often", adapters.Header{Name: "x-replay-count", Value: []byte("9")})
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		s.broker.Poison["c"] = true
		told, last := 0, run.Progress()
		tell := func(o Outcome) {
			if told++; o.Progress.Done < last.Done || o.Progress.Done > o.Progress.Total {
				s.Errorf("%+v after %+v", o.Progress, last)
			}
			last = o.Progress
		}
		if last != (Progress{Total: 4}) {
			s.Errorf("before it begins: %+v", last)
		}
		if _, err := run.Do(context.Background(), tell); err == nil || told != 4 || last != (Progress{Total: 4, Done: 4, Failed: 1, Skipped: 1}) {
			s.Fatalf("told of %d: %+v, %v", told, last, err)
		}
		s.broker.Poison["c"] = false
		run, err := s.service.Resume(run.ID, true, Pace{})
		if err != nil {
			s.Fatal(err)
		}
		if told, last = 0, run.Progress(); last != (Progress{Total: 1, Before: 2}) {
			s.Errorf("before it goes on: %+v", last)
		}
		if _, err := run.Do(context.Background(), tell); err != nil || told != 1 || last != (Progress{Total: 1, Before: 2, Done: 1}) {
			s.Errorf("told of %d: %+v, %v", told, last, err)
		}
	}, "a", "b", "c")
}
