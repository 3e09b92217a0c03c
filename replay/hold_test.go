package replay

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// carriedOut is a run at work in the background.
func (s *story) carriedOut(run *Run) (ended <-chan Summary) {
	done := make(chan Summary, 1)
	go func() {
		summary, err := run.Do(context.Background(), func(Outcome) {})
		if err != nil {
			s.Error(err)
		}
		done <- summary
	}()
	return done
}

// sentOnce checks that each letter has one copy, in order, and none is left.
func (s *story) sentOnce(bodies ...string) {
	s.Helper()
	var sent []string
	for i := range s.broker.Copies {
		sent = append(sent, string(s.broker.Copies[i].Value))
	}
	if !slices.Equal(sent, bodies) || len(s.broker.Letters) > 0 {
		s.Errorf("sent %q, and %d are left", sent, len(s.broker.Letters))
	}
}

// TestAPausedRunHoldsNothing: the broker takes back what is held for too long, and others may
// want the queue. When the run goes on it takes what is left.
func TestAPausedRunHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tell(t, adapters.Queue, "a", "b", "c", "d")
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		s.broker.Settling = func([]deadletter.Delivery) {
			if len(s.broker.Letters) == 4 {
				run.Pause()
			}
		}
		ended := s.carriedOut(run)
		time.Sleep(time.Hour)
		synctest.Wait()
		if s.broker.Busy() || len(s.broker.Letters) == 0 || len(s.broker.Letters) == 4 {
			t.Errorf("after an hour's pause the queue is held: %v, with %d letters", s.broker.Busy(), len(s.broker.Letters))
		}
		run.Continue()
		if summary := <-ended; summary.State != "done" || summary.Settled != 4 || summary.Maybe > 0 {
			t.Errorf("%+v", summary)
		}
		s.sentOnce("a", "b", "c", "d")
	})
}

// TestASlowPaceHoldsNothingMeanwhile, and ctrl+c ends its wait at once.
func TestASlowPaceHoldsNothingMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tell(t, adapters.Queue, "a", "b", "c")
		fivePerHour := 5 / time.Hour.Seconds()
		ended := s.carriedOut(s.begin(s.plan(Replay, PlanOptions{}), Pace{Rate: fivePerHour}))
		for left := 3; left > 0; left-- {
			time.Sleep(11 * time.Minute) // of the 12 until the next
			synctest.Wait()
			if s.broker.Busy() || s.broker.Left() != left {
				t.Errorf("held: %v, and %d letters are left, want %d", s.broker.Busy(), s.broker.Left(), left)
			}
			time.Sleep(time.Minute + 2*time.Second)
		}
		if summary := <-ended; summary.State != "done" || summary.Settled != 3 {
			t.Errorf("%+v", summary)
		}
		s.sentOnce("a", "b", "c")

		s = tell(t, adapters.Queue, "a")
		ctx, interrupt := context.WithCancel(context.Background())
		run, began := s.begin(s.plan(Replay, PlanOptions{}), Pace{Rate: fivePerHour}), time.Now()
		time.AfterFunc(time.Minute, interrupt)
		if summary, err := run.Do(ctx, func(Outcome) {}); err == nil || summary.State != "paused" || time.Since(began) > time.Minute+2*time.Second {
			t.Errorf("%+v, %v after %v", summary, err, time.Since(began))
		}
	})
}

// TestLettersHeldForTooLongAreTakenAnew, once some were settled: a redrive that gets nowhere
// must not begin again for ever.
func TestLettersHeldForTooLongAreTakenAnew(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	s.broker.Overdue = true
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
	if summary, err := run.Do(context.Background(), func(Outcome) {}); err != nil || summary.Settled != 4 || summary.Maybe > 0 {
		t.Fatal(summary, err)
	}
	if s.broker.Redrives < 2 || s.broker.Redrives > 5 {
		t.Errorf("%d redrives", s.broker.Redrives)
	}
	s.sentOnce("a", "b", "c", "d")
}
