package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// streamsAtOnce is how many streams one scan reads side by side.
	streamsAtOnce = 4
)

// History reads streams from the past. Its methods may be called from any goroutine.
type History struct {
	// Streams are those to be read.
	Streams []string
	broker  *connection.Broker
}

// NewHistory reads no stream yet.
func NewHistory(broker *connection.Broker) *History { return &History{broker: broker} }

// Has reports whether a stream is one of these.
func (h *History) Has(stream string) bool { return slices.Contains(h.Streams, stream) }

// Scan implements adapters.Scanner for the streams; what is tapped has no history.
func (h *History) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	if len(h.Streams) == 0 {
		return h.noHistory()
	}
	if at, ok := span.From.Time(time.Now()); ok {
		span.From = adapters.At(at)
	}
	var put sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(streamsAtOnce)
	for _, name := range h.wanted(span) {
		group.Go(func() error {
			sc := &scan{history: h, name: name, span: span, next: -1}
			sc.intake = adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
				put.Lock()
				defer put.Unlock()
				return intake.Put(ctx, batch)
			})
			return sc.run(within)
		})
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (h *History) noHistory() error {
	return wording.Problem("read the history of "+h.broker.String(), "a tap sees only what comes while it is there",
		"name a stream with stream=", errors.ErrUnsupported)
}

// wanted are the streams that a span is about.
func (h *History) wanted(span adapters.Range) []string {
	if len(span.Partitions) > 0 && !slices.Contains(span.Partitions, adapters.NoPartition) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(h.Streams), func(name string) bool {
		named := len(span.Destinations) == 0 || slices.Contains(span.Destinations, name)
		return !named || slices.Contains(span.Except, name) || until(span, name) <= 0
	})
}

// scan is the reading of one stream from somewhere to its end.
type scan struct {
	history *History
	name    string
	span    adapters.Range
	intake  adapters.Intake

	next  int64 // offset to be read next, or -1 as long as that is unknown
	end   int64
	begun bool // the first message that is not too old has come
}

// from is where a span begins in a stream, as the broker takes it. It is nil where
// nothing is to be read.
func from(span adapters.Range, stream string) any {
	if offset, ok := span.FromOffsets[adapters.Log{Destination: stream, Partition: adapters.NoPartition}]; ok {
		return offset
	}
	if at, ok := span.From.Time(time.Now()); ok {
		return at
	}
	if span.From.IsBeginning() {
		return "first"
	}
	return nil
}

// until is the offset before which a span ends in a stream, if not before the stream does.
func until(span adapters.Range, stream string) int64 {
	if span.UntilOffsets == nil {
		return math.MaxInt64
	}
	return span.UntilOffsets[adapters.Log{Destination: stream, Partition: adapters.NoPartition}]
}

func (s *scan) run(ctx context.Context) error {
	offset := from(s.span, s.name)
	if offset == nil {
		return nil
	}
	l, err := s.history.broker.Shared(ctx)
	if err != nil {
		return err
	}
	if s.end, err = End(ctx, l, s.name); err != nil || s.end == 0 {
		return err
	}
	s.end = min(s.end, until(s.span, s.name))
	if _, byTime := offset.(time.Time); byTime {
		behindFirst, err := endFrom(ctx, l, s.name, offset, 1)
		if err != nil || behindFirst == 0 {
			return err // nothing comes if all is older than that
		}
		offset = behindFirst - 1
	}
	if n, ok := offset.(int64); ok {
		s.next = max(n, 0)
		offset = s.next
	}
	for {
		before := s.next
		if s.next >= s.end {
			return nil
		}
		err := s.read(ctx, l, offset)
		if !errors.Is(err, delivery.ErrEnded) || ctx.Err() != nil {
			return err
		}
		if s.next == before {
			return l.Loss()
		}
		if l, err = s.history.broker.Shared(ctx); err != nil {
			return err
		}
		offset = s.next
	}
}

// read reads from offset to the end, which is no error, or until the deliveries end.
func (s *scan) read(ctx context.Context, l *connection.Conn, offset any) error {
	channel, deliveries, err := Consume(ctx, l, s.name, offset, delivery.Prefetch)
	if err != nil {
		return err
	}
	defer l.CloseChannel(ctx, channel)
	reader := delivery.NewReader(s.add, func(ctx context.Context, b *delivery.Buffer) error {
		batch := b.Batch(false)
		batch.Past = true
		err := s.intake.Put(ctx, batch)
		if err != nil {
			batch.Release()
		}
		return err
	})
	reader.Silence = s.history.broker.Timeouts.Deliveries
	ended := make(chan error, 1)
	if err := reader.Read(ctx, delivery.Consumer{Channel: channel, Deliveries: deliveries, Ended: ended}); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch err := <-ended; {
	case errors.Is(err, delivery.ErrDone):
		return nil
	case errors.Is(err, delivery.ErrSilent):
		return wording.Problem("read stream "+wording.Quoted(s.name), fmt.Sprintf("it delivered nothing for %v though its end is not reached", reader.Silence),
			"try again", adapters.ErrNotConnected)
	default:
		return err
	}
}

// add adds what the span holds, and says when the end is reached.
func (s *scan) add(b *delivery.Buffer, d *amqp.Delivery) error {
	offset, ok := delivery.StreamOffset(d)
	if !ok {
		return errNoOffset
	}
	if offset >= s.end {
		return delivery.ErrDone
	}
	if offset < s.next {
		return nil
	}
	s.next = offset + 1
	at, _ := delivery.StoredTime(d)
	if begin, ok := s.span.From.Time(time.Now()); ok && !s.begun && !at.IsZero() && at.Before(begin) {
		return s.done()
	}
	s.begun = true
	if s.span.Until.IsZero() || at.IsZero() || at.Before(s.span.Until) {
		b.AddStreamed(d, s.name, offset)
	}
	return s.done()
}

func (s *scan) done() error {
	if s.next >= s.end {
		return delivery.ErrDone
	}
	return nil
}

// Estimate implements adapters.Estimator.
func (h *History) Estimate(ctx context.Context, span adapters.Range) (int64, error) {
	if len(h.Streams) == 0 {
		return 0, h.noHistory()
	}
	l, err := h.broker.Shared(ctx)
	if err != nil {
		return 0, err
	}
	sum := int64(0)
	for _, name := range h.wanted(span) {
		offset := from(span, name)
		if offset == nil {
			continue
		}
		end, err := End(ctx, l, name)
		if err != nil {
			return 0, err
		}
		first, ok := offset.(int64)
		if !ok {
			behindFirst, err := endFrom(ctx, l, name, offset, 1)
			if err != nil {
				return 0, err
			}
			if behindFirst == 0 {
				continue // nothing there
			}
			first = behindFirst - 1
		}
		sum += max(0, min(end, until(span, name))-first)
	}
	return sum, nil
}
