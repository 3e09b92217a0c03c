package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// nextTries bounds how many answers without a record are passed over in search of the
// next one: marks of transactions, and batches that compaction has emptied.
const nextTries = 16

// NextTimes implements [adapters.LagReader]. Each costs a request of one record batch;
// several logs are read at a time.
func (a *Adapter) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		times, errs := make([]time.Time, len(positions)), make([]error, len(positions))
		var reading sync.WaitGroup
		slots := make(chan struct{}, fetchAtOnce)
		for i, position := range positions {
			if ctx.Err() != nil {
				break
			}
			slots <- struct{}{}
			reading.Go(func() {
				defer func() { <-slots }()
				times[i], errs[i] = a.nextTime(ctx, position)
			})
		}
		reading.Wait()
		for i := range positions {
			if ctx.Err() != nil {
				yield(time.Time{}, ctx.Err())
				return
			}
			if !yield(times[i], errs[i]) {
				return
			}
		}
	}
}

// nextTime is the broker time of the first record at or behind a position, or zero.
func (a *Adapter) nextTime(ctx context.Context, p adapters.Position) (time.Time, error) {
	if p.Partition < 0 {
		return time.Time{}, fmt.Errorf("find the next message at %v on kafka, where a position has a partition: %w", p, errors.ErrUnsupported)
	}
	log, offset := adapters.Log{Destination: p.Destination, Partition: p.Partition}, p.Offset
	for range nextTries {
		answer, err := a.readAt(ctx, log, offset, fetchSingle)
		if err != nil {
			return time.Time{}, err
		}
		next := offset
		for raw := answer.RecordBatches; ; {
			batch, rest, behind, ok := nextBatch(raw)
			if !ok {
				break
			}
			if at, ok := a.firstTime(log, batch, offset); ok {
				return at, nil
			}
			raw, next = rest, behind
		}
		if next <= offset { // nothing came
			return time.Time{}, nil
		}
		offset = next
	}
	return time.Time{}, nil
}

// firstTime is the time of the first record of a batch from an offset on.
func (a *Adapter) firstTime(log adapters.Log, batch []byte, from int64) (at time.Time, ok bool) {
	decoded, _ := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Topic: log.Destination, Partition: log.Partition, Offset: from, Pools: []kgo.Pool{unpackPool{}, recordPool{}},
	}, &kmsg.FetchResponseTopicPartition{Partition: log.Partition, RecordBatches: batch}, a.decoder, learn)
	for _, r := range decoded.Records {
		if !ok && r.Offset >= from {
			at, ok = r.Timestamp, true
		}
		r.Recycle()
	}
	return at, ok
}
