package kafka

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// transaction is what its coordinator says of a transactional id.
type transaction struct {
	id, state string
	producer  int64
	epoch     int16
	since     time.Time // when the transaction began that is under way, or zero
}

// The states of a transaction that matter here, as Kafka's DescribeTransactions spells them.
const (
	completeCommit = "CompleteCommit"
	completeAbort  = "CompleteAbort"
	prepareCommit  = "PrepareCommit"
	prepareAbort   = "PrepareAbort"
)

// ended says that the coordinator takes the last transaction of the id for ended everywhere.
func (t *transaction) ended() bool {
	return t.state == completeCommit || t.state == completeAbort || t.state == "Empty" || t.state == "Dead"
}

// ending says that the coordinator has decided how it ends, and has yet to tell the partitions.
func (t *transaction) ending() bool { return t.state == prepareCommit || t.state == prepareAbort }

// openTransaction is a transaction that is open in a log, as the leader of the log says.
type openTransaction struct {
	producer    int64
	epoch       int32
	coordinator int32        // epoch of the coordinator that wrote the last marker, or -1
	from        int64        // its first offset in the log
	wrote       time.Time    // when its producer last wrote there
	of          *transaction // nil if the user may not see it
}

// hangs says that nobody is going to end it: its coordinator has, and has told the log nothing.
// KIP-664 calls that a hanging transaction.
func (o *openTransaction) hangs() bool { return o.of != nil && o.of.ended() }

// openTransactions are those that are open in logs, the oldest of each log first, as far as the
// user may see them. The error is why there may be others.
func (a *Adapter) openTransactions(ctx context.Context, logs []adapters.Log) (map[adapters.Log][]openTransaction, error) {
	open, err := a.writingTo(ctx, logs)
	if len(open) == 0 {
		return nil, err
	}
	known, unknown := a.transactionsOf(ctx, open)
	still, unsure := a.writingTo(ctx, slices.Collect(maps.Keys(open))) // one that has ended between two questions does not hang
	for log, some := range open {
		some = slices.DeleteFunc(some, func(o openTransaction) bool {
			return !slices.ContainsFunc(still[log], func(s openTransaction) bool { return s.producer == o.producer && s.from == o.from })
		})
		for i := range some {
			some[i].of = known[some[i].producer]
		}
		if open[log] = some; len(some) == 0 {
			delete(open, log)
		}
	}
	return open, cmp.Or(err, unknown, unsure)
}

// writingTo asks the leaders of logs which transactions are open in them. A log that the user may
// not read counts as one in which none is.
func (a *Adapter) writingTo(ctx context.Context, logs []adapters.Log) (open map[adapters.Log][]openTransaction, err error) {
	partitions := make(map[string][]int32)
	for _, log := range logs {
		partitions[log.Destination] = append(partitions[log.Destination], log.Partition)
	}
	request := kmsg.NewPtrDescribeProducersRequest()
	for topic, numbers := range partitions {
		t := kmsg.NewDescribeProducersRequestTopic()
		t.Topic, t.Partitions = topic, numbers
		request.Topics = append(request.Topics, t)
	}
	open = make(map[adapters.Log][]openTransaction)
	for _, shard := range a.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			err = shard.Err
			continue
		}
		for _, t := range shard.Resp.(*kmsg.DescribeProducersResponse).Topics {
			for i := range t.Partitions {
				p := &t.Partitions[i]
				if refused := kerr.ErrorForCode(p.ErrorCode); refused != nil && !errors.Is(refused, kerr.TopicAuthorizationFailed) {
					err = refused
				}
				if some := openIn(p); len(some) > 0 {
					open[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = some
				}
			}
		}
	}
	return open, err
}

// openIn are the open transactions that a leader names for a partition.
func openIn(p *kmsg.DescribeProducersResponseTopicPartition) (open []openTransaction) {
	for _, producer := range p.ActiveProducers {
		if producer.CurrentTxnStartOffset >= 0 {
			open = append(open, openTransaction{
				producer: producer.ProducerID, epoch: producer.ProducerEpoch, coordinator: producer.CoordinatorEpoch,
				from: producer.CurrentTxnStartOffset, wrote: time.UnixMilli(producer.LastTimestamp),
			})
		}
	}
	slices.SortFunc(open, func(x, y openTransaction) int { return cmp.Compare(x.from, y.from) })
	return open
}

// transactionsOf are the transactions of producers, by producer id, as far as the user may see
// them. The error is why there may be others.
func (a *Adapter) transactionsOf(ctx context.Context, open map[adapters.Log][]openTransaction) (map[int64]*transaction, error) {
	producers := make(map[int64]bool)
	for _, some := range open {
		for i := range some {
			producers[some[i].producer] = true
		}
	}
	request := kmsg.NewPtrListTransactionsRequest()
	request.ProducerIDFilters = slices.Sorted(maps.Keys(producers))
	var ids []string
	var err error
	for _, shard := range a.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			err = shard.Err
			continue
		}
		response := shard.Resp.(*kmsg.ListTransactionsResponse)
		err = cmp.Or(err, kerr.ErrorForCode(response.ErrorCode))
		for _, state := range response.TransactionStates {
			ids = append(ids, state.TransactionalID)
		}
	}
	known := make(map[int64]*transaction)
	if len(ids) == 0 {
		return known, err
	}
	described, unknown := a.describeTransactions(ctx, ids...)
	for i := range described {
		if t := &described[i]; producers[t.producer] {
			known[t.producer] = t
		}
	}
	return known, cmp.Or(err, unknown)
}

// describeTransactions asks the coordinators of transactional ids. The error is why one of them
// is not among the answers.
func (a *Adapter) describeTransactions(ctx context.Context, ids ...string) (all []transaction, err error) {
	request := kmsg.NewPtrDescribeTransactionsRequest()
	request.TransactionalIDs = ids
	for _, shard := range a.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			err = shard.Err
			continue
		}
		for _, state := range shard.Resp.(*kmsg.DescribeTransactionsResponse).TransactionStates {
			if refused := kerr.ErrorForCode(state.ErrorCode); refused != nil {
				err = refused
				continue
			}
			t := transaction{id: state.TransactionalID, state: state.State, producer: state.ProducerID, epoch: state.ProducerEpoch}
			if state.StartTimestamp > 0 {
				t.since = time.UnixMilli(state.StartTimestamp)
			}
			all = append(all, t)
		}
	}
	return all, err
}
