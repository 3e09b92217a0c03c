package replay

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// TestNothingIsAcknowledgedThatTheJournalDidNotTake, whichever write of the journal fails, and though
// the next would not.
func TestNothingIsAcknowledgedThatTheJournalDidNotTake(t *testing.T) {
	for _, pace := range []Pace{{Window: 1}, {Window: 2}, {Window: 4}, {Canary: 2}, {Rate: 1000}} {
		for fail := range 13 {
			t.Run(fmt.Sprintf("%+v/%d", pace, fail), func(t *testing.T) {
				s := tell(t, adapters.Queue, "a", "b", "c", "d", "e", "f")
				disk := newFullOnce()
				s.service = workplaceOn(t, disk.Disk, s.folder, s.broker)
				run := s.begin(s.plan(Replay, PlanOptions{}), pace)
				disk.left = fail
				s.broker.Acknowledging = func(letters []deadletter.Delivery) { s.areConfirmed(run, letters) }
				_, _ = run.Do(t.Context(), func(Outcome) {}) // it may fail, as long as it owes nothing
			})
		}
	}
}

// areConfirmed checks that the journal says of letters that their copies have arrived.
func (s *story) areConfirmed(run *Run, letters []deadletter.Delivery) {
	s.Helper()
	record, err := s.service.record(run.ID)
	if err != nil {
		s.Error(err)
		return
	}
	states := record.states(run.Plan, 0)
	for i := range letters {
		for n := range states {
			if run.Plan.Parts[0].Letters[n].Position == letters[i].Position && states[n] != Confirmed {
				s.Errorf("%s is acknowledged, and the journal says %s", letters[i].Value, states[n])
			}
		}
	}
}

// fullOnce is a disk on which one write to the journal fails, and leaves nothing there.
type fullOnce struct {
	*files.Disk
	left   int // writes that do not fail; negative is all
	synced int64
}

func newFullOnce() *fullOnce {
	d := &fullOnce{Disk: &files.Disk{User: os.Geteuid()}, left: -1}
	d.Sync = func(f *os.File) error {
		journal := strings.HasSuffix(f.Name(), "journal.jsonl")
		if journal && d.left >= 0 {
			if d.left--; d.left < 0 {
				return errors.Join(f.Truncate(d.synced), errors.New("no space left"))
			}
		}
		if err := f.Sync(); err != nil || !journal {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			d.synced = info.Size()
		}
		return err
	}
	return d
}

// TestWhatMayHaveBeenSentStaysInDoubt: a run dies with a letter on its way. When it is resumed, what
// was sent before fails at the moment at which that letter would have been sent again.
func TestWhatMayHaveBeenSentStaysInDoubt(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b", "c", "d")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Window: 4})
	posts := 0
	s.broker.Acting = func(what string) {
		if what == "post" {
			if posts++; posts == 2 {
				s.broker.Fuse = 0
			}
		}
	}
	s.crash(run)
	s.broker.Acting, s.broker.Fuse = nil, -1
	s.broker.Unclear = map[string]bool{"a": true, "b": true}
	if _, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err == nil {
		t.Fatal("it did not stop")
	}
	s.broker.Unclear = nil
	s.aborted(run)
	next := s.plan(Replay, PlanOptions{})
	if maybe, _ := next.Doubts(); maybe != 4 || next.Count() != 4 {
		t.Errorf("%d of %d may have been sent; sent are %s", maybe, next.Count(), s.copies())
	}
}

// TestARefusalOfTheSecondCopySaysNothingOfTheFirst: it may have arrived.
func TestARefusalOfTheSecondCopySaysNothingOfTheFirst(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{Canary: 2})
	s.broker.Acting = func(what string) {
		if what == "post" {
			s.broker.Acting, s.broker.Fuse = nil, 0
		}
	}
	s.crash(run)
	s.broker.Acting, s.broker.Fuse, s.broker.Unsent = nil, -1, true
	if _, err := s.resume(run).Do(t.Context(), func(Outcome) {}); err == nil {
		t.Fatal("it did not stop")
	}
	s.broker.Unsent = false
	s.aborted(run)
	if maybe, _ := s.plan(Replay, PlanOptions{}).Doubts(); maybe != 2 {
		t.Errorf("%d of 2 may have been sent; sent are %s", maybe, s.copies())
	}
}

// aborted ends a run that has failed.
func (s *story) aborted(run *Run) {
	s.Helper()
	ending, err := s.service.Abort(run.ID, true)
	if err == nil && ending != nil {
		_, err = ending.Do(s.Context(), func(Outcome) {})
	}
	if err != nil {
		s.Fatal(err)
	}
}
