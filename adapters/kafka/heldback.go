package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// stillOpen is how long a transaction stays open before it is taken for one that lasts:
// those of producers at work end within less, and others follow.
const stillOpen = 300 * time.Millisecond

// heldBack says of topics on which a transaction stays open that readers of committed
// records get nothing behind it. It asks twice if there is any.
func heldBack(ctx context.Context, client *kgo.Client, topics map[string]*topic) map[string]string {
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, logsOf(t, adapters.Range{})...)
	}
	open := openAt(ctx, client, logs)
	if len(open) == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(stillOpen):
	}
	logs = logs[:0]
	for log := range open {
		logs = append(logs, log)
	}
	warnings := map[string]string{}
	for log, offset := range openAt(ctx, client, logs) {
		if offset == open[log] {
			at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
			warnings[log.Destination] = fmt.Sprintf("a transaction stays open at %s: readers of committed records get what is sent there only when it has ended", at)
		}
	}
	return warnings
}

// openAt is where readers of committed records have to wait, of the logs where they do.
func openAt(ctx context.Context, client *kgo.Client, logs []adapters.Log) map[adapters.Log]int64 {
	times := make(map[adapters.Log]int64, len(logs))
	for _, log := range logs {
		times[log] = latest
	}
	ends, err := listOffsets(ctx, client, times, false)
	if err != nil {
		return nil
	}
	stable, err := listOffsets(ctx, client, times, true)
	if err != nil {
		return nil
	}
	open := map[adapters.Log]int64{}
	for _, log := range logs {
		if e, s := ends[log], stable[log]; e.err == nil && s.err == nil && s.offset < e.offset {
			open[log] = s.offset
		}
	}
	return open
}
