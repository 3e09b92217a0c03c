package transactions

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// Transaction is what its coordinator says of a transactional id.
type Transaction struct {
	ID       string
	State    string // as Kafka's DescribeTransactions spells it
	Producer int64
	Epoch    int16
	Since    time.Time // when the transaction began that is ongoing, or zero
}

const (
	completeCommit = "CompleteCommit"
	completeAbort  = "CompleteAbort"
)

// complete reports whether the coordinator takes the last transaction of the id for ended everywhere.
func (t *Transaction) complete() bool {
	return t.State == completeCommit || t.State == completeAbort || t.State == "Empty" || t.State == "Dead"
}

// Prepared reports whether the coordinator has decided how it ends, and has yet to tell the partitions.
func (t *Transaction) Prepared() bool {
	return t.State == "PrepareCommit" || t.State == "PrepareAbort"
}

// Open reports whether the coordinator waits for the producer to end it.
func (t *Transaction) Open() bool { return t.State == "Ongoing" }

// Aborted reports whether the coordinator has taken it back, or is about to.
func (t *Transaction) Aborted() bool { return t.State == completeAbort || t.State == "PrepareAbort" }

// Ongoing is a transaction that has not ended in a log, as the leader of the log says.
type Ongoing struct {
	Log         adapters.Log
	Producer    int64
	epoch       int32
	coordinator int32        // epoch of the coordinator that wrote the last marker, or -1
	From        int64        // its first offset in the log
	Wrote       time.Time    // when its producer last wrote there
	Of          *Transaction // what its coordinator says; nil if the user may not see that
}

// InLogs are the transactions that are ongoing in logs, the oldest of each log first, as far as
// the user may see them. The error is why there may be others.
func InLogs(ctx context.Context, client *kgo.Client, logs []adapters.Log) (map[adapters.Log][]Ongoing, error) {
	open, err := Writing(ctx, client, logs)
	if len(open) == 0 {
		return nil, err
	}
	known, unknown := ofProducers(ctx, client, open)
	still, unsure := Writing(ctx, client, slices.Collect(maps.Keys(open))) // one that has ended between two questions does not hang
	for log, some := range open {
		some = slices.DeleteFunc(some, func(o Ongoing) bool {
			return !slices.ContainsFunc(still[log], func(s Ongoing) bool { return s.Producer == o.Producer && s.From == o.From })
		})
		for i := range some {
			some[i].Of = known[some[i].Producer]
		}
		if open[log] = some; len(some) == 0 {
			delete(open, log)
		}
	}
	return open, cmp.Or(err, unknown, unsure)
}

// Writing asks the leaders of logs alone which transactions are ongoing in them, so that Of is
// nil. A log that the user may not read counts as one in which none is.
func Writing(ctx context.Context, client *kgo.Client, logs []adapters.Log) (open map[adapters.Log][]Ongoing, err error) {
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
	open = make(map[adapters.Log][]Ongoing)
	for _, shard := range client.RequestSharded(ctx, request) {
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
				if some := ongoing(t.Topic, p); len(some) > 0 {
					open[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = some
				}
			}
		}
	}
	return open, err
}

// ongoing are the transactions that a leader names for a partition.
func ongoing(topic string, p *kmsg.DescribeProducersResponseTopicPartition) (open []Ongoing) {
	for _, producer := range p.ActiveProducers {
		if producer.CurrentTxnStartOffset >= 0 {
			open = append(open, Ongoing{
				Log:      adapters.Log{Destination: topic, Partition: p.Partition},
				Producer: producer.ProducerID, epoch: producer.ProducerEpoch, coordinator: producer.CoordinatorEpoch,
				From: producer.CurrentTxnStartOffset, Wrote: time.UnixMilli(producer.LastTimestamp),
			})
		}
	}
	slices.SortFunc(open, func(x, y Ongoing) int { return cmp.Compare(x.From, y.From) })
	return open
}

// ofProducers are the transactions of producers, by producer id, as far as the user may see
// them. The error is why there may be others.
func ofProducers(ctx context.Context, client *kgo.Client, open map[adapters.Log][]Ongoing) (map[int64]*Transaction, error) {
	producers := make(map[int64]bool)
	for _, some := range open {
		for i := range some {
			producers[some[i].Producer] = true
		}
	}
	request := kmsg.NewPtrListTransactionsRequest()
	request.ProducerIDFilters = slices.Sorted(maps.Keys(producers))
	var ids []string
	var err error
	for _, shard := range client.RequestSharded(ctx, request) {
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
	known := make(map[int64]*Transaction)
	if len(ids) == 0 {
		return known, err
	}
	described, unknown := Describe(ctx, client, ids...)
	for i := range described {
		if t := &described[i]; producers[t.Producer] {
			known[t.Producer] = t
		}
	}
	return known, cmp.Or(err, unknown)
}

// Describe asks the coordinators of transactional ids. The error is why one of them
// is not among the answers.
func Describe(ctx context.Context, client *kgo.Client, ids ...string) (all []Transaction, err error) {
	request := kmsg.NewPtrDescribeTransactionsRequest()
	request.TransactionalIDs = ids
	for _, shard := range client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			err = shard.Err
			continue
		}
		for _, state := range shard.Resp.(*kmsg.DescribeTransactionsResponse).TransactionStates {
			if refused := kerr.ErrorForCode(state.ErrorCode); refused != nil {
				err = refused
				continue
			}
			t := Transaction{ID: state.TransactionalID, State: state.State, Producer: state.ProducerID, Epoch: state.ProducerEpoch}
			if state.StartTimestamp > 0 {
				t.Since = time.UnixMilli(state.StartTimestamp)
			}
			all = append(all, t)
		}
	}
	return all, err
}
