package replay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// TestRestoresThatCrash: wherever a restore dies, after it was resumed each letter is back,
// and on a queue no more came back twice than was on its way.
func TestRestoresThatCrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]adapters.DestinationKind{adapters.Topic, adapters.Queue}).Draw(t, "kind")
		bodies := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 12).Draw(t, "bodies")
		b := replaytest.New(kind, bodies...)
		folder := tempFolder(t)
		letters, err := list(workplace(t, folder, b))
		if err != nil {
			t.Fatal(err)
		}
		all := map[adapters.Position]bool{}
		for i := range letters {
			all[letters[i].Position] = true
		}
		window := rapid.IntRange(1, 5).Draw(t, "window")
		runToTheEnd(t, folder, b, nil, Discard, letters, all, window)
		dlqs, err := workplace(t, folder, b).DLQs(context.Background())
		if err == nil {
			letters, err = workplace(t, folder, b).Discarded(context.Background(), dlqs[0])
		}
		if err != nil || len(letters) != len(bodies) {
			t.Fatalf("%d of %d can be restored: %v", len(letters), len(bodies), err)
		}
		_, kills := runToTheEnd(t, folder, b, nil, Restore, letters, all, window)
		letters, err = list(workplace(t, folder, b))
		if err != nil {
			t.Fatal(err)
		}
		back := map[string]int{}
		for _, l := range letters {
			if l.State != Open {
				t.Fatalf("%s is %s", l.Position, l.State)
			}
		}
		for i := range b.Letters {
			back[string(b.Letters[i].Value)]++
		}
		for _, body := range bodies {
			if back[body]--; back[body] < 0 {
				t.Fatalf("a letter %q is lost", body)
			}
		}
		if twice := len(b.Letters) - len(bodies); twice > 0 && kind == adapters.Topic || twice > kills*window {
			t.Fatalf("%d came back twice", twice)
		}
	})
}

// TestNoTwoLettersShareAReplayID: consumers tell by it what they have had.
func TestNoTwoLettersShareAReplayID(t *testing.T) {
	first, second := replaytest.New(adapters.Queue, "a", "b"), replaytest.New(adapters.Queue, "c", "d")
	service, err := NewService(Config{Folder: t.TempDir(), By: "ann@host", Sources: []Source{
		{Name: "one", Cluster: "model://one", Broker: "rabbitmq", DeadLetters: first, TargetOf: replaytest.TargetOf},
		{Name: "two", Cluster: "model://two", Broker: "rabbitmq", DeadLetters: second, TargetOf: replaytest.TargetOf},
	}})
	if err != nil {
		t.Fatal(err)
	}
	letters, err := list(service)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := service.Plan(context.Background(), Replay, Chosen(letters), PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := service.Begin(plan, Confirmation{Count: 4, Write: true}, Pace{})
	if err == nil {
		_, err = run.Do(context.Background(), func(Outcome) {})
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range append(first.Copies, second.Copies...) {
		id, _ := m.Header(headerID)
		ids[string(id)] = true
	}
	if len(ids) != 4 {
		t.Errorf("4 copies have the ids %v", ids)
	}
}

// TestTheCanaryIsALetterOfThePlan, and not one that lies before it.
func TestTheCanaryIsALetterOfThePlan(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	letters := s.list()
	s.broker.Poison["b"] = true
	plan := s.plan(Replay, PlanOptions{Only: map[adapters.Position]bool{letters[1].Position: true, letters[2].Position: true}})
	if _, err := s.begin(plan, Pace{Canary: 1}).Do(context.Background(), func(Outcome) {}); err == nil || len(s.broker.Copies) > 0 {
		t.Errorf("%v, and %d copies went along", err, len(s.broker.Copies))
	}
}

// TestTheCanaryIsSettledBeforeMoreIsBegun: when it cannot be, the journal has no other letter in hand.
func TestTheCanaryIsSettledBeforeMoreIsBegun(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 1})
	record, err := s.service.record(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := record.states(run.Plan, 0); !slices.Equal(got, []State{Confirmed, Planned, Planned}) {
		t.Errorf("the letters are %v", got)
	}
}

// TestARestoreTakesNoReplayBack: a letter that somebody has restored and replayed since
// the plan was made stays replayed.
func TestARestoreTakesNoReplayBack(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	s.run(Discard, PlanOptions{Reason: "test"})
	mine := s.begin(s.plan(Restore, PlanOptions{}), Pace{})
	s.run(Restore, PlanOptions{})
	s.run(Replay, PlanOptions{})
	summary, err := mine.Do(context.Background(), func(Outcome) {})
	if err != nil || summary.Skipped != 1 || summary.Settled != 0 || s.states() != "replayed" {
		t.Errorf("%+v, %v, and it is %s", summary, err, s.states())
	}
}

// crashAt begins a run that dies after so many calls.
func (s *story) crashAt(calls int, plan *Plan, pace Pace) *Run {
	s.Helper()
	run := s.begin(plan, pace)
	s.broker.Fuse = calls
	s.crash(run)
	return run
}

// crashSettling dies before the first letters leave their queue.
func (s *story) crashSettling(plan *Plan, pace Pace) *Run {
	s.Helper()
	run := s.begin(plan, pace)
	s.broker.Acknowledging = func([]deadletter.Delivery) { panic(replaytest.ErrCrash) }
	s.crash(run)
	s.broker.Acknowledging = nil
	return run
}

func (s *story) crash(run *Run) {
	s.Helper()
	if _, crashed := attempt(s.broker, func() error { _, err := run.Do(context.Background(), func(Outcome) {}); return err }); !crashed {
		s.Fatal("it did not crash")
	}
	run.unlock()
}

// TestAnAbortedRestoreSendsNoMore, and what it did not send can be restored later.
func TestAnAbortedRestoreSendsNoMore(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	s.run(Discard, PlanOptions{Reason: "test"})
	run := s.crashAt(2, s.plan(Restore, PlanOptions{}), Pace{Window: 1}) // before the second is published
	// The process died between two lines: the first letter is back, and not settled.
	s.forget(`"step":"settled","action":"restore"`)
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	if summary, err := ending.Do(context.Background(), func(Outcome) {}); err != nil || summary.State != "aborted" || len(s.broker.Letters) != 1 {
		t.Errorf("%+v, %v, and %d letters are back", summary, err, len(s.broker.Letters))
	}
	if plan := s.plan(Restore, PlanOptions{}); plan.Count() != 2 {
		t.Errorf("%d can be restored", plan.Count())
	}
}

// forget takes the last lines of the journal away, from the last that has a part in it.
func (s *story) forget(part string) {
	s.Helper()
	path := filepath.Join(s.folder, "journal.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], part) {
			if err := os.WriteFile(path, []byte(strings.Join(lines[:i], "")), 0o600); err != nil {
				s.Fatal(err)
			}
			s.service = workplace(s, s.folder, s.broker)
			return
		}
	}
	s.Fatalf("the journal has no %s: %s", part, data)
}

