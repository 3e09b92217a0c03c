package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters"
	"eventscope/replay/files"
)

// runName is what names of runs look like; they are names of folders, too.
var runName = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$`)

func (s *Service) runFolder(run string) string { return filepath.Join(s.config.Folder, "runs", run) }

// planOf is the plan of a run, as it was frozen. One that is not is refused.
func (s *Service) planOf(r *Record) (*Plan, error) {
	changed := func(cause string) error {
		return &adapters.Problem{
			Doing: "use the plan of run " + r.Run, Cause: cause,
			Remedy: "eventscope dlq abort " + r.Run + ", then make a new plan of what is left", Kind: errors.Join(ErrRefused, ErrJournal),
		}
	}
	data, err := s.readFile(filepath.Join(s.runFolder(r.Run), "plan.json"))
	if err != nil {
		return nil, changed(fmt.Sprintf("it cannot be read (%v)", reason(err)))
	}
	if r.plan != "" && r.plan != digestOf(data) {
		return nil, changed("it was changed on disk since the run began")
	}
	plan := &Plan{}
	if err := json.Unmarshal(data, plan); err != nil {
		return nil, changed(fmt.Sprintf("it is damaged (%v)", err))
	}
	if !plan.whole() {
		return nil, changed("it is not what its id says")
	}
	if !plan.Action.known() {
		return nil, changed(fmt.Sprintf("it is to %q letters, which this version cannot", plan.Action))
	}
	for i := range plan.Parts {
		for j := range plan.Parts[i].Letters {
			plan.Parts[i].Letters[j].Broker = plan.Parts[i].Broker
		}
	}
	return plan, nil
}

// reason is an error without the path that it is about.
func reason(err error) error {
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (s *Service) readFile(path string) ([]byte, error) {
	file, err := s.disk.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(file)
	return data, errors.Join(err, file.Close())
}

// writePlan puts a plan on disk, whole or not at all, and returns its digest there.
func (s *Service) writePlan(run string, plan *Plan) (digest string, err error) {
	folder := s.runFolder(run)
	data, err := json.Marshal(plan)
	if err == nil {
		err = s.disk.Folder(filepath.Dir(folder))
	}
	if err == nil {
		err = s.disk.Lasts(false, filepath.Dir(folder))
	}
	if err == nil {
		err = s.disk.Folder(folder)
	}
	if err == nil {
		err = s.disk.Write(filepath.Join(folder, "plan.json"), data)
	}
	return digestOf(data), err
}

// lockTime is in which somebody who only asks has let go of the lock of a run.
const lockTime = time.Second

// lockRun makes this process the one that has a run in hand. ok is false if another has.
func (s *Service) lockRun(run string) (lock *flock.Flock, ok bool, err error) {
	if lock, err = s.disk.Lock(filepath.Join(s.runFolder(run), "lock")); err != nil {
		return nil, false, err
	}
	trying, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	ok, err = lock.TryLockContext(trying, files.LockPause)
	if err != nil && trying.Err() == nil {
		return nil, false, files.ProblemOf("lock run "+run, err)
	}
	return lock, ok, nil
}

// inHand reports whether a process, this one or another, has a run in hand.
func (s *Service) inHand(run string) bool {
	if _, err := os.Stat(filepath.Join(s.runFolder(run), "lock")); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	lock, err := s.disk.Lock(filepath.Join(s.runFolder(run), "lock"))
	if err != nil {
		return false
	}
	ok, err := lock.TryRLock() // shared, so that two who ask are not in each other's way
	if err != nil || !ok {
		return err == nil
	}
	_ = lock.Close() // it was only tried
	return false
}
