package replay

import (
	"context"
	"errors"
	"slices"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
)

// TestNothingLeavesAQueueBeforeItIsWritten: when letters are settled, the journal says that
// their copies are confirmed, or that they are archived; and no more than a window is sent
// and not confirmed.
func TestNothingLeavesAQueueBeforeItIsWritten(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		t.Run(string(action), func(t *testing.T) {
			const window = 3
			s := tell(t, adapters.Queue, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
			run := s.begin(s.plan(action, PlanOptions{Reason: "test"}), Pace{Window: window})
			letters, left := run.Plan.Parts[0].Letters, 0
			s.broker.Acknowledging = func(leaving []deadletter.Delivery) {
				left += len(leaving)
				record, plan := s.recorded(run.ID)
				states := record.states(plan, 0)
				for _, l := range leaving {
					at := slices.IndexFunc(letters, func(s Selected) bool { return s.Position == l.Position })
					if state := states[at]; state != Confirmed {
						t.Errorf("%s leaves the queue and is %s", l.Value, state)
					}
				}
				if sent := count(states, Sent); sent > window {
					t.Errorf("%d are on their way", sent)
				}
			}
			if summary, err := run.Do(context.Background(), func(Outcome) {}); err != nil || summary.State != "done" {
				t.Fatal(summary, err)
			}
			if left != len(letters) || len(s.broker.Letters) > 0 {
				t.Errorf("%d of %d left the queue, and %d are in it", left, len(letters), len(s.broker.Letters))
			}
		})
	}
}

// recorded is what another process finds in the journal and the plan.
func (s *story) recorded(run string) (*Record, *Plan) {
	s.Helper()
	service := workplace(s, s.folder, s.broker)
	record, err := service.record(run)
	if err != nil {
		s.Fatal(err)
	}
	plan, err := service.planOf(record)
	if err != nil {
		s.Fatal(err)
	}
	return record, plan
}

func count(states []State, wanted State) (n int) {
	for _, state := range states {
		if state == wanted {
			n++
		}
	}
	return n
}

// TestTheCanaryIsAlone: the rest is sent when it is settled, and not before.
func TestTheCanaryIsAlone(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	s.broker.Acknowledging = func([]deadletter.Delivery) {
		if sent := len(s.broker.Copies); sent != 1 {
			t.Errorf("%d are sent when the canary is settled", sent)
		}
		s.broker.Acknowledging = nil
	}
	if _, err := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 1, Window: 2}).Do(context.Background(), func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsOnItsWayIsSettledAtTheEnd, whatever the end: a pause, an abort, or a letter that
// is not taken.
func TestWhatIsOnItsWayIsSettledAtTheEnd(t *testing.T) {
	ends := map[string]func(s *story, run *Run, cancel context.CancelFunc){
		"pause": func(_ *story, _ *Run, cancel context.CancelFunc) { cancel() },
		"abort": func(_ *story, run *Run, _ context.CancelFunc) { run.Abort() },
		"fail":  func(s *story, _ *Run, _ context.CancelFunc) { s.broker.Poison["h"] = true },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2})
			s.broker.Acknowledging = func([]deadletter.Delivery) { // of the first window: the second is on its way
				end(s, run, cancel)
				s.broker.Acknowledging = nil
			}
			summary, _ := run.Do(ctx, func(Outcome) {})
			record, plan := s.recorded(run.ID)
			if states := record.states(plan, 0); count(states, Sent)+count(states, Confirmed) > 0 || count(states, Replayed) != len(s.broker.Copies) {
				t.Errorf("%s: %d copies, and the journal says %v", summary.State, len(s.broker.Copies), states)
			}
			if len(s.broker.Copies)+len(s.broker.Letters) != len(plan.Parts[0].Letters) || record.Settled != summary.Settled {
				t.Errorf("%s: %d copies and %d letters, %d settled and %d in the journal", summary.State, len(s.broker.Copies), len(s.broker.Letters), summary.Settled, record.Settled)
			}
		})
	}
}

// TestAfterTheCanaryTheRestGoesInWholeWindows: it is one, and slows nothing else. Copies that may
// be on their way while more are taken go in halves.
func TestAfterTheCanaryTheRestGoesInWholeWindows(t *testing.T) {
	for action, step := range map[Action]Step{Replay: StepSend, Discard: StepConfirm} {
		both(t, func(s *story) {
			run := s.begin(s.plan(action, PlanOptions{Reason: "test"}), Pace{Canary: 1, Window: 6})
			if summary, err := run.Do(s.Context(), func(Outcome) {}); err != nil || summary.Settled != 7 {
				s.Fatalf("%+v, %v", summary, err)
			}
			want := []int{1, 6}
			if s.broker.Kind == adapters.Queue && action == Replay {
				want = []int{1, 3, 3}
			}
			var windows []int
			if _, err := s.service.Steps(run.ID, func(l *Line) error {
				if l.Step == step {
					windows = append(windows, l.Count)
				}
				return nil
			}); err != nil || !slices.Equal(windows, want) {
				s.Errorf("%s in windows of %v, %v", action, windows, err)
			}
		}, "a", "b", "c", "d", "e", "f", "g")
	}
}

