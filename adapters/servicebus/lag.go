package servicebus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/figure"
	"eventscope/adapters/servicebus/client"
)

// depths are how many messages lie in queues and subscriptions, and since when the first of them does.
// Who consumes them the service does not tell.
type depths struct{ *Adapter }

// Lag implements consumer.LagReader.
func (d depths) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(consumer.Lag{}, err)
			return
		}
		names := slices.Compact(slices.Sorted(slices.Values(query.Groups)))
		if len(names) == 0 && len(d.config.Names) > 0 {
			for _, e := range d.Entities {
				names = append(names, e.Of(client.Main).String())
			}
			names = slices.Compact(slices.Sorted(slices.Values(names)))
		}
		if len(names) > 0 {
			d.named(ctx, names, yield)
			return
		}
		all, err := d.client.AllCounts(ctx)
		if err != nil {
			yield(consumer.Lag{}, err)
			return
		}
		for i := range all {
			lag := d.depth(ctx, &all[i])
			if lag.Of = len(all); !yield(lag, nil) {
				return
			}
		}
	}
}

// named is how many lie in those of these names.
func (d depths) named(ctx context.Context, names []string, yield func(consumer.Lag, error) bool) {
	for _, name := range names {
		lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: name}
		counts, err := d.counts(ctx, name)
		switch {
		case errors.Is(err, adapters.ErrNotConnected), ctx.Err() != nil: // of all the others it would be the same
			yield(consumer.Lag{}, err)
			return
		case err == nil:
			lag = d.depth(ctx, &counts)
			lag.Group, lag.Logs[0].Destination = name, name
		}
		if lag.Of = len(names); !yield(lag, err) {
			return
		}
	}
}

func (d depths) counts(ctx context.Context, name string) (client.Counts, error) {
	e, err := client.Parse(name)
	if err != nil {
		return client.Counts{}, adapters.UnknownDestination(broker, d.client.Place(), adapters.Queue, name)
	}
	if e.Part != client.Main {
		return client.Counts{}, adapters.UnknownDestination(broker, d.client.Place(), adapters.Queue, name)
	}
	return d.client.Counts(ctx, e)
}

// depth is what is told of one queue or subscription.
func (d depths) depth(ctx context.Context, counts *client.Counts) consumer.Lag {
	name := counts.String()
	log := consumer.LogLag{Log: adapters.Log{Destination: name, Partition: adapters.NoPartition}, Start: -1, Committed: -1, End: -1, LastStable: -1, Member: -1}
	lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: name, At: time.Now()}
	lag.Queue = &consumer.QueueDepth{Ready: counts.Active, Unacked: -1, Consumers: -1, Capacity: -1}
	switch {
	case counts.Active < 0:
		log.State, log.Why = consumer.LagUnknown, "the service does not tell how many messages it holds"
	case counts.Active == 0:
		log.State = consumer.LagOK
	default:
		log.State, log.Lag = consumer.LagBehind, counts.Active
		log.Oldest = d.oldest(ctx, counts.Entity)
	}
	var also []string
	if counts.Scheduled > 0 {
		also = append(also, figure.Count(counts.Scheduled)+" more are scheduled")
	}
	if dead := max(0, counts.Dead) + max(0, counts.TransferDead); dead > 0 {
		also = append(also, fmt.Sprintf("%s beside it", figure.Plural(dead, "dead letter lies", "dead letters lie")))
	}
	if len(also) > 0 {
		log.Why = strings.Join(also, "; ")
	}
	lag.Logs = []consumer.LogLag{log}
	return lag
}

// oldest is when the first message of an entity was enqueued; zero where a look is not allowed, which
// needs another right than counting.
func (d depths) oldest(ctx context.Context, e client.Entity) time.Time {
	at, err := d.NextTime(ctx, adapters.Position{Destination: e.String(), Partition: adapters.NoPartition})
	if err != nil {
		return time.Time{}
	}
	return at
}

// NextTimes implements consumer.LagReader.
func (d depths) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		for _, position := range positions {
			at, err := time.Time{}, ctx.Err()
			if err == nil {
				at, err = d.NextTime(ctx, position)
			}
			if !yield(at, err) || ctx.Err() != nil {
				return
			}
		}
	}
}
