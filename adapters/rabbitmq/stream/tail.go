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
	st.reader = delivery.NewReader(st.add, func(ctx context.Context, s *delivery.Buffer) error {
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

func (t *Tail) add(s *delivery.Buffer, d *amqp.Delivery) error {
	offset, ok := delivery.StreamOffset(d)
	if !ok {
		return errNoOffset
	}
	if offset < t.next.Load() {
		return nil // the rest of a chunk, or of a connection that was lost
	}
	if !t.since.IsZero() {
		if at, _ := delivery.StoredTime(d); !at.IsZero() && at.Before(t.since) {
			t.next.Store(offset + 1)
			t.delivered.Store(offset + 1)
			return nil
		}
		t.since = time.Time{}
	}
	s.AddStreamed(d, t.name, offset)
	if t.next.Swap(offset+1) < 0 {
		t.delivered.Store(offset)
	}
	return nil
}

// Attach starts the deliveries: where they ended, or else at the start.
func (t *Tail) Attach(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	t.attached = false
	from, err := t.where(ctx, l)
	var begin func()
	if errors.Is(err, errShorter) {
		from, begin, err = "first", t.beginAgain, t.doubted(time.Now(), l.Broker.Timeouts.Deliveries)
	}
	if err != nil {
		return err
	}
	channel, deliveries, err := Consume(ctx, l, t.name, from, delivery.Prefetch)
	if err != nil {
		return err
	}
	told := begin == nil || t.beginning.Swap(true)
	t.reader.Attach(delivery.Consumer{Channel: channel, Deliveries: deliveries, Ended: ended, Begin: begin})
	t.attached, t.moved, t.shorter = true, time.Now(), time.Time{}
	if !told {
		t.again("stream " + wording.Quoted(t.name) + " ends before what was read of it: it was made again, and is read from its beginning")
	}
	return nil
}

// beginAgain forgets where the reader was, in a stream that is not there any more.
func (t *Tail) beginAgain() {
	t.next.Store(0)
	t.delivered.Store(0)
	t.beginning.Store(false)
}

// errShorter says that a stream ends before what was read of it.
var errShorter = errors.New("the stream ends before what was read of it")

// doubted is nil once a stream has ended before what was read of it for as long as limit: then it
// is another one. Until then it may be one whose broker is slow, or a replica that is not as far as
// the one that was read.
func (t *Tail) doubted(now time.Time, limit time.Duration) error {
	if t.beginning.Load() {
		return nil // it was decided, and the connection lost before the reader began
	}
	if t.shorter.IsZero() {
		t.shorter = now
	}
	if now.Sub(t.shorter) >= limit {
		return nil
	}
	return wording.Problem("read stream "+wording.Quoted(t.name), errShorter.Error(),
		"it is looked at again: if that stays so for "+limit.String()+", it was made again", adapters.ErrIncomplete)
}

// where says at which offset to begin, and finds the end of the stream as far as that
// is needed to know how much is to be caught up with, and whether it is the one that was read.
func (t *Tail) where(ctx context.Context, l *connection.Conn) (any, error) {
	next := t.next.Load()
	if next < 0 && t.past.Load() < 0 {
		if from, err := t.first(ctx, l); from != nil || err != nil {
			return from, err
		}
	}
	end, err := lastChunk(ctx, l, t.name)
	if err == nil && end < next { // the end itself may lie behind that: what was read last is there
		var read int64
		read, err = endFrom(ctx, l, t.name, next-1, 1)
		end = max(end, read)
	}
	switch {
	case err != nil:
		return nil, err
	case end < next || t.beginning.Load():
		t.end.Store(end)
		return nil, errShorter
	}
	t.shorter = time.Time{}
	t.end.Store(max(end, t.end.Load()))
	if next >= 0 {
		return next, nil
	}
	if at, ok := t.start.Time(time.Now()); ok {
		return at, nil
	}
	t.delivered.CompareAndSwap(-1, 0)
	return "first", nil
}

// first finds the end of the stream, and from that where a start by number begins, and one at
// the end: as a number, and not "next", so that the reading goes on there if the connection is
// lost before the first message. Nil is where any other start begins.
func (t *Tail) first(ctx context.Context, l *connection.Conn) (any, error) {
	end, err := End(ctx, l, t.name)
	if err != nil {
		return nil, err
	}
	t.end.Store(end)
	if !t.start.IsEnd() && t.start.Newest() == 0 {
		t.past.Store(end)
		return nil, nil
	}
	from := max(0, end-int64(t.start.Newest()))
	t.next.Store(from)
	t.delivered.Store(from)
	t.past.Store(end)
	if end == 0 {
		return "next", nil
	}
	return from, nil
}

// Past reports whether messages are still to come that were in the stream when the reading of it began.
func (t *Tail) Past() bool {
	past := t.past.Load()
	return past < 0 || max(0, t.delivered.Load()) < past
}

// ErrStalled says that a stream delivers nothing of what is known to be in it.
var ErrStalled = fmt.Errorf("stalled: %w", adapters.ErrNotConnected)

// Run reads what is attached until ctx ends, which is no error, or the messages cannot be handed over.
func (t *Tail) Run(ctx context.Context) error { return t.reader.Run(ctx) }

// Poll attaches a tail that is not, and else finds out anew where the stream ends, if it may have
// moved on unseen. It notices when nothing comes of what is there: [ErrStalled].
func (t *Tail) Poll(ctx context.Context, l *connection.Conn, ended chan<- error) error {
	if !t.attached {
		return t.Attach(ctx, l, ended)
	}
	delivered := t.delivered.Load()
	if delivered == t.looked {
		if limit := l.Broker.Timeouts.Deliveries; t.Behind() > 0 && !t.handing.Load() && time.Since(t.moved) > limit {
			return wording.Problem("read stream "+wording.Quoted(t.name), "it delivers nothing for "+limit.String()+" though its end is not reached", "it is tried again", ErrStalled)
		}
		return nil // nothing came, or the intake is full: the end known is good enough
	}
	t.looked, t.moved = delivered, time.Now()
	end, err := lastChunk(ctx, l, t.name)
	if err == nil {
		t.end.Store(max(end, t.end.Load()))
	}
	return err
}

// Behind is how many messages are known to lie before the end.
func (t *Tail) Behind() int64 {
	delivered := t.delivered.Load()
	switch {
	case t.beginning.Load():
		return max(1, t.end.Load())
	case delivered < 0:
		return 0
	}
	return max(0, t.end.Load()-delivered)
}
