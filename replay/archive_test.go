package replay

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

// restorable are the bodies that a new process can put back, in no order.
func (s *story) restorable() string {
	s.Helper()
	service := workplace(s, s.folder, s.broker)
	dlqs, err := service.DLQs(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	letters, err := service.Discarded(context.Background(), dlqs[0])
	if err != nil {
		s.Fatal(err)
	}
	var bodies []string
	for i := range letters {
		m, err := service.Archived(context.Background(), dlqs[0].Source, letters[i].Position, letters[i].Content)
		if err != nil {
			s.Fatal(err)
		}
		bodies = append(bodies, string(m.Value))
	}
	return strings.Join(sorted(bodies), " ")
}

// harms are what can happen to an archive while the program runs.
func harms(path string) map[string]func() error {
	return map[string]func() error{
		"removed":        func() error { return os.Remove(path) },
		"removed wholly": func() error { return os.RemoveAll(filepath.Dir(filepath.Dir(path))) },
		"cut":            func() error { return os.Truncate(path, 10) },
		"emptied":        func() error { return os.Truncate(path, 0) },
		"replaced": func() error {
			data, err := os.ReadFile(path)
			if err == nil {
				err = errors.Join(os.Remove(path), os.WriteFile(path, bytes.Repeat([]byte("x"), len(data)+100), 0o600))
			}
			return err
		},
		"changed in place": func() error {
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, bytes.ReplaceAll(data, []byte(`"Value":"`), []byte(`"Value":"/`)), 0o600)
			}
			return err
		},
	}
}

// TestADiscardNeedsNoArchiveOfEarlier: what a peek has put there may be gone, cut or another
// file when the letters are discarded. They are there again before they leave the queue.
func TestADiscardNeedsNoArchiveOfEarlier(t *testing.T) {
	for name := range harms("") {
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c")
			plan := s.plan(Discard, PlanOptions{Reason: "test"})
			if err := harms(s.service.archive("model://s", "dlq").Path)[name](); err != nil {
				t.Fatal(err)
			}
			if _, err := s.begin(plan, Pace{}).Do(context.Background(), func(Outcome) {}); err != nil {
				t.Fatal(err)
			}
			if got := s.restorable(); got != "a b c" {
				t.Errorf("%q can be restored", got)
			}
		})
	}
}

// TestALetterThatWasNeverLookedAtIsArchived before it leaves: a discard does not rely on a
// look.
func TestALetterThatWasNeverLookedAtIsArchived(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	plan := s.plan(Discard, PlanOptions{Reason: "test"})
	if err := os.RemoveAll(filepath.Join(s.folder, "archive")); err != nil {
		t.Fatal(err)
	}
	s.service = workplace(t, s.folder, s.broker)
	s.broker.Acknowledging = func(leaving []deadletter.Delivery) {
		for i := range leaving {
			if _, err := workplace(t, s.folder, s.broker).Archived(context.Background(), sourceOf(s.broker), leaving[i].Position, leaving[i].Fingerprint()); err != nil {
				t.Errorf("%s leaves the queue: %v", leaving[i].Value, err)
			}
		}
	}
	if _, err := s.begin(plan, Pace{}).Do(context.Background(), func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
}

// TestAnArchiveThatIsLostUnderADiscardStopsIt, since what was discarded before is lost with it.
func TestAnArchiveThatIsLostUnderADiscardStopsIt(t *testing.T) {
	for name := range harms("") {
		if name == "changed in place" {
			continue // which nobody can see from the end of the file
		}
		t.Run(name, func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c", "d")
			run := s.begin(s.plan(Discard, PlanOptions{Reason: "test"}), Pace{Window: 1})
			harm := harms(s.service.archive("model://s", "dlq").Path)[name]
			s.broker.Acknowledging = func([]deadletter.Delivery) {
				s.broker.Acknowledging = nil
				if err := harm(); err != nil {
					t.Error(err)
				}
			}
			summary, err := run.Do(context.Background(), func(Outcome) {})
			if !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "removed, cut or replaced") || summary.Settled != 1 || len(s.broker.Letters) != 3 {
				t.Fatalf("%+v, %v, %d letters are left", summary, err, len(s.broker.Letters))
			}
			s.service = workplace(t, s.folder, s.broker)
			if run, err = s.service.Resume(run.ID, true, Pace{}); err != nil {
				t.Fatal(err)
			}
			if summary, err := run.Do(context.Background(), func(Outcome) {}); err != nil || summary.Settled != 4 {
				t.Errorf("%+v, %v", summary, err)
			}
		})
	}
}

