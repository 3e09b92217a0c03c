package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

const (
	turnLetters = 500 // of the plan; they last for all kills
	turnWindow  = 5
	turnKills   = 25
	// turnWithin is how long at most a process lives after it has written the line that it may
	// live up to: it is then somewhere between that and the next ones.
	turnWithin = 10 * time.Millisecond
	// freeWithin is how long a letter's destination may be somebody else's after that one
	// was killed: a claim holds for 20 s, and the rest is for a busy machine.
	freeWithin = 5 * time.Minute
)

// onlyOfA is a header that B's config takes off copies, so that they show whose they are.
const onlyOfA = "retry-note"

// operatorAt replays letters from a machine, which has a journal of its own.
type operatorAt struct {
	*testing.T
	name   string
	state  string // folder
	url    string
	which  []string // flags that say which letters
	pace   []string
	config []string
	run    string // that is to be resumed, or ""
	stops  int    // of runs, by being killed or by an error
	twice  int    // of all runs that are over, by their summaries
}

// turn goes on with what is to be done, and is killed after so many lines of the journal, or
// never. Over says that there was nothing left to do.
func (o *operatorAt) turn(lines int) (killed, over bool) {
	o.Helper()
	limit, again := time.NewTimer(freeWithin), time.NewTicker(300*time.Millisecond)
	defer limit.Stop()
	defer again.Stop()
	for {
		args, some := o.args()
		if !some {
			return false, true
		}
		out, said, code := o.process(lines, args)
		if code == -1 {
			o.killed()
			return true, false
		}
		switch over := o.over(out); {
		case over && (code == exit.Done || code == exit.Partly): // of whose letters the other has some
			return false, false
		case over, code != exit.Partly && code != exit.Refused && code != exit.Failed:
			o.Fatalf("%s: %.300q: exit code %d: %s", o.name, args, code, said)
		} // the other one's claim, letters that are not all back, or a broker that has too much to do
		o.Logf("%s: %.100q: exit code %d: %.300s", o.name, args, code, said)
		select {
		case <-again.C:
		case <-limit.C:
			o.Fatalf("%s: %.300q does not come about in %v: %s", o.name, args, freeWithin, said)
		}
	}
}

// killed notes which run it was, and that it is over if it had come to its end a moment before.
func (o *operatorAt) killed() {
	o.Helper()
	o.stops++
	last, _ := lastIn(o.T, o.state)
	if o.run = last.Run; last.Step == replay.StepDone {
		o.run = ""
		o.twice += maybeIn(o.T, o.state, last.Run)
	}
}

// args are those of the next command: a resume, or a replay of what is left.
func (o *operatorAt) args() (args []string, some bool) {
	o.Helper()
	if o.run != "" {
		return []string{"resume", o.run, o.url, "--write"}, true
	}
	out, said, code := dlqProcess(o.T, o.state, slices.Concat([]string{"plan", o.url}, o.which)...)
	if code == exit.Misused {
		o.Fatalf("%s plans: exit code %d: %s", o.name, code, said)
	}
	var plan struct{ Count int }
	_ = json.Unmarshal([]byte(out), &plan) // nothing is no plan
	if code == exit.NotFound {
		return nil, false
	}
	return slices.Concat([]string{"replay", o.url, "--write", "--confirm", strconv.Itoa(max(1, plan.Count))}, o.which, o.pace), true
}

