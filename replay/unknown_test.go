package replay

import (
	"errors"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay/replaytest"
)

// TestLettersAreShownWithoutALedger: who may not read what was recorded sees the letters, is
// told that their states are not known, and plans nothing.
func TestLettersAreShownWithoutALedger(t *testing.T) {
	broker := replaytest.New(adapters.Topic, "one", "two")
	broker.LedgerHidden = &adapters.Problem{Doing: "read the ledger", Cause: "no permission", Remedy: "have Read granted", Kind: adapters.ErrNotAuthorized}
	service, err := NewService(Config{Folder: t.TempDir(), Sources: []Source{{Name: "kafka", Cluster: "kafka://k", Broker: "kafka", DeadLetters: broker, TargetOf: replaytest.TargetOf}}})
	if err != nil {
		t.Fatal(err)
	}
	dlqs, err := service.DLQs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var letters []Letter
	err = service.Read(t.Context(), dlqs[0], func(l *Letter, _ *adapters.Message, _ *envelope.Identity) error {
		letters = append(letters, *l)
		return nil
	})
	unknown := (*UnknownStates)(nil)
	if len(letters) != 2 || letters[0].State != Unknown || !errors.As(err, &unknown) || !errors.Is(err, adapters.ErrNotAuthorized) {
		t.Fatalf("letters %+v, %v", letters, err)
	}
	if groups := groupsOf(letters); len(groups) != 1 || groups[0].Open != 2 {
		t.Errorf("groups %+v: what is not known to be settled counts as open", groups)
	}
	_, err = service.Plan(t.Context(), Replay, Chosen(letters), PlanOptions{})
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "have Read granted") {
		t.Errorf("a plan of letters that may be settled: %v", err)
	}
}

// TestWhatALaterVersionDoesIsNotGuessed: neither what its runs do to letters nor how they stand.
func TestWhatALaterVersionDoesIsNotGuessed(t *testing.T) {
	both(t, func(s *story) {
		plan := s.plan(Discard, PlanOptions{Reason: "test"})
		plan.Action = "quarantine"
		id, err := plan.digest()
		if err != nil {
			s.Fatal(err)
		}
		plan.ID = id
		run := s.begin(plan, Pace{})
		run.unlock()
		if _, err := s.service.Resume(run.ID, true, Pace{}); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `it is to "quarantine" letters, which this version cannot`) {
			s.Errorf("it is carried out: %v", err)
		}
		if err := s.service.journal.Append(Line{At: now(), Run: run.ID, Step: "sealed", Action: plan.Action}); err != nil {
			s.Fatal(err)
		}
		if records, _, err := s.service.Runs(); err != nil || records[0].State != RunInterrupted {
			s.Errorf("after a step that nobody knows: %+v, %v", records[0], err)
		}
		s.rewrite(s.journalPath(), without(StepBegin))
		if records, _, err := s.service.Runs(); err != nil || records[0].State != RunUnknown || records[0].Ended() {
			s.Errorf("without its beginning: %+v, %v", records[0], err)
		}
	}, "a")
}
