package files

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"eventscope/adapters"
)

// Archive keeps every letter of one queue that was looked at or discarded, once each, as
// its adapter preserves it. A letter is on disk when Put returns. What is in it is asked of
// the files each time, since other processes write to it, and somebody may remove it.
type Archive struct {
	Disk *Disk
	Path string // of the file; its index and its lock lie beside it

	mu      sync.Mutex
	end     int64 // of what was whole when it was last used
	lasting int64 // the end when this process last made it last
	tail    archiveTail
	since   int // how often it turned out not to be the file that it was
}

// archived is one line of the file.
type archived struct {
	Position adapters.Position    `json:"position"`
	Content  adapters.Fingerprint `json:"content,omitzero"`  // not in lines of the version before
	HeldOut  bool                 `json:"held_out,omitzero"` // it had been handed out before it was first seen here
	Letter   json.RawMessage      `json:"letter"`            // what the adapter's Encode wrote
}

// Encoded is something to put into an archive.
type Encoded struct {
	Position    adapters.Position
	Content     adapters.Fingerprint
	Redelivered bool
	Line        []byte
}

// heldOut is set in the value of an index's entry for a letter that was handed out before
// it was first seen here. The rest of a value is where the line begins, plus one.
const heldOut = 1 << 63

// Put adds the letters that are not there yet, or all of them if it is told to, and says of
// each whether it had been handed out to somebody before it was first seen here.
func (a *Archive) Put(letters []Encoded, anew bool) (foreign []bool, err error) {
	foreign = make([]bool, len(letters))
	err = a.use("write", func(x *archiveIndex) error {
		var data []byte
		fresh := map[archiveKey]uint64{}
		var order []int
		for i := range letters {
			l := &letters[i]
			key := archiveKeyOf(l.Position, l.Content)
			value, known := fresh[key]
			if !known {
				found, _, there, err := x.find(key)
				if err != nil {
					return err
				}
				if value, known = found, there && !anew; !known {
					foreign := l.Redelivered
					if there {
						foreign = found&heldOut != 0 // since then it was handed out to a peek
					}
					if value, data, err = l.append(data, a.end, foreign); err != nil {
						return err
					}
					fresh[key], order = value, append(order, i)
				}
			}
			foreign[i] = value&heldOut != 0
		}
		if len(data) == 0 && a.lasting == a.end { // what another has written it may have been killed over
			return nil
		}
		if err := a.write(data); err != nil {
			return err
		}
		x.covered, x.tail = a.end, a.tail
		for _, i := range order {
			key := archiveKeyOf(letters[i].Position, letters[i].Content)
			if err := errors.Join(x.set(key, fresh[key]), x.set(archiveKeyOf(letters[i].Position, adapters.Fingerprint{}), fresh[key])); err != nil {
				return err
			}
		}
		return nil
	})
	return foreign, err
}

// append appends the line of a letter to what goes to an end, and returns its value in the
// index.
func (e *Encoded) append(data []byte, end int64, foreign bool) (value uint64, all []byte, err error) {
	line, err := json.Marshal(archived{e.Position, e.Content, foreign, e.Line})
	value = uint64(end+int64(len(data))) + 1
	if foreign {
		value |= heldOut
	}
	return value, append(append(data, line...), '\n'), err
}

