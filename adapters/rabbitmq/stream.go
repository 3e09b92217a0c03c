package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// A stream's end can only be found by reading: what is read from its last chunk
	// ends when nothing more comes. emptyPatience is how long to wait for the first
	// message of it, endPatience for the next one.
	emptyPatience = time.Second
	endPatience   = 200 * time.Millisecond

	// syncPause is how long the client may take to hand on what had come before an answer.
	syncPause = 50 * time.Millisecond

	// endPrefetch is more than a chunk usually holds, so that the last one comes whole.
	endPrefetch = 10_000
)

// consumeStream starts a consumer at an offset: a number, a time.Time, "first", "last"
// or "next". The broker refuses that for anything but a stream, so that no message of
// a real queue can be taken.
func consumeStream(ctx context.Context, l *connection.Conn, name string, offset any, credit int) (*amqp.Channel, <-chan amqp.Delivery, error) {
	doing := fmt.Sprintf("read stream %s of %s", wording.Quoted(name), l.Broker.String())
	defer l.LimitAnswer(ctx)()
	channel, err := l.Channel()
	if err != nil {
		return nil, nil, l.Problem(doing, err)
	}
	if err := channel.Qos(credit, 0, false); err != nil {
		return nil, nil, l.Problem(doing, err)
	}
	deliveries, err := channel.Consume(name, connection.ConsumerTag, false, false, false, false, amqp.Table{delivery.OffsetHeader: offset})
	var refusal *amqp.Error
	switch {
	case err == nil:
		return channel, deliveries, nil
	case errors.As(err, &refusal) && refusal.Code == amqp.PreconditionFailed:
		return nil, nil, wording.Problem(doing, "it is a queue that is no stream, and reading would take its messages",
			"name it with queue=, which taps what it receives", adapters.ErrUsage)
	case errors.As(err, &refusal) && refusal.Code == amqp.NotFound:
		return nil, nil, adapters.UnknownDestination("rabbitmq", l.Broker.Address, adapters.Stream, name)
	}
	return nil, nil, l.Problem(doing, err)
}

// streamEnd is the offset behind the newest message: 0 for an empty stream. While
// messages are being written it is one of those that were the end meanwhile.
func streamEnd(ctx context.Context, l *connection.Conn, name string) (int64, error) {
	return endFrom(ctx, l, name, "last", endPrefetch)
}

// lastChunk is an offset near the end of the stream, never behind it, that is found
// without waiting for more: that behind the first message of the last chunk.
func lastChunk(ctx context.Context, l *connection.Conn, name string) (int64, error) {
	return endFrom(ctx, l, name, "last", 1)
}