// TestWhoeverDiesOverAnAbortOwesNothing: a run is told to end, and its process dies with
// copies sent and their letters in the queue. They are not sent again; to abort it once
// more takes them out.
func TestWhoeverDiesOverAnAbortOwesNothing(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.crashSettling(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	if err := s.service.journal.Append(Line{At: now(), Run: run.ID, Step: StepAbort, Action: Replay}); err != nil {
		t.Fatal(err)
	}
	plan := s.plan(Replay, PlanOptions{})
	if err := plan.Check(Confirmation{Count: plan.Count(), Write: true}); plan.Count() != 1 || !errors.Is(err, ErrRefused) {
		t.Errorf("%d letters would be sent: %v", plan.Count(), err)
	}
	ending, err := s.service.Abort(run.ID, true)
	if err != nil || ending == nil {
		t.Fatal(ending, err)
	}
	if _, err := ending.Do(context.Background(), func(Outcome) {}); err != nil || len(s.broker.Letters) != 1 || len(s.broker.Copies) != 2 {
		t.Errorf("%v, %d letters, %d copies", err, len(s.broker.Letters), len(s.broker.Copies))
	}
	if plan := s.plan(Replay, PlanOptions{}); plan.Check(Confirmation{Count: 1, Write: true}) != nil {
		t.Errorf("it is still in the way: %v", plan.Parts)
	}
}

// TestADamagedArchiveKeepsTheRest: a line that cannot be read costs no other.
func TestADamagedArchiveKeepsTheRest(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	letters := s.list()
	s.run(Discard, PlanOptions{Reason: "test"})
	path := s.service.archive("model://s", "dlq").Path
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("?"+string(data[1:])+`{"position":"dlq#1`), 0o600); err != nil { // and the last is torn
		t.Fatal(err)
	}
	s.broker.Bury("d")
	s.service = workplace(t, s.folder, s.broker)
	letters = append(letters, s.list()...)
	for i := range letters[1:] {
		if m, err := s.service.Archived(context.Background(), sourceOf(s.broker), letters[i+1].Position, letters[i+1].Content); err != nil {
			t.Errorf("letter %d: %v, %q", i, err, m.Value)
		}
	}
}

