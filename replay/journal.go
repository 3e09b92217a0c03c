package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock" // file locks on every system, which the standard library has not

	"eventscope/adapters"
)

// Line is one line of the journal: something that a run did, or that happened to it.
type Line struct {
	At     time.Time `json:"at"`
	Run    string    `json:"run"`
	Step   Step      `json:"step"`
	Action Action    `json:"action"`
	Source string    `json:"source,omitempty"` // the broker, see [Source.Cluster]
	Grave  string    `json:"grave,omitempty"`
	Part   int       `json:"part,omitempty"` // of the plan
	Count  int       `json:"count,omitempty"`
	// Letters are numbers within the part of the plan.
	Letters Numbers `json:"letters,omitempty"`
	By      string  `json:"by,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Error   string  `json:"error,omitempty"`
	// Prev is the hash of the line before, so that a line which is changed or taken out
	// later shows.
	Prev string `json:"prev,omitempty"`
}

// Steps of a run as a whole, beside those of letters.
const (
	StepBegin  Step = "begun"   // its plan is frozen and on disk
	StepResume Step = "resumed" // after an interruption
	StepPause  Step = "paused"
	StepDone   Step = "done"    // every letter of the plan is settled or skipped
	StepFail   Step = "failed"  // it stopped at an error; it can be resumed
	StepAbort  Step = "aborted" // somebody ended it; what is not settled is open again
)

// Journal is the append-only record of every action, one file for all runs of this user
// on this machine. A line is on disk, and not only in the system's memory, when Append
// returns. Several processes may append at once.
type Journal struct {
	path string
	lock *flock.Flock

	mu     sync.Mutex
	end    int64           // of what was read or written last
	last   [32]byte        // hash of the last line there
	broken int             // lines whose Prev is not the hash of the line before
	ended  map[string]bool // runs that somebody has ended
}

// OpenJournal opens the journal in a folder, which is made if it is not there. The
// folder is for this user only.
func OpenJournal(folder string) (*Journal, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, journalProblem("open the journal in "+folder, err)
	}
	return &Journal{path: filepath.Join(folder, "journal.jsonl"), lock: flock.New(filepath.Join(folder, "journal.lock"))}, nil
}

func journalProblem(doing string, err error) error {
	cause := err
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		cause = wrapped.Err
	}
	return &adapters.Problem{
		Doing: doing, Cause: cause.Error(),
		Remedy: "make room and let this user write there, or name another folder in XDG_STATE_HOME", Kind: ErrJournal,
	}
}

// ErrJournal is the kind of a journal, a plan or an archive that cannot be kept, without
// which nothing may be done.
var ErrJournal = errors.New("journal")

// Append adds lines, all or none of which count after a crash in between that left the
// last one torn.
func (j *Journal) Append(lines ...Line) (err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.lock.Lock(); err != nil {
		return journalProblem("lock the journal "+j.path, err)
	}
	defer func() { err = errors.Join(err, j.lock.Unlock()) }()
	file, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return journalProblem("write the journal "+j.path, err)
	}
	defer file.Close() // what was written is on disk by then, or an error was returned
	torn, err := j.catchUp(file, nothing)
	if err != nil {
		return err
	}
	if len(torn) > 0 { // by a crash: it is closed, and counts if just its end is missing
		if err := j.take(torn, nothing); err != nil {
			return err
		}
		j.end += int64(len(torn))
	}
	data, last, err := j.encode(lines, len(torn) > 0)
	if err == nil {
		_, err = file.WriteAt(data, j.end)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil && j.end == 0 {
		err = syncFolder(filepath.Dir(j.path)) // it is new
	}
	if err != nil {
		return journalProblem("write the journal "+j.path, err)
	}
	j.end, j.last = j.end+int64(len(data)), last
	return nil
}

func nothing(Line) error { return nil }

// encode makes the bytes of lines that follow the last one.
func (j *Journal) encode(lines []Line, torn bool) (data []byte, last [32]byte, err error) {
	last = j.last
	if torn {
		data = append(data, '\n')
	}
	for i := range lines {
		if last != [32]byte{} {
			lines[i].Prev = hex.EncodeToString(last[:])
		}
		line, err := json.Marshal(&lines[i])
		if err != nil {
			return nil, last, err
		}
		last = sha256.Sum256(line)
		data = append(append(data, line...), '\n')
	}
	return data, last, nil
}

// Lines reads the journal from its beginning. Lines that a crash left torn are passed
// over. It returns how many lines do not follow from the one before: somebody has
// changed the file.
func (j *Journal) Lines(each func(Line) error) (broken int, err error) {
	fresh := &Journal{path: j.path}
	file, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, journalProblem("read the journal "+j.path, err)
	}
	defer file.Close()
	_, err = fresh.catchUp(file, each)
	return fresh.broken, err
}

// wantsEnd says that somebody, perhaps in another process, has ended a run. A journal
// that cannot be read now says no: writing the next line will tell.
func (j *Journal) wantsEnd(run string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if info, err := os.Stat(j.path); err == nil && info.Size() > j.end {
		if file, err := os.Open(j.path); err == nil {
			_, _ = j.catchUp(file, nothing)
			file.Close()
		}
	}
	return j.ended[run]
}

// catchUp reads what is new in the file. It returns what has no line end: somebody is just
// writing it, or a crash has torn it. It is read when it turns out to be whole.
func (j *Journal) catchUp(file *os.File, each func(Line) error) (torn []byte, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, journalProblem("read the journal "+j.path, err)
	}
	if info.Size() < j.end {
		return nil, &adapters.Problem{Doing: "read the journal " + j.path, Cause: "it has become shorter: somebody has cut it", Remedy: "put it back from a copy, or move it away", Kind: ErrJournal}
	}
	data := make([]byte, info.Size()-j.end)
	if n, err := file.ReadAt(data, j.end); err != nil && !errors.Is(err, io.EOF) {
		return nil, journalProblem("read the journal "+j.path, err)
	} else {
		data = data[:n]
	}
	for {
		at := bytes.IndexByte(data, '\n')
		if at < 0 {
			return data, nil
		}
		if err := j.take(data[:at], each); err != nil {
			return nil, err
		}
		j.end += int64(at) + 1
		data = data[at+1:]
	}
}

// take reads one line.
func (j *Journal) take(text []byte, each func(Line) error) error {
	var line Line
	if json.Unmarshal(text, &line) != nil {
		return nil // torn by a crash, and closed by the next writer
	}
	want := ""
	if j.last != [32]byte{} {
		want = hex.EncodeToString(j.last[:])
	}
	if line.Prev != want {
		j.broken++
	}
	j.last = sha256.Sum256(text)
	if line.Step == StepAbort {
		if j.ended == nil {
			j.ended = map[string]bool{}
		}
		j.ended[line.Run] = true
	}
	return each(line)
}
