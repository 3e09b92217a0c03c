package kafka

import (
	"context"
	"fmt"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/adapters/kafka/cluster"
)

// moment is how long a reader of committed transactions waits for one that is open: longer
// than a redrive at work keeps one.
const moment = 2 * time.Second

// hidden is what an open transaction holds back from readers of committed ones: from its
// first offset to the end of the log.
type hidden struct{ from, end int64 }

// decided waits, as long as patience allows, until every transaction that wrote to logs
// before now has ended, and returns what those hide that have not.
func (a *Adapter) decided(ctx context.Context, logs []adapters.Log, patience time.Duration) (map[adapters.Log]hidden, error) {
	times := cluster.At(cluster.Latest, logs)
	ends, err := cluster.ListOffsets(ctx, a.client, times, false)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	open := make(map[adapters.Log]hidden)
	err = until(waiting, func() (bool, error) {
		stable, err := cluster.ListOffsets(waiting, a.client, times, true)
		for log, at := range stable {
			if open[log] = (hidden{at.Offset, ends[log].Offset}); ends[log].Err != nil || at.Err != nil || at.Offset >= ends[log].Offset {
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
		return nil, a.explain(ctx, err)
	}
	return open, nil
}

// tellHidden notes what a scan of committed transactions does not show.
func (a *Adapter) tellHidden(ctx context.Context, logs []adapters.Log) error {
	open, err := a.decided(ctx, logs, moment)
	for log, h := range open {
		a.progress.miss(openSentence(log, h.from, h.end))
	}
	return err
}

// openSentence tells of an open transaction. Its records, and all behind them, are what is hidden.
func openSentence(log adapters.Log, from, end int64) string {
	return fmt.Sprintf("a transaction is open in %s/%d at offset %d; %s records from there on are not shown, since only committed ones are", log.Destination, log.Partition, from, figure.Count(end-from))
}