// TestAskingWhoHasARunInHand is in nobody's way.
func TestAskingWhoHasARunInHand(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	if !s.service.inHand(run.ID) {
		t.Error("nobody has it, and somebody does")
	}
	run.unlock()
	asking := make(chan struct{})
	asked := make(chan bool)
	go func() {
		held := false
		for {
			select {
			case <-asking:
				asked <- held
				return
			default:
				held = s.service.inHand(run.ID) || held
			}
		}
	}()
	for range 100 {
		if s.service.inHand(run.ID) {
			t.Fatal("two who ask are taken for one who has it")
		}
	}
	if close(asking); <-asked {
		t.Fatal("two who ask are taken for one who has it")
	}
}

// TestAResumedRunEndsWhatHidesTheLedger: the journal has it before it is done. What somebody else
// has left open keeps the run back.
func TestAResumedRunEndsWhatHidesTheLedger(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	s.broker.LedgerHidden = adapters.ErrBusy
	if _, err := run.Do(t.Context(), func(Outcome) {}); !errors.Is(err, adapters.ErrBusy) {
		t.Fatalf("behind what somebody else has left open: %v", err)
	}
	s.broker.Unended = true
	if summary, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	var steps []Step
	_, err := s.service.Steps(run.ID, func(line *Line) error {
		if line.Step == StepMend && line.Reason == "what hid the ledger is ended" || line.Step == StepSettle {
			steps = append(steps, line.Step)
		}
		return nil
	})
	if err != nil || !slices.Equal(steps, []Step{StepMend, StepSettle}) {
		t.Errorf("the journal has %v, %v", steps, err)
	}
}

// TestNothingIsEndedThatIsNotWrittenDown: with a journal that cannot be written the broker is left alone.
func TestNothingIsEndedThatIsNotWrittenDown(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	full := false
	s.service = workplaceOn(t, failing(func(path string) bool { return full && strings.HasSuffix(path, "journal.jsonl") }), s.folder, s.broker)
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	full, s.broker.Unended = true, true
	if _, err := run.Do(t.Context(), func(Outcome) {}); !errors.Is(err, ErrJournal) || !s.broker.Unended {
		t.Errorf("%v, and it is still there: %v", err, s.broker.Unended)
	}
}

// TestARunThatWasStoppedBlamesNobodyElse: what was waited for while the process did not run has come
// too late, which the error says. A run that is not stopped says nothing of it.
func TestARunThatWasStoppedBlamesNobodyElse(t *testing.T) {
	const minute = time.Minute
	for name, test := range map[string]struct {
		away  time.Duration
		woken bool          // it has beaten since
		since time.Duration // then
		says  bool
	}{
		"not at all": {}, "for a moment": {away: 2 * time.Second},
		"just continued": {away: minute, says: true}, "continued a while ago": {away: minute, woken: true, says: true},
		"continued long ago": {away: minute, woken: true, since: 2 * minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b")
			s.broker.Poison["b"] = true
			run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
			_, err := run.Do(t.Context(), func(o Outcome) {
				if o.Result != "failed" || test.away == 0 {
					return
				}
				now := time.Now()
				run.awake.last.Store(now.Add(-test.since - test.away).UnixNano())
				if test.woken {
					run.awake.beat(now.Add(-test.since))
				}
				if test.since > 0 {
					run.awake.last.Store(now.UnixNano())
				}
			})
			if !errors.Is(err, errStopped) || strings.Contains(err.Error(), "this process did not run for 1m") != test.says || !test.says && strings.Contains(err.Error(), "did not run") {
				t.Errorf("%v", err)
			}
			if record, err := s.service.record(run.ID); err != nil || strings.Contains(record.Error, "did not run") != test.says {
				t.Errorf("the journal has %q, %v", record.Error, err)
			}
		})
	}
}

// TestARunThatWasEndedWithoutSettlingStaysSo when the process that carried it out ends it again.
func TestARunThatWasEndedWithoutSettlingStaysSo(t *testing.T) {
	r := &Record{}
	r.add(&Line{Step: StepAbort, Unsettled: true})
	r.add(&Line{Step: StepAbort, Error: "the broker refused it"})
	if !r.unsettled || r.Error == "" {
		t.Errorf("%+v", r)
	}
	r.add(&Line{Step: StepPause})
	if r.unsettled {
		t.Error("a run that goes on is called ended")
	}
}
