package wholefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestAReaderHasOldOrNew, never a part of either, whoever writes meanwhile.
func TestAReaderHasOldOrNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.json")
	contents := func(n int) string { return strings.Repeat(fmt.Sprint(n), 100_000) }
	if err := Replace(path, []byte(contents(0))); err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	for n := range 4 {
		writing.Go(func() {
			for range 20 {
				if err := Replace(path, []byte(contents(n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 || string(data) != contents(int(data[0]-'0')) {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
	}
	writing.Wait()
	info, err := os.Stat(path)
	entries, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Errorf("mode %v, %v, and beside it %v", info.Mode(), err, entries)
	}
}

// TestWhatCannotBeReplacedStays, and nothing is left beside it.
func TestWhatCannotBeReplacedStays(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file.json")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("new")); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("left over: %v", entries)
	}
	if err := Replace(filepath.Join(folder, "not", "there"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
	failed := errors.New("failed")
	if err := SyncFolder(folder, func(*os.File) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("a folder that cannot be synced: %v", err)
	}
}
