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
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka/groups"
	"eventscope/adapters/kafka/recordbatch"
)

// nextTries bounds how many answers without a record are passed over in search of the
// next one: marks of transactions, what was aborted, and batches that compaction has emptied.
// From the second on each has up to nextSize bytes.
const nextTries, nextSize = 16, 64 << 10

// Lag implements [consumer.LagReader], as [groups.LagReader] does it.
func (a *Adapter) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return a.lag.Lag(ctx, query)
}

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
	next, err := a.nextVisible(ctx, adapters.Log{Destination: p.Destination, Partition: p.Partition}, p.Offset, nextTries)
	switch {
	case err != nil:
		return time.Time{}, err
	case next.Found && next.At.IsZero():
		return time.Time{}, fmt.Errorf("find when the next message at %v was written: it carries no time that can be", p)
	case next.Found:
		return next.At, nil
	case !next.Ended:
		return time.Time{}, fmt.Errorf("find the next message at %v: none is near", p)
	case next.Open:
		return time.Time{}, fmt.Errorf("find the next message at %v: a transaction is open there", p)
	}
	return time.Time{}, nil
}

// nextVisible looks for the first record of a log from an offset on, in at most so many answers.
func (a *Adapter) nextVisible(ctx context.Context, log adapters.Log, offset int64, tries int) (s groups.Seen, err error) {
	size := int32(fetchSingle)
	s.Until = offset
	for range tries {
		answer, err := a.readAt(ctx, log, s.Until, size, a.config.Committed)
		if err != nil {
			return s, err
		}
		first, at, ok, err := a.firstTime(log, answer, s.Until)
		if ok {
			s.Until, s.Found, s.At = first, true, at
			return s, nil
		}
		if err != nil {
			return s, err
		}
		next := recordbatch.NextOffset(answer.RecordBatches, s.Until)
		if next == s.Until {
			s.Ended, s.Open = true, a.config.Committed && answer.LastStableOffset < answer.HighWatermark
			return s, nil
		}
		s.Until, size = next, nextSize
	}
	return s, nil
}

// nextCommitted is nextVisible, or nil where what was aborted counts as well.
func (a *Adapter) nextCommitted() groups.NextMessage {
	if !a.config.Committed {
		return nil
	}
	return a.nextVisible
}

// firstTime is the first record of an answer from an offset on, and its time, zero if it has none.
// What cannot be unpacked may be one, which is an error.
func (a *Adapter) firstTime(log adapters.Log, answer *kmsg.FetchResponseTopicPartition, from int64) (offset int64, at time.Time, ok bool, err error) {
	decoded, _ := recordbatch.Decode(log, from, answer, a.config.Committed, a.decoder)
	for _, r := range decoded.Records {
		if !ok && r.Offset >= from {
			offset, ok = r.Offset, true
			at, _ = adapters.MessageTime(r.Timestamp.UnixMilli())
		}
		r.Recycle()
	}
	if decoded.Err != nil {
		err = fmt.Errorf("find the next message at %v: a record batch cannot be unpacked: %w", adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: from}, recordbatch.TooLarge(decoded.Err, a.config.batchBytes()))
	}
	return offset, at, ok, err
}
