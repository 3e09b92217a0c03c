package kafka_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// packing is a cluster whose writer packs everything with zstd.
func packing(t testing.TB) (*cluster, *cluster) {
	c, _ := fake(t)
	return c, connect(t, c.address, kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(1<<28), kgo.BrokerMaxWriteBytes(1<<29))
}

// TestBatchTooLarge leaves out what would unpack to more than the limit, and says so.
func TestBatchTooLarge(t *testing.T) {
	for _, limit := range []int32{0, 8 << 20} {
		c, writer := packing(t)
		topic := c.topic(t, 1)
		allowed := cmp.Or(limit, 128<<20)
		c.publish(t, topic, value("before"))
		writer.publish(t, topic, adapters.Message{Value: make([]byte, allowed+1)})
		writer.publish(t, topic, adapters.Message{Value: make([]byte, 7<<20)})
		c.publish(t, topic, value("after"))
		adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, BatchBytes: limit})
		run := follow(t, adapter, adapters.Beginning)
		run.await("after")
		run.sawOnce("before", string(make([]byte, 7<<20)), "after")
		saysTooLarge(t, run, topic, allowed)
		for _, err := range adapter.Fetch(t.Context(), []adapters.Position{{Destination: topic, Offset: 1}}) {
			if err == nil || !strings.Contains(err.Error(), "larger --memory") {
				t.Errorf("it is fetched: %v", err)
			}
		}
	}
}

// TestWindowTooLarge: a few bytes that ask for a window above the limit are left out as well.
func TestWindowTooLarge(t *testing.T) {
	c, _ := fake(t)
	topic := c.topic(t, 1)
	c.publishPacked(t, topic, 4, func(records []byte) []byte {
		var packed bytes.Buffer
		w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(16<<20))
		if err != nil {
			t.Fatal(err)
		}
		for i := range records { // as a stream, which does not know how long it will be
			w.Write(records[i : i+1])
			w.Flush()
		}
		w.Close()
		return packed.Bytes()
	}, 1_700_000_000_000)
	c.publish(t, topic, value("after"))
	run := follow(t, opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, BatchBytes: 8 << 20}), adapters.Beginning)
	run.await("after")
	run.sawOnce("after")
	saysTooLarge(t, run, topic, 8<<20)
	whole := follow(t, opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, BatchBytes: 16 << 20}), adapters.Beginning)
	whole.await("after")
	whole.sawOnce("0", "after")
}

func saysTooLarge(t *testing.T, run *following, topic string, limit int32) {
	t.Helper()
	status := run.until(func(s adapters.Status) bool { return len(s.Problems) > 0 })
	for _, wanted := range []string{"cannot be unpacked and are left out", topic + "/0", fmt.Sprintf("may take %d MiB", limit>>20), "larger --memory"} {
		if len(status.Problems) != 1 || !strings.Contains(status.Problems[0], wanted) {
			t.Errorf("problems %q, want %q", status.Problems, wanted)
		}
	}
}

// TestSmallAnswersThatUnpackToMuch: what is packed well comes a few batches at a time, and
// whole.
func TestSmallAnswersThatUnpackToMuch(t *testing.T) {
	c, writer := packing(t)
	topic := c.topic(t, 1)
	const size = 700 << 10
	var want []string
	for i := range 40 {
		text := fmt.Sprintf("%02d%s", i, bytes.Repeat([]byte("a"), size))
		want = append(want, text[:2])
		writer.publish(t, topic, value(text))
		if i%10 == 0 {
			want = append(want, "pl")
			c.publish(t, topic, value("plain"))
		}
	}
	var got []string
	greatest := 0
	adapter := c.open(t, topic)
	defer adapter.Close()
	err := adapter.Scan(t.Context(), adapters.Range{From: adapters.Beginning}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		bytes := 0
		for i := range batch.Messages {
			got = append(got, string(batch.Messages[i].Value[:2]))
			bytes += batch.Messages[i].Size()
		}
		greatest = max(greatest, bytes)
		batch.Release()
		return nil
	}))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v", got, err)
	}
	if greatest > 1<<20+size+10 {
		t.Errorf("%d bytes were handed over at once", greatest)
	}
}
