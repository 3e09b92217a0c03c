package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"eventscope/adapters/adaptertest"
	"eventscope/cmd/internal/exit"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a program in it.
type terminal struct {
	*testing.T
	command *exec.Cmd
	side    *os.File // ours
	device  string   // theirs
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
	return &terminal{T: t, command: command, side: side, device: fmt.Sprintf("/dev/pts/%d", number)}
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
	}{{"q", exit.Done}, {"\x03", exit.Done}} {
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
	if code := screen.end(); code != exit.Interrupted {
		t.Errorf("exit code %d, want %d", code, exit.Interrupted)
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
	if code != exit.Failed || !strings.Contains(after, "127.0.0.1:1: connection refused") || !strings.Contains(after, "127.0.0.1:2: connection refused") {
		t.Errorf("exit code %d: %q", code, after)
	}
}

// One source that cannot be opened is a state on the screen while the other goes on.
func TestScreenGoesOnWithoutOneSource(t *testing.T) {
	screen := inTerminal(t, process(t, brokerWith(t, "ord-1"), "kafka://127.0.0.1:1/orders?name=absent", "--from", "beginning"))
	screen.until("OrderPlaced")
	screen.until("absent")
	screen.press("q")
	if code := screen.end(); code != exit.Done {
		t.Errorf("exit code %d: %q", code, screen.seen.String())
	}
}

// The demonstration begins by itself, says what to press, and quits.
func TestDemoScreen(t *testing.T) {
	screen := inTerminal(t, process(t, "demo"))
	screen.until("enter: one order's flow")
	screen.until("OrderPlaced")
	screen.press("q")
	if code := screen.end(); code != exit.Done {
		t.Errorf("exit code %d: %q", code, screen.seen.String())
	}
	screen.checkRestored()
}

// answersAfter makes the terminal answer what it is asked, in order, each question so long
// after it came, as over a slow connection.
func (t *terminal) answersAfter(delay time.Duration) (asked <-chan struct{}, answered func() int) {
	begun := make(chan struct{})
	var once sync.Once
	var mu sync.Mutex
	var answers int
	questions := []struct{ asks, answer string }{{"\x1b]11;?", "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\"}, {"\x1b[?2026$p", "\x1b[?2026;2$y"}, {"\x1b[?2027$p", "\x1b[?2027;0$y"}, {"\x1b[c", "\x1b[?62;22c"}}
	go func() {
		all, chunk := "", make([]byte, 4096)
		for {
			n, err := t.side.Read(chunk)
			all += string(chunk[:n])
			mu.Lock()
			t.seen.Write(chunk[:n])
			mu.Unlock()
			for _, q := range questions {
				for range strings.Count(all, q.asks) {
					once.Do(func() { close(begun) })
					time.AfterFunc(delay, func() {
						mu.Lock()
						defer mu.Unlock()
						_, _ = t.side.WriteString(q.answer)
						answers++
					})
				}
				all = strings.ReplaceAll(all, q.asks, "")
			}
			if err != nil {
				return
			}
		}
	}()
	return begun, func() int {
		mu.Lock()
		defer mu.Unlock()
		return answers
	}
}

// A terminal that answers late does so into the program, and not into the shell, when it is
// left at once.
func TestLateAnswersOfATerminalAreNotLeftToTheShell(t *testing.T) {
	screen := inTerminal(t, process(t, brokerWith(t, "ord-1")))
	shell, err := os.OpenFile(screen.device, os.O_RDWR|syscall.O_NOCTTY, 0) // what has the terminal afterwards
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	asked, answered := screen.answersAfter(600 * time.Millisecond)
	adaptertest.Received(t, "a question of the screen", asked)
	screen.press("\x03")
	if err := screen.command.Wait(); err != nil {
		t.Errorf("%v: %q", err, screen.seen.String())
	}
	if answered() < 2 {
		t.Errorf("only %d answers came before the program ended", answered())
	}
	if _, err := term.MakeRaw(shell.Fd()); err != nil { // so that all is counted that could be read
		t.Fatal(err)
	}
	if left, err := unix.IoctlGetInt(int(shell.Fd()), unix.TIOCINQ); err != nil || left > 0 {
		t.Errorf("%d bytes of answers are left, %v", left, err)
	}
}

// A terminal that can only print lines gets no screen, and not one escape sequence.
func TestNoScreenOnATerminalOfLines(t *testing.T) {
	for _, kind := range []string{"TERM=dumb", "TERM="} {
		command := process(t, brokerWith(t, "ord-1"))
		command.Env = append(command.Env, kind)
		screen := inTerminal(t, command)
		code := screen.end()
		if seen := screen.seen.String(); code != exit.Misused || strings.Contains(seen, "\x1b[?") || !strings.Contains(seen, "this terminal can only print lines") || !strings.Contains(seen, "eventscope tail") {
			t.Errorf("%s: exit code %d: %q", kind, code, seen)
		}
	}
}
