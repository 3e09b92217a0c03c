package replay

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"eventscope/adapters"
	"eventscope/replay/replaytest"
)

// TestARunNamesTheBrokersItIsAbout, each once, so that whoever resumes it can open them; a run whose
// plan cannot be used names none.
func TestARunNamesTheBrokersItIsAbout(t *testing.T) {
	plan := &Plan{Parts: []Part{{URL: "kafka://a", ThroughURL: "kafka://b"}, {URL: "kafka://a"}, {URL: "kafka://c", ThroughURL: "kafka://b"}, {}}}
	if sources, targets := plan.URLs(); !slices.Equal(sources, []string{"kafka://a", "kafka://c"}) || !slices.Equal(targets, []string{"kafka://b"}) {
		t.Errorf("%q, %q", sources, targets)
	}
	s := tell(t, adapters.Topic, "a")
	other := replaytest.New(adapters.Topic)
	through := elsewhere(other)
	through.URL = "kafka://elsewhere"
	source := sourceOf(s.broker)
	source.URL = "kafka://here"
	var err error
	if s.service, err = NewService(Config{Folder: s.folder, Sources: []Source{source}, Targets: []Source{through}}); err != nil {
		t.Fatal(err)
	}
	run := s.begin(s.plan(Replay, PlanOptions{Through: &through}), Pace{})
	if sources, targets, err := s.service.SourcesOf(run.ID); err != nil || !slices.Equal(sources, []string{"kafka://here"}) || !slices.Equal(targets, []string{"kafka://elsewhere"}) {
		t.Errorf("%q, %q, %v", sources, targets, err)
	}
	s.rewrite(s.planPath(run), func([]byte) []byte { return []byte("{}") })
	if sources, _, err := s.service.SourcesOf(run.ID); len(sources) > 0 || !errors.Is(err, ErrJournal) {
		t.Errorf("of a plan that was changed: %q, %v", sources, err)
	}
	if _, _, err := s.service.SourcesOf("20260101-000000-abcd"); !errors.Is(err, adapters.ErrUsage) {
		t.Errorf("of a run that nobody knows: %v", err)
	}
}

// TestWhoeverHasLostTheLockOfARunHasItNotInHand: the lock is gone, or something else is in its place.
func TestWhoeverHasLostTheLockOfARunHasItNotInHand(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	run := s.begin(s.plan(Replay, PlanOptions{}), Pace{})
	state := func() string {
		t.Helper()
		records, _, err := s.service.Runs()
		if err != nil || len(records) != 1 {
			t.Fatal(records, err)
		}
		return string(records[0].State)
	}
	if got := state(); got != "running" {
		t.Fatalf("it is %s", got)
	}
	run.unlock()
	lock := filepath.Join(s.service.runFolder(run.ID), "lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "interrupted" {
		t.Errorf("without a lock it is %s", got)
	}
	if err := os.Mkdir(lock, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "interrupted" {
		t.Errorf("with a folder in the place of its lock it is %s", got)
	}
	if _, err := s.service.Resume(run.ID, true, Pace{}); err == nil || len(s.broker.Copies) > 0 {
		t.Errorf("it was taken up without a lock: %v", err)
	}
}
