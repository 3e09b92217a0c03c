package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// onBoth tells a story on the embedded cluster, and on a real one if there is one.
func onBoth(t *testing.T, story func(*testing.T, *cluster)) {
	t.Run("Embedded", func(t *testing.T) {
		c, _ := fake(t)
		story(t, c)
	})
	t.Run("Real", func(t *testing.T) { story(t, real(t)) })
}

// reader opens an adapter until the test ends.
func (c *cluster) reader(t testing.TB, topics ...string) *kafka.Adapter {
	t.Helper()
	adapter := c.open(t, topics...)
	t.Cleanup(func() { adapter.Close() })
	return adapter
}

// writer opens an adapter for writing until the test ends.
func (c *cluster) writer(t testing.TB, topics ...string) *kafka.Adapter {
	t.Helper()
	adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: topics, Write: true})
	t.Cleanup(func() { adapter.Close() })
	return adapter
}

// letter is a message as a dead-letter writer leaves it.
func letter(partition int32, key, value string) adapters.Message {
	return adapters.Message{
		Position: adapters.Position{Partition: partition}, Key: []byte(key), Value: []byte(value),
		Headers: []adapters.Header{
			{Name: "tenant", Value: []byte("a")},
			{Name: "kafka_dlt-original-topic", Value: []byte("orders")},
			{Name: "kafka_dlt-original-partition", Value: []byte{0, 0, 0, 2}},
			{Name: "kafka_dlt-original-offset", Value: []byte{0, 0, 0, 0, 0, 0, 3, 0x71}},
		},
	}
}

func letters(n int) (list []adapters.Message) {
	for i := range n {
		list = append(list, letter(int32(i%2), fmt.Sprint("key-", i), fmt.Sprint("letter-", i)))
	}
	return list
}

// peek reads all letters of a dead-letter queue.
func peek(t testing.TB, a *kafka.Adapter, dlq string) (all []deadletter.Delivery) {
	t.Helper()
	err := a.Peek(t.Context(), deadletter.Peek{DLQ: dlq}, func(part []deadletter.Delivery) error {
		all = append(all, part...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func positions(letters []deadletter.Delivery) (list []adapters.Position) {
	for i := range letters {
		list = append(list, letters[i].Position)
	}
	return list
}

// redrive begins one on letters, and closes it at the end.
func redrive(t testing.TB, a *kafka.Adapter, dlq string, letters []adapters.Position) deadletter.Redrive {
	t.Helper()
	r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, Run: "run-1", Letters: letters})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// copiesOf are copies of letters to a topic, with the entries that a replay would write.
func copiesOf(held []deadletter.Delivery, topic string) (copies []deadletter.Copy, entries []deadletter.Entry) {
	for i := range held {
		copies = append(copies, deadletter.Copy{
			Of: &held[i], To: deadletter.Target(topic),
			Remove: []string{"kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset"},
			Add:    []adapters.Header{{Name: "x-replay-id", Value: []byte("run-1")}},
		})
		entries = append(entries, deadletter.Entry{Key: []byte(held[i].Position.String()), Value: []byte("sent")})
	}
	return copies, entries
}

// sendAll redrives all there is, so many at a time, and returns how many it sent.
func sendAll(t testing.TB, r deadletter.Redrive, most int, topic string) (sent int) {
	t.Helper()
	for {
		held, err := r.Next(t.Context(), most)
		if err != nil {
			t.Fatal(err)
		}
		if len(held) == 0 {
			return sent
		}
		send(t, r, held, topic)
		sent += len(held)
	}
}

func send(t testing.TB, r deadletter.Redrive, held []deadletter.Delivery, topic string) {
	t.Helper()
	copies, entries := copiesOf(held, topic)
	outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range outcomes {
		if err != nil {
			t.Errorf("copy %d: %v", i, err)
		}
	}
	if err := r.Acknowledge(t.Context(), held); err != nil {
		t.Error(err)
	}
}

// await waits until every transaction that wrote to a topic has ended.
func (c *cluster) await(t testing.TB, topic string) {
	t.Helper()
	adaptertest.Await(t, "the end of transactions of "+topic, func() bool {
		ends, err := c.admin.ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		stable, err := c.admin.ListCommittedOffsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		decided := true
		ends.Each(func(o kadm.ListedOffset) {
			s, _ := stable.Lookup(topic, o.Partition)
			decided = decided && s.Offset == o.Offset
		})
		return decided
	})
}

// records reads what a committed reader sees of a topic now, by a client of its own.
func (c *cluster) records(t testing.TB, topic string) (all []*kgo.Record) {
	t.Helper()
	stable, err := c.admin.ListCommittedOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	missing := make(map[int32]int64)
	stable.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			missing[o.Partition] = o.Offset
		}
	})
	client, err := kgo.NewClient(kgo.SeedBrokers(c.address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(missing) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%v, and up to %v of %s are to be read", err, missing, topic)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
			if r.Offset+1 >= missing[r.Partition] {
				delete(missing, r.Partition)
			}
		})
	}
	return all
}