// endFrom reads from an offset without acknowledging, so that no more than credit (and
// the rest of its chunk) can come, and returns the offset behind the last one that it
// waited for, or 0 if nothing came. Silence alone proves nothing: so when nothing more comes,
// the broker is asked something, and what it had sent before comes before the answer.
func endFrom(ctx context.Context, l *connection.Conn, name string, from any, credit int) (int64, error) {
	asked := time.Now()
	channel, deliveries, err := consumeStream(ctx, l, name, from, credit)
	if err != nil {
		return 0, err
	}
	defer l.CloseChannel(ctx, channel)
	roundTrip := time.Since(asked)
	patience := time.NewTimer(emptyPatience + 2*roundTrip)
	defer patience.Stop()
	end, answered := int64(0), false
	for seen := 0; seen < credit; {
		select {
		case d, open := <-deliveries:
			if !open {
				return 0, l.Loss()
			}
			if offset, ok := delivery.StreamOffset(&d); ok {
				end = offset + 1
			}
			seen, answered = seen+1, false
			patience.Reset(endPatience + roundTrip)
		case <-patience.C:
			if answered {
				return end, nil
			}
			if err := awaitAnswer(ctx, l, channel, credit); err != nil {
				return 0, err
			}
			answered = true
			patience.Reset(syncPause)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return end, nil
}

// awaitAnswer waits for an answer on a channel that delivers. Credit is what it has already.
func awaitAnswer(ctx context.Context, l *connection.Conn, channel *amqp.Channel, credit int) error {
	defer l.LimitAnswer(ctx)()
	if err := channel.Qos(credit, 0, false); err != nil {
		return l.Problem("read "+l.Broker.String(), err)
	}
	return nil
}

// stream is one stream that is being tailed. Its reader moves next and delivered, the
// session moves end; all may be read from anywhere.
type stream struct {
	name   string
	config *Config
	reader *delivery.Reader
	start  adapters.Start // no age, but the time that it means
	since  time.Time      // the reader leaves older messages out, up to the first that is not

	next      atomic.Int64 // offset to be read next, or -1 as long as that is unknown
	delivered atomic.Int64 // offset behind the last message that the intake took, or -1
	end       atomic.Int64 // offset behind the newest message known of

	handing atomic.Bool // the intake has a batch before it

	// The session's own.
	looked   int64     // delivered at the last look for the end
	moved    time.Time // when that was another than before
	attached bool      // in this session
}

func newStream(c *Config, name string, start adapters.Start, put func(context.Context, *delivery.Buffer) error) *stream {
	st := &stream{name: name, config: c, start: start}
	st.since, _ = start.Time(time.Now())
	st.next.Store(-1)
	st.delivered.Store(-1)
	st.reader = delivery.NewReader(st.take, func(ctx context.Context, s *delivery.Buffer) error {
		end := s.Messages[len(s.Messages)-1].Position.Offset + 1
		st.handing.Store(true)
		defer st.handing.Store(false)
		if err := put(ctx, s); err != nil {
			return err
		}
		st.delivered.Store(end)
		return nil
	})
	return st
}

// errNoOffset must never happen: the broker serves offsets for streams only. If it
// does, the message is left to its queue.
var errNoOffset = errors.New("a message without an offset came from a stream")

func (st *stream) take(s *delivery.Buffer, d *amqp.Delivery) error {
	offset, ok := delivery.StreamOffset(d)
	if !ok {
		return errNoOffset
	}
	if offset < st.next.Load() {
		return nil // the rest of a chunk, or of a connection that was lost
	}
	if !st.since.IsZero() {
		if at, _ := delivery.StoredTime(d); !at.IsZero() && at.Before(st.since) {
			st.next.Store(offset + 1)
			st.delivered.Store(offset + 1)
			return nil
		}
		st.since = time.Time{}
	}
	s.AddStreamed(d, st.name, offset)
	if st.next.Swap(offset+1) < 0 {
		st.delivered.Store(offset)
	}
	return nil
}

// attach starts the deliveries: where they ended, or else at the start.
func (st *stream) attach(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	st.attached = false
	from, err := st.where(ctx, l)
	if err != nil {
		return err
	}
	channel, deliveries, err := consumeStream(ctx, l, st.name, from, delivery.Prefetch)
	if err != nil {
		return err
	}
	st.reader.Attach(delivery.Consumer{Channel: channel, Deliveries: deliveries, Ended: ended})
	st.attached, st.moved = true, time.Now()
	return nil
}

// where says at which offset to begin, and finds the end of the stream as far as that
// is needed to know how much is to be caught up with.
func (st *stream) where(ctx context.Context, l *connection.Conn) (any, error) {
	next := st.next.Load()
	if next < 0 && st.start.IsEnd() {
		// The end as a number, and not "next", so that the reading goes on there if
		// the connection is lost before the first message.
		end, err := streamEnd(ctx, l, st.name)
		if err != nil {
			return nil, err
		}
		st.next.Store(end)
		st.delivered.Store(end)
		st.end.Store(end)
		if end == 0 {
			return "next", nil
		}
		return end, nil
	}
	end, err := lastChunk(ctx, l, st.name)
	if err != nil {
		return nil, err
	}
	st.end.Store(max(end, st.end.Load()))
	if next >= 0 {
		return next, nil
	}
	if at, ok := st.start.Time(time.Now()); ok {
		return at, nil
	}
	st.delivered.CompareAndSwap(-1, 0)
	return "first", nil
}

// errStalled says that a stream delivers nothing of what is known to be in it.
var errStalled = fmt.Errorf("stalled: %w", adapters.ErrNotConnected)

// poll finds out anew where the stream ends, if it may have moved on unseen. It notices when
// nothing comes of what is there.
func (st *stream) poll(ctx context.Context, l *connection.Conn) error {
	delivered := st.delivered.Load()
	if delivered == st.looked {
		if limit := l.Broker.Timeouts.Deliveries; st.behind() > 0 && !st.handing.Load() && time.Since(st.moved) > limit {
			return wording.Problem("read stream "+wording.Quoted(st.name), "it delivers nothing for "+limit.String()+" though its end is not reached", "it is tried again", errStalled)
		}
		return nil // nothing came, or the intake is full: the end known is good enough
	}
	st.looked, st.moved = delivered, time.Now()
	end, err := lastChunk(ctx, l, st.name)
	if err == nil {
		st.end.Store(max(end, st.end.Load()))
	}
	return err
}

// behind is how many messages are known to lie before the end.
func (st *stream) behind() int64 {
	delivered := st.delivered.Load()
	if delivered < 0 {
		return 0
	}
	return max(0, st.end.Load()-delivered)
}
