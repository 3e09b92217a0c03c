package transactions

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

// LastStable is the last stable offset of the logs that go on behind it, for a transaction is
// ongoing there: readers of committed records have to wait at it. The error is why it is not
// known of one.
func LastStable(ctx context.Context, client *kgo.Client, logs []adapters.Log) (map[adapters.Log]int64, error) {
	times := cluster.At(cluster.Latest, logs)
	ends, err := cluster.ListOffsets(ctx, client, times, false)
	if err != nil {
		return nil, err
	}
	stable, err := cluster.ListOffsets(ctx, client, times, true)
	if err != nil {
		return nil, err
	}
	stableAt := map[adapters.Log]int64{}
	for _, log := range logs {
		switch e, s := ends[log], stable[log]; {
		case errors.Is(e.Err, kerr.TopicAuthorizationFailed): // nothing of it is told
		case e.Err != nil || s.Err != nil:
			err = cmp.Or(e.Err, s.Err)
		case s.Offset < e.Offset:
			stableAt[log] = s.Offset
		}
	}
	return stableAt, err
}

// Hidden is what an ongoing transaction hides from readers of committed records: from the last
// stable offset of a log to its end.
type Hidden struct{ LastStable, End int64 }

// Await waits, as long as patience allows, until every transaction that wrote to logs before now
// has ended, and returns what those hide that have not.
func Await(ctx context.Context, client *kgo.Client, access *cluster.Access, logs []adapters.Log, patience time.Duration) (map[adapters.Log]Hidden, error) {
	times := cluster.At(cluster.Latest, logs)
	ends, err := cluster.ListOffsets(ctx, client, times, false)
	if err != nil {
		return nil, access.Explain(ctx, err)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	open := make(map[adapters.Log]Hidden)
	err = cluster.Until(waiting, func() (bool, error) {
		stable, err := cluster.ListOffsets(waiting, client, times, true)
		for log, at := range stable {
			if open[log] = (Hidden{at.Offset, ends[log].Offset}); ends[log].Err != nil || at.Err != nil || at.Offset >= ends[log].Offset {
				delete(times, log) // what cannot be asked is told by whoever reads it
				delete(open, log)
			}
		}
		return len(times) == 0, err
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && waiting.Err() == nil:
		return nil, access.Explain(ctx, err)
	}
	return open, nil
}
