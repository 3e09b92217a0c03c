package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// stillOpen is how long a transaction stays open before it is taken for one that lasts:
// those of producers at work end within less, and others follow.
const stillOpen = 300 * time.Millisecond

// heldBack says of topics on which a transaction stays open that readers of committed
// records get nothing behind it. It asks twice if there is any.
func (a *Adapter) heldBack(ctx context.Context, topics map[string]*topic) map[string]string {
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, logsOf(t, adapters.Range{})...)
	}
	open := openAt(ctx, a.client, logs)
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
	still := openAt(ctx, a.client, logs)
	hanging := a.openTransactions(ctx, slices.Collect(maps.Keys(still)))
	for log, offset := range still {
		if offset != open[log] {
			continue
		}
		at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
		switch some := hanging[log]; {
		case len(some) == 0 || !some[0].hangs():
			warnings[log.Destination] = fmt.Sprintf("a transaction stays open at %s: readers of committed records get what is sent there only when it has ended", at)
		case some[0].ofRedrive():
			warnings[log.Destination] = fmt.Sprintf("%s: readers of committed records get what is sent there only when a run has ended it, as its coordinator has decided", some[0].place(log))
		default:
			warnings[log.Destination] = fmt.Sprintf("%s: readers of committed records get what is sent there only when it is ended with %s", some[0].place(log), some[0].abortCommand(log))
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
