package aws

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/consumer"
	"eventscope/adapters/figure"
)

// depths are how many messages lie in queues. Who consumes them SQS does not tell, nor, but for
// CloudWatch, how old the oldest is.
type depths struct{ *Adapter }

// ageUnknown is said beside each queue that is behind.
const ageUnknown = "how old the oldest is only CloudWatch tells"

// Lag implements consumer.LagReader.
func (d depths) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		names, listed, err := d.asked(ctx, query.Groups)
		if err != nil {
			yield(consumer.Lag{}, err)
			return
		}
		asking, stop := context.WithCancel(ctx)
		defer stop()
		for a := range d.client.Queues(asking, names) {
			if listed && errors.Is(a.Err, adapters.ErrUnknownDestination) {
				continue // it was deleted meanwhile
			}
			if errors.Is(a.Err, adapters.ErrNotConnected) { // of all the others it would be the same
				yield(consumer.Lag{}, a.Err)
				return
			}
			lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: a.Name, Of: len(names)}
			if a.Err == nil {
				lag = depth(a.Queue)
				lag.Of = len(names)
			}
			if !yield(lag, a.Err) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(consumer.Lag{}, err)
		}
	}
}

// asked are the queues that are meant; listed says that they were there a moment ago.
func (d depths) asked(ctx context.Context, groups []string) (names []string, listed bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	switch {
	case len(groups) > 0:
		return slices.Compact(slices.Sorted(slices.Values(groups))), false, nil
	case d.config.Topics: // which keep nothing that somebody could be behind in
		return nil, true, nil
	case len(d.config.Names) > 0:
		return d.config.Names, true, nil
	}
	names, err = d.client.AllNames(ctx)
	return names, true, err
}

// depth is what a queue tells.
func depth(q *client.Queue) consumer.Lag {
	log := consumer.LogLag{
		Log:   adapters.Log{Destination: q.Name, Partition: adapters.NoPartition},
		Start: -1, Committed: -1, End: -1, LastStable: -1, Member: -1,
	}
	lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: q.Name, At: time.Now()}
	lag.Queue = &consumer.QueueDepth{Ready: q.Visible, Unacked: q.InFlight, Consumers: -1, Capacity: -1}
	switch {
	case q.Visible < 0 || q.InFlight < 0:
		log.State, log.Why = consumer.LagUnknown, "SQS does not tell how many messages it holds"
	case q.Visible+q.InFlight == 0:
		log.State = consumer.LagOK
	default:
		log.State, log.Lag = consumer.LagBehind, q.Visible+q.InFlight
	}
	var also []string
	if q.Delayed > 0 {
		also = append(also, fmt.Sprintf("%s more are delayed", figure.Count(q.Delayed)))
	}
	if log.State == consumer.LagBehind {
		also = append(also, ageUnknown)
	}
	if len(also) > 0 {
		log.Why = strings.Join(also, "; ")
	}
	lag.Logs = []consumer.LogLag{log}
	return lag
}

// NextTimes implements consumer.LagReader.
func (d depths) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		for range positions {
			err := ctx.Err()
			if err == nil {
				err = refused("tell when the next message came", "a queue of SQS has no offsets", "")
			}
			if !yield(time.Time{}, err) {
				return
			}
		}
	}
}
