package toy

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// consumers are the groups of a source.
type consumers struct{ *source }

// Lag implements consumer.LagReader.
func (c consumers) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		groups := slices.Compact(slices.Sorted(slices.Values(query.Groups)))
		if err := c.ask("list groups", func() error {
			if len(groups) == 0 {
				groups = slices.DeleteFunc(slices.Clone(c.groups), func(group string) bool { return len(c.lag(group).Logs) == 0 })
			}
			return nil
		}); err != nil {
			yield(consumer.Lag{}, err)
			return
		}
		for _, group := range groups {
			if err := ctx.Err(); err != nil {
				yield(consumer.Lag{}, err)
				return
			}
			lag := consumer.Lag{Group: group}
			err := c.ask("read the lag of "+group, func() error {
				if c.committed[group] == nil {
					return &adapters.Problem{Doing: "read the lag of " + group, Cause: "the cluster has no such group", Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination}
				}
				lag = c.lag(group)
				return nil
			})
			lag.Of = len(groups)
			if !yield(lag, err) {
				return
			}
		}
	}
}

// lag is how far a group is behind in what is read.
func (c consumers) lag(group string) consumer.Lag {
	lag := consumer.Lag{Kind: consumer.ClassicGroup, Group: group, At: time.Now()}
	for _, d := range c.logs() {
		next, reads := c.committed[group][d.name]
		if !reads {
			continue
		}
		log := consumer.LogLag{Log: adapters.Log{Destination: d.name, Partition: adapters.NoPartition}, Committed: next, End: d.end(), LastStable: d.end(), Member: -1}
		log.Classify()
		lag.Logs = append(lag.Logs, log)
	}
	return lag
}

// NextTimes implements consumer.LagReader.
func (c consumers) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		for m, err := range c.Fetch(ctx, positions) {
			if errors.Is(err, adapters.ErrGone) { // it was not written yet
				err = nil
			}
			if !yield(m.Time, err) {
				return
			}
		}
	}
}