// write adds data behind what is whole in the file; what a crash or a full disk left
// torn there goes.
func (a *Archive) write(data []byte) error {
	file, err := a.Disk.Open(a.Path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	if err = file.Truncate(a.end); err == nil {
		_, err = file.WriteAt(data, a.end)
	}
	if err == nil {
		err = a.Disk.Sync(file)
	}
	if err == nil {
		cluster := filepath.Dir(a.Path)
		err = a.Disk.Lasts(a.end == 0, a.Path, cluster, filepath.Dir(cluster))
	}
	if err == nil {
		a.end += int64(len(data))
		a.lasting = a.end
		a.tail, err = tailOf(file, a.end)
	}
	return errors.Join(err, file.Close())
}

// LetterKey names a letter of a queue. Without contents, it is any at a position; lines of
// the version before have none.
type LetterKey struct {
	Position adapters.Position
	Content  adapters.Fingerprint
}

// Get is the line of a letter, as Encode wrote it.
func (a *Archive) Get(key LetterKey) (line []byte, err error) {
	err = a.Read([]LetterKey{key}, func(_ int, found []byte) error {
		line = found
		return nil
	})
	if err == nil && line == nil {
		err = a.missing(key.Position)
	}
	return line, err
}

// Read reads letters from the file, as it is now under its name. The line of one that is
// not there is nil.
func (a *Archive) Read(keys []LetterKey, each func(i int, line []byte) error) error {
	return a.use("read", func(x *archiveIndex) error {
		file, err := a.Disk.Open(a.Path, os.O_RDONLY)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		defer file.Close() // also of none
		for i, key := range keys {
			line, astray, err := find(x, file, key)
			if err == nil && astray { // the index is made anew
				if err = x.reset(); err == nil {
					err = a.catchUp(x)
				}
				if err == nil {
					line, _, err = find(x, file, key)
				}
			}
			if err == nil {
				err = each(i, line)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *Archive) missing(position adapters.Position) error {
	return &adapters.Problem{
		Doing: "read " + position.String() + " from the archive", Cause: "it is not there",
		Remedy: "check the letter; eventscope dlq journal lists what was done here", Kind: adapters.ErrGone,
	}
}

// find reads a letter where the index says that it lies. Astray says that it is not there.
func find(x *archiveIndex, file *os.File, key LetterKey) (line []byte, astray bool, err error) {
	value, _, known, err := x.find(archiveKeyOf(key.Position, key.Content))
	if err == nil && !known && !key.Content.IsZero() {
		value, _, known, err = x.find(archiveKeyOf(key.Position, adapters.Fingerprint{}))
	}
	if err != nil || !known || file == nil {
		return nil, false, err
	}
	text, _, err := NewLines(file, int64(value&^heldOut)-1).Next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	var entry archived
	if json.Unmarshal(text, &entry) != nil || entry.Position != key.Position {
		return nil, true, nil
	}
	if !key.Content.IsZero() && !entry.Content.IsZero() && entry.Content != key.Content {
		return nil, false, nil // another letter that shares the position
	}
	return entry.Letter, false, nil
}

// use opens the index, brings it up to the archive, and closes it. Nobody else uses either
// meanwhile.
func (a *Archive) use(doing string, do func(*archiveIndex) error) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	problem := func(err error) error { return ProblemOf(doing+" the archive "+a.Path, err) }
	cluster := filepath.Dir(a.Path)
	if err := errors.Join(a.Disk.Folder(filepath.Dir(cluster)), a.Disk.Folder(cluster)); err != nil {
		return problem(err)
	}
	unlock, err := a.Disk.Locked(a.Path + ".lock")
	if err != nil {
		return problem(err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	x, err := openIndex(a.Disk, a.Path+".index")
	if err != nil {
		return problem(err)
	}
	defer func() { err = errors.Join(err, x.close()) }()
	if err = a.catchUp(x); err == nil {
		err = do(x)
	}
	if err == nil {
		err = x.commit()
	}
	if err != nil {
		return problem(err)
	}
	return nil
}

// catchUp makes the index cover the archive as it is now.
func (a *Archive) catchUp(x *archiveIndex) error {
	file, err := a.Disk.Open(a.Path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		if a.end > 0 {
			a.since++
		}
		a.end, a.tail = 0, archiveTail{}
		return x.reset()
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if same, err := endsWith(file, a.end, a.tail); err != nil {
		return err
	} else if !same {
		a.since++
	}
	if same, err := endsWith(file, x.covered, x.tail); err != nil {
		return err
	} else if !same {
		if err := x.reset(); err != nil {
			return err
		}
	}
	lines := NewLines(file, x.covered)
	for {
		line, at, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = enter(x, line, at)
		}
		if err != nil {
			return err
		}
	}
	a.end = lines.End
	a.tail, err = tailOf(file, a.end)
	x.covered, x.tail = a.end, a.tail
	return err
}

// enter puts a line of the archive into the index, unless it is damaged: those behind it
// are not.
func enter(x *archiveIndex, line []byte, at int64) error {
	var entry archived
	if json.Unmarshal(line, &entry) != nil {
		return nil
	}
	value := uint64(at) + 1
	if entry.HeldOut {
		value |= heldOut
	}
	err := x.set(archiveKeyOf(entry.Position, adapters.Fingerprint{}), value)
	if err == nil && !entry.Content.IsZero() {
		err = x.set(archiveKeyOf(entry.Position, entry.Content), value)
	}
	return err
}

// endsWith reports whether a file goes to an end, or beyond, and is the same before it.
func endsWith(file *os.File, end int64, tail archiveTail) (bool, error) {
	info, err := file.Stat()
	if err != nil || info.Size() < end {
		return false, err
	}
	now, err := tailOf(file, end)
	return now == tail, err
}

// tailOf is a hash of the last bytes before an end, by which a file is known again.
func tailOf(file *os.File, end int64) (tail archiveTail, err error) {
	if end == 0 {
		return tail, nil
	}
	last := make([]byte, min(end, 512))
	if _, err := file.ReadAt(last, end-int64(len(last))); err != nil {
		return tail, err
	}
	sum := sha256.Sum256(fmt.Appendf(last, " %d", end))
	copy(tail[:], sum[:])
	return tail, nil
}

// Replaced says how often the archive turned out to be removed, cut or another than it was.
func (a *Archive) Replaced() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.since
}
