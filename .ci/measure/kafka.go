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

const partitions = 6

// produce makes the topic if needed and writes events, perSecond of them a second, or as
// fast as the broker takes them when that is 0.
func produce(ctx context.Context, address, topic string, events, perSecond int, l load) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.ProducerLinger(20*time.Millisecond), kgo.MaxBufferedRecords(50_000))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(ctx, partitions, 1, nil, topic); err != nil && !strings.Contains(err.Error(), "ALREADY_EXISTS") {
		return err
	}
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
		client.Produce(ctx, l.record(i, topic), func(_ *kgo.Record, err error) {
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
	orders, last := l.orders(events)
	fmt.Fprintf(os.Stderr, "produced %d events of %d orders in %.1f s, the last order is %s\n", events, orders, time.Since(began).Seconds(), last)
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
