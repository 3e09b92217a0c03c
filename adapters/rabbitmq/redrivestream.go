package rabbitmq

import (
	"context"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// streamRedrive sends copies of letters that stay in their stream. The broker keeps no
// record of that, and lets several at it at once.
type streamRedrive struct {
	poster
	connection *amqp.Connection
	stream     string
	end        int64
	offsets    []int64        // ordered and not handed over yet, sorted
	reading    *streamReading // nil before the first
	handed     []uint64       // handles of what the last Next handed over
}

func (a *Adapter) redriveStream(ctx context.Context, connection *amqp.Connection, wire *wire, order adapters.Order) (adapters.Redrive, error) {
	end, err := a.config.streamEnd(ctx, connection, order.Grave)
	if err != nil {
		return nil, err
	}
	sender, err := a.newLandingSender(connection, wire)
	if err != nil {
		return nil, err
	}
	r := &streamRedrive{poster: poster{adapter: a, sender: sender}, connection: connection, stream: order.Grave, end: end}
	for _, position := range order.Letters {
		if position.Offset < end {
			r.offsets = append(r.offsets, position.Offset)
		}
	}
	slices.Sort(r.offsets)
	return r, nil
}

// Guarantee implements adapters.Redrive.
func (r *streamRedrive) Guarantee() adapters.Guarantee { return adapters.AtLeastOnce }

// Next implements adapters.Redrive. It hands over what was ordered and is still there.
// Letters can be copied until the next call.
func (r *streamRedrive) Next(ctx context.Context, most int) ([]adapters.Held, error) {
	r.adapter.letters.drop(r.handed)
	var held []adapters.Held
	holding := holding{letters: &r.adapter.letters}
	for len(held) < most && len(r.offsets) > 0 {
		if r.reading == nil {
			var err error
			if r.reading, err = r.adapter.config.readStream(r.connection, r.stream, r.offsets[0]); err != nil {
				return held, err
			}
		}
		d, offset, err := r.reading.next(ctx, stalled)
		if err != nil {
			return held, err
		}
		for len(r.offsets) > 0 && r.offsets[0] < offset {
			r.offsets = r.offsets[1:] // retention has removed it
		}
		if len(r.offsets) > 0 && r.offsets[0] == offset {
			held = append(held, holding.fromStream(&d, r.stream))
			r.offsets = r.offsets[1:]
		}
	}
	r.handed = handlesOf(held)
	return held, nil
}

// Send implements adapters.Redrive. RabbitMQ has nowhere to keep entries.
func (r *streamRedrive) Send(ctx context.Context, copies []adapters.Copy, _ []adapters.Entry) ([]error, error) {
	return r.send(ctx, copies)
}

// Settle implements adapters.Redrive: a stream keeps its letters.
func (r *streamRedrive) Settle(context.Context, []adapters.Held) error { return nil }

// Close implements adapters.Redrive.
func (r *streamRedrive) Close() error {
	r.adapter.letters.drop(r.handed)
	if r.reading != nil {
		r.reading.close()
	}
	hangUp(r.connection)
	return nil
}
