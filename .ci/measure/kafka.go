package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	partitions   = 6
	eventsInFlow = 5
)

var kinds = [eventsInFlow]string{"OrderPlaced", "PaymentProcessed", "PaymentApproved", "InventoryReserved", "ShipmentPrepared"}
var services = [eventsInFlow]string{"order", "payment", "fraud", "inventory", "shipping"}

// event is the i-th event of the load: flows are interleaved a thousand wide, as on a
// busy topic.
func event(i int, topic, run string, padding string) *kgo.Record {
	const wide = 1000
	step := i / wide % eventsInFlow
	order := i/(wide*eventsInFlow)*wide + i%wide
	id := fmt.Sprintf("ord-%s-%07d", run, order)
	own := fmt.Appendf(nil, "ev-%s-%09d", run, i)
	value := make([]byte, 0, 1100) // by hand, since the producer must be cheaper than what it loads
	value = append(append(append(value, `{"type":"`...), kinds[step]...), `","payload":{"order_id":"`...)
	value = append(append(append(value, id...), `","event_id":"`...), own...)
	value = fmt.Appendf(value, `","customer_id":"cust-%05d","amount":129.90,"currency":"EUR",`, order%20000)
	value = append(value, `"items":[{"sku":"A-1","quantity":2},{"sku":"B-7","quantity":1}],"timestamp":"`...)
	value = time.Now().UTC().AppendFormat(value, time.RFC3339Nano)
	value = append(append(append(value, `","note":"`...), padding...), `"}}`...)
	return &kgo.Record{
		Topic: topic, Key: []byte(id), Value: value,
		Headers: []kgo.RecordHeader{
			{Key: "correlation_id", Value: fmt.Appendf(nil, "%08x-0000-4000-8000-%012x", order, order)},
			{Key: "event_type", Value: []byte(kinds[step])},
			{Key: "event_id", Value: own},
			{Key: "source", Value: []byte(services[step])},
		},
	}
}

// produce makes the topic if needed and writes events, perSecond of them a second, or as
// fast as the broker takes them when that is 0.
func produce(ctx context.Context, address, topic string, events, perSecond int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.ProducerLinger(20*time.Millisecond), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, partitions, 1, nil, topic); err != nil && !strings.Contains(err.Error(), "ALREADY_EXISTS") {
		return err
	}
	padding := noise(690)
	run := fmt.Sprintf("%04x", time.Now().UnixNano()>>20&0xffff)
	var failed atomic.Pointer[error]
	began := time.Now()
	for i := range events {
		if perSecond > 0 && i%100 == 0 {
			due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		client.Produce(ctx, event(i, topic, run, padding), func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	fmt.Fprintf(os.Stderr, "produced %d events in %.1f s, the last order is ord-%s-%07d\n", events, time.Since(began).Seconds(), run, (events-1)/5/1000*1000)
	return nil
}

// large makes a topic of one record: an order of 2 MB.
func large(ctx context.Context, address, topic string) error {
	limit := "8000000"
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ProducerBatchMaxBytes(8_000_000))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, 1, 1, map[string]*string{"max.message.bytes": &limit}, topic); err != nil {
		return err
	}
	value := []byte(`{"type":"Large","payload":{"order_id":"ord-1","items":[`)
	for i := range 25_000 {
		if i > 0 {
			value = append(value, ',')
		}
		value = fmt.Appendf(value, `{"sku":"A-%d","name":"an item with a name of some length","quantity":%d}`, i, i)
	}
	value = append(value, `]}}`...)
	return client.ProduceSync(ctx, &kgo.Record{Topic: topic, Key: []byte("ord-1"), Value: value}).FirstErr()
}

// remove deletes topics.
func remove(ctx context.Context, address string, topics []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer client.Close()
	deleted, err := kadm.NewClient(client).DeleteTopics(ctx, topics...)
	if err != nil {
		return err
	}
	return deleted.Error()
}

// noise is text that compresses about as well as prose does.
func noise(n int) string {
	words := []string{"ships", "within", "two", "days", "gift", "wrapping", "asked", "leave", "at", "the", "door", "fragile", "call", "before"}
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteString(words[x>>16%uint32(len(words))])
		b.WriteByte(' ')
	}
	return b.String()[:n]
}

// read is the least a reader can do: poll to the end of the topic and count.
func read(ctx context.Context, address, topic string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	left := int64(0)
	ends.Each(func(o kadm.ListedOffset) { left += o.Offset })
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return err
		}
		left -= int64(fetches.NumRecords())
	}
	return nil
}
