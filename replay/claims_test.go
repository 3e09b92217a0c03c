package replay

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// TestAClaimKeepsOthersAway as long as it holds, and never the run whose own it is: one that was
// killed is resumed at once.
func TestAClaimKeepsOthersAway(t *testing.T) {
	for name, c := range map[string]struct {
		own  bool
		age  time.Duration
		busy bool
	}{
		"its own": {true, 0, false}, "another's": {false, 0, true}, "another's, by a clock that is ahead": {false, -10 * time.Second, true},
		"another's, by a clock that is far ahead": {false, -claimHolds - time.Minute, false},
		"another's that has lapsed":               {false, claimHolds + time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Topic, "a", "b")
			run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
			holder := claim{Run: "20260101-000000-abcd", By: "bob@host", At: time.Now().Add(-c.age)}
			if c.own {
				holder.Run = run.ID
			}
			s.broker.LedgerEntries["claim:dlq"], _ = json.Marshal(holder)
			summary, err := run.Do(t.Context(), func(Outcome) {})
			if c.busy && (!errors.Is(err, adapters.ErrBusy) || !strings.Contains(err.Error(), "bob@host is at work") || len(s.broker.Copies) > 0) {
				t.Errorf("%+v, %v", summary, err)
			}
			if !c.busy && (err != nil || summary.Settled != 2) {
				t.Errorf("%+v, %v", summary, err)
			}
		})
	}
}

// TestAnAbortOfAnotherProcessIsNotForgottenOverAFailure: it came while the window in hand failed. The
// run has ended then, says what failed, and is not resumed.
func TestAnAbortOfAnotherProcessIsNotForgottenOverAFailure(t *testing.T) {
	both(t, func(s *story) {
		s.broker.Poison["b"] = true
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		summary, err := run.Do(s.Context(), func(o Outcome) {
			if o.Result != "failed" {
				return
			}
			if ending, err := workplace(s, s.folder, s.broker).Abort(run.ID, true); err != nil || ending != nil {
				s.Errorf("%v, %v", ending, err)
			}
		})
		if !errors.Is(err, errStopped) || summary.State != "aborted" {
			s.Errorf("%+v, %v", summary, err)
		}
		if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) {
			s.Errorf("it is resumed: %v", err)
		}
		if record, err := s.service.record(run.ID); err != nil || record.State != "aborted" || record.Error == "" {
			s.Errorf("%+v, %v", record, err)
		}
		s.broker.Poison["b"] = false
		s.run(Replay, PlanOptions{})
	}, "a", "b", "c")
}

