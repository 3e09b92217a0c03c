package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

// stillOpen is how long a transaction stays open before it is taken for one that lasts:
// those of producers at work end within less, and others follow.
const stillOpen = 300 * time.Millisecond

// heldBack says of topics on which a transaction stays open that readers of committed
// records get nothing behind it. It asks twice if there is any.
func (a *Adapter) heldBack(ctx context.Context, topics map[string]*cluster.Topic) map[string]string {
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, t.Logs()...)
	}
	open, _ := openAt(ctx, a.client, logs)
	if len(open) == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(stillOpen):
	}
	still, _ := openAt(ctx, a.client, slices.Collect(maps.Keys(open)))
	transactions, _ := a.openTransactions(ctx, slices.Collect(maps.Keys(still)))
	warnings := map[string]string{}
	for log, offset := range still {
		if offset == open[log] {
			warnings[log.Destination] = a.heldBackBy(ctx, log, offset, transactions[log]) + ": readers of committed records get what is sent there only when it has ended"
		}
	}
	return warnings
}

// heldBackBy names what holds readers back, and says who ends it if it hangs.
func (a *Adapter) heldBackBy(ctx context.Context, log adapters.Log, offset int64, open []openTransaction) string {
	if len(open) == 0 || !open[0].hangs() {
		at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
		return fmt.Sprintf("a transaction stays open at %s", at)
	}
	h := hanging{open[0], log}
	if h.ofRedrive() {
		if raises, err := a.raisesEpochs(ctx); err == nil && h.decided(raises) {
			return h.place() + ", and a run ends it as its coordinator has decided"
		}
	}
	return h.place() + ", and nobody ends it but " + h.abortCommand()
}

// openAt is where readers of committed records have to wait, of the logs where they do. The error
// is why that is not known of one.
func openAt(ctx context.Context, client *kgo.Client, logs []adapters.Log) (map[adapters.Log]int64, error) {
	times := cluster.At(cluster.Latest, logs)
	ends, err := cluster.ListOffsets(ctx, client, times, false)
	if err != nil {
		return nil, err
	}
	stable, err := cluster.ListOffsets(ctx, client, times, true)
	if err != nil {
		return nil, err
	}
	open := map[adapters.Log]int64{}
	for _, log := range logs {
		switch e, s := ends[log], stable[log]; {
		case errors.Is(e.Err, kerr.TopicAuthorizationFailed): // nothing of it is told
		case e.Err != nil || s.Err != nil:
			err = cmp.Or(e.Err, s.Err)
		case s.Offset < e.Offset:
			open[log] = s.Offset
		}
	}
	return open, err
}