// TestAQueueMayHandItsLettersOverInAnotherOrder than that of the plan: what is written down of them
// is read again by a resume.
func TestAQueueMayHandItsLettersOverInAnotherOrder(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		s := tell(t, adapters.Queue, "a", "b", "c", "d")
		plan := s.plan(action, PlanOptions{Reason: "test"})
		slices.Reverse(s.broker.Letters)
		run := s.crashSettling(plan, Pace{Canary: 3})
		summary, err := s.resume(run).Do(t.Context(), func(Outcome) {})
		if err != nil || summary.Settled != 4 || summary.Maybe > 1 || len(s.broker.Letters) > 0 || action == Replay && s.copies() != "d c b a" {
			t.Errorf("%s: %+v, %v, sent %q, and %d are left", action, summary, err, s.copies(), len(s.broker.Letters))
		}
	}
}

// TestACopyOfWhichNobodyKnowsIsNotCalledRefused: the run stops, and a resume sends it again and
// says that it may be there twice.
func TestACopyOfWhichNobodyKnowsIsNotCalledRefused(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	s.broker.Unclear = map[string]bool{"b": true}
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	failed := 0
	summary, err := run.Do(t.Context(), func(o Outcome) {
		if o.Result == "failed" {
			failed++
		}
	})
	if !errors.Is(err, deadletter.ErrUnknownOutcome) || summary.State != "failed" || summary.Failed+failed != 0 || summary.Settled != 2 || s.bodies() != "b" {
		t.Fatalf("%+v, %v, %d told of as failed, %q is left", summary, err, failed, s.bodies())
	}
	s.broker.Unclear = nil
	if summary, err = s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 3 || summary.Maybe != 1 || s.copies() != "a b c b" {
		t.Errorf("resumed: %+v, %v, sent %q", summary, err, s.copies())
	}
}

// TestWhatWasNotCommittedIsNotDoubted: of a log the ledger tells, whatever the journal has.
func TestWhatWasNotCommittedIsNotDoubted(t *testing.T) {
	s := tell(t, adapters.Topic, "a", "b", "c")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
	s.broker.Acting = func(string) {
		if len(s.broker.Copies) == 1 {
			panic(replaytest.ErrCrash)
		}
	}
	s.crash(run)
	s.broker.Acting = nil
	if summary, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 3 || summary.Maybe != 0 || s.copies() != "a b c" {
		t.Errorf("%+v, %v, sent %q", summary, err, s.copies())
	}
}

// mending is a broker that tells where it was asked to end what an earlier run has left.
type mending struct {
	*replaytest.Broker
	asked []deadletter.Target
}

func (m *mending) Mend(ctx context.Context, dlq string, targets []deadletter.Target, note func(string) error) error {
	m.asked = targets
	return m.Broker.Mend(ctx, dlq, targets, note)
}

// TestWhatAnEarlierRunLeftIsLookedForWhereCopiesGo, at each place once, and at none of another cluster.
func TestWhatAnEarlierRunLeftIsLookedForWhereCopiesGo(t *testing.T) {
	other := replaytest.New(adapters.Topic)
	through := elsewhere(other)
	for name, c := range map[string]struct {
		action  Action
		options PlanOptions
		want    []deadletter.Target
	}{
		"a replay":                    {Replay, PlanOptions{}, []deadletter.Target{"orders", "payments"}},
		"a replay to another cluster": {Replay, PlanOptions{To: "orders", Through: &through}, nil},
		"a discard":                   {Discard, PlanOptions{Reason: "test"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := &mending{Broker: replaytest.New(adapters.Topic, "a", "b", "c")}
			for _, body := range []string{"d", "e"} {
				m.BuryFrom("payments", body)
			}
			source := sourceOf(m.Broker)
			source.DeadLetters = m
			service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, Targets: []Source{through}, By: "ann@host"})
			if err != nil {
				t.Fatal(err)
			}
			s := &story{T: t, broker: m.Broker, service: service}
			if got := s.run(c.action, c.options); got.Settled != 5 || !slices.Equal(m.asked, c.want) {
				t.Errorf("%+v, and it was looked for at %q, want %q", got, m.asked, c.want)
			}
		})
	}
}
