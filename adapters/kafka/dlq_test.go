package kafka_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

func TestDLQs(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		base := c.topic(t, 1)
		dlt, dlq, empty := base+"-dlt", base+".dlq", base+".poison"
		for _, name := range []string{dlt, dlq, empty} {
			c.create(t, name, 2)
		}
		c.publish(t, base, adapters.Message{Value: []byte("alive")})
		c.publish(t, dlt, letters(5)...)
		c.publish(t, dlq, adapters.Message{Value: []byte("no headers")})
		dlqs, err := c.reader(t, "~"+base+".*").DLQs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []deadletter.Queue{
			{Name: dlt, Messages: 5, Evidence: "headers of spring-kafka"},
			{Name: dlq, Messages: 1, Evidence: "named like one, and its newest record has no headers of a dead letter"},
			{Name: empty, Messages: 0, Evidence: "named like one, and empty"},
		}
		sameDLQs(t, dlqs, want)
		named := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{base, "~" + base + ".dlq", dlt}, LettersOnly: true})
		t.Cleanup(func() { named.Close() })
		dlqs, err = named.DLQs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sameDLQs(t, dlqs, []deadletter.Queue{{Name: base, Messages: 1, Evidence: "named when the source was opened"}, want[0], want[1]})
	})
}

func sameDLQs(t *testing.T, got, want []deadletter.Queue) {
	t.Helper()
	ids := make(map[string]bool)
	for i := range got {
		if len(got[i].Incarnation) != 32 || ids[got[i].Incarnation] || got[i].Kind != adapters.Topic || got[i].Settling != deadletter.ByLedger || got[i].Unsafe != nil {
			t.Errorf("DLQ %+v", got[i])
		}
		ids[got[i].Incarnation] = true
		held := int64(0)
		for _, offsets := range got[i].Partitions {
			held += offsets.End - offsets.Start
		}
		if held != got[i].Messages || len(got[i].Partitions) == 0 {
			t.Errorf("%d messages are in the partitions %v of %s", got[i].Messages, got[i].Partitions, got[i].Name)
		}
		got[i].Partitions = nil
		got[i].Incarnation, got[i].Kind, got[i].Settling, got[i].Guarantee = "", "", "", 0
	}
	if !slices.EqualFunc(got, want, func(a, b deadletter.Queue) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("DLQs %+v\nwant %+v", got, want)
	}
}

// TestDLQsOfTransactions: the newest offset of a letter's partition is a mark.
func TestDLQsOfTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 1), c.topic(t, 1)+"-dlt"
		c.create(t, target, 1)
		c.publish(t, dlq, letter(0, "k", "letter"))
		a := c.writer(t, dlq)
		held := peek(t, a, dlq)
		r := redrive(t, a, dlq, nil)
		if _, err := r.Send(t.Context(), []deadletter.Copy{{Of: &held[0], To: deadletter.Target(target)}}, nil)(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.await(t, target)
		dlqs, err := c.reader(t, target).DLQs(t.Context())
		if err != nil || len(dlqs) != 1 || dlqs[0].Evidence != "headers of spring-kafka" {
			t.Errorf("DLQs %+v, %v", dlqs, err)
		}
	})
}

func TestPeek(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := c.topic(t, 2)
		c.publish(t, dlq, letters(2500)...)
		c.crash(t, dlq, &kgo.Record{Topic: dlq, Value: []byte("never committed")})
		a := c.writer(t, dlq)
		redrive(t, a, dlq, nil) // aborts what the crash left open
		c.await(t, dlq)
		next := map[int32]int64{}
		for i, l := range peek(t, a, dlq) {
			if l.Position.Offset != next[l.Position.Partition] {
				t.Fatalf("letter %d is %v, want offset %d", i, l.Position, next[l.Position.Partition])
			}
			next[l.Position.Partition]++
		}
		if next[0] != 1250 || next[1] != 1250 {
			t.Errorf("saw %v", next)
		}
		for _, most := range []int{1, 999, 2500, 9999} {
			got, largest := 0, 0
			err := a.Peek(t.Context(), deadletter.Peek{DLQ: dlq, Most: most}, func(part []deadletter.Delivery) error {
				got, largest = got+len(part), max(largest, len(part))
				return nil
			})
			if err != nil || got != min(most, 2500) || largest > 1000 {
				t.Errorf("of at most %d there were %d, in parts of up to %d: %v", most, got, largest, err)
			}
		}
		broken := errors.New("disk full")
		if err := a.Peek(t.Context(), deadletter.Peek{DLQ: dlq}, func([]deadletter.Delivery) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("keep failed, and Look says %v", err)
		}
		isProblem(t, a.Peek(t.Context(), deadletter.Peek{DLQ: "no-such-topic"}, nil), adapters.ErrUnknownDestination)
		var since []int64
		from := map[adapters.Log]int64{{Destination: dlq}: 2}
		err := a.Peek(t.Context(), deadletter.Peek{DLQ: dlq, FromOffsets: from}, func(part []deadletter.Delivery) error {
			for i := range part {
				if part[i].Position.Partition == 0 {
					since = append(since, part[i].Position.Offset)
				}
			}
			return nil
		})
		if err != nil || len(since) == 0 || since[0] < 2 {
			t.Errorf("from offset 2 on came %v, %v", since, err)
		}
		if _, err := a.Encode(nil, &deadletter.Delivery{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("preserving a letter that stays: %v", err)
		}
	})
}

// BenchmarkPeek measures the whole of 100,000 letters, and the wait for the first.
func BenchmarkPeek(b *testing.B) {
	c := real(b)
	b.Setenv("EVENTSCOPE_BENCH_RECORDS", "100000")
	dlq, n := flood(b, c)
	a := c.open(b, dlq)
	defer a.Close()
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if err := a.Peek(b.Context(), deadletter.Peek{DLQ: dlq, Most: 1}, func([]deadletter.Delivery) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		measure(b, n, func() {
			if err := a.Peek(b.Context(), deadletter.Peek{DLQ: dlq}, func([]deadletter.Delivery) error { return nil }); err != nil {
				b.Fatal(err)
			}
		})
	})
}

var _ deadletter.Queues = (*kafka.Adapter)(nil)
