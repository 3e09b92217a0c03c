package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"eventscope/cmd/internal/exit"
)

// configOf is a config file with these lines below contexts.
func configOf(t *testing.T, contexts string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("current: one\ncontexts:\n"+contexts), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A screen over another context has nothing left of the one before: not its events, and none of
// what read them. The terminal is taken once, and nothing is printed on it meanwhile.
func TestAnotherContextLeavesNothingBehind(t *testing.T) {
	path := configOf(t, fmt.Sprintf("  one: {sources: [{url: %s}]}\n  two: {production: true, sources: [{url: %s}]}\n"+
		"  three: {sources: [{url: 'kafka://somebody:secret@0.0.0.0:1/x?sasl=plain'}]}\n", brokerWith(t, "ord-1"), brokerWith(t, "XXX+2")))
	screen := inTerminal(t, process(t, "--config", path, "--write"))
	screen.until("ord-1")
	screen.until("WRITE")
	screen.press(":ctx two\r")
	screen.until("write to two?")
	screen.press("two\r")
	all := screen.seen.String()
	screen.seen.Reset()
	screen.until("XXX+2")
	if strings.Contains(screen.seen.String(), "READ-ONLY") { // WRITE stays where it was
		t.Error("writes are not allowed where the name was typed")
	}
	if strings.Contains(screen.seen.String(), "ord-1") {
		t.Error("an event of the context before is shown")
	}
	screen.press(":ctx three\r")
	screen.until("passwords cross the network")
	all += screen.seen.String()
	screen.seen.Reset()
	screen.press(":ctx one\r")
	screen.until("ord-1")
	all += screen.seen.String()
	if strings.Count(all, enterScreen) != 1 || strings.Contains(all, leaveScreen) || strings.Contains(all, "warning: ") {
		t.Errorf("something was shown between the screens: %q", all)
	}
	screen.seen.Reset()
	if err := screen.command.Process.Signal(syscall.SIGQUIT); err != nil { // which prints every goroutine
		t.Fatal(err)
	}
	screen.end()
	dump := screen.seen.String()
	if n := strings.Count(dump, "live.(*Source).Run("); n != 1 {
		t.Errorf("%d sources are read, want 1:\n%s", n, dump)
	}
	if n := strings.Count(dump, "merge.(*Merge).Run("); n != 1 {
		t.Errorf("%d merges are at work, want 1", n)
	}
}

// A context of production is read only at the start until its name is typed.
func TestProductionIsReadOnlyAtFirst(t *testing.T) {
	path := configOf(t, fmt.Sprintf("  one: {production: true, sources: [{url: %s}]}\n", brokerWith(t, "ord-1")))
	screen := inTerminal(t, process(t, "--config", path, "--write"))
	screen.until("write to one?")
	screen.until("READ-ONLY")
	screen.press("\r")
	screen.until("ord-1")
	if strings.Contains(screen.seen.String(), "WRITE") {
		t.Error("writes were allowed unasked")
	}
	screen.press("q")
	if code := screen.end(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
	screen = inTerminal(t, process(t, "--config", path, "--write=one"))
	screen.until("WRITE")
	screen.press("q")
	if code := screen.end(); code != exit.Done {
		t.Errorf("exit code %d", code)
	}
}

// A way of telling that there is not is refused before anything is opened.
func TestNobodyIsToldByAWayThatIsNotThere(t *testing.T) {
	screen := inTerminal(t, process(t, "kafka://127.0.0.1:1", "--notify", "bel"))
	if code := screen.end(); code != exit.Misused || !strings.Contains(screen.seen.String(), `--notify "bel": it is one of bell, osc9, osc777, or a program`) {
		t.Errorf("exit code %d: %q", code, screen.seen.String())
	}
}
