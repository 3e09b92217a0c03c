package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty" // the usual way to a pseudo-terminal; nothing in the standard library opens one
)

// terminal is a program in a pseudo-terminal, and all that it has written.
type terminal struct {
	file    *os.File
	command *exec.Cmd
	began   time.Time

	mutex  sync.Mutex
	output []byte
	last   time.Time     // of output
	more   chan struct{} // has room for one note that output came
}

func startTerminal(size string, command []string) (*terminal, error) {
	var rows, columns uint16
	if _, err := fmt.Sscanf(size, "%dx%d", &columns, &rows); err != nil {
		return nil, fmt.Errorf("size %q: want 120x40", size)
	}
	t := &terminal{command: exec.Command(command[0], command[1:]...), more: make(chan struct{}, 1)}
	t.command.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor")
	t.began = time.Now()
	file, err := pty.StartWithSize(t.command, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		return nil, err
	}
	t.file = file
	go t.listen()
	return t, nil
}

func (t *terminal) listen() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := t.file.Read(buffer)
		t.mutex.Lock()
		t.output, t.last = append(t.output, buffer[:n]...), time.Now()
		t.mutex.Unlock()
		select {
		case t.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// end asks the program to quit, and insists after a while.
func (t *terminal) end() {
	_, _ = t.file.WriteString("\x03")
	done := make(chan struct{})
	go func() { _ = t.command.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = t.command.Process.Kill()
		<-done
	}
	_ = t.file.Close()
}

// await waits for a text after the position from, and returns when it came.
func (t *terminal) await(text string, from int, most time.Duration) (time.Time, error) {
	deadline := time.After(most)
	for {
		t.mutex.Lock()
		found, at := bytes.Contains(t.output[min(from, len(t.output)):], []byte(text)), t.last
		t.mutex.Unlock()
		if found {
			return at, nil
		}
		select {
		case <-t.more:
		case <-deadline:
			return time.Time{}, fmt.Errorf("%q did not appear within %s", text, most)
		}
	}
}

// still waits until nothing was written for a while.
func (t *terminal) still(quiet time.Duration) {
	for {
		t.mutex.Lock()
		since := time.Since(t.last)
		t.mutex.Unlock()
		if since >= quiet {
			return
		}
		time.Sleep(quiet - since)
	}
}

func (t *terminal) length() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.output)
}

// processorTime is the user and system time of the program so far.
func (t *terminal) processorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const ticks = 100 // a second, as Linux reports them
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks, nil
}

func (t *terminal) residentMiB() int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.command.Process.Pid))
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kib / 1024
		}
	}
	return 0
}
