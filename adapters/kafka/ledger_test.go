package kafka_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// record writes entries of the ledger, by a redrive of a dead-letter queue without letters.
func record(t testing.TB, r deadletter.Redrive, entries ...deadletter.Entry) {
	t.Helper()
	if _, err := r.Send(t.Context(), nil, entries)(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func entry(dlq string, offset int, value string) deadletter.Entry {
	position := adapters.Position{Destination: dlq, Offset: int64(offset)}
	return deadletter.Entry{Key: []byte(position.String()), Value: []byte(value)}
}

func TestLedger(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := c.topic(t, 1)
		a := c.writer(t, dlq)
		if entries := ledgerOf(t, a, dlq); len(entries) != 0 {
			t.Errorf("a ledger about nothing has %v", entries)
		}
		r := redrive(t, a, dlq, nil)
		if held, err := r.Next(t.Context(), 10); len(held) != 0 || err != nil {
			t.Errorf("nothing was ordered, and there is %v, %v", held, err)
		}
		record(t, r, entry(dlq, 1, "first"), entry(dlq, 2, "discarded"), entry(dlq, 3, "kept"))
		record(t, r, entry(dlq, 1, "newest"), entry(dlq, 2, ""))
		c.crash(t, dlq, &kgo.Record{Topic: kafka.LedgerTopic, Key: entry(dlq, 3, "").Key, Value: []byte("never")})
		r = redrive(t, a, dlq, nil)
		want := map[string]string{dlq + "/0@1": "newest", dlq + "/0@3": "kept"}
		if entries := ledgerOf(t, a, dlq); !maps.Equal(entries, want) {
			t.Errorf("the ledger has %v, want %v", entries, want)
		}
		record(t, r, entry(dlq, 2, "again"))
		want[dlq+"/0@2"] = "again"
		if entries := ledgerOf(t, c.reader(t, dlq), dlq); !maps.Equal(entries, want) {
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

// TestLedgerWaits has an entry behind a transaction of another dead-letter queue that is still open:
// without waiting for that, it would be missing.
func TestLedgerWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		crashed, dlq := c.topic(t, 1), c.topic(t, 1)
		a := c.writer(t, dlq)
		r := redrive(t, a, dlq, nil)
		c.crash(t, crashed, &kgo.Record{Topic: kafka.LedgerTopic, Key: entry(crashed, 1, "").Key, Value: []byte("never")})
		record(t, r, entry(dlq, 1, "sent"))
		read := make(chan map[string]string, 1)
		go func() { read <- ledgerOf(t, a, dlq) }()
		redrive(t, c.writer(t, crashed), crashed, nil) // ends the open transaction
		if entries := adaptertest.Received(t, "the ledger", read); len(entries) != 1 {
			t.Errorf("the ledger has %v", entries)
		}
	})
}

// readOn reads a ledger from a place and returns what came since, with the place behind it.
func readOn(t *testing.T, a *kafka.Adapter, from deadletter.LedgerPoint) (map[string]string, deadletter.LedgerPoint) {
	t.Helper()
	entries := make(map[string]string)
	place, err := a.Ledger(t.Context(), deadletter.LedgerQuery{From: from}, func(e deadletter.Entry) error {
		entries[string(e.Key)] = string(e.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries, place
}

// TestLedgerIsReadOn reads only what came since, removed keys among it, and refuses to go on
// in a ledger that is another.
func TestLedgerIsReadOn(t *testing.T) {
	c, _ := fake(t)
	dlq := c.topic(t, 1)
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, nil)
	record(t, r, entry(dlq, 1, "one"), entry(dlq, 2, "two"))
	_, place := readOn(t, a, deadletter.LedgerPoint{})
	if entries, _ := readOn(t, a, place); len(entries) != 0 {
		t.Errorf("nothing came, and there is %v", entries)
	}
	record(t, r, entry(dlq, 1, ""), entry(dlq, 3, "three"))
	entries, after := readOn(t, a, place)
	if want := map[string]string{dlq + "/0@1": "", dlq + "/0@3": "three"}; !maps.Equal(entries, want) {
		t.Errorf("since then came %v, want %v", entries, want)
	}
	var cut kadm.Offsets
	cut.Add(kadm.Offset{Topic: kafka.LedgerTopic, At: after.Next[adapters.Log{Destination: kafka.LedgerTopic}]})
	if _, err := c.admin.DeleteRecords(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	old := after
	old.At = old.At.Add(-24 * time.Hour)
	other := after
	other.Incarnation = "another"
	for name, from := range map[string]deadletter.LedgerPoint{"removed in between": place, "too old": old, "made again": other} {
		_, err := a.Ledger(t.Context(), deadletter.LedgerQuery{From: from}, func(deadletter.Entry) error { return nil })
		if !errors.Is(err, adapters.ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLedgerBehindAHangingTransaction says so to who looks, and to who is patient if the
// transaction is so old that waiting is in vain.
func TestLedgerBehindAHangingTransaction(t *testing.T) {
	c, k := fake(t)
	dlq := c.topic(t, 1)
	a := c.writer(t, dlq)
	record(t, redrive(t, a, dlq, nil), entry(dlq, 1, "sent"))
	c.crash(t, dlq, &kgo.Record{Topic: kafka.LedgerTopic, Key: []byte("foreign")})
	k.ControlKey(int16(kmsg.DescribeProducers), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		producer := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
		producer.CurrentTxnStartOffset, producer.LastTimestamp = 2, time.Now().Add(-time.Hour).UnixMilli()
		response := request.ResponseKind().(*kmsg.DescribeProducersResponse)
		response.Topics = []kmsg.DescribeProducersResponseTopic{{Topic: kafka.LedgerTopic, Partitions: []kmsg.DescribeProducersResponseTopicPartition{
			{ActiveProducers: []kmsg.DescribeProducersResponseTopicPartitionActiveProducer{producer}},
		}}}
		return response, nil, true
	})
	for _, patient := range []bool{false, true} {
		_, err := a.Ledger(t.Context(), deadletter.LedgerQuery{Patient: patient}, func(deadletter.Entry) error { return nil })
		isProblem(t, err, adapters.ErrBusy)
		if !strings.Contains(err.Error(), "stays open, from offset ") {
			t.Errorf("patient %v: %v", patient, err)
		}
	}
}

// TestALedgerWhoseBeginningMovesIsReadAgain: compaction and retention may take the oldest records
// between the question where it begins and the reading. What is left is then the ledger.
func TestALedgerWhoseBeginningMovesIsReadAgain(t *testing.T) {
	c, k := fake(t)
	dlq := c.topic(t, 1)
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, nil)
	record(t, r, entry(dlq, 1, "one"))
	record(t, r, entry(dlq, 2, "two"))
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() {
			if err := k.DeleteRecords(kafka.LedgerTopic, 0, 2); err != nil { // the first entry, and its mark
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	if entries := ledgerOf(t, a, dlq); !maps.Equal(entries, map[string]string{dlq + "/0@2": "two"}) {
		t.Errorf("the ledger has %v", entries)
	}
}

// TestLedgerUnfit has a topic of that name that somebody else made: the plan says what is wrong with
// it, and a redrive refuses it.
func TestLedgerUnfit(t *testing.T) {
	for name, test := range map[string]struct {
		settings []string
		says     string
	}{
		"loses records":       {[]string{"cleanup.policy", "delete"}, "cleanup.policy=delete"},
		"forgets at once":     {[]string{"cleanup.policy", "compact", "delete.retention.ms", "0"}, "delete.retention.ms=0"},
		"forgets in a minute": {[]string{"cleanup.policy", "compact", "delete.retention.ms", "60000"}, "set its delete.retention.ms to 3600000 or more"},
		"fit":                 {[]string{"cleanup.policy", "compact", "delete.retention.ms", "3600000"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := fake(t)
			dlq := c.topic(t, 1)
			c.create(t, kafka.LedgerTopic, 1, test.settings...)
			a := c.writer(t, dlq)
			lacks, err := a.Lacks(t.Context(), dlq)
			if err != nil || strings.Contains(strings.Join(lacks, "\n"), "a ledger that keeps its records") != (test.says != "") || !strings.Contains(strings.Join(lacks, "\n"), test.says) {
				t.Errorf("the plan lacks %q, %v", lacks, err)
			}
			r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq})
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				r.Close()
				return
			}
			isProblem(t, err, adapters.ErrUsage)
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestLedgerHidden: what is written there is no event.
func TestLedgerHidden(t *testing.T) {
	c, _ := fake(t)
	dlq := c.topic(t, 1)
	a := c.writer(t)
	redrive(t, a, dlq, nil)
	dlqs, err := a.DLQs(t.Context())
	if err != nil || len(dlqs) != 0 {
		t.Errorf("DLQs %v, %v", dlqs, err)
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
	c.create(t, kafka.LedgerTopic, 1, "cleanup.policy", "compact", "segment.ms", "100", "min.cleanable.dirty.ratio", "0.01")
	dlq := c.topic(t, 1)
	a := c.writer(t, dlq)
	r := redrive(t, a, dlq, nil)
	forgets := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "delete.retention.ms", Value: kadm.StringPtr("0")}} // which it was refused with
	if _, err := c.admin.AlterTopicConfigs(t.Context(), forgets, kafka.LedgerTopic); err != nil {
		t.Fatal(err)
	}
	for round := range 300 {
		var entries []deadletter.Entry
		for letter := range 10 {
			entries = append(entries, entry(dlq, letter, fmt.Sprint(round)))
		}
		record(t, r, entries...)
	}
	record(t, r, entry(dlq, 0, ""))
	adaptertest.Await(t, "the broker to compact the ledger", func() bool {
		record(t, r, entry(dlq, 1, "299")) // rolls segments, which only writing does
		return len(c.records(t, kafka.LedgerTopic)) <= 1000
	})
	entries := ledgerOf(t, a, dlq)
	if len(entries) != 9 {
		t.Errorf("the ledger has %v", entries)
	}
	for key, value := range entries {
		if value != "299" {
			t.Errorf("%s is %s", key, value)
		}
	}
}

func BenchmarkLedger(b *testing.B) {
	c := real(b)
	const n = 100_000
	dlq := c.topic(b, 1)
	a := c.writer(b, dlq)
	r, err := a.Redrive(b.Context(), deadletter.Order{DLQ: dlq})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	value := fmt.Sprintf("%0200d", 1)
	for i := 0; i < n; {
		var entries []deadletter.Entry
		for range 2000 {
			entries, i = append(entries, entry(dlq, i, value)), i+1
		}
		record(b, r, entries...)
	}
	for b.Loop() {
		got := 0
		if _, err := a.Ledger(b.Context(), deadletter.LedgerQuery{}, func(deadletter.Entry) error { got++; return nil }); err != nil || got < n {
			b.Fatalf("%d entries: %v", got, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// TestALedgerIsReadOnFromWhereItWasRead: what came since, removed keys as such, and nothing
// else; a ledger that was made again is not taken for the one that was read.
func TestALedgerIsReadOnFromWhereItWasRead(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := c.topic(t, 1)
		a := c.writer(t, dlq)
		r := redrive(t, a, dlq, nil)
		record(t, r, entry(dlq, 1, "one"), entry(dlq, 2, "two"))
		point, entries := ledgerFrom(t, a, dlq, deadletter.LedgerPoint{})
		if len(entries) != 2 || point.IsZero() {
			t.Fatalf("from the beginning: %v, up to %v", entries, point)
		}
		if _, entries := ledgerFrom(t, a, dlq, point); len(entries) != 0 {
			t.Errorf("nothing came, and there is %v", entries)
		}
		record(t, r, entry(dlq, 1, ""), entry(dlq, 3, "three"))
		next, entries := ledgerFrom(t, a, dlq, point)
		if want := map[string]string{dlq + "/0@1": "", dlq + "/0@3": "three"}; !maps.Equal(entries, want) {
			t.Errorf("what came is %v, want %v", entries, want)
		}
		if _, again := ledgerFrom(t, a, dlq, point); !maps.Equal(again, entries) {
			t.Errorf("the same place gives %v, and then %v", entries, again)
		}
		next.Incarnation = "00"
		if _, err := a.Ledger(t.Context(), deadletter.LedgerQuery{From: next}, nil); !errors.Is(err, adapters.ErrGone) {
			t.Errorf("going on in an earlier ledger of the name: %v", err)
		}
	})
}

// ledgerFrom reads the entries about one dead-letter queue that came behind a place.
func ledgerFrom(t *testing.T, a *kafka.Adapter, dlq string, from deadletter.LedgerPoint) (deadletter.LedgerPoint, map[string]string) {
	t.Helper()
	entries := map[string]string{}
	wanted := func(key []byte) bool { return bytes.HasPrefix(key, []byte(dlq+"/")) }
	reached, err := a.Ledger(t.Context(), deadletter.LedgerQuery{From: from, Wanted: wanted}, func(e deadletter.Entry) error {
		entries[string(e.Key)] = string(e.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return reached, entries
}

// TestAPeekReadsOnFromAnOffset of each partition that is named, and the others whole.
func TestAPeekReadsOnFromAnOffset(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := c.topic(t, 2)
		c.publish(t, dlq, letters(9)...)
		a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{dlq}, LettersOnly: true})
		defer a.Close()
		dlqs, err := a.DLQs(t.Context())
		if err != nil || len(dlqs) != 1 || len(dlqs[0].Partitions) != 2 {
			t.Fatalf("%+v, %v", dlqs, err)
		}
		from, log := map[adapters.Log]int64{}, adapters.Log{Destination: dlq}
		from[log] = dlqs[0].Partitions[log].End - 1
		seen := map[int32]int{}
		err = a.Peek(t.Context(), deadletter.Peek{DLQ: dlq, FromOffsets: from}, func(part []deadletter.Delivery) error {
			for i := range part {
				seen[part[i].Position.Partition]++
			}
			return nil
		})
		other := dlqs[0].Partitions[adapters.Log{Destination: dlq, Partition: 1}]
		if err != nil || seen[0] != 1 || int64(seen[1]) != other.End-other.Start {
			t.Errorf("%v letters were seen, %v; the partitions hold %v", seen, err, dlqs[0].Partitions)
		}
	})
}
