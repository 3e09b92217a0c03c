package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// A stream's end can only be found by reading: what is read from its last chunk
	// ends when nothing more comes. emptyPatience is how long to wait for the first
	// message of it, endPatience for the next one.
	emptyPatience = time.Second
	endPatience   = 200 * time.Millisecond

	// syncPause is how long the client may take to hand on what had come before an answer.
	syncPause = 50 * time.Millisecond

	// endPrefetch is more than a chunk usually holds, so that the last one comes whole.
	endPrefetch = 10_000
)

// Consume starts a consumer at an offset: a number, a time.Time, "first", "last"
// or "next". The broker refuses that for anything but a stream, so that no message of
// a real queue can be taken.
func Consume(ctx context.Context, l *connection.Conn, name string, offset any, credit int) (*amqp.Channel, <-chan amqp.Delivery, error) {
	doing := fmt.Sprintf("read stream %s of %s", wording.Quoted(name), l.Broker.String())
	defer l.LimitAnswer(ctx)()
	channel, err := l.Channel()
	if err != nil {
		return nil, nil, l.Problem(doing, err)
	}
	if err := channel.Qos(credit, 0, false); err != nil {
		return nil, nil, l.Problem(doing, err)
	}
	deliveries, err := channel.Consume(name, connection.ConsumerTag, false, false, false, false, amqp.Table{delivery.OffsetHeader: offset})
	var refusal *amqp.Error
	switch {
	case err == nil:
		return channel, deliveries, nil
	case errors.As(err, &refusal) && refusal.Code == amqp.PreconditionFailed:
		return nil, nil, wording.Problem(doing, "it is a queue that is no stream, and reading would take its messages",
			"name it with queue=, which taps what it receives", adapters.ErrUsage)
	case errors.As(err, &refusal) && refusal.Code == amqp.NotFound:
		return nil, nil, adapters.UnknownDestination("rabbitmq", l.Broker.Address, adapters.Stream, name)
	}
	return nil, nil, l.Problem(doing, err)
}

// End is the offset behind the newest message: 0 for an empty stream. While
// messages are being written it is one of those that were the end meanwhile.
func End(ctx context.Context, l *connection.Conn, name string) (int64, error) {
	return endFrom(ctx, l, name, "last", endPrefetch)
}

// lastChunk is an offset near the end of the stream, never behind it, that is found
// without waiting for more: that behind the first message of the last chunk.
func lastChunk(ctx context.Context, l *connection.Conn, name string) (int64, error) {
	return endFrom(ctx, l, name, "last", 1)
}

// endFrom reads from an offset without acknowledging, so that no more than credit (and
// the rest of its chunk) can come, and returns the offset behind the last one that it
// waited for, or 0 if nothing came. Silence alone proves nothing: so when nothing more comes,
// the broker is asked something, and what it had sent before comes before the answer.
func endFrom(ctx context.Context, l *connection.Conn, name string, from any, credit int) (int64, error) {
	asked := time.Now()
	channel, deliveries, err := Consume(ctx, l, name, from, credit)
	if err != nil {
		return 0, err
	}
	defer l.CloseChannel(ctx, channel)
	roundTrip := time.Since(asked)
	patience := time.NewTimer(emptyPatience + 2*roundTrip)
	defer patience.Stop()
	end, answered := int64(0), false
	for seen := 0; seen < credit; {
		select {
		case d, open := <-deliveries:
			if !open {
				return 0, l.Loss()
			}
			if offset, ok := delivery.StreamOffset(&d); ok {
				end = offset + 1
			}
			seen, answered = seen+1, false
			patience.Reset(endPatience + roundTrip)
		case <-patience.C:
			if answered {
				return end, nil
			}
			if err := awaitAnswer(ctx, l, channel, credit); err != nil {
				return 0, err
			}
			answered = true
			patience.Reset(syncPause)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return end, nil
}

// awaitAnswer waits for an answer on a channel that delivers. Credit is what it has already.
func awaitAnswer(ctx context.Context, l *connection.Conn, channel *amqp.Channel, credit int) error {
	defer l.LimitAnswer(ctx)()
	if err := channel.Qos(credit, 0, false); err != nil {
		return l.Problem("read "+l.Broker.String(), err)
	}
	return nil
}
