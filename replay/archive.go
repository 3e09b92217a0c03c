package replay

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"eventscope/adapters"
)

// archive keeps every letter of one queue that was looked at or discarded, once each, as
// its adapter preserves it. A letter is on disk when put returns.
type archive struct {
	path string

	mu    sync.Mutex
	known map[adapters.Position]span
	end   int64 // of what is whole and known
}

// span is where in the file a letter lies.
type span struct{ at, size int64 }

// archived is one line of the file.
type archived struct {
	Position adapters.Position `json:"position"`
	Letter   json.RawMessage   `json:"letter"` // what the adapter's Preserve wrote
}

func newArchive(path string) *archive {
	return &archive{path: path, known: map[adapters.Position]span{}}
}

// preserved is something to put into an archive.
type preserved struct {
	position adapters.Position
	line     []byte
}

// put adds the letters that are not there yet. Other processes may do so too.
func (a *archive) put(letters []preserved) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(a.path), 0o700); err != nil {
		return journalProblem("write the archive "+a.path, err)
	}
	lock := flock.New(a.path + ".lock")
	if err := lock.Lock(); err != nil {
		return journalProblem("lock the archive "+a.path, err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := a.catchUp(); err != nil {
		return err
	}
	var data []byte
	added := map[adapters.Position]span{}
	for _, l := range letters {
		_, known := a.known[l.position]
		if _, twice := added[l.position]; known || twice {
			continue
		}
		line, err := json.Marshal(archived{l.position, l.line})
		if err != nil {
			return journalProblem("archive "+l.position.String(), err)
		}
		added[l.position] = span{a.end + int64(len(data)), int64(len(line))}
		data = append(append(data, line...), '\n')
	}
	if len(data) == 0 {
		return nil
	}
	if err := a.write(data); err != nil {
		return journalProblem("write the archive "+a.path, err)
	}
	for position, at := range added {
		a.known[position] = at
	}
	a.end += int64(len(data))
	return nil
}

// write adds data behind what is whole in the file; what a crash or a full disk left
// torn there goes.
func (a *archive) write(data []byte) error {
	file, err := os.OpenFile(a.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = file.Truncate(a.end); err == nil {
		_, err = file.WriteAt(data, a.end)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil && a.end == 0 {
		err = syncFolder(filepath.Dir(a.path)) // it is new
	}
	return err
}

// get is the line of a letter, as Preserve wrote it.
func (a *archive) get(position adapters.Position) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.catchUp(); err != nil {
		return nil, err
	}
	at, known := a.known[position]
	if !known {
		return nil, &adapters.Problem{Doing: "read " + position.String() + " from the archive", Cause: "it is not there", Remedy: "check the letter; eventscope dlq journal lists what was done here", Kind: adapters.ErrGone}
	}
	file, err := os.Open(a.path)
	if err != nil {
		return nil, journalProblem("read the archive "+a.path, err)
	}
	defer file.Close()
	line := make([]byte, at.size)
	var entry archived
	if _, err = file.ReadAt(line, at.at); err == nil {
		err = json.Unmarshal(line, &entry)
	}
	if err != nil {
		return nil, journalProblem("read the archive "+a.path, err)
	}
	return entry.Letter, nil
}

// catchUp reads what is new in the file.
func (a *archive) catchUp() error {
	file, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer file.Close()
		_, err = file.Seek(a.end, io.SeekStart)
	}
	lines := bufio.NewReaderSize(file, 1<<20)
	for err == nil {
		var line []byte
		if line, err = lines.ReadBytes('\n'); err != nil {
			break
		}
		var entry archived
		if json.Unmarshal(line, &entry) == nil { // else it is damaged, and those behind it are not
			a.known[entry.Position] = span{a.end, int64(len(line)) - 1}
		}
		a.end += int64(len(line))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return journalProblem("read the archive "+a.path, err)
	}
	return nil
}