// sawOnce checks that a topic has just one copy of each value for committed readers.
func (c *cluster) sawOnce(t testing.TB, topic string, values ...string) {
	t.Helper()
	seen := make(map[string]int)
	for _, r := range c.records(t, topic) {
		seen[string(r.Value)]++
	}
	for _, value := range values {
		if seen[value] != 1 {
			t.Errorf("%q is there %d times", value, seen[value])
		}
		delete(seen, value)
	}
	for value, times := range seen {
		t.Errorf("%q is there %d times and not expected", value, times)
	}
}

// ledgerOf reads the entries about one dead-letter queue.
func ledgerOf(t testing.TB, a *kafka.Adapter, dlq string) map[string]string {
	t.Helper()
	entries, err := readLedger(t, a, dlq)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// settledLedgerOf is ledgerOf on a broker that has just come back and may still be busy with
// the transactions that it was killed in.
func settledLedgerOf(t testing.TB, a *kafka.Adapter, dlq string) map[string]string {
	t.Helper()
	for limit := time.Now().Add(2 * time.Minute); ; {
		entries, err := readLedger(t, a, dlq)
		if err == nil {
			return entries
		}
		if t.Log(err); !errors.Is(err, adapters.ErrBusy) || time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

func readLedger(t testing.TB, a *kafka.Adapter, dlq string) (map[string]string, error) {
	entries := make(map[string]string)
	_, err := a.Ledger(t.Context(), deadletter.LedgerQuery{Patient: true}, func(e deadletter.Entry) error {
		if key := string(e.Key); strings.HasPrefix(key, dlq+"/") {
			if _, twice := entries[key]; twice {
				t.Errorf("the ledger has %s twice", key)
			}
			entries[key] = string(e.Value)
		}
		return nil
	})
	return entries, err
}

func TestRedriveAll(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 2), c.topic(t, 3)
		c.publish(t, dlq, letters(9)...)
		a := c.writer(t, dlq)
		held := peek(t, a, dlq)
		if len(held) != 9 {
			t.Fatalf("saw %d letters of 9", len(held))
		}
		r := redrive(t, a, dlq, positions(held))
		if got := r.Guarantee(); got != deadletter.ExactlyOnce {
			t.Errorf("guarantee %v", got)
		}
		if sent := sendAll(t, r, 4, target); sent != 9 {
			t.Errorf("sent %d of 9", sent)
		}
		c.await(t, target)
		c.sawOnce(t, target, valuesOf(9)...)
		last := make(map[int32]string)
		for _, record := range c.records(t, target) {
			if len(record.Headers) != 2 || record.Headers[0].Key != "tenant" || record.Headers[1].Key != "x-replay-id" {
				t.Errorf("headers %v", record.Headers)
			}
			if string(record.Value) < last[record.Partition] && len(record.Value) == len(last[record.Partition]) {
				t.Errorf("%s comes behind %s", record.Value, last[record.Partition])
			}
			if partitions := kafka.PartitionsOfKey(record.Key, 3); record.Partition != partitions[0] {
				t.Errorf("key %s is in partition %d, a Java client puts it in %d", record.Key, record.Partition, partitions[0])
			}
		}
		if entries := ledgerOf(t, a, dlq); len(entries) != 9 {
			t.Errorf("the ledger has %v", entries)
		}
		if again := peek(t, a, dlq); len(again) != 9 {
			t.Errorf("the letters of a log stay, and %d are left", len(again))
		}
	})
}

