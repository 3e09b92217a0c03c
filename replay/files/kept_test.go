package files

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
)

// TestAnArchiveKeepsWhatItWasGiven: by several processes in turn, whatever is put twice, and
// whatever happens to the index.
func TestAnArchiveKeepsWhatItWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "archive-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		path := filepath.Join(folder, "archive", "cluster", "queue.jsonl")
		all := []*Archive{{Disk: RealDisk, Path: path}, {Disk: RealDisk, Path: path}}
		kept := map[LetterKey]string{}
		foreign := map[LetterKey]bool{}
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			a := rapid.SampledFrom(all).Draw(t, "process")
			var part []Encoded
			for range rapid.SampledFrom([]int{1, 5, 300}).Draw(t, "letters") {
				n := rapid.IntRange(0, 900).Draw(t, "letter")
				p := Encoded{Position: adapters.DigestPosition("queue", uint64(n/2)), Line: fmt.Appendf(nil, `{"n":%d}`, n), Redelivered: rapid.Bool().Draw(t, "redelivered")}
				p.Content[0], p.Content[1] = byte(n), byte(n>>8)+1
				key := LetterKey{p.Position, p.Content}
				if _, known := kept[key]; !known {
					foreign[key] = p.Redelivered
				}
				kept[key] = string(p.Line)
				part = append(part, p)
			}
			got, err := a.Put(part, rapid.IntRange(0, 9).Draw(t, "anew") == 0)
			if err != nil {
				t.Fatal(err)
			}
			for i := range part {
				if key := (LetterKey{part[i].Position, part[i].Content}); !foreign[key] && got[i] && !part[i].Redelivered {
					t.Fatalf("%v was handed out before", key)
				}
			}
			switch rapid.IntRange(0, 6).Draw(t, "harm") {
			case 0:
				_ = os.Remove(path + ".index")
			case 1:
				_ = os.Truncate(path+".index", int64(rapid.IntRange(0, 5000).Draw(t, "cut")))
			}
		}
		var keys []LetterKey
		for key := range kept {
			keys = append(keys, key)
		}
		a := rapid.SampledFrom(all).Draw(t, "reader")
		if err := a.Read(keys, func(i int, line []byte) error {
			if string(line) != kept[keys[i]] {
				return fmt.Errorf("%v is %q, want %q", keys[i], line, kept[keys[i]])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if data, _ := os.ReadFile(path); bytes.Count(data, []byte("\n")) < len(kept) || a.Replaced() > 0 {
			t.Fatalf("%d lines for %d letters, replaced %d times", bytes.Count(data, []byte("\n")), len(kept), a.Replaced())
		}
	})
}

// TestWhetherALetterWasHandedOutBeforeIsKept: by the archive itself, whatever becomes of its
// index; and what one's own looks have held is not taken for that.
func TestWhetherALetterWasHandedOutBeforeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive", "cluster", "queue.jsonl")
	if err := os.MkdirAll(filepath.Dir(filepath.Dir(path)), 0o700); err != nil {
		t.Fatal(err)
	}
	letters := []Encoded{{Position: adapters.DigestPosition("queue", 1), Line: []byte("{}")}, {Position: adapters.DigestPosition("queue", 2), Line: []byte("{}"), Redelivered: true}}
	letters[0].Content[0], letters[1].Content[0] = 1, 2
	for i, anew := range []bool{false, false, true, false} {
		a := &Archive{Disk: RealDisk, Path: path} // of a new process
		foreign, err := a.Put(letters, anew)
		if err != nil || foreign[0] || !foreign[1] {
			t.Errorf("time %d: %v, %v", i, foreign, err)
		}
		letters[0].Redelivered = true // to one's own look
		if err := os.Remove(path + ".index"); err != nil {
			t.Fatal(err)
		}
	}
}
