package dlq

import (
	"context"
	"slices"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/stream"
)

// streamRedrive sends copies of letters that stay in their stream. The broker keeps no
// record of that, and lets several at it at once.
type streamRedrive struct {
	publish.Sender
	conn    *connection.Conn
	stream  string
	end     int64
	offsets []int64         // ordered and not handed over yet, sorted
	reading *stream.Reading // nil before the first
	handed  []uint64        // handles of what the last Next handed over
}

func (a *DeadLetters) redriveStream(ctx context.Context, l *connection.Conn, order deadletter.Order) (deadletter.Redrive, error) {
	end, err := stream.End(ctx, l, order.DLQ)
	if err != nil {
		return nil, err
	}
	sender, err := a.OpenChannel(ctx)
	if err != nil {
		return nil, err
	}
	r := &streamRedrive{Sender: publish.Sender{Copier: a.Copier, Channel: sender}, conn: l, stream: order.DLQ, end: end}
	for _, position := range order.Letters {
		if position.Offset < end {
			r.offsets = append(r.offsets, position.Offset)
		}
	}
	slices.Sort(r.offsets)
	return r, nil
}

// Guarantee implements deadletter.Redrive.
func (r *streamRedrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Next implements deadletter.Redrive. It hands over what was ordered and is still there.
// Letters can be copied until the next call.
func (r *streamRedrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	r.Copier.Letters.Drop(r.handed)
	r.Hurry = deadletter.Hurry(ctx)
	var held []deadletter.Delivery
	holding := publish.Holding{Letters: r.Copier.Letters}
	for len(held) < most && len(r.offsets) > 0 {
		if r.reading == nil {
			var err error
			if r.reading, err = stream.Read(ctx, r.conn, r.stream, r.offsets[0]); err != nil {
				return held, err
			}
		}
		d, offset, err := r.reading.Next(ctx, r.Copier.Broker.Timeouts.Deliveries)
		if err != nil {
			return held, err
		}
		for len(r.offsets) > 0 && r.offsets[0] < offset {
			r.offsets = r.offsets[1:] // retention has removed it
		}
		if len(r.offsets) > 0 && r.offsets[0] == offset {
			held = append(held, holding.FromStream(&d, r.stream))
			r.offsets = r.offsets[1:]
		}
	}
	r.handed = publish.HandlesOf(held)
	return held, nil
}

// Settle implements deadletter.Redrive: a stream keeps its letters.
func (r *streamRedrive) Settle(context.Context, []deadletter.Delivery) error { return nil }

// Close implements deadletter.Redrive.
func (r *streamRedrive) Close() error {
	r.Copier.Letters.Drop(r.handed)
	if r.reading != nil {
		r.reading.Close(r.Hurried())
	}
	r.HangUp()
	r.conn.HangUp()
	return nil
}

// Overdue implements deadletter.Redrive: a stream does not mind how long its messages are held.
func (r *streamRedrive) Overdue() bool { return false }
