package kafka_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// publishAt writes one record batch whose records have these times, which the client would
// not write, and their place in the list for a value.
func (c *cluster) publishAt(t testing.TB, topic string, times ...int64) {
	t.Helper()
	c.publishPacked(t, topic, 0, func(records []byte) []byte { return records }, times...)
}

// publishPacked is publishAt with records that are packed as the attributes say.
func (c *cluster) publishPacked(t testing.TB, topic string, attributes int16, pack func([]byte) []byte, times ...int64) {
	t.Helper()
	batch := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, Attributes: attributes, LastOffsetDelta: int32(len(times) - 1), NumRecords: int32(len(times)),
		FirstTimestamp: times[0], MaxTimestamp: times[0], ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1,
	}
	for i, at := range times {
		batch.MaxTimestamp = max(batch.MaxTimestamp, at)
		r := kmsg.Record{TimestampDelta64: at - times[0], OffsetDelta: int32(i), Value: fmt.Append(nil, i)}
		body := r.AppendTo(nil)[1:] // without the length, which is 0 as yet
		batch.Records = append(binary.AppendVarint(batch.Records, int64(len(body))), body...)
	}
	batch.Records = pack(batch.Records)
	c.publishBatch(t, topic, "", &batch)
}

// publishBatch writes a batch as it is to partition 0 of a topic, in a transaction if an id is named.
func (c *cluster) publishBatch(t testing.TB, topic, transaction string, batch *kmsg.RecordBatch) {
	t.Helper()
	raw := batch.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	metadata, err := c.admin.Metadata(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 5000
	if transaction != "" {
		request.TransactionID = &transaction
	}
	request.Topics = []kmsg.ProduceRequestTopic{{
		Topic: topic, TopicID: metadata.Topics[topic].ID, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: raw}},
	}}
	response, err := request.RequestWith(t.Context(), c.client.Broker(int(metadata.Topics[topic].Partitions[0].Leader)))
	if err == nil {
		err = kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const (
	farAway  = "message.timestamp.after.max.ms"
	longAgo  = "message.timestamp.before.max.ms"
	anyDelta = "9223372036854775807"
)

// TestTimesThatCannotBe writes what producers in the wrong unit write.
func TestTimesThatCannotBe(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		now := time.Now().UnixMilli()
		batches := [][]int64{
			{now, now + 7, now - 7},
			{-1},
			{-1, now, -1},
			{now*1000 + 123, now*1000 + 124}, // microseconds
			{now, now * 1000, now},
			{253402300800000}, // the year 10,000
			{now * 1_000_000}, // nanoseconds
			{math.MaxInt64},
			{math.MaxInt64, math.MaxInt64 - 1},
		}
		topic := c.topic(t, 1, farAway, anyDelta, longAgo, anyDelta)
		adapter := c.open(t, topic)
		run := follow(t, adapter, adapters.Beginning)
		var offset int64
		for _, times := range batches {
			c.publishAt(t, topic, times...)
			for i, want := range times {
				position := adapters.Position{Destination: topic, Offset: offset}
				offset++
				got := run.await(fmt.Sprint(i))
				if at, raw := adapters.MessageTime(want); !got.Time.Equal(at) || got.TimeRaw != raw {
					t.Errorf("%d of %v reads as %v and %d", want, times, got.Time, got.TimeRaw)
				}
				for again, err := range adapter.Fetch(t.Context(), []adapters.Position{position}) {
					if err != nil || !again.Time.Equal(got.Time) || again.TimeRaw != got.TimeRaw {
						t.Errorf("%d of %v is fetched as %v and %d, %v", want, times, again.Time, again.TimeRaw, err)
					}
				}
				for at, err := range adapter.NextTimes(t.Context(), []adapters.Position{position}) {
					if (err != nil) != got.Time.IsZero() || !at.Equal(got.Time) {
						t.Errorf("%d of %v is at %v for a consumer, %v", want, times, at, err)
					}
				}
			}
		}
	})
}

// TestATimeThatCannotBeEndsNoScan: what was written behind a record in the wrong unit is read,
// and so is that record, whatever the scan's end in time.
func TestATimeThatCannotBeEndsNoScan(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		now := time.Now()
		topic := c.topic(t, 1, farAway, anyDelta)
		for _, at := range []int64{now.UnixMilli(), now.UnixMicro(), now.UnixMilli() - 1, now.Add(time.Hour).UnixMilli()} {
			c.publishAt(t, topic, at)
		}
		adapter := c.open(t, topic)
		defer adapter.Close()
		if got := scanned(t, adapter, adapters.Range{From: adapters.Beginning, Until: now.Add(time.Minute)}); len(got) != 3 {
			t.Errorf("%d of 3 are read", len(got))
		}
	})
}
