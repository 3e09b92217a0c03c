package replay

import (
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

	"eventscope/adapters"
	"eventscope/replay/files"
)

// Line is one line of the journal: something that a run did, or that happened to it.
type Line struct {
	At     time.Time `json:"at"`
	Run    string    `json:"run"`
	Step   Step      `json:"step"`
	Action Action    `json:"action"`
	Source string    `json:"source,omitempty"` // the broker, see [Source.Cluster]
	DLQ    string    `json:"grave,omitempty"`
	Part   int       `json:"part,omitempty"` // of the plan
	Count  int       `json:"count,omitempty"`
	// Letters are numbers within the part of the plan.
	Letters files.Numbers `json:"letters,omitempty"`
	// Maybe is how many of them may have been sent before.
	Maybe  int    `json:"maybe_twice,omitempty"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	Error  string `json:"error,omitempty"`

	// Plan is the digest of the plan as it is on disk, where a run begins, and Kind what its
	// letters lie in. Pace is the one that holds from here on.
	Plan string                   `json:"plan,omitempty"`
	Kind adapters.DestinationKind `json:"kind,omitempty"`
	Pace *Pace                    `json:"pace,omitempty"`

	// Unsettled says that a run was ended without settling letters, since its journal or its
	// plan was changed.
	Unsettled bool `json:"unsettled,omitempty"`

	// Own is the hash of the line before of the same run, and Prev that of the line before
	// of any, so that a line which is changed or taken out later shows, and whose it was.
	// Sum, the last in a line, is the hash of the line without it. Lines of the version
	// before have neither Own nor Sum.
	Own  string `json:"own,omitempty"`
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
	StepMend   Step = "mending" // what an earlier run has decided and the broker has not carried out is about to be
)

// Journal is the append-only record of every action, one file for all runs of this user
// on this machine. A line is on disk, and not only in the system's memory, when Append
// returns. Several processes may append at once. In memory it has the runs that have not
// ended, and no others.
type Journal struct {
	disk *files.Disk
	path string
	told func(Line) // hears of runs that begin, stop and end, once that is on disk; or nil

	mu  sync.Mutex
	now history // up to what was read or written last
}

// openJournal is the journal in a state folder.
func openJournal(d *files.Disk, folder string) *Journal {
	return &Journal{disk: d, path: filepath.Join(folder, "journal.jsonl")}
}

// ErrJournal is the kind of a journal, a plan or an archive that cannot be kept, without
// which nothing may be done.
var ErrJournal = files.ErrNotKept

// Append adds lines, all or none of which count after a crash in between that left the
// last one torn.
func (j *Journal) Append(lines ...Line) error {
	err := j.append(lines...)
	for i := range lines {
		if _, ofRun := runStates[lines[i].Step]; j.told != nil && err == nil && ofRun {
			j.told(lines[i])
		}
	}
	return err
}

func (j *Journal) append(lines ...Line) (err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	problem := func(err error) error { return files.ProblemOf("write the journal "+j.path, err) }
	unlock, err := j.disk.Locked(filepath.Join(filepath.Dir(j.path), "journal.lock"))
	if err != nil {
		return problem(err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	file, err := j.disk.Open(j.path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return problem(err)
	}
	defer file.Close() // what was written is on disk by then, or an error was returned
	torn, err := j.now.readOn(file, nil)
	if err != nil {
		return problem(err)
	}
	defer func() {
		if err != nil {
			j.now = history{} // which is read anew, with what was written of them
		}
	}()
	var data []byte
	after := j.now.end
	if len(torn) > 0 { // by a crash: it is closed, and counts if just its end is missing
		j.now.add(torn)
		data, after = append(data, '\n'), after+int64(len(torn))
	}
	texts, err := j.now.encode(lines)
	if err != nil {
		return problem(err)
	}
	for _, text := range texts {
		data = append(append(data, text...), '\n')
	}
	if _, err = file.WriteAt(data, after); err == nil {
		err = j.disk.Sync(file)
	}
	if err == nil {
		err = j.disk.Lasts(after == 0, j.path, filepath.Dir(j.path))
	}
	if err != nil {
		return problem(err)
	}
	for _, text := range texts {
		j.now.add(text)
	}
	j.now.end = after + int64(len(data))
	return nil
}

// Lines reads the journal from its beginning. Lines that a crash left torn are passed
// over. It returns how many lines do not follow from the one before: somebody has
// changed the file. An error of each ends it, and is returned as it is.
func (j *Journal) Lines(each func(Line) error) (broken int, err error) {
	h := history{}
	var stopped error // by whoever is told, and not by the file
	err = j.update(&h, func(l Line) error {
		stopped = each(l)
		return stopped
	})
	if stopped != nil {
		err = stopped
	}
	return h.broken, err
}

// update brings a history up to the file.
func (j *Journal) update(h *history, each func(Line) error) error {
	problem := func(err error) error { return files.ProblemOf("read the journal "+j.path, err) }
	file, err := j.disk.Open(j.path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		if h.end > 0 {
			return problem(errCutShort)
		}
		return nil
	}
	if err != nil {
		return problem(err)
	}
	defer file.Close()
	if _, err = h.readOn(file, each); err != nil {
		return problem(err)
	}
	return nil
}

// running calls do with the runs that have not ended, up to date.
func (j *Journal) running(do func(*Record)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.update(&j.now, nil); err != nil {
		return err
	}
	for _, run := range j.now.order {
		do(j.now.runs[run])
	}
	return nil
}

// wantsEnd reports whether somebody, perhaps in another process, has ended a run. A journal
// that cannot be read now says no: writing the next line will tell.
func (j *Journal) wantsEnd(run string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.update(&j.now, nil) != nil {
		return false
	}
	r := j.now.runs[run]
	return r == nil || r.State == RunAborted
}

var errCutShort = errors.New("it has become shorter, or is another file: somebody has cut it; put it back from a copy, or move it away")

// history is what the lines of a journal say, read one after the other.
type history struct {
	end    int64             // of what was read
	last   [sha256.Size]byte // hash of the last line there
	broken int               // lines that were changed, or do not follow from the line before
	summed bool              // from here on, lines have sums
	spoilt bool              // the last line is known to be changed

	// keep says which runs stay when they have ended; nil is none.
	keep  func(*Record) bool
	runs  map[string]*Record
	order []string // of those, the oldest first
}

// readOn reads what is new in the file. It returns what has no line end: somebody is just
// writing it, or a crash has torn it. It is read when it turns out to be whole.
func (h *history) readOn(file *os.File, each func(Line) error) (torn []byte, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < h.end {
		return nil, errCutShort
	}
	for l := files.NewLines(file, h.end); ; {
		text, _, err := l.Next()
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
		line := h.add(text)
		h.end = l.End
		if line != nil && each != nil {
			if err := each(*line); err != nil {
				return nil, err
			}
		}
	}
}

// add takes one line in, and returns it unless it cannot be read.
func (h *history) add(text []byte) *Line {
	line := &Line{}
	if json.Unmarshal(text, line) != nil {
		return nil // torn by a crash, and closed by the next writer; or damaged, which the next one tells
	}
	sound, summed := summedUp(text)
	sound = sound && (summed || !h.summed)
	follows := line.Prev == hashText(h.last)
	r := h.record(line)
	own := line.Own == r.last || !summed
	switch {
	case !sound:
		h.broken++
		r.damage("a line of it in the journal was changed")
		if line.Own == "" || line.Own != r.last { // then it may have been another's
			h.suspect()
		}
	case !follows && !h.spoilt: // nothing says whose line is missing, or was changed
		h.broken++
		h.suspect()
	}
	if sound && !own {
		r.damage("lines of it are missing from the journal")
	}
	h.spoilt, h.summed = !sound, h.summed || summed
	h.last = sha256.Sum256(text)
	r.last = hashText(h.last)
	if r.add(line); r.over() {
		r.last = "" // whoever has forgotten it can still write about it
		if h.keep == nil || !h.keep(r) {
			h.forget(line.Run)
		}
	}
	return line
}

// suspect takes all runs for changed ones that are not over.
func (h *history) suspect() {
	for _, r := range h.runs {
		if !r.over() {
			r.damage("lines of the journal were changed or taken out while it had not ended")
		}
	}
}

func (h *history) record(line *Line) *Record {
	if h.runs == nil {
		h.runs = map[string]*Record{}
	}
	r := h.runs[line.Run]
	if r == nil {
		r = &Record{Run: line.Run, Action: line.Action, At: line.At, State: RunUnknown}
		h.runs[line.Run] = r
		h.order = append(h.order, line.Run)
	}
	return r
}

func (h *history) forget(run string) {
	delete(h.runs, run)
	for i := range h.order {
		if h.order[i] == run {
			h.order = append(h.order[:i], h.order[i+1:]...)
			return
		}
	}
}

// encode makes the texts of lines that follow the last one.
func (h *history) encode(lines []Line) (texts [][]byte, err error) {
	last, own := hashText(h.last), map[string]string{}
	for i := range lines {
		line := &lines[i]
		before, written := own[line.Run]
		if r := h.runs[line.Run]; !written && r != nil {
			before = r.last
		}
		line.Own, line.Prev = before, last
		text, err := json.Marshal(line)
		if err != nil {
			return nil, err
		}
		text = sumUp(text)
		last = hashText(sha256.Sum256(text))
		own[line.Run] = last
		texts = append(texts, text)
	}
	return texts, nil
}

// hashText is a hash in a line; nothing for that of no line.
func hashText(hash [sha256.Size]byte) string {
	if hash == [sha256.Size]byte{} {
		return ""
	}
	return hex.EncodeToString(hash[:])
}

// sumMark stands before the sum of a line, which is 32 digits long.
const (
	sumMark   = `,"sum":"`
	sumDigits = 32
)

// sumUp adds its sum to a line.
func sumUp(text []byte) []byte {
	sum := sha256.Sum256(text)
	text = append(text[:len(text)-1], sumMark...)
	text = hex.AppendEncode(text, sum[:sumDigits/2])
	return append(text, `"}`...)
}

// summedUp reports whether a line has a sum, and whether it is the right one. A line without one is
// sound as far as it can tell.
func summedUp(text []byte) (sound, summed bool) {
	at := len(text) - len(sumMark) - sumDigits - len(`"}`)
	if at < 0 || string(text[at:at+len(sumMark)]) != sumMark {
		return true, false
	}
	without := append(text[:at:at], '}')
	sum := sha256.Sum256(without)
	return hex.EncodeToString(sum[:sumDigits/2]) == string(text[at+len(sumMark):len(text)-2]), true
}
