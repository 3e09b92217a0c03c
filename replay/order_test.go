package replay

import (
	"context"
	"slices"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
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
			s.broker.Settling = func(leaving []deadletter.Delivery) {
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
	s.broker.Settling = func([]deadletter.Delivery) {
		if sent := len(s.broker.Copies); sent != 1 {
			t.Errorf("%d are sent when the canary is settled", sent)
		}
		s.broker.Settling = nil
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
			s.broker.Settling = func([]deadletter.Delivery) { // of the first window: the second is on its way
				end(s, run, cancel)
				s.broker.Settling = nil
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
