package kafka

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

// The client sends the first records to a topic a moment before it stores what partitions the topic
// has, and EndTransaction looks only at stored partitions for what was added to the transaction
// (franz-go 1.22.3). When the brokers answer within that moment, it finds nothing to commit: it
// takes the transaction back, or leaves it open where transaction.version is below 2, and returns
// no error. So a redrive waits until the partitions are stored, and asks the coordinator what
// became of the first transaction that wrote to a topic.

// awaitStored waits until the client has stored the partitions of the topics that records went to.
// That is a moment after they were sent.
func (r *redrive) awaitStored(ctx context.Context, records []*kgo.Record) error {
	for _, record := range records {
		if record.Partition == unplaced || r.stored[record.Topic] || r.ended != nil {
			continue
		}
		err := cluster.Until(ctx, func() (bool, error) {
			leader, _, err := r.client.PartitionLeader(record.Topic, record.Partition)
			return leader >= 0 || err != nil, nil
		})
		if err != nil {
			return err
		}
		r.stored[record.Topic] = true
	}
	return nil
}

// commit ends the transaction. From here on its outcome is unknown if nobody answers.
func (r *redrive) commit(ctx context.Context, records []*kgo.Record, outcomes []error) ([]error, error) {
	committing, cancel := deadletter.Within(context.WithoutCancel(ctx), sendTime, hurryTime)
	defer cancel()
	began := time.Now()
	err := r.client.EndTransaction(committing, kgo.TryCommit)
	if errors.Is(err, kerr.OperationNotAttempted) || errors.Is(err, kerr.TransactionAbortable) {
		return r.abort(ctx, records, outcomes, r.explainFailure(err))
	}
	if err == nil && r.takenBack(committing, records) {
		return notSent(outcomes, "its transaction was taken back"), r.end(r.notCommitted())
	}
	if err == nil && r.mayHaveForgotten(began) {
		err = r.tellAll(ctx, records, true)
	}
	if err == nil {
		return outcomes, nil
	}
	for i := range outcomes {
		outcomes[i] = &adapters.Problem{
			Doing: "learn whether the copy was sent", Cause: "the commit of its transaction was not confirmed",
			Remedy: "begin again: the ledger then says it", Kind: deadletter.ErrUnknownOutcome,
		}
	}
	return outcomes, r.end(r.explainFailure(err))
}

func (r *redrive) notCommitted() error {
	return &adapters.Problem{
		Doing: "send to kafka " + strings.Join(r.adapter.config.Brokers, ","), Cause: "the cluster took the transaction back that was to be committed",
		Remedy: "resume the run: its letters are still open", Kind: adapters.ErrNotConnected,
	}
}

// takenBack reports whether the coordinator did not commit the transaction that this producer ended last.
// It is asked when records went to a topic for the first time. A producer that took over has another
// epoch. Clusters before Kafka 3.0 do not know the question, and their answer to the commit has to do.
func (r *redrive) takenBack(ctx context.Context, records []*kgo.Record) bool {
	first := false
	for _, record := range records {
		first = first || !r.proved[record.Topic]
		r.proved[record.Topic] = true
	}
	if !first {
		return false
	}
	id, epoch, err := r.client.ProducerID(ctx)
	if err != nil {
		return false
	}
	known, _ := transactions.Describe(ctx, r.adapter.client, transactionalID(r.dlq))
	return slices.ContainsFunc(known, func(t transactions.Transaction) bool {
		return t.Producer == id && t.Epoch == epoch && (t.Open() || t.Aborted())
	})
}

// abort takes the transaction back. Without an error, more can be sent.
func (r *redrive) abort(ctx context.Context, records []*kgo.Record, outcomes []error, fatal error) ([]error, error) {
	notSent(outcomes, "its transaction was taken back")
	switch {
	case r.ended != nil:
		return outcomes, r.ended
	case errors.Is(fatal, adapters.ErrBusy): // the other redrive has taken it back
		return outcomes, r.end(fatal)
	}
	aborting, cancel := deadletter.Within(context.WithoutCancel(ctx), sendTime, hurryTime)
	defer cancel()
	began := time.Now()
	err := r.client.EndTransaction(aborting, kgo.TryAbort)
	if err == nil && r.mayHaveForgotten(began) {
		err = r.tellAll(ctx, records, false)
	}
	if err != nil {
		return outcomes, r.end(r.explainFailure(err))
	}
	if fatal != nil && !adapters.IsEnd(fatal) {
		return outcomes, r.end(fatal)
	}
	return outcomes, fatal
}
