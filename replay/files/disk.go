package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock" // file locks on every system, which the standard library has not

	"eventscope/adapters"
	"eventscope/adapters/wholefile"
)

// Disk is the state folder as it is used here: everything there is this user's alone,
// no symbolic link is followed, and what a later step relies on is synced.
type Disk struct {
	Sync   func(*os.File) error // makes a file or a folder last
	Opened func(path string)    // is told what is opened, unless it is nil
	User   int                  // whose all of it has to be

	names sync.Map // paths that are known to be on disk
}

// RealDisk is the disk of this system, all of which has to be this user's.
var RealDisk = &Disk{Sync: (*os.File).Sync, User: os.Geteuid()}

const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// Home makes or checks the state folder itself, and returns where it really is: the user
// may have it on another disk.
func (d *Disk) Home(path string) (string, error) {
	if err := d.parents(filepath.Dir(path)); err != nil {
		return "", err
	}
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at
	}
	return path, d.Folder(path)
}

// parents makes the folders in which another lies, where there are none.
func (d *Disk) parents(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.parents(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// Lasts sees to it that the names of a file and of the folders that it lies in are on disk, as many as
// are named: once of each that was there, since whoever made it may have been killed before it did the
// same, and anew of a file that was just made.
func (d *Disk) Lasts(made bool, file string, folders ...string) error {
	if made {
		d.names.Delete(file)
	}
	for _, path := range append([]string{file}, folders...) {
		if _, known := d.names.Load(path); known {
			continue
		}
		if err := d.SyncFolder(filepath.Dir(path)); err != nil {
			return err
		}
		d.names.Store(path, true)
	}
	return nil
}

// Folder makes or checks a folder, whose parent is there.
func (d *Disk) Folder(path string) error {
	err := os.Mkdir(path, folderMode)
	switch {
	case err == nil:
		return d.SyncFolder(filepath.Dir(path))
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return unsafePath(path, "it is no folder", "move it away")
	}
	return d.private(path, info)
}

// Open opens a file that is this user's alone. It is made only if flags say so.
func (d *Disk) Open(path string, flags int) (*os.File, error) {
	if d.Opened != nil {
		d.Opened(path)
	}
	if err := plain(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, flags|noFollow, fileMode)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = d.private(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// plain refuses what is there and no plain file: to open a pipe may take for ever.
func plain(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return unsafePath(path, "it is no plain file", "move it away")
	}
	return nil
}

// lockTime bounds how long a lock is waited for that others hold for a moment only.
const (
	lockTime  = 10 * time.Second
	LockPause = 5 * time.Millisecond
)

// Locked locks a file against all others, and returns what unlocks it.
func (d *Disk) Locked(path string) (unlock func() error, err error) {
	lock, err := d.Lock(path)
	if err != nil {
		return nil, err
	}
	if ok, err := lock.TryLock(); err != nil || ok {
		return lock.Close, err
	}
	waiting, cancel := context.WithTimeout(context.Background(), lockTime)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, LockPause); err != nil {
		return nil, &adapters.Problem{Doing: "lock " + path, Cause: "another process holds it, and does not go on", Remedy: "see which one with fuser " + path, Kind: ErrNotKept}
	}
	return lock.Close, nil
}

// Lock is a lock file.
func (d *Disk) Lock(path string) (*flock.Flock, error) {
	if err := plain(path); err != nil {
		return nil, err
	}
	return flock.New(path, flock.SetPermissions(fileMode)), nil
}

// Write writes a new file and sees to it that it is on disk, its name included.
func (d *Disk) Write(path string, data []byte) error {
	file, err := d.Open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, d.Sync(file), file.Close()); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// SyncFolder sees to it that the names in a folder are on disk.
func (d *Disk) SyncFolder(path string) error { return wholefile.SyncFolder(path, d.Sync) }

// unsafePath refuses something in the state folder that somebody else could have put there.
func unsafePath(path, cause, remedy string) error {
	return &adapters.Problem{Doing: "use " + path, Cause: cause, Remedy: remedy + ", or name another folder in XDG_STATE_HOME", Kind: errors.Join(ErrUnsafe, ErrNotKept)}
}

// private refuses what belongs to another user, or what others may write to.
func (d *Disk) private(path string, info fs.FileInfo) error {
	owner, known := ownerOf(info)
	switch {
	case known && owner != d.User:
		return unsafePath(path, fmt.Sprintf("it belongs to another user (uid %d)", owner), fmt.Sprintf("have it given to this user with chown %d %s", d.User, path))
	case known && info.Mode().Perm()&0o022 != 0:
		return unsafePath(path, fmt.Sprintf("others may write to it (mode %04o)", info.Mode().Perm()), "check what is in it, then chmod go-w "+path)
	}
	return nil
}
