package stream

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

// Tail is one stream that is being tailed. Its reader moves next and delivered, the
// session moves end; all may be read from anywhere.
type Tail struct {
	name   string
	reader *delivery.Reader
	start  adapters.Start // no age, but the time that it means
	since  time.Time      // the reader leaves older messages out, up to the first that is not

	next      atomic.Int64 // offset to be read next, or -1 as long as that is unknown
	delivered atomic.Int64 // offset behind the last message that the intake took, or -1
	end       atomic.Int64 // offset behind the newest message known of
	past      atomic.Int64 // offset behind the newest message when the reading began, or -1 as long as that is unknown

	handing   atomic.Bool // the intake has a batch before it
	beginning atomic.Bool // the stream is another one, and the reader has not begun it yet

	// The session's own.
	again    func(why string) // told when the stream is not the one that was read
	looked   int64            // delivered at the last look for the end
	moved    time.Time        // when that was another than before
	attached bool             // in this session
	shorter  time.Time        // since when the stream ends before what was read of it; zero if it does not
}

// NewTail follows a stream from a start. Put hands over, in order, and owns what it is given; past
// says that it begins with what was in the stream before the reading of that. Again
// is told in words when the stream was made again and is read from its beginning, by whoever
// attaches the tail.
func NewTail(name string, start adapters.Start, put func(_ context.Context, s *delivery.Buffer, past bool) error, again func(why string)) *Tail {
	st := &Tail{name: name, start: start, again: again}
	st.since, _ = start.Time(time.Now())
	st.next.Store(-1)
	st.delivered.Store(-1)
	st.past.Store(-1)
	st.reader = delivery.NewReader(st.take, func(ctx context.Context, s *delivery.Buffer) error {
		end := s.Messages[len(s.Messages)-1].Position.Offset + 1
		st.handing.Store(true)
		defer st.handing.Store(false)
		if err := put(ctx, s, s.Messages[0].Position.Offset < st.past.Load()); err != nil {
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

func (st *Tail) take(s *delivery.Buffer, d *amqp.Delivery) error {
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

// Attach starts the deliveries: where they ended, or else at the start.
func (st *Tail) Attach(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	st.attached = false
	from, err := st.where(ctx, l)
	var begin func()
	if errors.Is(err, errShorter) {
		from, begin, err = "first", st.beginAgain, st.doubted(time.Now(), l.Broker.Timeouts.Deliveries)
	}
	if err != nil {
		return err
	}
	channel, deliveries, err := Consume(ctx, l, st.name, from, delivery.Prefetch)
	if err != nil {
		return err
	}
	told := begin == nil || st.beginning.Swap(true)
	st.reader.Attach(delivery.Consumer{Channel: channel, Deliveries: deliveries, Ended: ended, Begin: begin})
	st.attached, st.moved, st.shorter = true, time.Now(), time.Time{}
	if !told {
		st.again("stream " + wording.Quoted(st.name) + " ends before what was read of it: it was made again, and is read from its beginning")
	}
	return nil
}

// beginAgain forgets where the reader was, in a stream that is not there any more.
func (st *Tail) beginAgain() {
	st.next.Store(0)
	st.delivered.Store(0)
	st.beginning.Store(false)
}

// errShorter says that a stream ends before what was read of it.
var errShorter = errors.New("the stream ends before what was read of it")

// doubted is nil once a stream has ended before what was read of it for as long as limit: then it
// is another one. Until then it may be one whose broker is slow, or a replica that is not as far as
// the one that was read.
func (st *Tail) doubted(now time.Time, limit time.Duration) error {
	if st.beginning.Load() {
		return nil // it was decided, and the connection lost before the reader began
	}
	if st.shorter.IsZero() {
		st.shorter = now
	}
	if now.Sub(st.shorter) >= limit {
		return nil
	}
	return wording.Problem("read stream "+wording.Quoted(st.name), errShorter.Error(),
		"it is looked at again: if that stays so for "+limit.String()+", it was made again", adapters.ErrIncomplete)
}

// where says at which offset to begin, and finds the end of the stream as far as that
// is needed to know how much is to be caught up with, and whether it is the one that was read.
func (st *Tail) where(ctx context.Context, l *connection.Conn) (any, error) {
	next := st.next.Load()
	if next < 0 && st.past.Load() < 0 {
		if from, err := st.first(ctx, l); from != nil || err != nil {
			return from, err
		}
	}
	end, err := lastChunk(ctx, l, st.name)
	if err == nil && end < next { // the end itself may lie behind that: what was read last is there
		var read int64
		read, err = endFrom(ctx, l, st.name, next-1, 1)
		end = max(end, read)
	}
	switch {
	case err != nil:
		return nil, err
	case end < next || st.beginning.Load():
		st.end.Store(end)
		return nil, errShorter
	}
	st.shorter = time.Time{}
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

// first finds the end of the stream, and from that where a start by number begins, and one at
// the end: as a number, and not "next", so that the reading goes on there if the connection is
// lost before the first message. Nil is where any other start begins.
func (st *Tail) first(ctx context.Context, l *connection.Conn) (any, error) {
	end, err := End(ctx, l, st.name)
	if err != nil {
		return nil, err
	}
	st.end.Store(end)
	if !st.start.IsEnd() && st.start.Newest() == 0 {
		st.past.Store(end)
		return nil, nil
	}
	from := max(0, end-int64(st.start.Newest()))
	st.next.Store(from)
	st.delivered.Store(from)
	st.past.Store(end)
	if end == 0 {
		return "next", nil
	}
	return from, nil
}

// Past says that messages are still to come that were in the stream when the reading of it began.
func (st *Tail) Past() bool {
	past := st.past.Load()
	return past < 0 || max(0, st.delivered.Load()) < past
}

// ErrStalled says that a stream delivers nothing of what is known to be in it.
var ErrStalled = fmt.Errorf("stalled: %w", adapters.ErrNotConnected)

// Run reads what is attached until ctx ends, which is no error, or the messages cannot be handed over.
func (st *Tail) Run(ctx context.Context) error { return st.reader.Run(ctx) }

// Poll attaches a tail that is not, and else finds out anew where the stream ends, if it may have
// moved on unseen. It notices when nothing comes of what is there: [ErrStalled].
func (st *Tail) Poll(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	if !st.attached {
		return st.Attach(ctx, l, ended)
	}
	delivered := st.delivered.Load()
	if delivered == st.looked {
		if limit := l.Broker.Timeouts.Deliveries; st.Behind() > 0 && !st.handing.Load() && time.Since(st.moved) > limit {
			return wording.Problem("read stream "+wording.Quoted(st.name), "it delivers nothing for "+limit.String()+" though its end is not reached", "it is tried again", ErrStalled)
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

// Behind is how many messages are known to lie before the end.
func (st *Tail) Behind() int64 {
	delivered := st.delivered.Load()
	switch {
	case st.beginning.Load():
		return max(1, st.end.Load())
	case delivered < 0:
		return 0
	}
	return max(0, st.end.Load()-delivered)
}
