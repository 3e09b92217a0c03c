package main

import (
	"bytes"
	"context"
	"encoding/json"
	"eventscope/cmd/internal/exit"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaOfOurOwn is a Kafka for a test that kills runs on it: each leaves a transaction open, for
// which all wait who read the ledger of that cluster.
func kafkaOfOurOwn(t *testing.T) (address, target, dlq string) {
	t.Helper()
	port := freePorts(t)
	newMortal(t, "kafka", port)
	address, target, dlq = fmt.Sprintf("127.0.0.1:%d", port), "orders", "orders.dlq"
	createTopics(t, address, target, dlq)
	return address, target, dlq
}

// fire kills a run of letters again and again.
type fire struct {
	state string // folder
	url   string
	kills int
	pace  []string         // flags of each process
	lines func() int       // of the journal, to be there before the fuse is lit
	fuse  time.Duration    // how long it burns at most
	look  func(run string) // after each kill, or nil
}

// run begins by a command, kills, resumes, and lets the last resume come to its end. What stops at an
// error, as with a broker that has too much to do, is tried again for a while.
func (f *fire) run(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"dlq"}, args...)
	before := lastRun(t, f.state)
	limit, again := time.NewTimer(freeWithin), time.NewTicker(300*time.Millisecond)
	defer limit.Stop()
	defer again.Stop()
	for kills := 0; ; {
		lines, pace := never, []string(nil)
		if kills < f.kills {
			lines, pace = countLines(journalIn(f.state))+f.lines(), f.pace
		}
		said, code := f.process(t, lines, slices.Concat(args, pace)...)
		switch {
		case code == exit.Done && kills < f.kills:
			t.Fatalf("the run was over after %d kills", kills)
		case code == exit.Done:
			return
		case code == exit.Misused:
			t.Fatalf("%.200q: exit code %d: %s", args, code, said)
		}
		run := lastRun(t, f.state)
		if run != before {
			args = []string{"dlq", "resume", run, f.url, "--write"}
		}
		if code == -1 {
			if kills++; f.look != nil {
				f.look(run)
			}
			continue
		}
		t.Logf("%.100q: exit code %d: %.300s", args, code, said)
		select {
		case <-again.C:
		case <-limit.C:
			t.Fatalf("%.200q does not come about in %v: %s", args, freeWithin, said)
		}
	}
}

// process runs a command and kills it soon after the journal has so many lines.
func (f *fire) process(t *testing.T, lines int, args ...string) (said string, code int) {
	t.Helper()
	command := process(t, args...)
	command.Env = append(command.Env, "XDG_STATE_HOME="+f.state)
	var errors bytes.Buffer
	command.Stderr = &errors
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // its code is looked at by whoever asked
	}()
	if awaitLines(journalIn(f.state), lines, ended); lines != never {
		fuse := time.NewTimer(time.Duration(rand.Int64N(int64(f.fuse))))
		defer fuse.Stop()
		select {
		case <-fuse.C:
			_ = command.Process.Kill() // SIGKILL; it may just have ended
		case <-ended:
		}
	}
	<-ended
	return errors.String(), command.ProcessState.ExitCode()
}

func journalIn(state string) string { return filepath.Join(state, "eventscope", "journal.jsonl") }

// never is more lines than a journal gets here.
const never = 1 << 30

// awaitLines waits until a file has so many lines, or the process that writes it has ended.
func awaitLines(path string, lines int, ended <-chan struct{}) {
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for countLines(path) < lines {
		select {
		case <-again.C:
		case <-ended:
			return
		}
	}
}

func countLines(path string) int {
	data, _ := os.ReadFile(path) // no file has no lines
	return bytes.Count(data, []byte("\n"))
}

// lastRun is the name of the newest run in the journal, or "".
func lastRun(t *testing.T, state string) string {
	t.Helper()
	command := process(t, "dlq", "journal")
	command.Env = append(command.Env, "XDG_STATE_HOME="+state)
	out, _ := command.Output() // nothing yet is no output
	var record struct{ Run string }
	first, _, _ := strings.Cut(string(out), "\n")
	_ = json.Unmarshal([]byte(first), &record)
	return record.Run
}

func recordHeader(r *kgo.Record, name string) (string, bool) {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value), true
		}
	}
	return "", false
}

// endOfAll is the last message that a test's reader reads.
const endOfAll = "end"

// committed reads what a topic has for read_committed readers: all up to an end that is
// written now.
func committed(t *testing.T, address, topic string) []*kgo.Record {
	t.Helper()
	writeEnd(t, address, topic)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	records, err := readCommitted(ctx, address, topic)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func writeEnd(t *testing.T, address, topic string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(endOfAll)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// readCommitted reads a topic as read_committed readers do, up to the end that is written
// there.
func readCommitted(ctx context.Context, address, topic string) (records []*kgo.Record, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return records, fmt.Errorf("%w, after %d records", err, len(records))
		}
		for r := range fetches.RecordsAll() {
			if string(r.Value) == endOfAll {
				return records, nil
			}
			records = append(records, r)
		}
	}
}

// realRabbitMQ is a channel to the RabbitMQ that a variable names, and its URL.
func realRabbitMQ(t *testing.T, variable string) (string, *amqp.Channel) {
	t.Helper()
	address := os.Getenv(variable)
	if address == "" {
		t.Skip("no RabbitMQ: " + variable + " is not set")
	}
	connection, err := amqp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(address, "/") + "/", channel
}

func managementOf(t *testing.T, broker string) string {
	t.Helper()
	at, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://%s:%d", at.Hostname(), port+10000)
}

// onEachRabbitMQ tells a story on every RabbitMQ that there is.
func onEachRabbitMQ(t *testing.T, story func(t *testing.T, broker string, channel *amqp.Channel)) {
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			broker, channel := realRabbitMQ(t, variable)
			story(t, broker, channel)
		})
	}
}

// deadOnRabbitMQ are a classic queue, and the one that its dead letters go to, which has arguments and
// holds so many, with the URL that names it.
func deadOnRabbitMQ(t *testing.T, broker string, channel *amqp.Channel, arguments amqp.Table, letters int) (work, dlq, url string) {
	t.Helper()
	work = fmt.Sprintf("cmd-test-%x", time.Now().UnixNano())
	dlq = work + ".dlq"
	for name, arguments := range map[string]amqp.Table{dlq: arguments, work: {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dlq}} {
		if _, err := channel.QueueDeclare(name, true, false, false, false, arguments); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = channel.QueueDelete(name, false, false, false) })
	}
	bury(t, channel, work, letters)
	awaitDepth(t, channel, dlq, letters)
	return work, dlq, broker + "?queue=" + dlq + "&management=" + managementOf(t, broker)
}

// awaitDepth waits until a queue has so many messages.
func awaitDepth(t *testing.T, channel *amqp.Channel, queue string, want int) {
	t.Helper()
	awaitDepthWithin(t, channel, queue, want, want)
}

func awaitDepthWithin(t *testing.T, channel *amqp.Channel, queue string, least, most int) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if least <= state.Messages && state.Messages <= most {
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("queue %s has %d messages, want %d to %d", queue, state.Messages, least, most)
		}
	}
}

// drain takes everything out of a queue.
func drain(t *testing.T, channel *amqp.Channel, queue string) (all []amqp.Delivery) {
	t.Helper()
	for {
		m, ok, err := channel.Get(queue, true)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, m)
	}
}
