package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a program in it.
type terminal struct {
	*testing.T
	command *exec.Cmd
	side    *os.File // ours
	seen    bytes.Buffer
}

// inTerminal starts the program in a terminal of its own.
func inTerminal(t *testing.T, command *exec.Cmd) *terminal {
	t.Helper()
	side, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { side.Close() })
	raw, err := side.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var failed error
	// Through SyscallConn, since Fd would take the file out of the poller, and then a
	// read could not be ended by closing it.
	if err := raw.Control(func(fd uintptr) {
		number, failed = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		failed = errors.Join(failed, unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0),
			unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 100}))
	}); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	command.Stdin, command.Stdout, command.Stderr = theirs, theirs, theirs
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	return &terminal{T: t, command: command, side: side}
}

// until reads what the program writes until wanted is in it.
func (t *terminal) until(wanted string) {
	t.Helper()
	chunk := make([]byte, 4096)
	for !strings.Contains(t.seen.String(), wanted) {
		n, err := t.side.Read(chunk)
		t.seen.Write(chunk[:n])
		if err != nil {
			t.Fatalf("%v before %q was seen in %q", err, wanted, t.seen.String())
		}
	}
}

func (t *terminal) press(keys string) {
	t.Helper()
	if _, err := t.side.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// end reads the rest and returns the exit code.
func (t *terminal) end() int {
	t.Helper()
	_, _ = io.Copy(&t.seen, t.side) // ends with an error when the other side is closed
	_ = t.command.Wait()
	return t.command.ProcessState.ExitCode()
}

// Sequences by which a program takes the whole screen, and gives it back.
const enterScreen, leaveScreen = "\x1b[?1049h", "\x1b[?1049l"

func (t *terminal) checkRestored() {
	t.Helper()
	all := t.seen.String()
	if strings.LastIndex(all, leaveScreen) < strings.LastIndex(all, enterScreen) {
		t.Errorf("the terminal was not put back: %q", all)
	}
}

func TestScreenStartsAndQuits(t *testing.T) {
	url := brokerWith(t, "ord-1")
	for _, c := range []struct {
		keys string
		code int
	}{{"q", exitDone}, {"\x03", exitDone}} {
		screen := inTerminal(t, process(t, url, "--from", "beginning"))
		screen.until(enterScreen)
		screen.until("OrderPlaced")
		screen.press(c.keys)
		if code := screen.end(); code != c.code {
			t.Errorf("%q: exit code %d, want %d: %q", c.keys, code, c.code, screen.seen.String())
		}
		screen.checkRestored()
	}
}

func TestScreenEndsOnTermination(t *testing.T) {
	screen := inTerminal(t, process(t, brokerWith(t, "ord-1")))
	screen.until(enterScreen)
	screen.until("Stream")
	if err := screen.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := screen.end(); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	screen.checkRestored()
}

// When no source can be opened there is nothing to see: the sentences stand where the
// prompt is.
func TestScreenWithoutAnySource(t *testing.T) {
	screen := inTerminal(t, process(t, "kafka://127.0.0.1:1/orders", "kafka://127.0.0.1:2/orders"))
	code := screen.end()
	screen.checkRestored()
	after := screen.seen.String() // all of it, if the sources failed before the screen was there
	if end := strings.LastIndex(after, leaveScreen); end >= 0 {
		after = after[end:]
	}
	if code != exitFailed || !strings.Contains(after, "127.0.0.1:1: connection refused") || !strings.Contains(after, "127.0.0.1:2: connection refused") {
		t.Errorf("exit code %d: %q", code, after)
	}
}

// One source that cannot be opened is a state on the screen while the other goes on.
func TestScreenGoesOnWithoutOneSource(t *testing.T) {
	screen := inTerminal(t, process(t, brokerWith(t, "ord-1"), "kafka://127.0.0.1:1/orders?name=absent", "--from", "beginning"))
	screen.until("OrderPlaced")
	screen.until("absent")
	screen.press("q")
	if code := screen.end(); code != exitDone {
		t.Errorf("exit code %d: %q", code, screen.seen.String())
	}
}

// The demonstration begins by itself, says what to press, and quits.
func TestDemoScreen(t *testing.T) {
	screen := inTerminal(t, process(t, "demo"))
	screen.until("enter: one order's flow")
	screen.until("OrderPlaced")
	screen.press("q")
	if code := screen.end(); code != exitDone {
		t.Errorf("exit code %d: %q", code, screen.seen.String())
	}
	screen.checkRestored()
}