// TestRedrivePart acts on some letters, of which one is gone meanwhile.
func TestRedrivePart(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		for i := range 10 {
			c.publish(t, dlq, letter(0, "k", fmt.Sprint("letter-", i)))
		}
		a := c.writer(t, dlq)
		held := peek(t, a, dlq)
		chosen := positions([]deadletter.Delivery{held[0], held[2], held[3], held[8]})
		if _, err := c.admin.DeleteRecords(t.Context(), kadm.OffsetsFromRecords(kgo.Record{Topic: dlq, Offset: 0})); err != nil {
			t.Fatal(err)
		}
		if sent := sendAll(t, redrive(t, a, dlq, chosen), 100, target); sent != 3 {
			t.Errorf("sent %d, want 3", sent)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter-2", "letter-3", "letter-8")
	})
}

// TestRedriveBytes sends letters whose parts are not text, missing, empty or there twice.
func TestRedriveBytes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		sent := []adapters.Message{
			{Key: []byte{0, 0xff}, Value: []byte{0x80, 0x01}, Headers: []adapters.Header{
				{Name: "n", Value: []byte{0x01, 0x80}}, {Name: "offset", Value: []byte{0, 0, 0, 0, 0, 0, 3, 0x71}},
				{Name: "twice", Value: []byte("1")}, {Name: "twice", Value: []byte("2")},
				{Name: "none", Value: nil}, {Name: "empty", Value: []byte{}}, {Name: "", Value: []byte("no name")},
			}},
			{Key: nil, Value: []byte("no key")},
			{Key: []byte{}, Value: []byte("empty key")},
			{Key: []byte("tombstone"), Value: nil},
			{Key: []byte("empty"), Value: []byte{}},
		}
		c.publish(t, dlq, sent...)
		a := c.writer(t, dlq)
		held := peek(t, a, dlq)
		r := redrive(t, a, dlq, positions(held))
		held, err := r.Next(t.Context(), 100)
		if err != nil || len(held) != len(sent) {
			t.Fatalf("%d letters: %v", len(held), err)
		}
		var copies []deadletter.Copy
		for i := range held {
			copies = append(copies, deadletter.Copy{Of: &held[i], To: deadletter.Target(target)})
		}
		if _, err := r.Send(t.Context(), copies, nil)(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.await(t, target)
		got := c.records(t, target)
		if len(got) != len(sent) {
			t.Fatalf("%d copies", len(got))
		}
		for i, want := range sent {
			same := identical(got[i].Key, want.Key) && identical(got[i].Value, want.Value) && len(got[i].Headers) == len(want.Headers)
			for j, h := range got[i].Headers {
				same = same && h.Key == want.Headers[j].Name && identical(h.Value, want.Headers[j].Value)
			}
			if !same {
				t.Errorf("sent %+v, got %+v", want, got[i])
			}
		}
	})
}

// identical tells nothing from empty.
func identical(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// TestRedriveCrash leaves a transaction open, as a process that dies between sending and
// committing does.
func TestRedriveCrash(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		c.publish(t, dlq, letter(0, "k", "letter"))
		a := c.writer(t, dlq)
		held := peek(t, a, dlq)
		send(t, redrive(t, a, dlq, positions(held)), nil, target) // makes the ledger
		c.crash(t, dlq, &kgo.Record{Topic: target, Value: []byte("letter")},
			&kgo.Record{Topic: kafka.LedgerTopic, Key: []byte(held[0].Position.String()), Value: []byte("sent")})
		r := redrive(t, a, dlq, positions(held))
		if entries := ledgerOf(t, a, dlq); len(entries) != 0 {
			t.Errorf("the ledger has what was never committed: %v", entries)
		}
		c.await(t, target)
		c.sawOnce(t, target)
		if sent := sendAll(t, r, 10, target); sent != 1 {
			t.Errorf("sent %d", sent)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter")
		if entries := ledgerOf(t, a, dlq); len(entries) != 1 {
			t.Errorf("the ledger has %v", entries)
		}
	})
}

