package dlq

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock" // file locks on every system, which the standard library has not

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/wholefile"
)

// PeekCounts remembers how often looks have seen letters handed out, by queue, so that the
// next peek, by this process or another, is refused before it reads anything. It is
// forgotten when the queue is empty, or a redrive has acknowledged letters.
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
func (p *PeekCounts) add(queue string, count int64) error {
	return p.change(func(counts map[string]int64) bool {
		key := p.scope + " " + queue
		if counts[key] >= count {
			return false
		}
		counts[key] = count
		return true
	})
}

// highest is what was noted for a queue. What cannot be read was not noted.
func (p *PeekCounts) highest(queue string) (count int64) {
	_ = p.change(func(counts map[string]int64) bool {
		count = counts[p.scope+" "+queue]
		return false
	})
	return count
}

// forget takes back what was noted for a queue. If that fails, the count is too high: peeks are
// refused that would be safe, and none is allowed that is not.
func (p *PeekCounts) forget(queue string) {
	_ = p.change(func(counts map[string]int64) bool {
		key := p.scope + " " + queue
		_, known := counts[key]
		delete(counts, key)
		return known
	})
}

// change reads the counts, lets do look at them, and keeps them if it has changed them.
func (p *PeekCounts) change(do func(counts map[string]int64) (changed bool)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counts == nil {
		p.counts = map[string]int64{}
	}
	if p.path == "" {
		do(p.counts)
		return nil
	}
	if err := p.changeFile(do); err != nil {
		return &adapters.Problem{
			Doing: "remember how often letters were looked at in " + p.path, Cause: err.Error(),
			Remedy: "make room and let this user write there", Kind: deadletter.ErrUnsafePeek,
		}
	}
	return nil
}

// Others hold the lock of the counts for a moment only.
const (
	countsTime  = 10 * time.Second
	countsPause = 5 * time.Millisecond
)

func (p *PeekCounts) changeFile(do func(counts map[string]int64) bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	lock := flock.New(p.path + ".lock")
	waiting, cancel := context.WithTimeout(context.Background(), countsTime)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, countsPause); waiting.Err() != nil {
		return errors.New("another process holds " + lock.Path() + ", and does not go on")
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	counts := map[string]int64{}
	data, err := os.ReadFile(p.path)
	if err == nil {
		err = json.Unmarshal(data, &counts)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !do(counts) {
		return nil
	}
	if data, err = json.Marshal(counts); err != nil {
		return err
	}
	return wholefile.Replace(p.path, data)
}
