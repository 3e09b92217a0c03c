package delivery

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// Prefetch bounds what the broker sends without an acknowledgement, and so the
	// client's memory. Without it the client buffers whatever comes.
	Prefetch = 1000

	// AckEvery is how many deliveries one acknowledgement is for.
	AckEvery = 250

	ackDelay = 100 * time.Millisecond // when fewer than that wait for theirs
	linger   = 10 * time.Millisecond  // how long a batch is collected after its first message
)

var (
	// ErrEnded: connection, channel or consumer is gone.
	ErrEnded = errors.New("the deliveries ended")
	// ErrSilent: nothing came for as long as [Reader.Silence].
	ErrSilent = errors.New("nothing was delivered")
	// ErrDone: whoever takes deliveries wants no more.
	ErrDone = errors.New("everything wanted was read")
)

// Consumer is one on one connection, and the deliveries to it.
type Consumer struct {
	Channel    *amqp.Channel
	Deliveries <-chan amqp.Delivery

	// Begin, if not nil, is called before the first delivery is taken and after the last of
	// the consumer before, in the goroutine that takes them.
	Begin func()

	// Ended is told why the reading ended. It must have room for one word.
	Ended chan<- error
}

// Reader turns the deliveries of one tap or stream into batches. It lives as long as
// Run and takes a new consumer each time the connection is made anew, so that a
// batch which waits for the intake outlives a lost connection.
type Reader struct {
	take func(*Buffer, *amqp.Delivery) error
	put  func(context.Context, *Buffer) error

	// Silence, if not 0, is how long to wait for a delivery before ErrSilent.
	Silence time.Duration

	next  chan Consumer // room for one
	timer *time.Timer
}

// NewReader is a reader of what will be attached. Take adds a delivery to the buffer, or leaves it
// out; its error ends the consumer's reading, and the delivery is then not acknowledged. Put hands
// over what take added, and owns the buffer from then on; its error ends the reader.
func NewReader(take func(*Buffer, *amqp.Delivery) error, put func(context.Context, *Buffer) error) *Reader {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &Reader{take: take, put: put, next: make(chan Consumer, 1), timer: timer}
}

// Attach replaces the consumer that is read next. Only one goroutine may
// call it.
func (r *Reader) Attach(c Consumer) {
	select {
	case <-r.next:
	default:
	}
	r.next <- c
}

// Run reads one consumer after the other until ctx ends, which is no error, or a
// buffer cannot be handed over.
func (r *Reader) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-r.next:
			if err := r.Read(ctx, c); err != nil {
				return err
			}
		}
	}
}

// Read reads one consumer to its end. It acknowledges what has been handed over.
func (r *Reader) Read(ctx context.Context, c Consumer) error {
	if c.Begin != nil {
		c.Begin()
	}
	waiting, tag := 0, uint64(0) // deliveries to be acknowledged, and the last one's tag
	for {
		s, ended := r.collect(ctx, c.Deliveries, waiting > 0)
		if s != nil {
			waiting, tag = waiting+s.deliveries, s.lastTag
			if err := r.handOver(ctx, s); err != nil {
				return err
			}
		}
		if waiting > 0 && (s == nil || waiting >= AckEvery) && ended == nil {
			_ = c.Channel.Ack(tag, true) // fails when the channel is gone, which ends the deliveries too
			waiting = 0
		}
		if ctx.Err() != nil {
			return nil
		}
		if ended != nil {
			select {
			case c.Ended <- ended:
			default: // somebody else's word is there already
			}
			return nil
		}
	}
}

// handOver puts a buffer, unless ctx has ended. What ctx ends is no error.
func (r *Reader) handOver(ctx context.Context, s *Buffer) error {
	if len(s.Messages) == 0 || ctx.Err() != nil {
		s.Free()
		return nil
	}
	if err := r.put(ctx, s); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// collect waits for a delivery and then takes what else comes within the linger time,
// up to a full buffer. The buffer is nil if nothing came: within the delay of an
// acknowledgement that waits, within the silence, or because of the error.
func (r *Reader) collect(ctx context.Context, deliveries <-chan amqp.Delivery, acknowledge bool) (*Buffer, error) {
	patience, tooLong := r.Silence, ErrSilent
	if acknowledge {
		patience, tooLong = ackDelay, nil
	}
	var expired <-chan time.Time
	if patience > 0 {
		r.timer.Reset(patience)
		expired = r.timer.C
	}
	var s *Buffer
	for s == nil || !s.full() {
		select {
		case d, open := <-deliveries:
			if !open {
				return s, ErrEnded
			}
			if s == nil {
				s = NewBuffer()
				r.timer.Reset(linger)
				expired = r.timer.C
				tooLong = nil
			}
			if err := r.take(s, &d); err != nil {
				return s, err
			}
			s.deliveries, s.lastTag = s.deliveries+1, d.DeliveryTag
		case <-expired:
			return s, tooLong
		case <-ctx.Done():
			return s, nil
		}
	}
	return s, nil
}
