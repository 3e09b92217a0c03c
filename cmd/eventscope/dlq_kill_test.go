package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	manyLetters = 10_000
	manyKills   = 25
	killedRate  = "600/s"
	// killedWindow is half a second's worth of that rate: what is on its way at once.
	killedWindow = 300
	// At full speed a window is taken while the one before is on its way. It is small, so that
	// the letters last for some kills.
	fastKills, fastWindow = 5, 20
	// killedWithin is how long at most a process lives after it has written down that it
	// is about to send a window: it is then somewhere between that and the next one.
	killedWithin = 40 * time.Millisecond
)

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

// run begins by a command, kills, resumes, and lets the last resume come to its end.
func (f *fire) run(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"dlq"}, args...)
	run := ""
	for kills := range f.kills {
		if !f.process(t, countLines(journalIn(f.state))+f.lines(), append(args, f.pace...)...) {
			t.Fatalf("the run was over after %d kills", kills)
		}
		if run = lastRun(t, f.state); f.look != nil {
			f.look(run)
		}
		args = []string{"dlq", "resume", run, f.url, "--write"}
	}
	if f.process(t, never, args...) {
		t.Fatal("the last resume did not come to its end")
	}
}

// process runs a command and kills it soon after the journal has so many lines.
func (f *fire) process(t *testing.T, lines int, args ...string) (killed bool) {
	t.Helper()
	command := process(t, args...)
	command.Env = append(command.Env, "XDG_STATE_HOME="+f.state)
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // its code is looked at below
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
	code := command.ProcessState.ExitCode()
	if code > 0 {
		t.Fatalf("%.200q: exit code %d: %s", args, code, &errors)
	}
	return code < 0
}

func journalIn(state string) string { return filepath.Join(state, "eventscope", "journal.jsonl") }

// replayUnderFire replays all letters of a URL and kills the process again and again.
func replayUnderFire(t *testing.T, url string, kills int, pace ...string) {
	t.Helper()
	f := &fire{
		state: t.TempDir(), url: url, kills: kills, pace: pace, fuse: killedWithin,
		lines: func() int { return 2 }, // one that it begins or is resumed, and one that it sends
	}
	f.run(t, "replay", url, "--write", "--confirm", strconv.Itoa(manyLetters))
}

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

// TestReplayKilledOnKafka: whatever the moment at which a replay is killed, each letter is
// there exactly once for whoever reads what is committed.
func TestReplayKilledOnKafka(t *testing.T) {
	address, target := realKafka(t)
	_, grave := realKafka(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	records := make([]*kgo.Record, manyLetters)
	for i := range records {
		records[i] = &kgo.Record{Topic: grave, Key: []byte(strconv.Itoa(i % 100)), Value: []byte(strconv.Itoa(i)), Headers: []kgo.RecordHeader{
			{Key: "dlq-original-topic", Value: []byte(target)}, {Key: "dlq-reason", Value: []byte("test")}, {Key: "n", Value: []byte{1, 128}},
		}}
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	replayUnderFire(t, "kafka://"+address+"/"+grave, manyKills, "--rate", killedRate)
	seen := map[string]int{}
	for _, r := range committed(t, address, target, manyLetters) {
		seen[string(r.Value)]++
		if _, found := recordHeader(r, "x-replay-id"); !found {
			t.Fatalf("a copy without a replay id: %v", r.Headers)
		}
		if n, _ := recordHeader(r, "n"); n != "\x01\x80" {
			t.Fatalf("a binary header became %q", n)
		}
	}
	for i := range manyLetters {
		if seen[strconv.Itoa(i)] != 1 {
			t.Fatalf("letter %d is there %d times", i, seen[strconv.Itoa(i)])
		}
	}
}

func recordHeader(r *kgo.Record, name string) (string, bool) {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value), true
		}
	}
	return "", false
}

// committed reads what a topic has for read_committed readers: at least so many records,
// and then all up to one that is written now.
func committed(t *testing.T, address, topic string, least int) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("end")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var records []*kgo.Record
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("%v, after %d of %d records", err, len(records), least)
		}
		for r := range fetches.RecordsAll() {
			if string(r.Value) == "end" {
				return records
			}
			records = append(records, r)
		}
	}
}

// TestReplayKilledOnRabbitMQ: none is lost, the dead-letter queue is empty in the end, and
// what came twice is no more than was on its way at the kills, with the same replay ids.
func TestReplayKilledOnRabbitMQ(t *testing.T) {
	for _, variable := range []string{rabbitMQ3Variable, rabbitMQ4Variable} {
		t.Run(variable, func(t *testing.T) {
			replayKilledOnRabbitMQ(t, variable, manyKills, killedWindow, "--rate", killedRate)
		})
		t.Run(variable+"/full speed", func(t *testing.T) {
			replayKilledOnRabbitMQ(t, variable, fastKills, fastWindow, "--window", strconv.Itoa(fastWindow))
		})
	}
}

func replayKilledOnRabbitMQ(t *testing.T, variable string, kills, window int, pace ...string) {
	t.Helper()
	broker, channel := realRabbitMQ(t, variable)
	work, grave := deadLetterQueues(t, channel)
	for i := range manyLetters {
		m := amqp.Publishing{MessageId: strconv.Itoa(i), Body: []byte(strconv.Itoa(i)), Expiration: "0", Headers: amqp.Table{"n": int32(7)}}
		if err := channel.PublishWithContext(t.Context(), "", work, false, false, m); err != nil {
			t.Fatal(err)
		}
	}
	awaitDepth(t, channel, grave, manyLetters)
	replayUnderFire(t, broker+"?queue="+grave+"&management="+managementOf(t, broker), kills, pace...)
	awaitDepth(t, channel, grave, 0)
	seen, ids := map[string]int{}, map[string]string{}
	for _, m := range drain(t, channel, work) {
		id, _ := m.Headers["x-replay-id"].(string)
		if id == "" || m.Headers["n"] != int32(7) || ids[id] != "" && ids[id] != m.MessageId {
			t.Fatalf("a copy with headers %v of letter %s; %s was that of %s", m.Headers, m.MessageId, id, ids[id])
		}
		ids[id] = m.MessageId
		seen[m.MessageId]++
	}
	twice := 0
	for i := range manyLetters {
		n := seen[strconv.Itoa(i)]
		if n == 0 {
			t.Fatalf("letter %d is lost", i)
		}
		twice += n - 1
	}
	t.Logf("%d of %d came twice after %d kills", twice, manyLetters, kills)
	if twice > kills*window {
		t.Errorf("%d came twice after %d kills", twice, kills)
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

// deadLetterQueues are a classic queue and the one that its dead letters go to.
func deadLetterQueues(t *testing.T, channel *amqp.Channel) (work, grave string) {
	t.Helper()
	return deadLetterQueuesOf(t, channel, nil)
}

// deadLetterQueuesOf are the same with arguments for the dead-letter queue.
func deadLetterQueuesOf(t *testing.T, channel *amqp.Channel, arguments amqp.Table) (work, grave string) {
	t.Helper()
	work = fmt.Sprintf("cmd-test-%x", time.Now().UnixNano())
	grave = work + ".dlq"
	for name, arguments := range map[string]amqp.Table{grave: arguments, work: {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave}} {
		if _, err := channel.QueueDeclare(name, true, false, false, false, arguments); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = channel.QueueDelete(name, false, false, false) })
	}
	return work, grave
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
