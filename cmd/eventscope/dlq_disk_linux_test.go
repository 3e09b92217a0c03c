package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"eventscope/cmd/internal/exit"
)

// TestAFullDiskUnderTheJournal stops a run with the reason, and when there is room again
// it goes on to the same end.
func TestAFullDiskUnderTheJournal(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("to make a small file system needs root")
	}
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	const count = 300
	lettersOn(t, address, dlq, target, count)
	state := t.TempDir()
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=96k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(state, 0); err != nil {
			t.Error(err)
		}
	})
	url := "kafka://" + address + "/" + dlq
	_, errors, code := dlqProcess(t, state, "replay", url, "--write", "--confirm", strconv.Itoa(count), "--window", "1")
	if code != exit.Partly || !strings.Contains(errors, "no space left on device") || !strings.Contains(errors, "dlq resume") {
		t.Fatalf("exit code %d: %s", code, errors)
	}
	// Another run has no room for its plan either, and touches nothing.
	if _, errors, code := dlqProcess(t, state, "replay", url, "--write", "--confirm", "1"); code != exit.Refused && code != exit.Failed {
		t.Errorf("exit code %d: %s", code, errors)
	}
	if err := syscall.Mount("tmpfs", state, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	if out, errors, code := dlqProcess(t, state, "resume", lastRun(t, state), url, "--write"); code != exit.Done {
		t.Fatalf("exit code %d: %s%s", code, out, errors)
	}
	eachOnce(t, address, target, count)
	if info, err := os.Stat(filepath.Join(state, "eventscope")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the journal's folder: %v, %v", info.Mode(), err)
	}
}
