package kafka_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

func TestGraves(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		base := c.topic(t, 1)
		dlt, dlq, empty := base+"-dlt", base+".dlq", base+".poison"
		for _, name := range []string{dlt, dlq, empty} {
			c.create(t, name, 2)
		}
		c.publish(t, base, adapters.Message{Value: []byte("alive")})
		c.publish(t, dlt, letters(5)...)
		c.publish(t, dlq, adapters.Message{Value: []byte("no headers")})
		graves, err := c.reader(t, "~"+base+".*").Graves(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []adapters.Grave{
			{Name: dlt, Messages: 5, Evidence: "headers of spring-kafka"},
			{Name: dlq, Messages: 1, Evidence: "named like one, and its newest record has no headers of a dead letter"},
			{Name: empty, Messages: 0, Evidence: "named like one, and empty"},
		}
		sameGraves(t, graves, want)
		named := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{base, "~" + base + ".dlq", dlt}, LettersOnly: true})
		t.Cleanup(func() { named.Close() })
		graves, err = named.Graves(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sameGraves(t, graves, []adapters.Grave{{Name: base, Messages: 1, Evidence: "named when the source was opened"}, want[0], want[1]})
	})
}

func sameGraves(t *testing.T, got, want []adapters.Grave) {
	t.Helper()
	ids := make(map[string]bool)
	for i := range got {
		if len(got[i].Incarnation) != 32 || ids[got[i].Incarnation] || got[i].Kind != adapters.Topic || got[i].Unsafe != nil {
			t.Errorf("grave %+v", got[i])
		}
		ids[got[i].Incarnation] = true
		got[i].Incarnation, got[i].Kind, got[i].Guarantee = "", "", 0
	}
	if !slices.EqualFunc(got, want, func(a, b adapters.Grave) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("graves %+v\nwant %+v", got, want)
	}
}

// TestGravesOfTransactions: the newest offset of a letter's partition is a mark.
func TestGravesOfTransactions(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		grave, target := c.topic(t, 1), c.topic(t, 1)+"-dlt"
		c.create(t, target, 1)
		c.publish(t, grave, letter(0, "k", "letter"))
		a := c.writer(t, grave)
		held := look(t, a, grave)
		r := redrive(t, a, grave, nil)
		if _, err := r.Send(t.Context(), []adapters.Copy{{Of: &held[0], To: adapters.Target{Topic: target}}}, nil); err != nil {
			t.Fatal(err)
		}
		c.await(t, target)
		graves, err := c.reader(t, target).Graves(t.Context())
		if err != nil || len(graves) != 1 || graves[0].Evidence != "headers of spring-kafka" {
			t.Errorf("graves %+v, %v", graves, err)
		}
	})
}

func TestLook(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		grave := c.topic(t, 2)
		c.publish(t, grave, letters(2500)...)
		c.crash(t, grave, &kgo.Record{Topic: grave, Value: []byte("never committed")})
		a := c.writer(t, grave)
		redrive(t, a, grave, nil) // aborts what the crash left open
		c.await(t, grave)
		next := map[int32]int64{}
		for i, l := range look(t, a, grave) {
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
			err := a.Look(t.Context(), adapters.Look{Grave: grave, Most: most}, func(part []adapters.Held) error {
				got, largest = got+len(part), max(largest, len(part))
				return nil
			})
			if err != nil || got != min(most, 2500) || largest > 1000 {
				t.Errorf("of at most %d there were %d, in parts of up to %d: %v", most, got, largest, err)
			}
		}
		broken := errors.New("disk full")
		if err := a.Look(t.Context(), adapters.Look{Grave: grave}, func([]adapters.Held) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("keep failed, and Look says %v", err)
		}
		isProblem(t, a.Look(t.Context(), adapters.Look{Grave: "no-such-topic"}, nil), adapters.ErrUnknownDestination)
		if _, err := a.Preserve(nil, &adapters.Held{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("preserving a letter that stays: %v", err)
		}
	})
}

// BenchmarkLook measures the whole of 100,000 letters, and the wait for the first.
func BenchmarkLook(b *testing.B) {
	c := real(b)
	b.Setenv("EVENTSCOPE_BENCH_RECORDS", "100000")
	grave, n := flood(b, c)
	a := c.open(b, grave)
	defer a.Close()
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			if err := a.Look(b.Context(), adapters.Look{Grave: grave, Most: 1}, func([]adapters.Held) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		measure(b, n, func() {
			if err := a.Look(b.Context(), adapters.Look{Grave: grave}, func([]adapters.Held) error { return nil }); err != nil {
				b.Fatal(err)
			}
		})
	})
}

var _ adapters.DeadLetters = (*kafka.Adapter)(nil)
