package history

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// atOnce is how many entities one scan reads side by side.
const atOnce = 4

// Scan implements adapters.Scanner.
func (r *Reader) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	span.From = fixed(span.From)
	var put sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, e := range r.wanted(&span) {
		group.Go(func() error {
			return r.scan(within, e, &span, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
				put.Lock()
				defer put.Unlock()
				return intake.Put(ctx, batch)
			}))
		})
	}
	err := group.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// fixed is a start by age as one by time.
func fixed(start adapters.Start) adapters.Start {
	if at, ok := start.Time(time.Now()); ok {
		return adapters.At(at)
	}
	return start
}

// wanted are the entities that a span is about.
func (r *Reader) wanted(span *adapters.Range) []client.Entity {
	if len(span.Partitions) > 0 && !slices.Contains(span.Partitions, adapters.NoPartition) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Entities), func(e client.Entity) bool {
		name := e.String()
		_, until := span.UntilOffsets[logOf(e)]
		named := len(span.Destinations) == 0 || slices.Contains(span.Destinations, name)
		return !named || slices.Contains(span.Except, name) || span.UntilOffsets != nil && !until
	})
}

func logOf(e client.Entity) adapters.Log {
	return adapters.Log{Destination: e.String(), Partition: adapters.NoPartition}
}

// numbers are from which number to which a span reads an entity now.
func numbers(ctx context.Context, conn *client.Conn, e client.Entity, span *adapters.Range) (from, end int64, err error) {
	from, given := span.FromOffsets[logOf(e)]
	if !given && span.From.IsEnd() {
		return 0, 0, nil
	}
	first, end, err := bounds(ctx, conn, e)
	if err != nil {
		return 0, 0, err
	}
	if since, ok := span.From.Time(time.Now()); ok && !given {
		if first, err = byTime(ctx, conn, e, first, end, since); err != nil {
			return 0, 0, err
		}
	}
	if span.UntilOffsets != nil {
		end = min(end, span.UntilOffsets[logOf(e)])
	}
	return max(from, first), end, nil
}

func (r *Reader) scan(ctx context.Context, e client.Entity, span *adapters.Range, intake adapters.Intake) error {
	conn, err := r.Client.Shared(ctx)
	if err != nil {
		return err
	}
	from, end, err := numbers(ctx, conn, e, span)
	if err != nil {
		return err
	}
	for from < end {
		raw, err := conn.Peek(ctx, e, from, client.PeekedAtOnce, nil)
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			return nil // what was there is gone
		}
		batch := &adapters.Batch{Past: true}
		for _, one := range raw {
			m := message.FromWire(one, e, from)
			if m.Position.Offset >= end {
				from = end
				break
			}
			if from = m.Position.Offset + 1; span.Until.IsZero() || m.Time.Before(span.Until) {
				batch.Messages = append(batch.Messages, m)
			}
		}
		if err := hand(ctx, batch, intake); err != nil {
			return err
		}
	}
	return nil
}

// hand hands a batch over, if there is something in it.
func hand(ctx context.Context, batch *adapters.Batch, intake adapters.Intake) error {
	if len(batch.Messages) == 0 {
		return ctx.Err()
	}
	err := intake.Put(ctx, batch)
	if err != nil {
		batch.Release()
	}
	return err
}

// Estimate implements adapters.Estimator.
func (r *Reader) Estimate(ctx context.Context, span adapters.Range) (sum int64, err error) {
	span.From = fixed(span.From)
	conn, err := r.Client.Shared(ctx)
	if err != nil {
		return 0, err
	}
	for _, e := range r.wanted(&span) {
		from, end, err := numbers(ctx, conn, e, &span)
		if err != nil {
			return 0, err
		}
		sum += max(0, end-from)
	}
	return sum, nil
}
