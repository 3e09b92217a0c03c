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

func (x *Tmux) run(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-u", "-f", "/dev/null", "-S", x.socket}, arguments...)...).CombinedOutput()
	return string(out), err
}

func (x *Tmux) must(arguments ...string) string {
	x.t.Helper()
	out, err := x.run(arguments...)
	if err != nil {
		x.t.Fatalf("tmux %q: %v: %s", arguments, err, out)
	}
	return out
}

// Press sends keys by tmux's names: "q", "Enter", "C-c".
func (x *Tmux) Press(keys ...string) *Tmux {
	x.t.Helper()
	x.must(append([]string{"send-keys", "--"}, keys...)...)
	return x
}

// Resize changes the size of the terminal.
func (x *Tmux) Resize(width, height int) *Tmux {
	x.t.Helper()
	x.must("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
	return x
}

// Text is what is on the screen.
func (x *Tmux) Text() string {
	x.t.Helper()
	return x.must("capture-pane", "-p")
}

// Sees waits until all these are on the screen at once.
func (x *Tmux) Sees(wanted ...string) *Tmux {
	x.t.Helper()
	return x.until(func() bool {
		text := x.Text()
		for _, w := range wanted {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	}, strings.Join(wanted, ", "))
}

// Misses waits until none of these is on the screen.
func (x *Tmux) Misses(unwanted ...string) *Tmux {
	x.t.Helper()
	return x.until(func() bool {
		text := x.Text()
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
func (x *Tmux) Ended() (code int) {
	x.t.Helper()
	x.Sees(endSign)
	state := strings.TrimSpace(x.must("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"))
	if state != "0 0 1" {
		x.t.Errorf("the terminal was not put back: alternate screen, mouse and cursor are %s", state)
	}
	text := x.Text()
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, endSign):], endSign+"%d", &code); err != nil {
		x.t.Fatalf("%v:\n%s", err, text)
	}
	return code
}

// until asks again and again, for as long as patience lasts.
func (x *Tmux) until(holds func() bool, what string) *Tmux {
	x.t.Helper()
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-ticks.C:
		case <-deadline:
			x.t.Fatalf("waited for %s in vain:\n%s", what, x.Text())
		}
	}
	return x
}
