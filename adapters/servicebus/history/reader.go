package history

import (
	"context"
	"errors"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// Reader reads some entities.
type Reader struct {
	Client   *client.Client
	Entities []client.Entity
	Taps     []Tap

	status status
	put    sync.Mutex // of the intake of a run
}

// bounds are from which number to which messages of an entity lie there now: first is in it, end is
// not. Both are 0 where there are none.
func bounds(ctx context.Context, conn *client.Conn, e client.Entity) (first, end int64, err error) {
	first, err = next(ctx, conn, e, 0)
	if err != nil || first < 0 {
		return 0, 0, err
	}
	last, step := first, int64(1)
	for {
		found, err := next(ctx, conn, e, last+step)
		if err != nil {
			return 0, 0, err
		}
		if found < 0 {
			break
		}
		last, step = found, step*2
	}
	for low, high := last+1, last+step; low < high; { // nothing lies at high or behind it
		middle := low + (high-low)/2
		found, err := next(ctx, conn, e, middle)
		if err != nil {
			return 0, 0, err
		}
		if found < 0 {
			high = middle
		} else {
			last, low = found, found+1
		}
	}
	return first, last + 1, nil
}

// next is the number of the first message at or behind one, or -1.
func next(ctx context.Context, conn *client.Conn, e client.Entity, from int64) (int64, error) {
	m, err := at(ctx, conn, e, from)
	if err != nil || m == nil {
		return -1, err
	}
	return m.Position.Offset, nil
}

// at is the first message at or behind a number, or nil.
func at(ctx context.Context, conn *client.Conn, e client.Entity, from int64) (*adapters.Message, error) {
	raw, err := conn.Peek(ctx, e, from, 1, nil)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	m := message.FromWire(raw[0], e, from)
	if message.InPartition(m.Position.Offset) {
		return nil, partitioned(e)
	}
	return &m, nil
}

// partitioned is about an entity whose numbers are in no order.
func partitioned(e client.Entity) error {
	return &adapters.Problem{Doing: "read " + e.String(), Cause: "it is partitioned, and its messages have no common order", Remedy: "read its dead letters and its lag instead", Kind: errors.ErrUnsupported}
}

// byTime is the number of the first message that was enqueued at or after a time: their times rise
// with their numbers. It is end where there is none.
func byTime(ctx context.Context, conn *client.Conn, e client.Entity, first, end int64, since time.Time) (int64, error) {
	for first < end {
		middle := first + (end-first)/2
		m, err := at(ctx, conn, e, middle)
		if err != nil {
			return 0, err
		}
		switch {
		case m == nil || m.Position.Offset >= end:
			end = middle
		case m.Time.Before(since):
			first = m.Position.Offset + 1
		default:
			end = middle
		}
	}
	return first, nil
}

// NextTime is when the first message at or behind a position was enqueued; zero where there is none.
func (r *Reader) NextTime(ctx context.Context, position adapters.Position) (time.Time, error) {
	e, err := client.Parse(position.Destination)
	if err != nil || position.Partition != adapters.NoPartition {
		return time.Time{}, errors.ErrUnsupported
	}
	conn, err := r.Client.Shared(ctx)
	if err != nil {
		return time.Time{}, err
	}
	m, err := at(ctx, conn, e, position.Offset)
	if err != nil || m == nil {
		return time.Time{}, err
	}
	return m.Time, nil
}
