package dlq

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"eventscope/adapters/deadletter"
)

// TestCountsAreOneForAllProcesses: what one has counted the next knows, and brokers do not
// share.
func TestCountsAreOneForAllProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "looks.json")
	process := func(scope string) *PeekCounts { return NewPeekCounts(path, scope) }
	var counting sync.WaitGroup
	for i := range 4 {
		counting.Go(func() {
			for count := range 10 {
				if err := process("a").add("queue", int64(10*i+count)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	counting.Wait()
	if got := process("a").highest("queue"); got != 39 {
		t.Errorf("counted %d", got)
	}
	if err := process("b").add("queue", 3); err != nil {
		t.Error(err)
	}
	process("a").forget("queue")
	if a, b := process("a").highest("queue"), process("b").highest("queue"); a != 0 || b != 3 {
		t.Errorf("after a was forgotten: %d and %d", a, b)
	}
}

// TestCountsThatCannotBeKept refuse, rather than to let the next peek go wrong.
func TestCountsThatCannotBeKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "looks.json")
	if err := os.WriteFile(path, []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&PeekCounts{path: path}).add("queue", 1); err == nil {
		t.Error("nothing was said")
	}
}

// TestCountsThatAnotherProcessHolds are not waited for without an end.
func TestCountsThatAnotherProcessHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "looks.json")
	other := flock.New(path + ".lock")
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := (&PeekCounts{path: path}).add("queue", 1)
		if waited := time.Since(began); !errors.Is(err, deadletter.ErrUnsafePeek) || !strings.Contains(err.Error(), "another process holds") || waited < countsTime || waited > countsTime+time.Second {
			t.Errorf("after %v: %v", waited, err)
		}
	})
}