// TestALetterThatIsReadBackOtherwiseStays: a disk that does not keep what it is given costs
// no letter.
func TestALetterThatIsReadBackOtherwiseStays(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	plan := s.plan(Discard, PlanOptions{Reason: "test"})
	if err := os.RemoveAll(filepath.Join(s.folder, "archive")); err != nil {
		t.Fatal(err)
	}
	bad := &files.Disk{User: os.Geteuid(), Sync: func(file *os.File) error {
		if data, err := os.ReadFile(file.Name()); err == nil && strings.Contains(file.Name(), "archive") {
			_, _ = file.WriteAt(bytes.ReplaceAll(data, []byte(`"Value":"Yg`), []byte(`"Value":"Zg`)), 0)
		}
		return file.Sync()
	}}
	s.service = workplaceOn(t, bad, s.folder, s.broker)
	_, err := s.begin(plan, Pace{Window: 1}).Do(context.Background(), func(Outcome) {})
	if !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "read back") || len(s.broker.Letters) != 1 || string(s.broker.Letters[0].Value) != "b" {
		t.Errorf("%v, and left are %d", err, len(s.broker.Letters))
	}
}

// TestLettersThatShareAPositionAreBothKept: somebody can make letters whose digests are the
// same, and neither is taken for the other.
func TestLettersThatShareAPositionAreBothKept(t *testing.T) {
	for _, action := range []Action{Discard, Replay} {
		t.Run(string(action), func(t *testing.T) {
			s := tell(t, adapters.Queue, "a", "b", "c")
			s.broker.Letters[1].Position = s.broker.Letters[0].Position
			if got := s.run(action, PlanOptions{Reason: "test"}); got.Settled != 3 || got.State != "done" {
				t.Errorf("%+v", got)
			}
			if got := s.restorable(); action == Discard && got != "a b c" {
				t.Errorf("%q can be restored", got)
			}
			if action == Discard {
				s.run(Restore, PlanOptions{})
				var back []string
				for i := range s.broker.Letters {
					back = append(back, string(s.broker.Letters[i].Value))
				}
				if got := strings.Join(sorted(back), " "); got != "a b c" {
					t.Errorf("%q came back", got)
				}
			}
		})
	}
}

// TestATornArchiveIsCut, so that what is written later begins on a line of its own and
// ends the file, however long the torn end is.
func TestATornArchiveIsCut(t *testing.T) {
	s := tell(t, adapters.Queue, "a")
	s.list()
	path := s.service.archive("model://s", "dlq").Path
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(bytes.Clone(whole), bytes.Repeat([]byte("torn "), 1000)...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.broker.Bury("b")
	s.service = workplace(t, s.folder, s.broker)
	s.list()
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte("torn")) || !bytes.HasPrefix(data, whole) || bytes.Count(data, []byte("\n")) != 2 || data[len(data)-1] != '\n' {
		t.Errorf("%v, %.300s", err, data)
	}
}

// TestAnArchiveOfTheVersionBefore is read: its lines do not say what they contain.
func TestAnArchiveOfTheVersionBefore(t *testing.T) {
	s := tell(t, adapters.Queue, "a", "b")
	letters := s.list()
	path := s.service.archive("model://s", "dlq").Path
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range letters {
		data = bytes.ReplaceAll(data, []byte(`,"content":"`+letters[i].Content.String()+`"`), nil)
	}
	if bytes.Contains(data, []byte("content")) {
		t.Fatalf("%s", data)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s.service = workplace(t, s.folder, s.broker)
	for i := range letters {
		if m, err := s.service.Archived(context.Background(), sourceOf(s.broker), letters[i].Position, letters[i].Content); err != nil || m.Fingerprint() != letters[i].Content {
			t.Errorf("%s: %v", letters[i].Position, err)
		}
	}
}

// TestAPeekOfWhatIsArchivedWritesNothing, however often it is done and by which process.
func TestAPeekOfWhatIsArchivedWritesNothing(t *testing.T) {
	s := &story{T: t, broker: replaytest.New(adapters.Queue, "a", "b", "c"), folder: t.TempDir()}
	size := int64(0)
	for range 3 {
		s.service = workplace(t, s.folder, s.broker)
		s.list()
		s.list()
		info, err := os.Stat(s.service.archive("model://s", "dlq").Path)
		if err != nil || size > 0 && info.Size() != size {
			t.Errorf("%v, %d bytes and then %d", err, size, info.Size())
		}
		size = info.Size()
	}
}
