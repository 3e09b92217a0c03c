package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/replay/files"
	"eventscope/replay/replaytest"
)

// watched is a disk that knows what was made to last: how much of each file, and which
// names of each folder.
type watched struct {
	files.Disk
	sizes map[string]int64
	names map[string]bool
}

func watch() *watched {
	w := &watched{sizes: map[string]int64{}, names: map[string]bool{}}
	w.User = os.Geteuid()
	w.Sync = func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if !info.IsDir() {
			w.sizes[file.Name()] = info.Size()
			return nil
		}
		entries, err := os.ReadDir(file.Name())
		for _, e := range entries {
			w.names[filepath.Join(file.Name(), e.Name())] = true
		}
		return err
	}
	return w
}

// volatile are the files and folders that a loss of power would take from a state folder, or
// a part of them, but for locks and indexes.
func (w *watched) volatile(folder string) (lost []string) {
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		if err != nil || path == folder || strings.HasSuffix(name, "lock") || strings.HasSuffix(name, ".index") {
			return err
		}
		if !w.names[path] {
			lost = append(lost, path+" is not there")
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && w.sizes[path] != info.Size() {
			lost = append(lost, fmt.Sprintf("%s has %d bytes of %d", path, w.sizes[path], info.Size()))
		}
		return nil
	})
	return lost
}

// TestWhatIsReliedOnWouldOutliveALossOfPower: plan, journal and archive are made to last
// before anything is sent, and before anything leaves a queue.
func TestWhatIsReliedOnWouldOutliveALossOfPower(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		both(t, func(s *story) {
			w := watch()
			above, folder := s.folder, filepath.Join(s.folder, "made", "state")
			s.service, s.folder = workplaceOn(s, &w.Disk, folder, s.broker), folder
			steps := 0
			s.broker.Acting = func(what string) {
				steps++
				if lost := w.volatile(above); len(lost) > 0 {
					s.Errorf("%s at %s: a loss of power would take %q", action, what, lost)
				}
			}
			s.run(action, PlanOptions{Reason: "test"})
			if steps == 0 {
				s.Error("nothing was done")
			}
		}, "a", "b")
	}
}

// TestWhatAKilledProcessWroteLastsToo: it was killed before it synced anything. Whoever goes on relies
// on what is there, and sees to that first.
func TestWhatAKilledProcessWroteLastsToo(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		both(t, func(s *story) {
			above, folder := s.folder, filepath.Join(s.folder, "state")
			s.service, s.folder = workplaceOn(s, hasty, folder, s.broker), folder
			if _, err := s.service.writePlan("killed", &Plan{}); err != nil {
				s.Fatal(err)
			}
			if err := os.RemoveAll(s.service.runFolder("killed")); err != nil {
				s.Fatal(err)
			}
			if err := s.service.journal.Append(Line{Run: "killed", Step: StepBegin}, Line{Run: "killed", Step: StepDone}); err != nil {
				s.Fatal(err)
			}
			s.list()
			w := watch()
			s.service = workplaceOn(s, &w.Disk, folder, s.broker)
			steps := 0
			s.broker.Acting = func(what string) {
				steps++
				if lost := w.volatile(above); len(lost) > 0 {
					s.Errorf("%s at %s: a loss of power would take %q", action, what, lost)
				}
			}
			s.run(action, PlanOptions{Reason: "test"})
			if steps == 0 {
				s.Error("nothing was done")
			}
		}, "a", "b")
	}
}

// TestTheStateFolderIsThisUsersAlone, with all that is in it, also under a lax umask.
func TestTheStateFolderIsThisUsersAlone(t *testing.T) {
	both(t, func(s *story) {
		parent := filepath.Join(s.folder, "share")
		s.folder = filepath.Join(parent, "state")
		s.service = workplace(s, s.folder, s.broker)
		s.run(Discard, PlanOptions{Reason: "test"})
		_ = filepath.WalkDir(parent, func(path string, entry fs.DirEntry, err error) error {
			info, failed := entry.Info()
			if err = errors.Join(err, failed); err != nil {
				s.Error(err)
				return nil
			}
			if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[info.IsDir()]; info.Mode().Perm() != want {
				s.Errorf("%s has mode %o", path, info.Mode().Perm())
			}
			return nil
		})
	}, "a")
}

