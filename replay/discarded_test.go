package replay

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

// chosen are options for the letters with these bodies.
func (s *story) chosen(bodies ...string) PlanOptions {
	s.Helper()
	only := map[adapters.Position]bool{}
	for i := range s.broker.Letters {
		for _, body := range bodies {
			if string(s.broker.Letters[i].Value) == body {
				only[s.broker.Letters[i].Position] = true
			}
		}
	}
	return PlanOptions{Only: only, Reason: "test"}
}

// TestWhatWasDiscardedLastComesLast, also if it had been discarded and taken back before.
func TestWhatWasDiscardedLastComesLast(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	s.run(Discard, s.chosen("a"))
	s.run(Discard, s.chosen("b"))
	letters, err := s.service.Discarded(t.Context(), dlqOf(t, s.service))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.service.Plan(t.Context(), Restore, Chosen(letters[:1]), PlanOptions{})
	if err == nil {
		_, err = s.begin(plan, Pace{}).Do(t.Context(), func(Outcome) {})
	}
	if err != nil || s.bodies() != "a" {
		t.Fatalf("%v, and %q is back", err, s.bodies())
	}
	s.run(Discard, s.chosen("a"))
	if s.run(Restore, PlanOptions{}); s.bodies() != "b a" {
		t.Errorf("in the queue is %q", s.bodies())
	}
}

