package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/consumer"
)

// findOpen looks for the oldest open transaction of each log of the batch that has one and
// is read. What the user may not see of it stays empty.
func (s *sweep) findOpen(ctx context.Context, batch []*group) {
	partitions := make(map[string][]int32)
	for _, g := range batch {
		for _, log := range g.logs {
			e := s.ends[log]
			if _, asked := s.open[log]; asked || e.err != nil || e.stable < 0 || e.stable >= e.end {
				continue
			}
			s.open[log] = nil
			partitions[log.Destination] = append(partitions[log.Destination], log.Partition)
		}
	}
	if len(partitions) == 0 {
		return
	}
	producers := make(map[int64][]*consumer.Transaction)
	open, _ := s.adapter.oldestOpen(ctx, partitions)
	for log, t := range open {
		s.open[log] = t
		producers[t.ProducerID] = append(producers[t.ProducerID], t)
	}
	s.nameTransactions(ctx, producers)
}

// nameTransactions finds the transactional ids of producers, and since when these
// transactions are open.
func (s *sweep) nameTransactions(ctx context.Context, producers map[int64][]*consumer.Transaction) {
	if len(producers) == 0 {
		return
	}
	request := kmsg.NewPtrListTransactionsRequest()
	for id := range producers {
		request.ProducerIDFilters = append(request.ProducerIDFilters, id)
	}
	describe := kmsg.NewPtrDescribeTransactionsRequest()
	for _, shard := range s.adapter.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			continue
		}
		for _, state := range shard.Resp.(*kmsg.ListTransactionsResponse).TransactionStates {
			for _, t := range producers[state.ProducerID] {
				t.ID = state.TransactionalID
			}
			describe.TransactionalIDs = append(describe.TransactionalIDs, state.TransactionalID)
		}
	}
	if len(describe.TransactionalIDs) == 0 {
		return
	}
	for _, shard := range s.adapter.client.RequestSharded(ctx, describe) {
		if shard.Err != nil {
			continue
		}
		for _, state := range shard.Resp.(*kmsg.DescribeTransactionsResponse).TransactionStates {
			for _, t := range producers[state.ProducerID] {
				if state.ErrorCode == 0 && state.StartTimestamp > 0 {
					t.Since = time.UnixMilli(state.StartTimestamp)
				}
			}
		}
	}
}
