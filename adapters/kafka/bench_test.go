package kafka_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// benchRecords is how many records of 1 KB the benchmarks read, unless
// EVENTSCOPE_BENCH_RECORDS says another number.
const benchRecords = 200_000

// flood fills a topic with the events of the order flow: JSON of 1 KB, three headers,
// lz4, six partitions.
func flood(b *testing.B, c *cluster) (topic string, n int) {
	b.Helper()
	n = benchRecords
	if text := os.Getenv("EVENTSCOPE_BENCH_RECORDS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	topic = c.topic(b, 6)
	writer := connect(b, c.address, kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.ProducerBatchMaxBytes(1<<20),
		kgo.ProducerLinger(20*time.Millisecond), kgo.MaxProduceRequestsInflightPerBroker(1))
	filler := strings.Repeat("the quick brown fox jumps over the lazy dog 0123456789 ", 15)
	for i := range n {
		order := fmt.Sprintf("ord-%07d", i/5)
		value := fmt.Sprintf(`{"type":"OrderPlaced","payload":{"order_id":%q,"event_id":"%016x","note":%q}}`, order, uint64(i)*0x9E3779B97F4A7C15, filler[i%50:])
		writer.client.Produce(b.Context(), &kgo.Record{
			Topic: topic, Key: []byte(order), Value: []byte(value), Partition: int32(i / 5 % 6),
			Headers: []kgo.RecordHeader{
				{Key: "correlation_id", Value: []byte(order)}, {Key: "event_type", Value: []byte("OrderPlaced")}, {Key: "service", Value: []byte("order")},
			},
		}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := writer.client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return topic, n
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(b *testing.B, n int, read func()) {
	b.ReportAllocs()
	began := cpu()
	for b.Loop() {
		read()
	}
	events := float64(n) * float64(b.N)
	b.ReportMetric(float64((cpu()-began).Nanoseconds())/events/1000, "cpu_us/event")
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
}

// benchmarkReaders measures the adapter's scan, and beside it the client library's
// consumer with its defaults and with the adapter's fetch sizes.
func benchmarkReaders(b *testing.B, c *cluster) {
	topic, n := flood(b, c)
	b.Run("adapter", func(b *testing.B) {
		adapter := c.open(b, topic)
		defer adapter.Close()
		measure(b, n, func() {
			got := 0
			err := adapter.Scan(context.Background(), adapters.Range{From: adapters.Beginning}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
				got += len(batch.Messages)
				batch.Release()
				return nil
			}))
			if err != nil || got != n {
				b.Fatalf("read %d of %d: %v", got, n, err)
			}
		})
	})
	for name, options := range map[string][]kgo.Opt{
		"bare-defaults":   nil,
		"bare-same-sizes": {kgo.FetchMaxBytes(8 << 20), kgo.FetchMaxPartitionBytes(1 << 20)},
	} {
		b.Run(name, func(b *testing.B) { measure(b, n, func() { bare(b, c, topic, n, options) }) })
	}
}

func bare(b *testing.B, c *cluster, topic string, n int, options []kgo.Opt) {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableClientMetrics(),
	}, options...)...)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for got := 0; got < n; {
		fetches := client.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			b.Fatal(err)
		}
		got += fetches.NumRecords()
	}
}

func BenchmarkScanEmbedded(b *testing.B) {
	c, _ := fake(b)
	benchmarkReaders(b, c)
}

func BenchmarkScanReal(b *testing.B) { benchmarkReaders(b, real(b)) }

// BenchmarkFetch reads the 40 rows of a screen, spread over six partitions.
func BenchmarkFetch(b *testing.B) {
	c, _ := fake(b)
	topic, _ := flood(b, c)
	adapter := c.open(b, topic)
	defer adapter.Close()
	var positions []adapters.Position
	for i := range 40 {
		positions = append(positions, adapters.Position{Destination: topic, Partition: int32(i % 6), Offset: int64(10_000 + i/6*5)})
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range adapter.Fetch(context.Background(), positions) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