// TestWhatOthersCanWriteToIsRefused, with what to do about it: nothing that is read there
// could be believed.
func TestWhatOthersCanWriteToIsRefused(t *testing.T) {
	made := func(t *testing.T) (*story, *Plan) {
		s := tell(t, adapters.Queue, "a")
		plan := s.plan(Replay, PlanOptions{})
		run := s.crashSettling(plan, Pace{})
		_ = run
		return s, plan
	}
	run := func(s *story) string {
		entries, err := os.ReadDir(filepath.Join(s.folder, "runs"))
		if err != nil {
			s.Fatal(err)
		}
		return entries[0].Name()
	}
	paths := map[string]func(s *story) string{
		"the folder":     func(s *story) string { return s.folder },
		"the journal":    func(s *story) string { return filepath.Join(s.folder, "journal.jsonl") },
		"a plan":         func(s *story) string { return filepath.Join(s.folder, "runs", run(s), "plan.json") },
		"the archive":    func(s *story) string { return s.service.archive("model://s", "dlq").Path },
		"its folder":     func(s *story) string { return filepath.Dir(s.service.archive("model://s", "dlq").Path) },
		"all archives":   func(s *story) string { return filepath.Join(s.folder, "archive") },
		"an index of it": func(s *story) string { return s.service.archive("model://s", "dlq").Path + ".index" },
	}
	// use does everything that there is to do with a state folder.
	use := func(s *story, d *files.Disk) error {
		service, err := NewService(Config{Folder: s.folder, Sources: []Source{sourceOf(s.broker)}, By: "ann@host", disk: d})
		if err != nil {
			return err
		}
		if _, err = list(service); err == nil {
			_, err = service.Resume(run(s), true, Pace{})
		}
		return err
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			s, _ := made(t)
			for _, mode := range []fs.FileMode{0o777, 0o720, 0o702} {
				if err := os.Chmod(path(s), mode); err != nil {
					t.Fatal(err)
				}
				err := use(s, files.RealDisk)
				if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "chmod go-w "+path(s)) {
					t.Errorf("with mode %o, others can write to it: %v", mode, err)
				}
			}
		})
		t.Run(name+" as a link", func(t *testing.T) {
			s, _ := made(t)
			if path(s) == s.folder {
				return // which may lie on another disk
			}
			victim := filepath.Join(t.TempDir(), "victim")
			if err := errors.Join(os.Rename(path(s), victim), os.Symlink(victim, path(s))); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(victim)
			if err := use(s, files.RealDisk); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), path(s)) {
				t.Errorf("it is followed: %v", err)
			}
			if after, _ := os.ReadFile(victim); string(before) != string(after) {
				t.Errorf("what it leads to was written to")
			}
		})
	}
	t.Run("another user's", func(t *testing.T) {
		s, _ := made(t)
		err := use(s, &files.Disk{Sync: files.RealDisk.Sync, User: os.Geteuid() + 1})
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another user") || !strings.Contains(err.Error(), "chown") {
			t.Errorf("%v", err)
		}
	})
}

// TestAPeekCostsNothingOfWhatIsOver: it reads no plan of a run that has ended, and keeps
// nothing of it.
func TestAPeekCostsNothingOfWhatIsOver(t *testing.T) {
	for _, action := range []Action{Replay, Discard} {
		t.Run(string(action), func(t *testing.T) {
			s := &story{T: t, broker: replaytest.New(adapters.Queue), folder: t.TempDir()}
			w := watch()
			var opened []string
			w.Opened = func(path string) { opened = append(opened, filepath.Base(path)) }
			s.service = workplaceOn(t, &w.Disk, s.folder, s.broker)
			for i := range 20 {
				s.broker.Bury(fmt.Sprint(i))
				s.run(action, PlanOptions{Reason: "test"})
			}
			for _, service := range []*Service{s.service, workplaceOn(t, &w.Disk, s.folder, s.broker)} {
				opened = nil
				if _, err := list(service); err != nil {
					t.Fatal(err)
				}
				if _, err := service.Plan(context.Background(), Replay, Chosen(nil), PlanOptions{}); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(fmt.Sprint(opened), "plan.json") {
					t.Errorf("it opens %v", opened)
				}
				if n := len(service.journal.now.runs) + len(service.journal.now.order); n > 0 {
					t.Errorf("%d runs are kept", n)
				}
			}
		})
	}
}

// TestNothingIsMadeWhereALinkLeads, not even an empty file or a lock.
func TestNothingIsMadeWhereALinkLeads(t *testing.T) {
	for _, name := range []string{"journal.jsonl", "journal.lock", "archive/model:%2F%2Fs/dlq.jsonl", "archive/model:%2F%2Fs/dlq.jsonl.lock", "archive/model:%2F%2Fs/dlq.jsonl.index"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			s := tell(t, adapters.Queue, "a")
			path, victim := filepath.Join(s.folder, name), filepath.Join(t.TempDir(), "victim")
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(victim, path)); err != nil {
				t.Fatal(err)
			}
			_, err := list(s.service)
			if err == nil {
				err = s.service.journal.Append(Line{Run: "one"})
			}
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), path) {
				t.Errorf("it is followed: %v", err)
			}
			if _, err := os.Lstat(victim); err == nil {
				t.Error("a file was made where it leads")
			}
		})
	}
}
