package rabbitmq

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// prefetch bounds what the broker sends without an acknowledgement, and so the
	// client's memory. Without it the client buffers whatever comes.
	prefetch = 1000

	ackEvery = 250                    // deliveries for one acknowledgement
	ackDelay = 100 * time.Millisecond // when fewer than that wait for theirs
	linger   = 10 * time.Millisecond  // how long a batch is collected after its first message
)

var (
	errEnded  = errors.New("the deliveries ended")       // connection, channel or consumer is gone
	errSilent = errors.New("nothing was delivered")      // for as long as reader.silence
	errDone   = errors.New("everything wanted was read") // said by reader.take
)

// attachment is a consumer on one connection.
type attachment struct {
	channel    *amqp.Channel
	deliveries <-chan amqp.Delivery

	// ended is told why the reading ended. It must have room for one word.
	ended chan<- error
}

// reader turns the deliveries of one tap or stream into batches. It lives as long as
// Run and takes a new attachment each time the connection is made anew, so that a
// batch which waits for the intake outlives a lost connection.
type reader struct {
	// take adds a delivery to the slab, or leaves it out. An error ends the
	// attachment; the delivery is then not acknowledged.
	take func(*slab, *amqp.Delivery) error

	// put hands over what take added, and owns the slab from then on. An error ends
	// the reader.
	put func(context.Context, *slab) error

	// silence, if not 0, is how long to wait for a delivery before errSilent.
	silence time.Duration

	next  chan attachment // room for one
	timer *time.Timer
}

func newReader(take func(*slab, *amqp.Delivery) error, put func(context.Context, *slab) error) *reader {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &reader{take: take, put: put, next: make(chan attachment, 1), timer: timer}
}

// attach replaces the attachment that the reader takes next. Only one goroutine may
// call it.
func (r *reader) attach(a attachment) {
	select {
	case <-r.next:
	default:
	}
	r.next <- a
}

// run reads one attachment after the other until ctx ends, which is no error, or a
// slab cannot be handed over.
func (r *reader) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-r.next:
			if err := r.read(ctx, a); err != nil {
				return err
			}
		}
	}
}

// read reads one attachment to its end. It acknowledges what has been handed over.
func (r *reader) read(ctx context.Context, a attachment) error {
	waiting, tag := 0, uint64(0) // deliveries to be acknowledged, and the last one's tag
	for {
		s, ended := r.collect(ctx, a.deliveries, waiting > 0)
		if s != nil {
			waiting, tag = waiting+s.deliveries, s.lastTag
			if err := r.handOver(ctx, s); err != nil {
				return err
			}
		}
		if waiting > 0 && (s == nil || waiting >= ackEvery) && ended == nil {
			_ = a.channel.Ack(tag, true) // fails when the channel is gone, which ends the deliveries too
			waiting = 0
		}
		if ctx.Err() != nil {
			return nil
		}
		if ended != nil {
			select {
			case a.ended <- ended:
			default: // somebody else's word is there already
			}
			return nil
		}
	}
}

// handOver puts a slab, unless ctx has ended. What ctx ends is no error.
func (r *reader) handOver(ctx context.Context, s *slab) error {
	if len(s.messages) == 0 || ctx.Err() != nil {
		s.free()
		return nil
	}
	if err := r.put(ctx, s); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// collect waits for a delivery and then takes what else comes within the linger time,
// up to a full slab. The slab is nil if nothing came: within the delay of an
// acknowledgement that waits, within the silence, or because of the error.
func (r *reader) collect(ctx context.Context, deliveries <-chan amqp.Delivery, acknowledge bool) (*slab, error) {
	patience, tooLong := r.silence, errSilent
	if acknowledge {
		patience, tooLong = ackDelay, nil
	}
	var expired <-chan time.Time
	if patience > 0 {
		r.timer.Reset(patience)
		expired = r.timer.C
	}
	var s *slab
	for s == nil || !s.full() {
		select {
		case d, open := <-deliveries:
			if !open {
				return s, errEnded
			}
			if s == nil {
				s = newSlab()
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
