package dlq

import (
	"context"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// Peek implements deadletter.Queues. Nothing is locked, counted or moved.
func (d *DeadLetters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	e, err := parse(peek.DLQ)
	if err != nil {
		return err
	}
	conn, err := d.Client.Shared(ctx)
	if err != nil {
		return err
	}
	for from, seen := int64(0), 0; peek.Most == 0 || seen < peek.Most; {
		most := client.PeekedAtOnce
		if peek.Most > 0 {
			most = min(most, peek.Most-seen)
		}
		raw, err := conn.Peek(ctx, e, from, most, nil)
		if err != nil || len(raw) == 0 {
			return err
		}
		part := make([]deadletter.Delivery, 0, len(raw))
		for _, one := range raw {
			m := message.FromWire(one, e, from)
			from = m.Position.Offset + 1
			part = append(part, d.letters.Hold(m, &held{raw: one, entity: e, position: m.Position}))
		}
		seen += len(part)
		if err := d.hand(part, keep); err != nil {
			return err
		}
	}
	return nil
}

// hand hands a part over. Keep owns what it is handed, and may change it.
func (d *DeadLetters) hand(part []deadletter.Delivery, keep func([]deadletter.Delivery) error) error {
	defer d.letters.Drop(deadletter.HandlesOf(part))
	return keep(part)
}