// crash produces in a transaction of the dead-letter queue's redrives and goes away.
func (c *cluster) crash(t testing.TB, dlq string, records ...*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.address), kgo.TransactionalID("eventscope."+dlq), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// TestRedriveTwice begins a second redrive of the same letters beside the first.
func TestRedriveTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		for i := range 4 {
			c.publish(t, dlq, letter(0, "k", fmt.Sprint("letter-", i)))
		}
		a := c.writer(t, dlq)
		chosen := positions(peek(t, a, dlq))
		first := redrive(t, a, dlq, chosen)
		early, err := first.Next(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		send(t, first, early, target)
		late, err := first.Next(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		second := redrive(t, c.writer(t, dlq), dlq, chosen[2:])
		copies, entries := copiesOf(late, target)
		outcomes, err := first.Send(t.Context(), copies, entries)(t.Context())
		isProblem(t, err, adapters.ErrBusy)
		for _, outcome := range outcomes {
			isKind(t, outcome, deadletter.ErrNotSent)
		}
		if _, err := first.Send(t.Context(), copies, entries)(t.Context()); err == nil {
			t.Error("a redrive that was told to be late goes on")
		}
		if sent := sendAll(t, second, 10, target); sent != 2 {
			t.Errorf("the second sent %d", sent)
		}
		c.await(t, target)
		c.sawOnce(t, target, "letter-0", "letter-1", "letter-2", "letter-3")
	})
}

// TestRedriveRefused has letters in a transaction that cannot be sent: none is, those at
// fault are told, and the rest can be sent without them.
func TestRedriveRefused(t *testing.T) {
	onReal(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)
		small, compacted := c.topic(t, 1, "max.message.bytes", "2000"), c.topic(t, 1, "cleanup.policy", "compact")
		deleted := c.topic(t, 1)
		c.publish(t, dlq, letter(0, "k", "good"), adapters.Message{Value: bytes.Repeat([]byte("long "), 500)}, letter(0, "k", "other"))
		a := c.writer(t, dlq)
		r := redrive(t, a, dlq, positions(peek(t, a, dlq)))
		held, err := r.Next(t.Context(), 10)
		if err != nil || len(held) != 3 {
			t.Fatalf("%d letters: %v", len(held), err)
		}
		send(t, r, held[2:], deleted) // the client has sent there before
		if _, err := c.admin.DeleteTopics(t.Context(), deleted); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			topic string
			kind  error
		}{
			{"no-such-topic", deadletter.ErrUnroutable}, {"not/a topic", deadletter.ErrUnroutable}, {"", deadletter.ErrUnroutable},
			{small, adapters.ErrTooLarge}, {compacted, adapters.ErrUsage}, {deleted, deadletter.ErrUnroutable},
		} {
			copies, entries := copiesOf(held, target)
			copies[1].To = deadletter.Target(test.topic)
			outcomes, err := r.Send(t.Context(), copies, entries)(t.Context())
			if err != nil {
				t.Fatalf("topic %q: %v", test.topic, err)
			}
			isKind(t, outcomes[0], deadletter.ErrNotSent)
			isProblem(t, outcomes[1], test.kind)
			isKind(t, outcomes[2], deadletter.ErrNotSent)
		}
		if topics, err := c.admin.ListTopics(t.Context()); err != nil || topics.Has("no-such-topic") {
			t.Errorf("sending to a topic has made it (%v)", err)
		}
		send(t, r, []deadletter.Delivery{held[0], held[2]}, target)
		c.await(t, target)
		c.sawOnce(t, target, "good", "other")
		if entries := ledgerOf(t, a, dlq); len(entries) != 2 {
			t.Errorf("the ledger has %v", entries)
		}
	})
}

func isKind(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
}

func isProblem(t testing.TB, err, kind error) {
	t.Helper()
	isKind(t, err, kind)
	if err != nil {
		t.Log(err)
	}
	var problem *adapters.Problem
	if !errors.As(err, &problem) || problem.Remedy == "" {
		t.Errorf("error %#v is no problem with a remedy", err)
	}
}
