package main

import (
	"bytes"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"eventscope/cmd/internal/exit"

	"github.com/twmb/franz-go/pkg/kgo"
)

// contextFile is a config with one context, which is in use.
func contextFile(t *testing.T, lines ...string) string {
	t.Helper()
	return secretFile(t, "current: c\ncontexts:\n  c:\n    "+strings.Join(lines, "\n    ")+"\n")
}

// TestAReadOnlyContextIsLeftAlone: --write changes nothing about it, and nor does a run
// that was begun in another.
func TestAReadOnlyContextIsLeftAlone(t *testing.T) {
	t.Parallel()
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	lettersOn(t, address, dlq, target, stoppedLetters)
	source, state := "- url: kafka://"+address+"/"+dlq, t.TempDir()
	writable, readOnly := contextFile(t, "sources:", source), contextFile(t, "read_only: true", "sources:", source)
	run := dlqUnderway(t, state, "replay", "--config", writable)
	if err := run.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if <-run.ended; run.command.ProcessState.ExitCode() != exit.Interrupted {
		t.Fatalf("exit code %d: %s", run.command.ProcessState.ExitCode(), &run.errors)
	}
	sent := len(committed(t, address, target))
	letter := dlq + "/0@399"
	for _, args := range [][]string{
		{"replay", "--confirm", "1"}, {"replay", letter, "--confirm", "1"}, {"discard", letter, "--confirm", "1", "--reason", "x"},
		{"restore", letter, "--confirm", "1"}, {"resume", lastRun(t, state)}, {"abort", lastRun(t, state)},
	} {
		_, said, code := dlqProcess(t, state, append(args, "--write", "--config", readOnly)...)
		if code != exit.Refused || !strings.Contains(said, "read_only") {
			t.Errorf("%v: exit code %d: %s", args, code, said)
		}
	}
	if now := len(committed(t, address, target)); now != sent {
		t.Errorf("%d copies, and there were %d", now, sent)
	}
	if _, said, code := dlqProcess(t, state, "abort", lastRun(t, state), "--config", writable); code != exit.Done {
		t.Errorf("exit code %d: %s", code, said)
	}
	if _, said, code := dlqProcess(t, state, "resume", lastRun(t, state), "--write", "--config", writable); code != exit.Refused || !strings.Contains(said, "it is aborted") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// TestNothingRawReachesATerminalFromLetters, whatever reason, exception, key or header
// they have.
func TestNothingRawReachesATerminalFromLetters(t *testing.T) {
	t.Parallel()
	address, target := realKafka(t)
	_, dlq := realKafka(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	record := &kgo.Record{Topic: dlq, Key: []byte("k" + attack), Value: []byte(`{"type":"T` + attack + `"}` + attack)}
	for _, name := range []string{"dlq-reason", "dlq-error-class", "dlq-error-message", "type", "correlation_id", "h" + attack} {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(name + attack)})
	}
	record.Headers = append(record.Headers, kgo.RecordHeader{Key: "dlq-original-topic", Value: []byte(target)})
	lost := *record
	lost.Headers = append([]kgo.RecordHeader{{Key: "kafka_dlt-original-topic", Value: []byte("nowhere" + attack)}}, record.Headers[:len(record.Headers)-1]...)
	if err := client.ProduceSync(t.Context(), record, &lost).FirstErr(); err != nil {
		t.Fatal(err)
	}
	url, state := "kafka://"+address+"/"+dlq, t.TempDir()
	first := dlq + "/0@0"
	told := attack[:len(attack)-1] // no argument can have the last byte
	commands := [][]string{
		{"list", url}, {"list", url, "-o", "json"}, {"groups", url}, {"groups", url, "-o", "json"}, {"show", first, url}, {"show", first, url, "-o", "text"},
		{"plan", url}, {"plan", url, "-o", "json"}, {"plan", url, "--to", told}, {"list", url, "--filter", told}, {"list", told}, {"show", told, url},
		{"replay", url, "--write", "--confirm", "2"},
		{"discard", first, url, "--write", "--confirm", "1", "--reason", "because" + told}, {"restore", first, url, "--write", "--confirm", "1"},
		{"replay", first, url, "--write", "--confirm", "1"}, {"list", url, "--all"}, {"journal"}, {"journal", "-o", "json"}, {"journal", told}, {"resume", told, "--write"},
	}
	for _, args := range commands {
		command := process(t, append([]string{"dlq"}, args...)...)
		command.Env = append(command.Env, "XDG_STATE_HOME="+state)
		screen := inTerminal(t, command)
		code := screen.end()
		seen := screen.seen.String()
		if at, is := actingBesideColours(seen); is {
			t.Errorf("%.100q: %q", args, seen[max(0, at-60):min(len(seen), at+60)])
		}
		if seen == "" {
			t.Errorf("%.100q says nothing, exit code %d", args, code)
		}
	}
}

// TestNoPasswordIsKept: whichever way a password came, no output of a dlq command has it,
// and no file of the state folder, nor the name of one.
func TestNoPasswordIsKept(t *testing.T) {
	t.Parallel()
	broker, _ := realRabbitMQ(t, rabbitMQ4Variable)
	at, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	observer, management := makeObserver(t, broker)
	api, err := url.Parse(management)
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range secretWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			channel := channelTo(t, broker)
			const count = 3
			_, dlq, _ := deadOnRabbitMQ(t, broker, channel, nil, count)
			state := t.TempDir()
			command := func(want int, args ...string) string {
				t.Helper()
				command := process(t, append([]string{"dlq"}, args...)...)
				command.Env = append(command.Env, "XDG_STATE_HOME="+state)
				rest := at.Host + "/?queue=" + dlq + "&management=http://" + api.Host
				command.Args = append(command.Args, way.prepare(t, command, "amqp", observer, observerSecret, rest)...)
				out, _ := command.CombinedOutput() // its code is looked at
				if code := command.ProcessState.ExitCode(); code != want || bytes.Contains(out, []byte(observerSecret)) {
					t.Errorf("%v: exit code %d: %s", args, code, out)
				}
				return string(out)
			}
			letter, _, _ := strings.Cut(command(exit.Done, "list"), "\n")
			position := positionsIn(t, letter)[0]
			command(exit.Done, "discard", position, "--write", "--confirm", "1", "--reason", "test")
			command(exit.Done, "restore", position, "--write", "--confirm", "1")
			command(exit.Refused, "replay", "--write", "--confirm", "1")
			command(exit.Done, "replay", "--write", "--confirm", strconv.Itoa(count))
			checkKept(t, state, observerSecret)
		})
	}
}

// checkKept looks for a secret in what a folder has.
func checkKept(t *testing.T, folder, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || strings.Contains(path, secret) {
			t.Errorf("%s, %v", path, err)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if path != folder && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if files++; bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s has the password: %s", path, data)
		}
		return err
	})
	if err != nil || files < 3 { // journal, archive, plans
		t.Errorf("%d files, %v", files, err)
	}
}