// TestARunWhosePlanWasTidiedAwayCostsNoOther: what it discarded cannot be told, and the rest can.
func TestARunWhosePlanWasTidiedAwayCostsNoOther(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	for _, body := range []string{"a", "b", "c"} {
		s.run(Discard, s.chosen(body))
	}
	records, _, err := s.service.Runs()
	if err == nil {
		err = os.RemoveAll(s.service.runFolder(records[1].Run))
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := s.restorable(); got != "a c" {
		t.Errorf("%q can be restored", got)
	}
	s.broker.Bury("d")
	if got := s.run(Replay, PlanOptions{}); got.Settled != 1 {
		t.Errorf("%+v", got)
	}
}

// TestWhatIsBackIsMissedByNobody: a letter that was restored need not be in the archive any more.
func TestWhatIsBackIsMissedByNobody(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	s.run(Discard, PlanOptions{Reason: "test"})
	s.run(Restore, PlanOptions{})
	if err := os.Remove(s.service.archive("model://s", "dlq").Path); err != nil {
		t.Fatal(err)
	}
	if got := s.restorable(); got != "" {
		t.Errorf("%q can be restored", got)
	}
}

// TestDiscardsAreOfTheirOwnBroker: another one has a queue of the same name.
func TestDiscardsAreOfTheirOwnBroker(t *testing.T) {
	service, first, second := two(t, t.TempDir())
	letters, err := list(service)
	if err != nil {
		t.Fatal(err)
	}
	for _, discarded := range []string{"one", "two"} {
		only := map[adapters.Position]bool{}
		for _, l := range letters {
			only[l.Position] = l.Source == discarded
		}
		plan, err := service.Plan(t.Context(), Discard, Chosen(letters), PlanOptions{Only: only, Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		run, err := service.Begin(plan, Confirmation{Count: 2, Write: true}, Pace{})
		if err == nil {
			_, err = run.Do(t.Context(), func(Outcome) {})
		}
		dlqs, failed := service.DLQs(t.Context())
		if err = errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		for _, dlq := range dlqs {
			want := 0
			if discarded == "two" || dlq.Source.Name == "one" {
				want = 2
			}
			got, err := service.Discarded(t.Context(), dlq)
			if err != nil || len(got) != want {
				t.Errorf("after the discard from %s, %d letters of %s can be restored: %v", discarded, len(got), dlq.Source.Name, err)
			}
			for _, l := range got {
				if l.Source != dlq.Source.Name {
					t.Errorf("a letter of %s is one of %s", l.Source, dlq.Source.Name)
				}
			}
		}
	}
	if len(first.Letters)+len(second.Letters) > 0 {
		t.Errorf("%d and %d are left", len(first.Letters), len(second.Letters))
	}
}

// TestOfALogTheDiscardedAreListedAlone, and that the ledger cannot be read is said.
func TestOfALogTheDiscardedAreListedAlone(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b", "c")
	s.run(Replay, s.chosen("a"))
	s.run(Discard, s.chosen("b"))
	letters, err := s.service.Discarded(t.Context(), dlqOf(t, s.service))
	if err != nil || len(letters) != 1 || letters[0].Position != at(1) {
		t.Errorf("%v, %v", letters, err)
	}
	s.broker.LedgerHidden = adapters.ErrNotAuthorized
	if letters, err := s.service.Discarded(t.Context(), dlqOf(t, s.service)); !errors.Is(err, adapters.ErrNotAuthorized) || len(letters) > 0 {
		t.Errorf("without the ledger: %v, %v", letters, err)
	}
}

// TestAnArchiveThatCannotBeReadIsNotTakenForEmpty, and nor is a journal.
func TestAnArchiveThatCannotBeReadIsNotTakenForEmpty(t *testing.T) {
	for _, what := range []string{"archive", "journal"} {
		s := tell(t, adapters.Queue, "a")
		s.run(Discard, PlanOptions{Reason: "test"})
		path := s.journalPath()
		if what == "archive" {
			path = s.service.archive("model://s", "dlq").Path
		}
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := workplace(t, s.folder, s.broker).Discarded(t.Context(), dlqOf(t, s.service))
		if !errors.Is(err, ErrRefused) || errors.Is(err, adapters.ErrGone) || !strings.Contains(err.Error(), path) {
			t.Errorf("of the %s: %v", what, err)
		}
	}
}

// TestWhatTheJournalTellsOfARun: what it was about, what became of it, and why it ended.
func TestWhatTheJournalTellsOfARun(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	s.broker.Poison["b"] = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
	if _, err := run.Do(t.Context(), func(Outcome) {}); err == nil {
		t.Fatal("it did not fail")
	}
	tells := func(state RunState, has func(*Record) bool) {
		t.Helper()
		records, broken, err := workplace(t, s.folder, s.broker).Runs()
		if err != nil || broken != 0 || len(records) != 1 {
			t.Fatalf("%d runs, %d broken lines, %v", len(records), broken, err)
		}
		if r := records[0]; r.State != state || strings.Join(r.DLQs, " ") != "dlq" || r.Settled != 1 || r.Last.Before(r.At) || !has(r) {
			t.Errorf("%+v", r)
		}
	}
	tells("failed", func(r *Record) bool { return strings.Contains(r.Error, "too large") && r.Last.After(r.At) })
	if steps := s.stepsOf(run); !strings.Contains(steps, "refused 1") {
		t.Errorf("the journal has %s", steps)
	}
	why := ""
	if _, err := s.service.Steps(run.ID, func(l *Line) error {
		if l.Step == StepRefuse {
			why = l.Error
		}
		return nil
	}); err != nil || !strings.Contains(why, "too large") {
		t.Errorf("what was refused was so for %q, %v", why, err)
	}
	resumed := s.resume(run)
	s.broker.Acting = func(string) { panic(replaytest.ErrCrash) }
	s.crash(resumed)
	tells("interrupted", func(r *Record) bool { return r.Error == "" })
	s.rewrite(s.journalPath(), replaced(`"by":"ann@host"`, `"by":"bob@host"`))
	records, broken, err := workplace(t, s.folder, s.broker).Runs()
	if err != nil || broken == 0 || records[0].Changed == "" || records[0].Error != records[0].Changed {
		t.Errorf("changed: %+v, %d broken lines, %v", records[0], broken, err)
	}
}

// TestTheStepsOfARunAreItsOwn, and whoever reads them may stop.
func TestTheStepsOfARunAreItsOwn(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b")
	first := s.begin(s.plan(Replay, s.chosen("a")), Pace{})
	if _, err := first.Do(t.Context(), func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
	s.run(Discard, s.chosen("b"))
	enough, lines := errors.New("enough"), 0
	_, err := s.service.Steps(first.ID, func(l *Line) error {
		if lines++; l.Run != first.ID || l.Action != Replay {
			t.Errorf("%+v", l)
		}
		if l.Step == StepSend {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || lines != 2 {
		t.Errorf("%d lines, %v", lines, err)
	}
}

// TestARunIsNoPath: what is no name of a run is looked for in the journal alone.
func TestARunIsNoPath(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	s.run(Discard, PlanOptions{Reason: "test"})
	var opened []string
	d := &files.Disk{User: hasty.User, Sync: hasty.Sync, Opened: func(path string) { opened = append(opened, path) }}
	service := workplaceOn(t, d, s.folder, s.broker)
	for _, run := range []string{"", "..", "../../etc", "20260101-000000-0000/..", "20260101-000000-000", "/etc/passwd"} {
		_, resumed := service.Resume(run, true, Pace{})
		_, aborted := service.Abort(run, true)
		_, _, asked := service.SourcesOf(run)
		for _, err := range []error{resumed, aborted, asked} {
			if !errors.Is(err, adapters.ErrUsage) || !strings.Contains(err.Error(), "dlq journal lists them") {
				t.Errorf("%q: %v", run, err)
			}
		}
	}
	for _, path := range opened {
		if path != s.journalPath() {
			t.Errorf("%s was opened", path)
		}
	}
	if _, err := service.Resume("20260101-000000-0000", true, Pace{}); !errors.Is(err, adapters.ErrUsage) {
		t.Errorf("a run that never was: %v", err)
	}
}

// TestALockThatIsALinkIsNotFollowed, and it is not taken for a run that is at work.
func TestALockThatIsALinkIsNotFollowed(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{})
	lock, victim := filepath.Join(s.service.runFolder(run.ID), "lock"), filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.Remove(lock), os.Symlink(victim, lock)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), lock) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(victim); err == nil {
		t.Error("a file was made where it leads")
	}
}

// TestWhatARunHasInHandIsOfItsOwnBroker: it was about two of them, and died over the first.
func TestWhatARunHasInHandIsOfItsOwnBroker(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		service, first, second := two(t, t.TempDir())
		letters, err := list(service)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := service.Plan(t.Context(), action, Chosen(letters), PlanOptions{Reason: "test"})
		if err != nil || plan.Count() != 4 {
			t.Fatal(plan, err)
		}
		s := &story{T: t, broker: first, service: service}
		run := s.crashSettling(plan, Pace{Window: 1})
		again, err := list(service)
		if err != nil {
			t.Fatal(err)
		}
		for source, unfinished := range map[string]bool{"one": true, "two": false} {
			only := map[adapters.Position]bool{}
			for _, l := range again {
				only[l.Position] = l.Source == source
				if source == "two" && l.Source == source && l.State != Open {
					t.Errorf("%s: a letter that nothing was done about is %s", action, l.State)
				}
			}
			plan, err := service.Plan(t.Context(), action, Chosen(again), PlanOptions{Only: only, Reason: "test"})
			if err != nil {
				t.Fatal(err)
			}
			if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); (err != nil) != unfinished || unfinished && !strings.Contains(err.Error(), run.ID) {
				t.Errorf("%s from %s: %v", action, source, err)
			}
		}
		resumed, err := service.Resume(run.ID, true, Pace{})
		if err == nil {
			_, err = resumed.Do(t.Context(), func(Outcome) {})
		}
		if err != nil || len(first.Letters)+len(second.Letters) > 0 {
			t.Errorf("%s: %v, and %d and %d are left", action, err, len(first.Letters), len(second.Letters))
		}
		if action == Replay {
			continue
		}
		dlqs, err := service.DLQs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, dlq := range dlqs {
			if got, err := service.Discarded(t.Context(), dlq); err != nil || len(got) != 2 || got[0].Source != dlq.Source.Name {
				t.Errorf("%d letters of %s can be restored, %v", len(got), dlq.Source.Name, err)
			}
		}
	}
}

// TestAnEndedRunThatOwesNothingIsInNobodysWay: what it had on its way is in doubt, and open.
func TestAnEndedRunThatOwesNothingIsInNobodysWay(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2, Rate: 1e6})
	s.broker.Acting = func(string) { panic(replaytest.ErrCrash) }
	s.crash(run)
	s.broker.Acting = nil
	if ending, err := s.service.Abort(run.ID, true); err != nil || ending != nil {
		t.Fatal(ending, err)
	}
	plan := s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: 3, Write: true}); err != nil {
		t.Errorf("it is in the way: %v", err)
	}
	if maybe, _ := plan.Doubts(); maybe != 2 {
		t.Errorf("%d may have been sent", maybe)
	}
}
