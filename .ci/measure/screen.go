package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
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

// screen measures a program that draws a screen.
func screen(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("screen", flag.ContinueOnError)
	size := flags.String("size", "120x40", "columns x rows")
	awaited := flags.String("await", "Stream", "text that says the screen is there; empty for a command that has none")
	press := flags.String("press", "", "keys to press first, with commas between: enter,esc,v")
	keys := flags.Int("keys", 0, "measure that many key presses: each types a letter at the : prompt and waits for it")
	quiet := flags.Int("quiet", 0, "measure that many presses of -key on a still screen: each waits for any output")
	key := flags.String("key", "j", "see -quiet")
	cost := flags.Int("cost", 0, "measure processor time and memory over so many seconds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("screen: no command")
	}
	t, err := startTerminal(*size, flags.Args())
	if err != nil {
		return err
	}
	defer t.end()
	if *awaited != "" {
		at, err := t.await(*awaited, 0, 20*time.Second)
		if err != nil {
			return err
		}
		fmt.Printf("start_ms %d\n", at.Sub(t.began).Milliseconds())
	}
	if err := t.press(*press); err != nil {
		return err
	}
	switch {
	case *keys > 0:
		return t.typeKeys(*keys)
	case *quiet > 0:
		return t.quietKeys(*quiet, *key)
	case *cost > 0:
		return t.cost(time.Duration(*cost) * time.Second)
	}
	return nil
}

var namedKeys = map[string]string{"enter": "\r", "esc": "\x1b", "space": " ", "tab": "\t", "down": "\x1b[B"}

// keyNamed is what a terminal sends for a key.
func keyNamed(key string) string {
	if named, ok := namedKeys[key]; ok {
		return named
	}
	return key
}

func (t *terminal) press(keys string) error {
	for key := range strings.SplitSeq(keys, ",") {
		if key == "" {
			continue
		}
		if _, err := t.file.WriteString(keyNamed(key)); err != nil {
			return err
		}
		time.Sleep(700 * time.Millisecond)
	}
	return nil
}

// typeKeys replaces one letter that no data has by another, again and again: the time
// until the terminal is sent the new one is the time from key to frame, however much else
// is drawn.
func (t *terminal) typeKeys(n int) error {
	const erase = "\x7f"
	if err := t.press(":,x"); err != nil {
		return err
	}
	late := lateness()
	times := make([]time.Duration, 0, n)
	for i := range n {
		letter := []string{"ß", "þ"}[i%2]
		from, pressed := t.length(), time.Now()
		if _, err := t.file.WriteString(erase + letter); err != nil {
			return err
		}
		at, err := t.await(letter, from, 5*time.Second)
		if err != nil {
			return err
		}
		times = append(times, at.Sub(pressed))
		time.Sleep(time.Duration(97+i*13%60) * time.Millisecond)
	}
	printTimes("key", times)
	printTimes("late", late())
	return nil
}

// lateness measures how late this process itself is woken from short sleeps, until the
// returned function is called: what a busy machine adds to every hop of every program.
func lateness() (end func() []time.Duration) {
	const sleep = 5 * time.Millisecond
	stop, result := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var times []time.Duration
		for {
			select {
			case <-stop:
				result <- times
				return
			default:
				began := time.Now()
				time.Sleep(sleep)
				times = append(times, time.Since(began)-sleep)
			}
		}
	}()
	return func() []time.Duration { close(stop); return <-result }
}

func (t *terminal) quietKeys(n int, key string) error {
	times := make([]time.Duration, 0, n)
	for range n {
		t.still(200 * time.Millisecond)
		select {
		case <-t.more:
		default:
		}
		pressed := time.Now()
		if _, err := t.file.WriteString(keyNamed(key)); err != nil {
			return err
		}
		select {
		case <-t.more:
			times = append(times, time.Since(pressed))
		case <-time.After(5 * time.Second):
			return errors.New("a key press drew nothing")
		}
	}
	printTimes("key", times)
	return nil
}

func printTimes(name string, times []time.Duration) {
	slices.Sort(times)
	at := func(q float64) float64 { return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000 }
	fmt.Printf("%s_p50_ms %.1f\n%s_p99_ms %.1f\n%s_max_ms %.1f\n", name, at(0.5), name, at(0.99), name, at(1))
}

func (t *terminal) cost(over time.Duration) error {
	time.Sleep(3 * time.Second) // what starting costs is not what running costs
	before, err := t.processorTime()
	if err != nil {
		return err
	}
	began, peak := time.Now(), 0
	for time.Since(began) < over {
		time.Sleep(500 * time.Millisecond)
		peak = max(peak, t.residentMiB())
	}
	after, err := t.processorTime()
	if err != nil {
		return err
	}
	fmt.Printf("cpu_percent %.2f\nrss_mib %d\n", 100*float64(after-before)/float64(time.Since(began)), peak)
	return nil
}