// process runs a command and kills it soon after the journal has so many more lines.
func (o *operatorAt) process(lines int, args []string) (out, said string, code int) {
	o.Helper()
	command := process(o.T, slices.Concat([]string{"dlq"}, args, o.config)...)
	command.Env = append(command.Env, "XDG_STATE_HOME="+o.state)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	lines += countLines(journalIn(o.state))
	if err := command.Start(); err != nil {
		o.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // its code is looked at
	}()
	if awaitLines(journalIn(o.state), lines, ended); lines < never {
		fuse := time.NewTimer(rand.N(turnWithin))
		defer fuse.Stop()
		select {
		case <-fuse.C:
			_ = command.Process.Kill() // SIGKILL; it may just have ended
		case <-ended:
		}
	}
	<-ended
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// over takes account of a run's end, if it is over: one that could not go on is to be resumed.
func (o *operatorAt) over(out string) bool {
	o.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var summary struct {
		Run, State string
		Maybe      int `json:"maybe_twice"`
	}
	_ = json.Unmarshal([]byte(lines[len(lines)-1]), &summary) // what was not begun has none
	if summary.State != "done" {
		if o.run = cmp.Or(summary.Run, o.run); summary.Run != "" {
			o.stops++
		}
		return false
	}
	o.Logf("%s: %s", o.name, lines[len(lines)-1])
	o.run = ""
	o.twice += summary.Maybe
	return true
}

// lastIn is the last whole line of a journal, and how many there are.
func lastIn(t *testing.T, state string) (last replay.Line, lines int) {
	t.Helper()
	data, err := os.ReadFile(journalIn(state))
	if err != nil {
		t.Fatal(err)
	}
	for text := range bytes.Lines(data) {
		var line replay.Line
		if json.Unmarshal(text, &line) == nil {
			last, lines = line, lines+1
		}
	}
	return last, lines
}

// maybeIn is how many letters of a run may have come twice, by a journal.
func maybeIn(t *testing.T, state, run string) (maybe int) {
	t.Helper()
	data, err := os.ReadFile(journalIn(state))
	if err != nil {
		t.Fatal(err)
	}
	for text := range bytes.Lines(data) {
		var line replay.Line
		if json.Unmarshal(text, &line) == nil && line.Run == run {
			maybe += line.Maybe
		}
	}
	return maybe
}

// turns is two operators who are killed over the same letters, while new ones come.
type turns struct {
	*testing.T
	operators [2]*operatorAt
	later     int // letters that came after the plan
}

func newTurns(t *testing.T, url string, which ...string) *turns {
	s := &turns{T: t}
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("letters:\n  strip_headers: ["+onlyOfA+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, pace := range [][]string{{"--rate", "400/s"}, nil} { // the second as fast as it goes
		s.operators[i] = &operatorAt{
			T: t, name: string(rune('A' + i)), state: t.TempDir(), url: url, which: which,
			pace: append(pace, "--window", strconv.Itoa(turnWindow)),
		}
		if i == 1 {
			s.operators[i].config = []string{"--config", config}
		}
	}
	return s
}

// play kills them, so many times in a row each, and lets both come to their ends, while
// somebody writes new letters.
func (s *turns) play(inARow int, write func(letter string) error) {
	s.Helper()
	done, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		publishUntil(done, func(n int) {
			if n%5 > 0 { // a look has to read them all
				return
			}
			if err := write(fmt.Sprintf("new-%05d", s.later)); err != nil {
				s.Error(err)
			}
			s.later++
		})
	}()
	defer func() { close(done); <-finished }()
	for kills := 0; kills < turnKills; {
		o := s.operators[kills/inARow%2]
		killed, over := o.turn(1 + rand.IntN(5)) // it begins or is resumed, and what it does with its first windows
		if over {
			s.Fatalf("no letter is left after %d kills", kills)
		}
		if killed {
			kills++
		}
	}
	for _, o := range s.operators {
		for over := false; !over; {
			_, over = o.turn(never)
		}
	}
}

// arrived is a copy at the target.
type arrived struct {
	letter, id string
	by         string // the operator
}

// check checks that each letter of the plan arrived, and that the copies of one have one id. It
// returns how many were sent again by who had sent them, and by the other.
func (s *turns) check(copies []arrived) (own, others int) {
	s.Helper()
	ids, senders := map[string]string{}, map[string][]string{}
	for _, c := range copies {
		if c.id == "" || !strings.HasPrefix(c.letter, "old-") || ids[c.letter] != "" && ids[c.letter] != c.id {
			s.Fatalf("a copy %+v, and another has the id %q", c, ids[c.letter])
		}
		ids[c.letter] = c.id
		if slices.Contains(senders[c.letter], c.by) {
			own++
		} else if senders[c.letter] = append(senders[c.letter], c.by); len(senders[c.letter]) > 1 {
			others++
		}
	}
	for i := range turnLetters {
		if letter := fmt.Sprintf("old-%05d", i); ids[letter] == "" {
			s.Errorf("letter %s is lost", letter)
		}
	}
	s.Logf("%d copies: %d again by the same operator, %d by the other; the summaries say %d and %d", len(copies), own, others, s.operators[0].twice, s.operators[1].twice)
	return own, others
}

// checkLater checks that the letters that came after the plan are what is left.
func (s *turns) checkLater(left []string, ordered bool) {
	s.Helper()
	if !ordered {
		slices.Sort(left)
	}
	if len(left) != s.later {
		s.Errorf("%d letters came after the plan, and %d are left", s.later, len(left))
	}
	for i, letter := range left {
		if want := fmt.Sprintf("new-%05d", i); letter != want {
			s.Fatalf("in place %d lies %s, and not %s", i, letter, want)
		}
	}
}

// TestTwoOperatorsAreKilledInTurn: whatever the moments at which two people's runs over the
// same letters are killed, resumed and planned anew, while new letters come and the target is
// read, each letter arrives, one that arrives again has its first id, and what came later stays.
func TestTwoOperatorsAreKilledInTurn(t *testing.T) {
	t.Parallel()
	t.Run("Kafka", func(t *testing.T) { t.Parallel(); killedInTurnOnKafka(t) })
	t.Run("classic queue", func(t *testing.T) { t.Parallel(); killedInTurnOnRabbitMQ(t, rabbitMQ3Variable, nil) })
	t.Run("quorum queue", func(t *testing.T) {
		t.Parallel()
		killedInTurnOnRabbitMQ(t, rabbitMQ4Variable, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": int32(200)})
	})
}

// killedInTurnOnKafka: readers of what is committed see each letter exactly once.
func killedInTurnOnKafka(t *testing.T) {
	address, target, dlq := kafkaOfOurOwn(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	letter := func(name string) *kgo.Record {
		return &kgo.Record{Topic: dlq, Key: []byte(name), Value: []byte(name), Headers: []kgo.RecordHeader{
			{Key: "dlq-original-topic", Value: []byte(target)}, {Key: "dlq-reason", Value: []byte("test")}, {Key: "n", Value: []byte{1, 128}},
		}}
	}
	var letters []*kgo.Record
	for i := range turnLetters {
		letters = append(letters, letter(fmt.Sprintf("old-%05d", i)))
	}
	if err := client.ProduceSync(t.Context(), letters...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	reader := readWhile(t, func() ([]*kgo.Record, error) { return readCommitted(t.Context(), address, target) })
	s := newTurns(t, "kafka://"+address+"/"+dlq, "--filter", `key ~ "old-"`)
	s.play(9, func(name string) error { return client.ProduceSync(context.Background(), letter(name)).FirstErr() })
	var copies []arrived
	writeEnd(t, address, target)
	for _, r := range reader() {
		id, _ := recordHeader(r, "x-replay-id")
		copies = append(copies, arrived{letter: string(r.Value), id: id})
		if n, _ := recordHeader(r, "n"); n != "\x01\x80" {
			t.Fatalf("a binary header became %q", n)
		}
	}
	if s.check(copies); len(copies) != turnLetters {
		t.Errorf("%d copies of %d letters", len(copies), turnLetters)
	}
	var left []string
	for _, position := range positions(t, t.TempDir(), s.operators[0].url) {
		_, offset, _ := strings.Cut(position, "@")
		n, err := strconv.Atoi(offset)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, fmt.Sprintf("new-%05d", n-turnLetters))
	}
	s.checkLater(left, true)
}

// killedInTurnOnRabbitMQ: what arrives again is counted by the summary of the run that sends
// it, unless the other one has sent it since that run's letters were looked at, which nobody
// can know.
func killedInTurnOnRabbitMQ(t *testing.T, variable string, arguments amqp.Table) {
	broker, channel := realRabbitMQ(t, variable)
	work, dlq, url := deadOnRabbitMQ(t, broker, channel, arguments, 0)
	for i := range turnLetters {
		letter := fmt.Sprintf("old-%05d", i)
		m := amqp.Publishing{MessageId: letter, Body: []byte(letter), Expiration: "0", Headers: amqp.Table{"n": int32(7), onlyOfA: "yes"}}
		if err := channel.PublishWithContext(t.Context(), "", work, false, false, m); err != nil {
			t.Fatal(err)
		}
	}
	awaitDepth(t, channel, dlq, turnLetters)
	reader := readWhile(t, func() ([]amqp.Delivery, error) { return consumed(t.Context(), broker, work) })
	s := newTurns(t, url, "--filter", `id ~ "old-"`)
	s.play(1, func(letter string) error {
		return channel.PublishWithContext(context.Background(), "", dlq, false, false, amqp.Publishing{MessageId: letter, Body: []byte(letter), DeliveryMode: amqp.Persistent})
	})
	if err := channel.PublishWithContext(t.Context(), "", work, false, false, amqp.Publishing{Body: []byte(endOfAll)}); err != nil {
		t.Fatal(err)
	}
	var copies []arrived
	for _, m := range reader() {
		id, _ := m.Headers["x-replay-id"].(string)
		by := "A"
		if m.Headers[onlyOfA] == nil {
			by = "B"
		}
		if copies = append(copies, arrived{m.MessageId, id, by}); m.Headers["n"] != int32(7) {
			t.Fatalf("a copy with headers %v", m.Headers)
		}
	}
	own, others := s.check(copies)
	if most := (s.operators[0].stops + s.operators[1].stops) * 2 * turnWindow; own+others > most {
		t.Errorf("%d came again, and %d were on their way when runs stopped", own+others, most)
	}
	if told := s.operators[0].twice + s.operators[1].twice; own > told {
		t.Errorf("%d came again, and the summaries say %d", own, told)
	}
	awaitDepth(t, channel, dlq, s.later)
	var left []string
	for _, m := range drain(t, channel, dlq) {
		left = append(left, m.MessageId)
	}
	s.checkLater(left, arguments == nil)
}

// readWhile reads beside the test, and returns a function that waits for what was read.
func readWhile[T any](t *testing.T, read func() ([]T, error)) func() []T {
	t.Helper()
	var all []T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		all, err = read()
	}()
	return func() []T {
		t.Helper()
		if <-done; err != nil {
			t.Fatal(err)
		}
		return all
	}
}

// consumed takes what comes into a queue, up to the end.
func consumed(ctx context.Context, broker, queue string) (all []amqp.Delivery, err error) {
	connection, err := amqp.Dial(broker)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return nil, err
	}
	deliveries, err := channel.ConsumeWithContext(ctx, queue, "", true, false, false, false, nil)
	if err != nil {
		return nil, err
	}
	for m := range deliveries {
		if string(m.Body) == endOfAll {
			return all, nil
		}
		all = append(all, m)
	}
	return all, errors.New("the consumer has ended")
}
