package replay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/replaytest"
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
		s.broker.Acknowledging = func([]deadletter.Delivery) {
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

// TestWhatIsHeldInTimeIsNotGivenBack: each time it is, it was delivered once more.
func TestWhatIsHeldInTimeIsNotGivenBack(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d", "e", "f")
	if summary, err := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 2}).Do(t.Context(), func(Outcome) {}); err != nil || summary.Settled != 6 || s.broker.Redrives != 1 {
		t.Errorf("%+v, %v: it was taken %d times", summary, err, s.broker.Redrives)
	}
}

// TestAPauseOfALogIsOne: said twice, it is written down once, and the run goes on from where it is.
func TestAPauseOfALogIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tell(t, adapters.Topic, "a", "b", "c")
		run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 1})
		s.broker.Acting = func(string) {
			s.broker.Acting = nil
			run.Pause()
			run.Pause()
		}
		ended := s.carriedOut(run)
		time.Sleep(time.Hour)
		if sent := len(s.broker.Copies); sent != 1 {
			t.Errorf("after an hour's pause %d are sent", sent)
		}
		run.Continue()
		if summary := <-ended; summary.State != "done" || summary.Settled != 3 || s.broker.Redrives != 1 {
			t.Errorf("%+v, and it was begun %d times", summary, s.broker.Redrives)
		}
		if steps := s.stepsOf(run); strings.Count(steps, "paused") != 1 || strings.Count(steps, "resumed") != 1 {
			t.Errorf("the journal has %s", steps)
		}
	})
}

// TestNothingIsOnItsWayInAPause: copies out of a stream or an archive, too, have arrived before it, and
// the journal says so, whatever becomes of the process meanwhile.
func TestNothingIsOnItsWayInAPause(t *testing.T) {
	for action, kind := range map[Action]adapters.DestinationKind{Replay: adapters.Stream, Restore: adapters.Queue} {
		synctest.Test(t, func(t *testing.T) {
			s := tell(t, kind, "a", "b", "c")
			if action == Restore {
				s.run(Discard, PlanOptions{Reason: "test"})
			}
			run := s.begin(s.plan(action, PlanOptions{}), Pace{Window: 1})
			s.broker.Acting = func(string) { // while the first copy is sent
				s.broker.Acting = nil
				run.Pause()
			}
			ended := s.carriedOut(run)
			time.Sleep(time.Hour)
			synctest.Wait()
			if steps := s.stepsOf(run); !strings.HasSuffix(steps, "sent 0, confirmed 0, settled 0, paused") {
				t.Errorf("%s: in the pause the journal has %s", action, steps)
			}
			run.Continue()
			if summary := <-ended; summary.State != RunDone || summary.Settled != 3 || summary.Maybe > 0 {
				t.Errorf("%s: %+v", action, summary)
			}
		})
	}
}

// TestWhatIsSentSlowlyIsToldOfAtOnce, and who ends the run while nothing is held does not wait for the
// next letter.
func TestWhatIsSentSlowlyIsToldOfAtOnce(t *testing.T) {
	for _, each := range []time.Duration{12 * time.Minute, 10 * time.Second} { // between which all are given back, or held
		synctest.Test(t, func(t *testing.T) { sentSlowly(t, each) })
	}
}

func sentSlowly(t *testing.T, each time.Duration) {
	s := tell(t, adapters.Queue, "a", "b", "c")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Rate: 1 / each.Seconds()})
	told, ended := 0, make(chan Summary, 1)
	go func() {
		summary, err := run.Do(t.Context(), func(Outcome) { told++ })
		if err != nil {
			t.Error(err)
		}
		ended <- summary
	}()
	time.Sleep(each + 2*time.Second)
	if synctest.Wait(); told != 1 || s.broker.Left() != 2 {
		t.Errorf("a letter was sent; %d are told of, and %d are left", told, s.broker.Left())
	}
	asked := time.Now()
	run.Abort()
	if summary := <-ended; summary.State != "aborted" || time.Since(asked) > 2*time.Second && each > mostWait {
		t.Errorf("%+v, %v after it was told to end", summary, time.Since(asked))
	}
}

// TestCtrlCEndsTheWaitForThePace, and what was not sent is left to a resume.
func TestCtrlCEndsTheWaitForThePace(t *testing.T) {
	for _, action := range []Action{Replay, Discard, Restore} {
		both(t, func(s *story) {
			if action == Restore {
				s.run(Discard, PlanOptions{Reason: "test"})
			}
			plan := s.plan(action, PlanOptions{Reason: "test"})
			synctest.Test(s.T, func(t *testing.T) {
				run := s.begin(plan, Pace{Rate: 5 / time.Hour.Seconds()})
				ctx, cancel := context.WithCancel(t.Context())
				defer time.AfterFunc(13*time.Minute, cancel).Stop() // each takes twelve
				summary, err := run.Do(ctx, func(Outcome) {})
				if !errors.Is(err, context.Canceled) || summary.State != "paused" || summary.Settled != 1 {
					t.Errorf("%+v, %v", summary, err)
				}
			})
			if summary, err := s.resumeAt(Pace{Rate: 1e6}); err != nil || summary.State != "done" || summary.Settled != 3 {
				s.Errorf("resumed: %+v, %v", summary, err)
			}
		}, "a", "b", "c")
	}
}

// resumeAt takes up the last run, in a new process.
func (s *story) resumeAt(pace Pace) (Summary, error) {
	s.Helper()
	s.service = workplace(s, s.folder, s.broker)
	records, _, err := s.service.Runs()
	if err != nil {
		return Summary{}, err
	}
	run, err := s.service.Resume(records[len(records)-1].Run, true, pace)
	if err != nil {
		return Summary{}, err
	}
	return run.Do(s.Context(), func(Outcome) {})
}

// lapsing is a broker on which somebody has left a transaction open, behind which the ledger is
// hidden until it lapses or the next redrive ends it.
type lapsing struct {
	*replaytest.Broker
	lapses time.Time
}

func (l *lapsing) Ledger(ctx context.Context, query deadletter.LedgerQuery, each func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	if query.Patient {
		select {
		case <-time.After(time.Until(l.lapses)):
		case <-ctx.Done():
			return query.From, ctx.Err()
		}
	}
	return l.Broker.Ledger(ctx, query, each)
}

func (l *lapsing) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	l.lapses = time.Time{}
	return l.Broker.Redrive(ctx, order)
}

// TestAResumeDoesNotWaitForWhatItsOwnRunLeftOpen, and another run does, since it may be a living one.
func TestAResumeDoesNotWaitForWhatItsOwnRunLeftOpen(t *testing.T) {
	for _, resumed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &lapsing{Broker: replaytest.New(adapters.Topic, "a", "b")}
			source := sourceOf(l.Broker)
			source.DeadLetters = l
			service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{source}, By: "ann@host"})
			if err != nil {
				t.Fatal(err)
			}
			s := &story{T: t, broker: l.Broker, service: service}
			run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
			if resumed {
				run.unlock()
				if run, err = service.Resume(run.ID, true, Pace{}); err != nil {
					t.Fatal(err)
				}
			}
			begun := time.Now()
			l.lapses = begun.Add(time.Minute)
			summary, err := run.Do(t.Context(), func(Outcome) {})
			if took := time.Since(begun); err != nil || summary.Settled != 2 || took < time.Minute != resumed {
				t.Errorf("resumed: %v: %+v, %v after %v", resumed, summary, err, took)
			}
		})
	}
}