// TestAnAbortThatFailsIsAnAbort: it can be tried again, and not resumed.
func TestAnAbortThatFailsIsAnAbort(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	for _, broken := range []bool{true, false} {
		ending, err := s.service.Abort(run.ID, true)
		if err != nil || ending == nil {
			t.Fatal(ending, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if broken {
			cancel()
		}
		summary, err := ending.Do(ctx, func(Outcome) {})
		if cancel(); summary.State != "aborted" || (err != nil) != broken {
			t.Errorf("%+v, %v", summary, err)
		}
		if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) {
			t.Errorf("it is resumed: %v", err)
		}
	}
	if len(s.broker.Letters) != 1 || len(s.broker.Copies) != 2 {
		t.Errorf("%d letters, %d copies", len(s.broker.Letters), len(s.broker.Copies))
	}
}

// TestARunIsEndedFromAnotherProcess, after the window that it has in hand.
func TestARunIsEndedFromAnotherProcess(t *testing.T) {
	both(t, func(s *story) {
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		told := false
		summary, err := run.Do(s.Context(), func(Outcome) {
			if told {
				return
			}
			told = true
			if ending, err := workplace(s, s.folder, s.broker).Abort(run.ID, true); err != nil || ending != nil {
				s.Errorf("%v, %v", ending, err)
			}
		})
		if err != nil || summary.State != "aborted" || len(s.broker.Copies) > 2 || len(s.broker.Copies) != summary.Settled {
			s.Errorf("%+v, %v, %d copies", summary, err, len(s.broker.Copies))
		}
	}, "a", "b", "c", "d")
}

// TestAJournalThatIsGoneIsNotBegunAnew under whoever has read it: what it said would be forgotten.
func TestAJournalThatIsGoneIsNotBegunAnew(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	if err := os.Remove(s.journalPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.Plan(t.Context(), Replay, Chosen(nil), PlanOptions{}); !errors.Is(err, ErrJournal) {
		t.Errorf("planned without what it said: %v", err)
	}
	if _, err := run.Do(t.Context(), func(Outcome) {}); !errors.Is(err, ErrJournal) || len(s.broker.Copies) > 0 {
		t.Errorf("%v, %d copies", err, len(s.broker.Copies))
	}
}

// TestNothingIsTakenUpWithoutTheRightToWrite, nor a run that nobody knows.
func TestNothingIsTakenUpWithoutTheRightToWrite(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	if _, err := workplace(t, s.folder, s.broker).Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("while it is at work: %v", err)
	}
	run.unlock()
	if _, err := s.service.Resume(run.ID, false, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "--write") {
		t.Errorf("read-only: %v", err)
	}
	for _, unknown := range []string{"20260101-000000-abcd", "", "..", "../runs/" + run.ID, run.ID + "/"} {
		_, resumed := s.service.Resume(unknown, true, Pace{})
		_, aborted := s.service.Abort(unknown, true)
		if !errors.Is(resumed, adapters.ErrUsage) || !errors.Is(aborted, adapters.ErrUsage) {
			t.Errorf("%q: %v; %v", unknown, resumed, aborted)
		}
	}
}

// TestALetterThatCouldNotBeTakenOutIsNotSettled: its copy is there, and it is not sent again when
// the run is resumed. Those behind it whose copies were on their way are dealt with.
func TestALetterThatCouldNotBeTakenOutIsNotSettled(t *testing.T) {
	for _, pace := range []Pace{{Window: 1}, {Window: 2}, {Canary: 2}} {
		for _, action := range []Action{Replay, Discard} {
			s := tell(t, adapters.Queue, "a", "b", "c")
			run := s.begin(s.plan(action, PlanOptions{Reason: "test"}), pace)
			s.broker.Acknowledging = func([]deadletter.Delivery) { s.broker.Acknowledging, s.broker.Failing = nil, 0 }
			var told []string
			summary, err := run.Do(t.Context(), func(o Outcome) { told = append(told, string(o.Result)) })
			want := "a b c"
			if action == Replay && pace.Window == 2 {
				want = "a c"
			}
			if !errors.Is(err, replaytest.ErrFailed) || summary.State != "failed" || summary.Settled != len(told) || s.bodies() != want {
				t.Fatalf("%s at %+v: %+v, %v, told %v, left are %s", action, pace, summary, err, told, s.bodies())
			}
			if summary, err = s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 3 || s.bodies() != "" {
				t.Errorf("%s at %+v: %+v, %v, left are %s", action, pace, summary, err, s.bodies())
			}
			if action == Replay && (summary.Maybe > 0 || len(s.broker.Copies) != 3) {
				t.Errorf("at %+v: %d may have come twice of %s", pace, summary.Maybe, s.copies())
			}
		}
	}
}

// TestTwoRunsNeverShareAName, though both may draw the same in one second; where no other is drawn,
// nothing is begun.
func TestTwoRunsNeverShareAName(t *testing.T) {
	s := tell(t, adapters.Topic)
	names := []string{"first", "first", "first", "second"}
	s.service.config.runName = func() string {
		name := names[0]
		if len(names) > 1 {
			names = names[1:]
		}
		return name
	}
	begin := func() (*Run, error) {
		s.broker.Bury("one more")
		plan, err := s.service.Plan(t.Context(), Discard, Chosen(slices.DeleteFunc(s.list(), func(l Letter) bool { return l.State != Open })), PlanOptions{Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return s.service.Begin(plan, Confirmation{Count: plan.Count(), Plan: plan.ID, Write: true}, Pace{})
	}
	for _, wanted := range []string{"first", "second"} {
		run, err := begin()
		if err != nil || run.ID != wanted {
			t.Fatalf("run %v: %v", run, err)
		}
		if _, err := run.Do(t.Context(), func(Outcome) {}); err != nil {
			t.Fatal(err)
		}
	}
	if run, err := begin(); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "file exists") {
		t.Errorf("a name was taken twice: %v, %v", run, err)
	}
}
