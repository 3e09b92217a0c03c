package replay

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// stepsOf are the steps of a run as the journal has them, with the letters that each is about.
func (s *story) stepsOf(run *Run) string {
	s.Helper()
	var steps []string
	if _, err := s.service.Steps(run.ID, func(l *Line) error {
		step := string(l.Step)
		if len(l.Letters) > 0 {
			step += " " + l.Letters.String()
		}
		steps = append(steps, step)
		return nil
	}); err != nil {
		s.Fatal(err)
	}
	return strings.Join(steps, ", ")
}

// TestWhatARunDidNotDoIsWrittenDownToo: letters that were gone when their turn came, and that somebody
// held it for a while.
func TestWhatARunDidNotDoIsWrittenDownToo(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1, Rate: 1e6})
	s.broker.Letters = append(s.broker.Letters[:1:1], s.broker.Letters[2])
	held := false
	summary, err := run.Do(t.Context(), func(o Outcome) {
		if !held {
			held = true
			run.Pause()
			run.Continue()
		}
	})
	if err != nil || summary.Settled != 2 || summary.Skipped != 1 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if got := s.stepsOf(run); !strings.Contains(got, "paused, resumed") || !strings.Contains(got, "skipped 1") || !strings.HasSuffix(got, "done") {
		t.Errorf("the journal has %s", got)
	}
	if record, err := s.service.record(run.ID); err != nil || record.Skipped != 1 || record.Settled != 2 || record.State != "done" {
		t.Errorf("%+v, %v", record, err)
	}
}

// TestADiscardThatCameTooLateTakesNothingBack: another run has discarded the letter, and what is skipped
// is not restored by that.
func TestADiscardThatCameTooLateTakesNothingBack(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	late := s.begin(s.plan(Discard, PlanOptions{Reason: "late"}), Pace{})
	s.broker.Letters, s.service = append([]deadletter.Delivery(nil), s.broker.Letters...), workplace(t, s.folder, s.broker)
	first := s.begin(s.plan(Discard, PlanOptions{Reason: "first"}), Pace{})
	if summary, err := first.Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	if summary, err := late.Do(t.Context(), func(Outcome) {}); err != nil || summary.Skipped != 2 || summary.Settled != 0 {
		t.Fatalf("%+v, %v", summary, err)
	}
	plan := s.plan(Restore, PlanOptions{})
	if plan.Count() != 2 {
		t.Errorf("%d of 2 can be restored", plan.Count())
	}
	for _, letter := range plan.Parts[0].Letters {
		if m, err := s.service.Archived(t.Context(), sourceOf(s.broker), letter.Position, letter.Content); err != nil || m.Position != letter.Position {
			t.Errorf("%s is kept as %s, %v", letter.Position, m.Position, err)
		}
	}
}

// TestARefusalNamesOtherReasonsOnlyWhereThereAre, and what would let the most letters go.
func TestARefusalNamesOtherReasonsOnlyWhereThereAre(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b")
	s.broker.Missing["orders"] = true
	said := Confirmation{Write: true}
	if err := s.plan(Replay, PlanOptions{}).Check(said); err == nil || strings.Contains(err.Error(), "others") || !strings.Contains(err.Error(), "2 letters stay: they WOULD BE LOST, since orders does not exist") {
		t.Errorf("one reason: %v", err)
	}
	s.broker.BuryFrom("", "nowhere")
	if err := s.plan(Replay, PlanOptions{}).Check(said); err == nil || !strings.Contains(err.Error(), "since orders does not exist, and others for other reasons; name a destination with --to") {
		t.Errorf("two reasons: %v", err)
	}
	s.broker.Missing["orders"] = false
	if err := s.plan(Replay, PlanOptions{}).Check(Confirmation{Count: 2, Write: true}); err != nil {
		t.Errorf("when most can go: %v", err)
	}
}

// TestAClusterThatIsNotAmongTheSourcesIsNamed: it is another than those of its broker are, or no source
// is of that broker, or one does not say which it is.
func TestAClusterThatIsNotAmongTheSourcesIsNamed(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	for broker, c := range map[adapters.Broker]struct {
		kind error
		says string
	}{
		"kafka":    {ErrRefused, "that is another cluster than the sources are: s is model://s"},
		"rabbitmq": {adapters.ErrUsage, "it is not among the sources; name it by its URL"},
	} {
		if _, err := s.service.source(t.Context(), broker, "model://strange"); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "model://strange") {
			t.Errorf("%s: %v", broker, err)
		}
	}
	if found, err := s.service.source(t.Context(), "kafka", "model://s"); err != nil || found.Name != "s" {
		t.Errorf("%q, %v", found.Name, err)
	}
	s.broker.Failing = 0
	if _, err := s.service.source(t.Context(), "kafka", "model://strange"); !errors.Is(err, replaytest.ErrFailed) {
		t.Errorf("of a broker that does not say which it is: %v", err)
	}
}

