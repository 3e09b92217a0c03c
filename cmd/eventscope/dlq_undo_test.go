package main

import (
	"bufio"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/cmd/internal/exit"
	"eventscope/replay"
)

const (
	undoneLetters = 500
	undoneKills   = 10
	undoneWindow  = 10
)

// undoneUnderFire is a fire that goes out around each of the first lines that a process
// writes: that it begins, and what it does with its first windows.
func undoneUnderFire(state, url string) *fire {
	return &fire{
		state: state, url: url, kills: undoneKills, fuse: 8 * time.Millisecond,
		pace:  []string{"--window", strconv.Itoa(undoneWindow), "--rate", "400/s"},
		lines: func() int { return 2 + rand.IntN(4) },
	}
}

// positions are those of the letters that dlq list prints.
func positions(t *testing.T, state, url string) []string {
	t.Helper()
	out, errors, code := dlqProcess(t, state, "list", url)
	if code != exit.Done {
		t.Fatalf("exit code %d: %s", code, errors)
	}
	return positionsIn(t, out)
}

func positionsIn(t *testing.T, lines string) (all []string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var letter struct{ Position string }
		if err := json.Unmarshal([]byte(line), &letter); err != nil {
			t.Fatal(err)
		}
		all = append(all, letter.Position)
	}
	return all
}

// journalled counts the letters of which the journal has a step of a run.
func journalled(t *testing.T, state, run string, step replay.Step) int {
	t.Helper()
	file, err := os.Open(journalIn(state))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[int]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var line replay.Line
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Run != run || line.Step != step { // the last one may be torn
			continue
		}
		for _, number := range line.Letters {
			found[number] = true
		}
	}
	return len(found)
}

// TestDiscardAndRestoreKilledOnKafka: whatever the moment at which they are killed, a
// discard marks each letter once, and a restore takes each mark away once.
func TestDiscardAndRestoreKilledOnKafka(t *testing.T) {
	t.Parallel()
	address, target, dlq := kafkaOfOurOwn(t)
	lettersOn(t, address, dlq, target, undoneLetters)
	url, state := "kafka://"+address+"/"+dlq, t.TempDir()
	all := positions(t, state, url)
	undoneUnderFire(state, url).run(t, "discard", url, "--write", "--confirm", strconv.Itoa(undoneLetters), "--reason", "test")
	run := lastRun(t, state)
	ledger := ledgerOf(t, address, dlq)
	for _, position := range all {
		entries := ledger[position]
		if len(entries) != 1 || !strings.Contains(entries[0], `"state":"discarded","run":"`+run+`"`) {
			t.Fatalf("the ledger has of %s %q", position, entries)
		}
	}
	if _, errors, code := dlqProcess(t, state, "list", url); code != exit.NotFound {
		t.Fatalf("a letter is open: exit code %d: %s", code, errors)
	}
	undoneUnderFire(state, url).run(t, slices.Concat([]string{"restore"}, all, []string{url, "--write", "--confirm", strconv.Itoa(undoneLetters)})...)
	ledger = ledgerOf(t, address, dlq)
	for _, position := range all {
		if entries := ledger[position]; len(entries) != 2 || entries[1] != "" {
			t.Fatalf("the ledger has of %s %q", position, entries)
		}
	}
	if open := positions(t, state, url); !slices.Equal(open, all) {
		t.Errorf("%d letters are open, of %d", len(open), len(all))
	}
	if sent := committed(t, address, target); len(sent) > 0 {
		t.Errorf("%d letters were sent", len(sent))
	}
}

// ledgerOf is what the ledger has of a topic for read_committed readers, key by key, with
// "" for a mark that was taken away. Claims are left out.
func ledgerOf(t *testing.T, address, dlq string) map[string][]string {
	t.Helper()
	const ledger = "eventscope.ledger"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(ledger), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, ledger)
	if err != nil {
		t.Fatal(err)
	}
	left := map[int32]int64{} // partition to its end
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	found := map[string][]string{}
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("%v, and left are %v", err, left)
		}
		for r := range fetches.RecordsAll() {
			if key := string(r.Key); !r.Attrs.IsControl() && strings.HasPrefix(key, dlq+"/") {
				found[key] = append(found[key], string(r.Value))
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		}
	}
	return found
}

// TestDiscardAndRestoreKilledOnRabbitMQ: after each kill, a letter is in the queue, or it
// is in the archive and the journal says so. Restored, each is back, and what came twice
// is no more than was on its way at the kills.
func TestDiscardAndRestoreKilledOnRabbitMQ(t *testing.T) {
	t.Parallel()
	onEachRabbitMQ(t, func(t *testing.T, broker string, channel *amqp.Channel) {
		work, dlq, url := deadOnRabbitMQ(t, broker, channel, nil, undoneLetters)
		state := t.TempDir()
		all := positions(t, state, url)
		discard := undoneUnderFire(state, url)
		discard.look = func(run string) {
			archived, gone := journalled(t, state, run, replay.StepConfirm), journalled(t, state, run, replay.StepSettle)
			awaitDepthWithin(t, channel, dlq, undoneLetters-archived, undoneLetters-gone)
		}
		discard.run(t, "discard", url, "--write", "--confirm", strconv.Itoa(undoneLetters), "--reason", "test")
		awaitDepth(t, channel, dlq, 0)
		undoneUnderFire(state, url).run(t, slices.Concat([]string{"restore"}, all, []string{url, "--write", "--confirm", strconv.Itoa(undoneLetters)})...)
		checkRestored(t, drain(t, channel, dlq))
		if n := len(drain(t, channel, work)); n > 0 {
			t.Errorf("%d letters were sent", n)
		}
		_, errors, code := dlqProcess(t, state, "restore", all[0], url, "--write", "--confirm", "1")
		if code != exit.NotFound {
			t.Errorf("one can be restored twice: exit code %d: %s", code, errors)
		}
	})
}

func checkRestored(t *testing.T, back []amqp.Delivery) {
	t.Helper()
	seen := map[string]int{}
	for _, m := range back {
		seen[m.MessageId]++
		if string(m.Body) != m.MessageId || m.Headers["n"] != int32(7) || m.Headers["x-death"] == nil || m.Headers["x-replay-id"] != nil {
			t.Fatalf("letter %s came back as %q with %v", m.MessageId, m.Body, m.Headers)
		}
	}
	twice := 0
	for i := range undoneLetters {
		n := seen[strconv.Itoa(i)]
		if n == 0 {
			t.Fatalf("letter %d is lost", i)
		}
		twice += n - 1
	}
	t.Logf("%d of %d came back twice after %d kills", twice, undoneLetters, undoneKills)
	if twice > undoneKills*undoneWindow {
		t.Errorf("%d came back twice", twice)
	}
}

// bury sends so many messages to a queue that they die in at once.
func bury(t *testing.T, channel *amqp.Channel, work string, count int) {
	t.Helper()
	for i := range count {
		m := amqp.Publishing{
			MessageId: strconv.Itoa(i), Body: []byte(strconv.Itoa(i)), Expiration: "0", DeliveryMode: amqp.Persistent,
			Headers: amqp.Table{"n": int32(7)},
		}
		if err := channel.PublishWithContext(t.Context(), "", work, false, false, m); err != nil {
			t.Fatal(err)
		}
	}
}
