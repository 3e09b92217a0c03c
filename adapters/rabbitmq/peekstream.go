package rabbitmq

import (
	"context"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

// peekStream reads a stream from its beginning to the end that it has now.
func (a *Adapter) peekStream(ctx context.Context, l *connection.Conn, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	end, err := streamEnd(ctx, l, peek.DLQ)
	if err != nil || end == 0 {
		return err
	}
	reading, err := readStream(ctx, l, peek.DLQ, "first")
	if err != nil {
		return err
	}
	defer reading.close(ctx)
	var part []deadletter.Delivery
	holding := holding{letters: &a.letters}
	handOver := func() error {
		if len(part) == 0 {
			return nil
		}
		held := part
		part = nil
		handles := handlesOf(held) // keep owns what it is handed
		defer a.letters.drop(handles)
		return keep(held)
	}
	for read := 0; peek.Most == 0 || read < peek.Most; read++ {
		d, offset, err := reading.next(ctx, a.broker.Timeouts.Deliveries)
		if err != nil {
			return err
		}
		if offset >= end {
			break
		}
		if part = append(part, holding.fromStream(&d, peek.DLQ)); len(part) == peekPart {
			if err := handOver(); err != nil {
				return err
			}
		}
		if offset == end-1 {
			break
		}
	}
	return handOver()
}

// streamReading is a consumer of a stream that is read one delivery after the other.
type streamReading struct {
	conn       *connection.Conn
	name       string
	channel    *amqp.Channel
	deliveries <-chan amqp.Delivery
	waiting    int // for an acknowledgement, which is credit
	timer      *time.Timer
}

func readStream(ctx context.Context, l *connection.Conn, name string, offset any) (*streamReading, error) {
	channel, deliveries, err := consumeStream(ctx, l, name, offset, delivery.Prefetch)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(time.Hour)
	return &streamReading{conn: l, name: name, channel: channel, deliveries: deliveries, timer: timer}, nil
}

// next is the next delivery with its offset. When none comes for as long as limit, the
// stream is stuck, or read to its end.
func (r *streamReading) next(ctx context.Context, limit time.Duration) (amqp.Delivery, int64, error) {
	r.timer.Reset(limit)
	select {
	case <-ctx.Done():
		return amqp.Delivery{}, 0, ctx.Err()
	case <-r.timer.C:
		return amqp.Delivery{}, 0, wording.Problem("read stream "+wording.Quoted(r.name), "it delivered nothing for "+limit.String()+" though its end is not reached",
			"try again", adapters.ErrNotConnected)
	case d, open := <-r.deliveries:
		if !open {
			return d, 0, r.conn.Loss()
		}
		offset, ok := delivery.StreamOffset(&d)
		if !ok {
			return d, 0, errNoOffset
		}
		if r.waiting++; r.waiting == delivery.AckEvery {
			_ = r.channel.Ack(d.DeliveryTag, true) // if it fails, the deliveries end
			r.waiting = 0
		}
		return d, offset, nil
	}
}

func (r *streamReading) close(hurry context.Context) {
	r.timer.Stop()
	r.conn.CloseChannel(hurry, r.channel)
}
