package dlq

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock" // file locks on every system, which the standard library has not

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// PeekCounts remembers how often looks have seen letters handed out, by queue, so that the
// next peek, by this process or another, is refused before it reads anything. It is
// forgotten when the queue is empty, or a redrive has settled letters.
type PeekCounts struct {
	path  string // a file of this user's, or empty: then the process alone remembers
	scope string // the broker and virtual host

	mu     sync.Mutex
	counts map[string]int64 // without a file
}

// NewPeekCounts remembers in a file, or in this process alone if its path is empty, for a broker and
// virtual host.
func NewPeekCounts(path, scope string) *PeekCounts { return &PeekCounts{path: path, scope: scope} }

// add notes a count. A peek that cannot be remembered is an error, since the next one
// would not know of it.
func (c *PeekCounts) add(queue string, count int64) error {
	return c.change(func(counts map[string]int64) bool {
		key := c.scope + " " + queue
		if counts[key] >= count {
			return false
		}
		counts[key] = count
		return true
	})
}

// highest is what was noted for a queue. What cannot be read was not noted.
func (c *PeekCounts) highest(queue string) (count int64) {
	_ = c.change(func(counts map[string]int64) bool {
		count = counts[c.scope+" "+queue]
		return false
	})
	return count
}

// forget takes back what was noted for a queue. If that fails, the count is too high: peeks are
// refused that would be safe, and none is allowed that is not.
func (c *PeekCounts) forget(queue string) {
	_ = c.change(func(counts map[string]int64) bool {
		key := c.scope + " " + queue
		_, known := counts[key]
		delete(counts, key)
		return known
	})
}

// change reads the counts, lets do look at them, and keeps them if it has changed them.
func (c *PeekCounts) change(do func(counts map[string]int64) (changed bool)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	if c.path == "" {
		do(c.counts)
		return nil
	}
	if err := c.changeFile(do); err != nil {
		return &adapters.Problem{
			Doing: "remember how often letters were looked at in " + c.path, Cause: err.Error(),
			Remedy: "make room and let this user write there", Kind: deadletter.ErrUnsafePeek,
		}
	}
	return nil
}

func (c *PeekCounts) changeFile(do func(counts map[string]int64) bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	lock := flock.New(c.path + ".lock")
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	counts := map[string]int64{}
	data, err := os.ReadFile(c.path)
	if err == nil {
		err = json.Unmarshal(data, &counts)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !do(counts) {
		return nil
	}
	return c.write(counts)
}

// write puts the counts on disk, whole or not at all.
func (c *PeekCounts) write(counts map[string]int64) error {
	data, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(c.path), "looks-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), c.path)
	}
	if err != nil {
		return fmt.Errorf("%w (%v)", err, os.Remove(file.Name()))
	}
	return nil
}
