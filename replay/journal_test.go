package replay

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/replay/files"
)

func journalOf(t testing.TB, folder string) *Journal {
	t.Helper()
	return openJournal(files.RealDisk, folder)
}

func runsIn(t testing.TB, folder string) (runs []string, broken int) {
	t.Helper()
	broken, err := journalOf(t, folder).Lines(func(l Line) error {
		runs = append(runs, l.Run)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return runs, broken
}

// TestATornJournalGoesOn: wherever a crash cuts the file, the lines before are there, and
// those that are written later are, too.
func TestATornJournalGoesOn(t *testing.T) {
	folder := t.TempDir()
	j := journalOf(t, folder)
	if err := j.Append(Line{Run: "one"}, Line{Run: "two"}, Line{Run: "three"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "journal.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{0}
	for i, c := range whole {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := journalOf(t, folder).Append(Line{Run: "later"}); err != nil {
			t.Fatal(err)
		}
		kept := 0
		for kept+1 < len(ends) && ends[kept+1] <= cut {
			kept++
		}
		want := append([]string{"one", "two", "three"}[:kept:kept], "later")
		runs, broken := runsIn(t, folder)
		// A line without its line end is whole when just that is missing; the chain then
		// goes on behind it.
		if fmt.Sprint(runs) != fmt.Sprint(want) && (kept == 3 || cut != ends[kept+1]-1) || broken != 0 {
			t.Fatalf("cut at %d: %v, %d broken; want %v", cut, runs, broken, want)
		}
	}
}

// TestAChangedJournalShows: a line that is changed, taken out or put in breaks the chain.
func TestAChangedJournalShows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := tempFolder(rt)
		j := journalOf(t, folder)
		for i := range 5 {
			if err := j.Append(Line{Run: fmt.Sprint(i), Count: i}); err != nil {
				rt.Fatal(err)
			}
		}
		path := filepath.Join(folder, "journal.jsonl")
		whole, err := os.ReadFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		at := rapid.IntRange(0, len(whole)-2).Draw(rt, "at")
		if whole[at] < '0' || whole[at] > '9' {
			return
		}
		whole[at] = '0' + (whole[at]-'0'+1)%10
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			rt.Fatal(err)
		}
		lastLine := at > len(whole)-2-len(`{"at":"0001-01-01T00:00:00Z","run":"4","step":"","action":"","count":4,"prev":"0123456789012345678901234567890123456789012345678901234567890123"}`)
		if _, broken := runsIn(t, folder); broken == 0 && !lastLine {
			rt.Fatalf("byte %d was changed, and nobody sees it", at)
		}
	})
}

// TestManyWriteOneJournal: processes, here journals that share a file, take turns.
func TestManyWriteOneJournal(t *testing.T) {
	folder := t.TempDir()
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			j := journalOf(t, folder)
			for i := range 20 {
				if err := j.Append(Line{Run: fmt.Sprintf("%d/%d", w, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if runs, broken := runsIn(t, folder); len(runs) != 80 || broken != 0 {
		t.Errorf("%d lines, %d broken", len(runs), broken)
	}
}

func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want files.Numbers
		next := 0
		for range rapid.IntRange(0, 20).Draw(t, "length") {
			next += rapid.IntRange(0, 3).Draw(t, "gap")
			want = append(want, next)
			next++
		}
		text, _ := want.MarshalText()
		var got files.Numbers
		if err := got.UnmarshalText(text); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v is %q, which reads as %v, %v", want, text, got, err)
		}
	})
	for _, bad := range []string{"a", "1-", "-1", "2-1", "1,1", "3,2", "1--2", "0-99999999999", ",", "1,"} {
		if err := new(files.Numbers).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{"", "0", "0-499,502", "1,2,3", "9-1", "-", "00", "1-1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var n, again files.Numbers
		if n.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(n.String())); err != nil || fmt.Sprint(n) != fmt.Sprint(again) {
			t.Errorf("%q is %v, which prints as %q", text, n, n.String())
		}
	})
}

// TestAJournalThatWasCutIsNotWrittenTo: whoever has read more of it than there is says so,
// rather than to write behind a hole.
func TestAJournalThatWasCutIsNotWrittenTo(t *testing.T) {
	folder := t.TempDir()
	j := journalOf(t, folder)
	if err := j.Append(Line{Run: "one"}, Line{Run: "two"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(j.path, 10); err != nil {
		t.Fatal(err)
	}
	err := j.Append(Line{Run: "three"})
	if info, missing := os.Stat(j.path); missing != nil || info.Size() != 10 || !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "cut") {
		t.Errorf("%v, and it has %d bytes", err, info.Size())
	}
}

// A run that is misspelt is told from one that there is not by the name that was probably meant.
func TestARunThatIsMisspelt(t *testing.T) {
	s := tell(t, adapters.Topic, "a")
	summary := s.run(Discard, PlanOptions{Reason: "test"})
	s.service.config.Nearest = func(name string, names []string) string {
		if len(names) == 1 && strings.HasPrefix(names[0], name) {
			return names[0]
		}
		return ""
	}
	for name, want := range map[string]string{summary.Run[:8]: "no such run; did you mean " + summary.Run + "?", "other": "no such run; eventscope dlq journal lists them"} {
		if _, err := s.service.Resume(name, true, Pace{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("resume %s: %v", name, err)
		}
	}
}
