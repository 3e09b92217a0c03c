package tuitest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Tmux is a program in a real terminal, and what a person would see there.
type Tmux struct {
	t      *testing.T
	socket string
}

// patience is how long a screen may take to show what is waited for, on a machine that
// has much to do.
const patience = time.Minute

// endSign is what the exit code stands behind.
const endSign = "ended with "

// InTmux runs a command in a terminal of that size. The test is skipped where there is
// no tmux.
func InTmux(t *testing.T, width, height int, environment []string, command ...string) *Tmux {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	folder, err := os.MkdirTemp("", "tmux") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	tmux := &Tmux{t: t, socket: filepath.Join(folder, "s")}
	t.Cleanup(func() {
		_, _ = tmux.run("kill-server") // fails when it has ended by itself
		os.RemoveAll(folder)
	})
	arguments := []string{"start-server", ";", "set", "-g", "status", "off", ";",
		"new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, variable := range environment {
		arguments = append(arguments, "-e", variable)
	}
	// The shell stays when the command has ended, and with it the terminal as it was left.
	arguments = append(arguments, "--", "sh", "-c", `"$@"; echo "`+endSign+`$?"; exec cat`, "sh")
	tmux.must(append(arguments, command...)...)
	return tmux
}

func (t *Tmux) run(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-u", "-f", "/dev/null", "-S", t.socket}, arguments...)...).CombinedOutput()
	return string(out), err
}

func (t *Tmux) must(arguments ...string) string {
	t.t.Helper()
	out, err := t.run(arguments...)
	if err != nil {
		t.t.Fatalf("tmux %q: %v: %s", arguments, err, out)
	}
	return out
}

// Press sends keys by tmux's names: "q", "Enter", "C-c".
func (t *Tmux) Press(keys ...string) *Tmux {
	t.t.Helper()
	t.must(append([]string{"send-keys", "--"}, keys...)...)
	return t
}

// Resize changes the size of the terminal.
func (t *Tmux) Resize(width, height int) *Tmux {
	t.t.Helper()
	t.must("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
	return t
}

// Text is what is on the screen.
func (t *Tmux) Text() string {
	t.t.Helper()
	return t.must("capture-pane", "-p")
}

// Sees waits until all these are on the screen at once.
func (t *Tmux) Sees(wanted ...string) *Tmux {
	t.t.Helper()
	return t.until(func() bool {
		text := t.Text()
		for _, w := range wanted {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}, strings.Join(wanted, ", "))
}

// Misses waits until none of these is on the screen.
func (t *Tmux) Misses(unwanted ...string) *Tmux {
	t.t.Helper()
	return t.until(func() bool {
		text := t.Text()
		for _, u := range unwanted {
			if strings.Contains(text, u) {
				return false
			}
		}
		return true
	}, "none of "+strings.Join(unwanted, ", "))
}

// Ended waits until the program has ended, fails unless the terminal is as it was, and
// returns the exit code.
func (t *Tmux) Ended() (code int) {
	t.t.Helper()
	t.Sees(endSign)
	state := strings.TrimSpace(t.must("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"))
	if state != "0 0 1" {
		t.t.Errorf("the terminal was not put back: alternate screen, mouse and cursor are %s", state)
	}
	text := t.Text()
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, endSign):], endSign+"%d", &code); err != nil {
		t.t.Fatalf("%v:\n%s", err, text)
	}
	return code
}

// until asks again and again, for as long as patience lasts.
func (t *Tmux) until(holds func() bool, what string) *Tmux {
	t.t.Helper()
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-ticks.C:
		case <-deadline:
			t.t.Fatalf("waited for %s in vain:\n%s", what, t.Text())
		}
	}
	return t
}
