package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka/recordbatch"
)

// nextTries bounds how many answers without a record are passed over in search of the
// next one: marks of transactions, what was aborted, and batches that compaction has emptied.
// From the second on each has up to nextSize bytes.
const nextTries, nextSize = 16, 64 << 10

// NextTimes implements [consumer.LagReader]. Each costs a request of one record batch;
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

// nextTime is the broker time of the first record at or behind a position, or zero. Where only
// committed transactions are read, what was aborted is none.
func (a *Adapter) nextTime(ctx context.Context, p adapters.Position) (time.Time, error) {
	if p.Partition < 0 {
		return time.Time{}, fmt.Errorf("find the next message at %v on kafka, where a position has a partition: %w", p, errors.ErrUnsupported)
	}
	log, offset, size := adapters.Log{Destination: p.Destination, Partition: p.Partition}, p.Offset, int32(fetchSingle)
	for range nextTries {
		answer, err := a.readAt(ctx, log, offset, size, a.config.Committed)
		if err != nil {
			return time.Time{}, err
		}
		if at, ok := a.firstTime(log, answer, offset); ok && at.IsZero() {
			return at, fmt.Errorf("find when the next message at %v was written: it carries no time that can be", p)
		} else if ok {
			return at, nil
		}
		next := recordbatch.NextOffset(answer.RecordBatches, offset)
		switch {
		case next > offset:
			offset, size = next, nextSize
		case a.config.Committed && answer.LastStableOffset < answer.HighWatermark:
			return time.Time{}, fmt.Errorf("find the next message at %v: a transaction is open there", p)
		default: // it is the end
			return time.Time{}, nil
		}
	}
	return time.Time{}, fmt.Errorf("find the next message at %v: none is near", p)
}

// firstTime is the time of the first record of an answer from an offset on, zero if it has none.
func (a *Adapter) firstTime(log adapters.Log, answer *kmsg.FetchResponseTopicPartition, from int64) (at time.Time, ok bool) {
	decoded, _ := recordbatch.Decode(log, from, answer, a.config.Committed, a.decoder)
	for _, r := range decoded.Records {
		if !ok && r.Offset >= from {
			at, _ = adapters.MessageTime(r.Timestamp.UnixMilli())
			ok = true
		}
		r.Recycle()
	}
	return at, ok
}
