package dlq

import (
	"context"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/stream"
)

// peekStream reads a stream from its beginning to the end that it has now.
func (d *DeadLetters) peekStream(ctx context.Context, l *connection.Conn, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	end, err := stream.End(ctx, l, peek.DLQ)
	if err != nil || end == 0 {
		return err
	}
	reading, err := stream.Read(ctx, l, peek.DLQ, "first")
	if err != nil {
		return err
	}
	defer reading.Close(ctx)
	var part []deadletter.Delivery
	holding := publish.Holding{Letters: d.Letters}
	handOver := func() error {
		if len(part) == 0 {
			return nil
		}
		held := part
		part = nil
		handles := deadletter.HandlesOf(held) // keep owns what it is handed
		defer d.Letters.Drop(handles)
		return keep(held)
	}
	for read := 0; peek.Most == 0 || read < peek.Most; read++ {
		delivered, offset, err := reading.Next(ctx, d.Broker.Timeouts.Deliveries)
		if err != nil {
			return err
		}
		if offset >= end {
			break
		}
		if part = append(part, holding.FromStream(&delivered, peek.DLQ)); len(part) == peekPart {
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
