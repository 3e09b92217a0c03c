package kafka

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/readahead"
)

// DLQs implements [deadletter.Queues]: the topics that Config.Topics names if it is
// LettersOnly, then those of the others it admits that are named like dead-letter topics. The newest record of each
// partition is read, since headers say more than a name.
func (a *Adapter) DLQs(ctx context.Context) ([]deadletter.Queue, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(ctx, a.client, a.selection.Ask())
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	topics := dlqsOf(c, a.selection, a.config.LettersOnly)
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, t.Logs()...)
	}
	limits, _, err := cluster.ListBounds(ctx, a.client, logs, false)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	newest := a.newest(ctx, limits)
	guarantee, err := a.guarantee(ctx)
	if err != nil {
		return nil, err
	}
	dlqs := make([]deadletter.Queue, 0, len(topics))
	for _, t := range topics {
		dlqs = append(dlqs, deadletter.Queue{
			Name: t.Name, Kind: adapters.Topic, Settling: deadletter.ByLedger, Messages: held(t, limits), Partitions: offsetsOf(t, limits),
			Evidence: evidenceOf(t, newest[t.Name]), Incarnation: incarnation(t.ID), Guarantee: guarantee,
		})
	}
	return dlqs, nil
}

// dlqsOf are the topics of c that hold dead letters or may; where the source was opened for
// letters alone, those named exactly are, and come first.
func dlqsOf(c *cluster.Catalog, s *cluster.Selection, lettersOnly bool) []*cluster.Topic {
	var named, others []*cluster.Topic
	for _, name := range slices.Sorted(maps.Keys(c.Topics)) {
		t := c.Topics[name]
		if t.Err != nil || name == LedgerTopic || !s.Wants(t) {
			continue
		}
		if lettersOnly && slices.Contains(s.Names, name) {
			named = append(named, t)
		} else if _, ok := deadheader.OriginByName(name); ok {
			others = append(others, t)
		}
	}
	return append(named, others...)
}

// held is how many offsets a topic has, or -1 if a partition does not answer.
func held(t *cluster.Topic, limits map[adapters.Log]cluster.Bounds) (messages int64) {
	for partition := range t.Leaders {
		limit, ok := limits[adapters.Log{Destination: t.Name, Partition: partition}]
		if !ok {
			return -1
		}
		messages += limit.End - limit.Start
	}
	return messages
}

// offsetsOf are the ends of a topic's partitions, or nil if one does not answer.
func offsetsOf(t *cluster.Topic, limits map[adapters.Log]cluster.Bounds) map[adapters.Log]deadletter.Offsets {
	all := make(map[adapters.Log]deadletter.Offsets, len(t.Leaders))
	for partition := range t.Leaders {
		log := adapters.Log{Destination: t.Name, Partition: partition}
		limit, ok := limits[log]
		if !ok {
			return nil
		}
		all[log] = deadletter.Offsets{Start: limit.Start, End: limit.End}
	}
	return all
}

// newest reads the newest record of each log that has any, by topic. The last offset of
// a log may be the mark of a transaction; then the record is before it.
func (a *Adapter) newest(ctx context.Context, limits map[adapters.Log]cluster.Bounds) map[string][]readahead.Answer {
	var positions []adapters.Position
	at := func(log adapters.Log, offset int64) adapters.Position {
		return adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
	}
	for log, limit := range limits {
		for offset := max(limit.Start, limit.End-2); offset < limit.End; offset++ {
			positions = append(positions, at(log, offset))
		}
	}
	read := readahead.All(ctx, positions, a.readPositions)
	newest := make(map[string][]readahead.Answer)
	for log, limit := range limits {
		if limit.Start == limit.End {
			continue
		}
		last := read[at(log, limit.End-1)]
		if before, ok := read[at(log, limit.End-2)]; ok && last.Err != nil && before.Err == nil {
			last = before
		}
		newest[log.Destination] = append(newest[log.Destination], last)
	}
	return newest
}

// evidenceOf says why t is taken for a dead-letter queue.
func evidenceOf(t *cluster.Topic, newest []readahead.Answer) string {
	unread := false
	for i := range newest {
		if err := newest[i].Err; err != nil {
			unread = unread || !errors.Is(err, adapters.ErrGone)
			continue
		}
		if death, ok := deadheader.Read(&newest[i].Message); ok && death.Writer != "" {
			return "headers of " + death.Writer
		}
	}
	_, like := deadheader.OriginByName(t.Name)
	switch {
	case !like:
		return "named when the source was opened"
	case len(newest) == 0:
		return "named like one, and empty"
	case unread:
		return "named like one, and its newest record cannot be read now"
	}
	return "named like one, and its newest record has no headers of a dead letter"
}

// incarnation is a topic id as text; brokers before Kafka 2.8 have none.
func incarnation(id [16]byte) string {
	if id == [16]byte{} {
		return ""
	}
	return hex.EncodeToString(id[:])
}
