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

func (d *DeadLetters) redriveStream(ctx context.Context, l *connection.Conn, order deadletter.Order) (deadletter.Redrive, error) {
	end, err := stream.End(ctx, l, order.DLQ)
	if err != nil {
		return nil, err
	}
	sender, err := d.OpenChannel(ctx)
	if err != nil {
		return nil, err
	}
	r := &streamRedrive{Sender: publish.Sender{Copier: d.Copier, Channel: sender}, conn: l, stream: order.DLQ, end: end}
	for _, position := range order.Letters {
		if position.Offset < end {
			r.offsets = append(r.offsets, position.Offset)
		}
	}
	slices.Sort(r.offsets)
	return r, nil
}

// Guarantee implements deadletter.Redrive.
func (s *streamRedrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Next implements deadletter.Redrive. It hands over what was ordered and is still there.
// Letters can be copied until the next call.
func (s *streamRedrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	s.Copier.Letters.Drop(s.handed)
	s.Hurry = deadletter.Hurry(ctx)
	var held []deadletter.Delivery
	holding := publish.Holding{Letters: s.Copier.Letters}
	for len(held) < most && len(s.offsets) > 0 {
		if s.reading == nil {
			var err error
			if s.reading, err = stream.Read(ctx, s.conn, s.stream, s.offsets[0]); err != nil {
				return held, err
			}
		}
		d, offset, err := s.reading.Next(ctx, s.Copier.Broker.Timeouts.Deliveries)
		if err != nil {
			return held, err
		}
		for len(s.offsets) > 0 && s.offsets[0] < offset {
			s.offsets = s.offsets[1:] // retention has removed it
		}
		if len(s.offsets) > 0 && s.offsets[0] == offset {
			held = append(held, holding.FromStream(&d, s.stream))
			s.offsets = s.offsets[1:]
		}
	}
	s.handed = deadletter.HandlesOf(held)
	return held, nil
}

// Acknowledge implements deadletter.Redrive: a stream keeps its letters.
func (s *streamRedrive) Acknowledge(context.Context, []deadletter.Delivery) error { return nil }

// Close implements deadletter.Redrive.
func (s *streamRedrive) Close() error {
	s.Copier.Letters.Drop(s.handed)
	if s.reading != nil {
		s.reading.Close(s.Hurried())
	}
	s.HangUp()
	s.conn.HangUp()
	return nil
}

// Overdue implements deadletter.Redrive: a stream does not mind how long its messages are held.
func (s *streamRedrive) Overdue() bool { return false }
