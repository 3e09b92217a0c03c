package stream

import (
	"context"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

// Reading is a consumer of a stream that is read one delivery after the other.
type Reading struct {
	conn       *connection.Conn
	name       string
	channel    *amqp.Channel
	deliveries <-chan amqp.Delivery
	waiting    int // for an acknowledgement, which is credit
	timer      *time.Timer
}

// Read begins at an offset, as [Consume] takes it.
func Read(ctx context.Context, l *connection.Conn, name string, offset any) (*Reading, error) {
	channel, deliveries, err := Consume(ctx, l, name, offset, delivery.Prefetch)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(time.Hour)
	return &Reading{conn: l, name: name, channel: channel, deliveries: deliveries, timer: timer}, nil
}

// Next is the next delivery with its offset. When none comes for as long as limit, the
// stream is stuck, or read to its end.
func (r *Reading) Next(ctx context.Context, limit time.Duration) (amqp.Delivery, int64, error) {
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

// Close ends it, soon once hurry has ended.
func (r *Reading) Close(hurry context.Context) {
	r.timer.Stop()
	r.conn.CloseChannel(hurry, r.channel)
}
