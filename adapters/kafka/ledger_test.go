package kafka_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// record writes entries of the ledger, by a redrive of a grave without letters.
func record(t testing.TB, r adapters.Redrive, entries ...adapters.Entry) {
	t.Helper()
	if _, err := r.Send(t.Context(), nil, entries); err != nil {
		t.Fatal(err)
	}
}

func entry(grave string, offset int, value string) adapters.Entry {
	position := adapters.Position{Destination: grave, Offset: int64(offset)}
	return adapters.Entry{Key: []byte(position.String()), Value: []byte(value)}
}

func TestLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		grave := c.topic(t, 1)
		a := c.writer(t, grave)
		if entries := ledgerOf(t, a, grave); len(entries) != 0 {
			t.Errorf("a ledger about nothing has %v", entries)
		}
		r := redrive(t, a, grave, nil)
		if held, err := r.Next(t.Context(), 10); len(held) != 0 || err != nil {
			t.Errorf("nothing was ordered, and there is %v, %v", held, err)
		}
		record(t, r, entry(grave, 1, "first"), entry(grave, 2, "discarded"), entry(grave, 3, "kept"))
		record(t, r, entry(grave, 1, "newest"), entry(grave, 2, ""))
		c.crash(t, grave, &kgo.Record{Topic: kafka.LedgerTopic, Key: entry(grave, 3, "").Key, Value: []byte("never")})
		r = redrive(t, a, grave, nil)
		want := map[string]string{grave + "/0@1": "newest", grave + "/0@3": "kept"}
		if entries := ledgerOf(t, a, grave); !maps.Equal(entries, want) {
			t.Errorf("the ledger has %v, want %v", entries, want)
		}
		record(t, r, entry(grave, 2, "again"))
		want[grave+"/0@2"] = "again"
		if entries := ledgerOf(t, c.reader(t, grave), grave); !maps.Equal(entries, want) {
			t.Errorf("the ledger has %v, want %v", entries, want)
		}
		configs, err := c.admin.DescribeTopicConfigs(t.Context(), kafka.LedgerTopic)
		if err != nil {
			t.Fatal(err)
		}
		for _, setting := range configs[0].Configs {
			if setting.Key == "cleanup.policy" && setting.MaybeValue() != "compact" {
				t.Errorf("the ledger's cleanup.policy is %s", setting.MaybeValue())
			}
		}
	})
}

// TestLedgerWaits has an entry behind a transaction of another grave that is still open:
// without waiting for that, it would be missing.
func TestLedgerWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		crashed, grave := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, grave)
		r := redrive(t, a, grave, nil)
		c.crash(t, crashed, &kgo.Record{Topic: kafka.LedgerTopic, Key: entry(crashed, 1, "").Key, Value: []byte("never")})
		record(t, r, entry(grave, 1, "sent"))
		read := make(chan map[string]string)
		go func() { read <- ledgerOf(t, a, grave) }()
		redrive(t, c.writer(t, crashed), crashed, nil) // ends the open transaction
		if entries := <-read; len(entries) != 1 {
			t.Errorf("the ledger has %v", entries)
		}
	})
}

// TestLedgerUnfit has a topic of that name that somebody else made.
func TestLedgerUnfit(t *testing.T) {
	c, _ := fake(t)
	grave := c.topic(t, 1)
	if _, err := c.admin.CreateTopic(t.Context(), 1, 1, map[string]*string{"cleanup.policy": kadm.StringPtr("delete")}, kafka.LedgerTopic); err != nil {
		t.Fatal(err)
	}
	_, err := c.writer(t, grave).Redrive(t.Context(), adapters.Order{Grave: grave})
	isProblem(t, err, adapters.ErrUsage)
}

// TestLedgerHidden: what is written there is no event.
func TestLedgerHidden(t *testing.T) {
	c, _ := fake(t)
	grave := c.topic(t, 1)
	a := c.writer(t)
	redrive(t, a, grave, nil)
	graves, err := a.Graves(t.Context())
	if err != nil || len(graves) != 0 {
		t.Errorf("graves %v, %v", graves, err)
	}
	list, err := a.Destinations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Name == kafka.LedgerTopic && !d.Internal {
			t.Error("the ledger is shown among the topics of events")
		}
	}
}

// TestLedgerCompacted lets a real broker compact the ledger.
func TestLedgerCompacted(t *testing.T) {
	_, c := ownBroker(t, "log.cleaner.backoff.ms=50")
	c.create(t, kafka.LedgerTopic, 1, "cleanup.policy", "compact", "segment.ms", "100", "min.cleanable.dirty.ratio", "0.01", "delete.retention.ms", "0")
	grave := c.topic(t, 1)
	a := c.writer(t, grave)
	r := redrive(t, a, grave, nil)
	for round := range 300 {
		var entries []adapters.Entry
		for letter := range 10 {
			entries = append(entries, entry(grave, letter, fmt.Sprint(round)))
		}
		record(t, r, entries...)
	}
	record(t, r, entry(grave, 0, ""))
	for len(c.records(t, kafka.LedgerTopic)) > 1000 {
		record(t, r, entry(grave, 1, "299")) // rolls segments, which only writing does
	}
	entries := ledgerOf(t, a, grave)
	if len(entries) != 9 {
		t.Errorf("the ledger has %v", entries)
	}
	for key, value := range entries {
		if value != "299" {
			t.Errorf("%s is %s", key, value)
		}
	}
}

// everyKey wants all that is in a ledger.
func everyKey([]byte) bool { return true }

func BenchmarkLedger(b *testing.B) {
	c := real(b)
	const n = 100_000
	grave := c.topic(b, 1)
	a := c.writer(b, grave)
	r, err := a.Redrive(b.Context(), adapters.Order{Grave: grave})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	value := fmt.Sprintf("%0200d", 1)
	for i := 0; i < n; {
		var entries []adapters.Entry
		for range 2000 {
			entries, i = append(entries, entry(grave, i, value)), i+1
		}
		record(b, r, entries...)
	}
	for b.Loop() {
		got := 0
		if err := a.Ledger(b.Context(), everyKey, func(adapters.Entry) error { got++; return nil }); err != nil || got < n {
			b.Fatalf("%d entries: %v", got, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
