package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"eventscope/cmd/internal/embedded"
	"eventscope/cmd/internal/exit"
)

// process is this program, run as itself.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), processWithin)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path, args...)
	command.Cancel = func() error {
		if t.Context().Err() == nil {
			t.Errorf("%.200q has not ended after %v", args, processWithin)
		}
		return command.Process.Kill()
	}
	command.Args[0] = "eventscope" // by which the test binary knows what to be
	command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", raceVariable+"="+raceOptions)
	return command
}

// processWithin is how long a process may take, whatever it is waited for: longer than any does that
// goes on, under the race detector on a busy machine.
const processWithin = 10 * time.Minute

// The race detector lets each process wait for a second at its end, for races that show only then.
// A test starts so many of them that a moment has to do.
const raceVariable, raceOptions = "GORACE", "atexit_sleep_ms=20"

// buildFolder is where the program is built, once a test asks for it.
var buildFolder string

var build = sync.OnceValue(func() error {
	command := exec.Command("go", "build", "-o", buildFolder, ".")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// built is the program as it is delivered: what it takes with the race detector says nothing about
// memory, for one.
func built(t *testing.T) (path string) {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(buildFolder, "eventscope")
}

// brokerWith is an embedded broker with some orders.
func brokerWith(t *testing.T, orders ...string) (url string) {
	t.Helper()
	broker, err := embedded.Start(context.Background(), 1, "orders")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	var messages []scriptMessage
	for _, order := range orders {
		value := json.RawMessage(`{"type":"OrderPlaced","payload":{"order_id":"` + order + `"}}`)
		messages = append(messages, scriptMessage{Topic: "orders", Key: &order, Value: &value})
	}
	if err := publishKafka(broker.Address(), messages); err != nil {
		t.Fatal(err)
	}
	return "kafka://" + broker.Address() + "/orders"
}

// firstLine starts a command and returns its first line, with the rest to be read.
func firstLine(t *testing.T, command *exec.Cmd) (line string, rest *os.File, errors *bytes.Buffer) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	errors = &bytes.Buffer{}
	command.Stdout, command.Stderr = writer, errors
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	if line, err = bufio.NewReaderSize(reader, 16).ReadString('\n'); err != nil {
		t.Fatalf("%v, after %q", err, errors)
	}
	return line, reader, errors
}

// Ctrl-c and termination end a command cleanly, with the code that shells expect.
func TestInterrupted(t *testing.T) {
	url := brokerWith(t, "ord-1")
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP) // else under nohup the program would inherit that it is ignored
	t.Cleanup(func() { signal.Stop(heard) })
	for _, sent := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		log := filepath.Join(t.TempDir(), "log")
		command := process(t, "tail", url, "--from", "beginning", "--stats", "--log", log)
		_, _, errors := firstLine(t, command)
		if err := command.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // its code is looked at below
		if code := command.ProcessState.ExitCode(); code != exit.Interrupted || !strings.HasPrefix(errors.String(), `{"events":1,`) {
			t.Errorf("%v: exit code %d, want %d; standard error: %s", sent, code, exit.Interrupted, errors)
		}
		if told, err := os.ReadFile(log); err != nil || !strings.Contains(string(told), "level=INFO msg=ended reason=interrupted") || strings.Contains(string(told), "ERROR") {
			t.Errorf("%v: %v; the log says %s", sent, err, told)
		}
	}
}

// A reading without an end is asked for its flows by an interrupt.
func TestFlowsPrintWhenInterrupted(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(log, 0o600); err != nil {
		t.Fatal(err)
	}
	command := process(t, "flows", brokerWith(t, "ord-1", "ord-2"), "--from", "beginning", "--log", log)
	var out bytes.Buffer
	command.Stdout = &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(log) // the log says when the source is open
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if line, err := bufio.NewReader(opened).ReadString('\n'); err != nil || !strings.Contains(line, "opened") {
		t.Fatalf("log line %q, %v", line, err)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	// How much was read by then is chance; that it is printed as lines is not.
	if code, whole := command.ProcessState.ExitCode(), out.Len() == 0 || strings.HasSuffix(out.String(), "}\n"); code != exit.Interrupted || !whole {
		t.Errorf("exit code %d, want %d; output:\n%s", code, exit.Interrupted, &out)
	}
}

// A reader that has enough ends the program quietly, even if nothing more is written.
func TestClosedPipe(t *testing.T) {
	url := brokerWith(t, "ord-1")
	for _, args := range [][]string{{"tail", url, "--from", "beginning"}, {"trace", "ord-1", url, "--follow"}} {
		command := process(t, args...)
		line, rest, errors := firstLine(t, command)
		if !strings.Contains(line, "{") {
			t.Errorf("%v: first line %q", args, line)
		}
		rest.Close()
		_ = command.Wait()
		if code := command.ProcessState.ExitCode(); code != exit.Done || strings.Contains(errors.String(), "pipe") {
			t.Errorf("%v: exit code %d; standard error: %s", args, code, errors)
		}
	}
}

// A pipe that closes in the middle of much output is no failure either.
func TestClosedPipeUnderFlood(t *testing.T) {
	orders := make([]string, 2000)
	for i := range orders {
		orders[i] = "ord-" + strings.Repeat("x", 200)
	}
	command := process(t, "tail", brokerWith(t, orders...), "--exit")
	_, rest, errors := firstLine(t, command)
	rest.Close()
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != exit.Done || errors.Len() > 0 {
		t.Errorf("exit code %d; standard error: %s", code, errors)
	}
}
