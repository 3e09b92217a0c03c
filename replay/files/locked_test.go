package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters"
)

// TestALockThatAnotherProcessHolds is waited for a while, and then it is said who to look for.
func TestALockThatAnotherProcessHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive", "cluster", "queue.jsonl")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	letters := []Encoded{{Position: adapters.DigestPosition("queue", 1), Line: []byte("{}")}}
	for _, held := range []time.Duration{3 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			other := flock.New(path + ".lock")
			if ok, err := other.TryLock(); err != nil || !ok {
				t.Fatal(ok, err)
			}
			defer other.Close()
			defer time.AfterFunc(held, func() { _ = other.Close() }).Stop()
			begun := time.Now()
			a := &Archive{Disk: RealDisk, Path: path}
			_, err := a.Put(letters, false)
			took := time.Since(begun)
			if held < lockTime && (err != nil || took < held || took > held+time.Second) {
				t.Errorf("let go of after %v: %v after %v", held, err, took)
			}
			if held > lockTime && (!errors.Is(err, ErrNotKept) || !strings.Contains(err.Error(), "another process holds it") || !strings.Contains(err.Error(), "fuser "+path+".lock") || took > lockTime+time.Second) {
				t.Errorf("held for %v: %v after %v", held, err, took)
			}
		})
	}
}

// TestWhatCannotBeMadeToLastIsSaid, whichever of it that is: a file, a name in a folder, a folder.
func TestWhatCannotBeMadeToLastIsSaid(t *testing.T) {
	for calls, failed := 0, true; failed; calls++ {
		folder, left := t.TempDir(), calls
		d := &Disk{User: os.Geteuid(), Sync: func(*os.File) error {
			if left--; left == -1 {
				return syscall.ENOSPC
			}
			return nil
		}}
		home, err := d.Home(filepath.Join(folder, "state"))
		if err == nil {
			err = d.Write(filepath.Join(home, "plan.json"), []byte("{}"))
		}
		if err == nil {
			_, err = (&Archive{Disk: d, Path: filepath.Join(home, "archive", "cluster", "queue.jsonl")}).Put([]Encoded{{Position: adapters.DigestPosition("queue", 1), Line: []byte("{}")}}, false)
		}
		if failed = left < 0; failed && err == nil || !failed && err != nil {
			t.Errorf("call %d failed: %v, and the error is %v", calls, failed, err)
		}
	}
}

// TestAHomeMayLieOnAnotherDisk, and nothing in it may lead elsewhere, or be there already.
func TestAHomeMayLieOnAnotherDisk(t *testing.T) {
	folder := t.TempDir()
	disk, link := filepath.Join(folder, "disk"), filepath.Join(folder, "state")
	if err := errors.Join(os.Mkdir(disk, 0o700), os.Symlink(disk, link)); err != nil {
		t.Fatal(err)
	}
	home, err := RealDisk.Home(link)
	if want, _ := filepath.EvalSymlinks(disk); err != nil || home != want {
		t.Fatalf("%s, %v", home, err)
	}
	plan := filepath.Join(home, "plan.json")
	if err := errors.Join(RealDisk.Write(plan, []byte("one")), RealDisk.Folder(home)); err != nil {
		t.Fatal(err)
	}
	if err := RealDisk.Write(plan, []byte("another")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a plan is written over: %v", err)
	}
	if err := RealDisk.Folder(plan); !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("a file is taken for a folder: %v", err)
	}
	if err := RealDisk.Folder(filepath.Join(home, "not", "there")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder is made in none: %v", err)
	}
}
