package kafka

import (
	"context"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

// untilMargin is how far behind Range.Until a scan reads on, because producers do not
// send in order of time.
const untilMargin = 10 * time.Minute

// moment is how long a reader of committed transactions waits for one that is open: longer
// than a redrive at work keeps one.
const moment = 2 * time.Second

// Scan implements [adapters.Scanner]. Messages are left out by Until one by one, but
// those that are more than 10 minutes late in their log may be missed. Range.Key
// leaves out partitions as [PartitionsOfKey] says.
func (a *Adapter) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	topics, logs, err := a.logs(ctx, span)
	if err == nil && a.config.Committed {
		err = a.tellHidden(ctx, logs)
	}
	if err != nil {
		return err
	}
	_, err = a.scan(ctx, span, topics, logs, intake)
	return err
}

// scan reads logs and says where each ended when it began.
func (a *Adapter) scan(ctx context.Context, span adapters.Range, topics map[string]*cluster.Topic, logs []adapters.Log, intake adapters.Intake) (map[adapters.Log]int64, error) {
	cursors, ends, err := a.plan(ctx, span, topics, logs)
	if err != nil || len(cursors) == 0 {
		return ends, err
	}
	s, err := a.newStream()
	if err != nil {
		return nil, err
	}
	s.until = span.Until
	k := newSupervisor(s, &cluster.Selection{Names: destinations(cursors)})
	k.began = time.Now()
	for _, c := range cursors {
		k.lose(c, kerrLeaderNotAvailable, k.began)
	}
	return ends, s.run(ctx, k, len(cursors), intake)
}

// tellHidden notes what a scan of committed transactions does not show.
func (a *Adapter) tellHidden(ctx context.Context, logs []adapters.Log) error {
	hidden, err := transactions.Await(ctx, a.client, a.config.access(), logs, moment)
	if err == nil { // else nobody knows what is hidden
		a.progress.hide(logs, hidden)
	}
	return err
}

// Estimate implements [adapters.Estimator], by offsets.
func (a *Adapter) Estimate(ctx context.Context, span adapters.Range) (int64, error) {
	topics, logs, err := a.logs(ctx, span)
	if err != nil {
		return 0, err
	}
	cursors, _, err := a.plan(ctx, span, topics, logs)
	messages := int64(0)
	for _, c := range cursors {
		messages += c.end - c.next
	}
	return messages, err
}

func destinations(cursors []*cursor) (names []string) {
	for _, c := range cursors {
		names = append(names, c.log.Destination)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// logs finds the logs that span asks for, with their topics.
func (a *Adapter) logs(ctx context.Context, span adapters.Range) (map[string]*cluster.Topic, []adapters.Log, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, a.client, a.selection.Ask())
	if err != nil {
		return nil, nil, a.explain(ctx, err)
	}
	topics, problems := a.selection.Chosen(a.config.access(), c)
	for _, problem := range problems {
		a.progress.miss(problem)
	}
	var logs []adapters.Log
	for _, t := range topics {
		named := len(span.Destinations) == 0 || slices.Contains(span.Destinations, t.Name)
		if named && !slices.Contains(span.Except, t.Name) {
			logs = append(logs, logsOf(t, span)...)
		}
	}
	return c.Topics, logs, nil
}

// plan makes a cursor for each log that holds something of span, with its end, and says where
// all of them end.
func (a *Adapter) plan(ctx context.Context, span adapters.Range, topics map[string]*cluster.Topic, logs []adapters.Log) ([]*cursor, map[adapters.Log]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	limits, failed, err := cluster.ListBounds(ctx, a.client, logs, a.config.Committed)
	if err != nil {
		return nil, nil, a.explain(ctx, err)
	}
	for log, err := range failed {
		a.progress.miss(a.config.access().Unread(log, -1, 0, err))
	}
	from, until, err := a.times(ctx, span, limits)
	if err != nil {
		return nil, nil, a.explain(ctx, err)
	}
	var cursors []*cursor
	ends := make(map[adapters.Log]int64, len(limits))
	for log, limit := range limits {
		ends[log] = limit.End
		next, err := max(from[log].Offset, limit.Start), from[log].Err
		if offset, ok := span.FromOffsets[log]; ok {
			next, err = max(offset, limit.Start), nil
		}
		if err != nil {
			a.progress.miss(a.config.access().Unread(log, -1, 0, err))
			continue
		}
		end := limit.End
		if l, ok := until[log]; ok && l.Err == nil && !l.Impossible() {
			end = min(end, l.Offset)
		}
		if span.UntilOffsets != nil {
			end = min(end, span.UntilOffsets[log])
		}
		if next < end {
			cursors = append(cursors, &cursor{log: log, id: topics[log.Destination].ID, next: next, end: end})
		}
	}
	return cursors, ends, nil
}

// logsOf are the partitions of t that span asks for.
func logsOf(t *cluster.Topic, span adapters.Range) (logs []adapters.Log) {
	var holders []int32
	if span.Key != nil {
		holders = PartitionsOfKey(span.Key, int32(len(t.Leaders)))
		holders = holders[min(span.KeyRank, len(holders)):min(span.KeyRank+1, len(holders))]
	}
	for partition := range t.Leaders {
		if len(span.Partitions) > 0 && !slices.Contains(span.Partitions, partition) {
			continue
		}
		if holders != nil && !slices.Contains(holders, partition) {
			continue
		}
		logs = append(logs, adapters.Log{Destination: t.Name, Partition: partition})
	}
	return logs
}

// times looks up where the times of span lie in each log.
func (a *Adapter) times(ctx context.Context, span adapters.Range, limits map[adapters.Log]cluster.Bounds) (from, until map[adapters.Log]cluster.Listed, err error) {
	at := cluster.StartTime(span.From, time.Now())
	times := make(map[adapters.Log]int64, len(limits))
	for log := range limits {
		times[log] = at
	}
	if from, err = cluster.ListOffsets(ctx, a.client, times, a.config.Committed); err != nil || span.Until.IsZero() {
		return from, nil, err
	}
	for log := range limits {
		times[log] = max(0, span.Until.Add(untilMargin).UnixMilli())
	}
	until, err = cluster.ListOffsets(ctx, a.client, times, a.config.Committed)
	return from, until, err
}

// explain makes err a problem, unless the caller's context ended.
func (a *Adapter) explain(ctx context.Context, err error) error {
	return a.config.access().Explain(ctx, err)
}