// TestNothingIsPlannedWithoutTheJournal, from letters that were read before, too.
func TestNothingIsPlannedWithoutTheJournal(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	s.begin(s.plan(Replay, PlanOptions{}), Pace{}).unlock()
	letters := s.list()
	if err := os.Remove(s.journalPath()); err != nil {
		t.Fatal(err)
	}
	if plan, err := s.service.Plan(t.Context(), Replay, Chosen(letters), PlanOptions{}); plan != nil || !errors.Is(err, ErrJournal) {
		t.Errorf("%v, %v", plan, err)
	}
}

// TestALetterThatWasReplayedBeforeIsToldFromOthers by what that has put on it, though it has no id of
// its own; so its copies have one id, whoever sends them.
func TestALetterThatWasReplayedBeforeIsToldFromOthers(t *testing.T) {
	s := &story{T: t, broker: replaytest.New(adapters.Queue), folder: t.TempDir()}
	s.broker.Bury("plain")
	s.broker.BuryFrom("orders", "replayed", adapters.Header{Name: headerID, Value: []byte("an id")})
	s.broker.BuryNamed("named", "m-1")
	s.broker.BuryFrom("orders", "noted", adapters.Header{Name: "x-death", Value: []byte("when and where")})
	s.service = workplace(t, s.folder, s.broker)
	plan := s.plan(Replay, PlanOptions{})
	for i, want := range []bool{true, false, false, false} {
		if got := plan.Parts[0].Letters[i].Alike; got != want {
			t.Errorf("letter %d is like others: %v", i, got)
		}
	}
}

// TestWhatIsRefusedSaysHowToGoOn, in whole sentences.
func TestWhatIsRefusedSaysHowToGoOn(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	plan := s.plan(Replay, PlanOptions{})
	run := s.begin(plan, Pace{Window: 1})
	run.unlock()
	stale, err := s.service.record(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.resume(stale, plan, true, Pace{}); err == nil || err.Error() != "cannot take up run "+run.ID+": another process has gone on with it meanwhile; see how it stands with eventscope dlq journal, then try again" {
		t.Errorf("%v", err)
	}
	if _, err := s.service.Resume(run.ID, true, Pace{}); err == nil || err.Error() != "cannot resume run "+run.ID+": it is done; make a new plan of what is left" {
		t.Errorf("%v", err)
	}
	s.broker.Bury("c")
	changed := s.plan(Replay, PlanOptions{})
	changed.Parts[0].Letters[0].To = "elsewhere"
	if _, err := s.service.Begin(changed, Confirmation{Count: changed.Count(), Write: true}, Pace{}); err == nil || err.Error() != "cannot begin plan "+changed.ID+": it is not what its id says: it was changed since it was made; make it anew" {
		t.Errorf("%v", err)
	}
}

// TestCountsThatAreNoneCountNothing, however long they are.
func TestCountsThatAreNoneCountNothing(t *testing.T) {
	for value, want := range map[string]int{"3": 3, " 007 ": 7, "99999999": mostReplays, "99999999x": 0, "123456789:": 0, "-3": 0, "3.5": 0, "": 0, "٣": 0} {
		m := adapters.Message{Headers: []adapters.Header{{Name: "X-Replay-Count", Value: []byte(value)}}}
		if got := replaysOf(&m); got != want {
			t.Errorf("%q counts %d, want %d", value, got, want)
		}
	}
}

// TestARestoreKeepsItsRate too: whoever reads the queue is spared as a target is.
func TestARestoreKeepsItsRate(t *testing.T) {
	both(t, func(s *story) {
		s.run(Discard, PlanOptions{Reason: "test"})
		plan := s.plan(Restore, PlanOptions{})
		synctest.Test(s.T, func(t *testing.T) {
			run, begun := s.begin(plan, Pace{Rate: 2, Window: 1}), time.Now()
			summary, err := run.Do(context.Background(), func(Outcome) {})
			if took := time.Since(begun); err != nil || summary.Settled != 4 || took < 2*time.Second {
				t.Errorf("%+v, %v; 4 letters at 2/s took %v", summary, err, took)
			}
		})
	}, "a", "b", "c", "d")
}
