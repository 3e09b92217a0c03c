package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
)

// A broker that is killed between the decision of a transaction and its markers, and is the only
// replica of a partition, says when it is back that the partition has no leader. The coordinator
// takes that for a topic that was deleted, and calls the transaction complete (seen on Kafka 4.3).
// What was sent there then stays hidden from readers of committed records, and so does all that
// comes behind it. Kafka's own tool can only abort such a transaction, which would take back
// copies that the ledger calls sent.

// Mend implements [deadletter.Queues]: it writes the markers that a coordinator owes for the last
// transaction of a redrive.
func (a *Adapter) Mend(ctx context.Context, dlq string, to []deadletter.Target, note func(what string) error) error {
	if !a.config.Write {
		return a.config.readOnly(fmt.Sprintf("act on the dead letters of kafka topic %q", dlq))
	}
	asking, cancel := context.WithTimeout(ctx, transactionTime)
	defer cancel()
	if err := a.awaitEnding(asking, transactionalID(dlq)); err != nil {
		return a.late(ctx, err)
	}
	topics := []string{LedgerTopic}
	for _, target := range to {
		topics = append(topics, string(target))
	}
	raises, err := a.raisesEpochs(asking)
	if err != nil {
		return a.late(ctx, err)
	}
	hanging, err := a.hangingIn(asking, topics)
	if !raises && ctx.Err() == nil {
		err = nil // nothing could be decided, and brokers before 2.8 do not know the question
	}
	if err != nil || len(hanging) == 0 {
		return a.late(ctx, err)
	}
	for _, h := range hanging {
		switch {
		case h.decided(raises):
			if err = note(h.place() + ", and is ended as its coordinator has decided: " + h.of.state); err == nil {
				err = a.tell(asking, h.log, &h.openTransaction, h.of.state == completeCommit)
			}
		case h.of.id == transactionalID(dlq), h.log.Destination == LedgerTopic:
			err = &adapters.Problem{
				Doing: "begin a redrive", Cause: h.place() + ", and its coordinator does not say any more whether it was committed",
				Remedy: "see in the journal of its run what was sent there, then abort it with " + h.abortCommand(), Kind: adapters.ErrBusy,
			}
		}
		if err != nil {
			return a.late(ctx, err)
		}
	}
	return nil
}

// awaitEnding waits until a transaction of id that is being ended has ended.
func (a *Adapter) awaitEnding(ctx context.Context, id string) error {
	ending := false
	err := until(ctx, func() (bool, error) {
		known, err := a.describeTransactions(ctx, id)
		if err != nil {
			return !ending && !kerr.IsRetriable(err), nil
		}
		ending = slices.ContainsFunc(known, func(t transaction) bool { return t.ending() })
		return !ending, nil
	})
	if err != nil && ending {
		return &adapters.Problem{
			Doing: "begin a redrive", Cause: "transaction " + id + " is being ended, and a partition that it wrote to does not answer",
			Remedy: "try again when all brokers are there", Kind: adapters.ErrNotConnected,
		}
	}
	return err
}

// hanging is a transaction of a redrive that hangs in a log.
type hanging struct {
	openTransaction
	log adapters.Log
}

// hangingIn finds the transactions of redrives that hang in topics. It asks again where a broker
// does not answer for the moment: once a redrive has taken over, nobody knows what was decided.
func (a *Adapter) hangingIn(ctx context.Context, topics []string) (found []hanging, err error) {
	c, err := cluster.ReadCatalog(ctx, a.client, topics)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	var logs []adapters.Log
	for _, t := range c.Topics {
		logs = append(logs, t.Logs()...)
	}
	var last error
	err = until(ctx, func() (bool, error) {
		var held map[adapters.Log]int64
		var open map[adapters.Log][]openTransaction
		if held, last = openAt(ctx, a.client, logs); len(held) > 0 && last == nil {
			open, last = a.openTransactions(ctx, slices.Collect(maps.Keys(held)))
		}
		found = nil
		for log, some := range open {
			for i := range some {
				if some[i].hangs() && some[i].ofRedrive() {
					found = append(found, hanging{some[i], log})
				}
			}
		}
		return last == nil || !kerr.IsRetriable(last), nil
	})
	if last != nil && !adapters.IsEnd(last) {
		return nil, &adapters.Problem{
			Doing: "begin a redrive", Cause: "whether an earlier one has left a transaction open cannot be told: " + cluster.InWords(last),
			Remedy: "try again when all brokers are there", Kind: adapters.ErrNotConnected,
		}
	}
	return found, err
}

// tell writes the marker of a transaction that a log was not told of.
func (a *Adapter) tell(ctx context.Context, log adapters.Log, o *openTransaction, committed bool) error {
	topic := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	topic.Topic, topic.Partitions = log.Destination, []int32{log.Partition}
	marker := kmsg.NewWriteTxnMarkersRequestMarker()
	marker.ProducerID, marker.ProducerEpoch, marker.CoordinatorEpoch = o.producer, int16(o.epoch), max(o.coordinator, 0)
	marker.Committed = committed
	marker.Topics = append(marker.Topics, topic)
	request := kmsg.NewPtrWriteTxnMarkersRequest()
	request.Markers = append(request.Markers, marker)
	switch err := a.writeMarkers(ctx, request); {
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: o.from}
		return &adapters.Problem{
			Doing: fmt.Sprintf("end a transaction that hangs at %s as its coordinator has decided", at), Cause: "user " + a.config.access().User() + " has no permission",
			Remedy: "have Alter granted on the cluster for this once (before Kafka 3.8 ClusterAction)", Kind: adapters.ErrNotAuthorized,
		}
	case err != nil:
		return a.explain(ctx, err)
	}
	return nil
}

func (a *Adapter) writeMarkers(ctx context.Context, request *kmsg.WriteTxnMarkersRequest) error {
	for _, shard := range a.client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			return shard.Err
		}
		for _, marker := range shard.Resp.(*kmsg.WriteTxnMarkersResponse).Markers {
			for _, topic := range marker.Topics {
				for _, p := range topic.Partitions {
					if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// suspicious is how long a transaction may take to end before it is asked whether every partition
// was told: the broker may have been away meanwhile.
const suspicious = time.Second

// mayHaveForgotten says that a transaction whose end began then may hang. Clusters with
// transaction.version 2 have brokers that can be asked.
func (r *redrive) mayHaveForgotten(began time.Time) bool {
	return r.guarantee == deadletter.ExactlyOnce && time.Since(began) >= suspicious
}

// tellAll sees to it that each partition that records went to knows that the transaction has ended
// which this redrive has just ended. Nothing of its producer is open any more, unless it hangs.
func (r *redrive) tellAll(ctx context.Context, records []*kgo.Record, committed bool) error {
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	id, _, err := r.client.ProducerID(asking)
	if err != nil {
		return err
	}
	logs := make(map[adapters.Log]bool)
	for _, record := range records {
		logs[adapters.Log{Destination: record.Topic, Partition: record.Partition}] = true
	}
	open, err := r.adapter.writingTo(asking, slices.Collect(maps.Keys(logs)))
	if err != nil {
		return err
	}
	for log, some := range open {
		for i := range some {
			if some[i].producer == id {
				if err := r.adapter.tell(asking, log, &some[i], committed); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// raisesEpochs says whether coordinators raise a producer's epoch at the end of each transaction
// (KIP-890, transaction.version 2).
func (a *Adapter) raisesEpochs(ctx context.Context) (bool, error) {
	guarantee, err := a.guarantee(ctx)
	return guarantee == deadletter.ExactlyOnce, err
}

// decided says that the coordinator still knows how this very transaction has ended: its epoch is
// the next one, so that no other has begun since. Where epochs are not raised nobody knows.
func (o *openTransaction) decided(raises bool) bool {
	return raises && (o.of.state == completeCommit || o.of.state == completeAbort) && int32(o.of.epoch)-o.epoch == 1
}

// ofRedrive says that a redrive has begun it, whatever its dead-letter queue.
func (o *openTransaction) ofRedrive() bool {
	return o.of != nil && strings.HasPrefix(o.of.id, transactionalID(""))
}

// place names the transaction and where it hangs.
func (h *hanging) place() string {
	at := adapters.Position{Destination: h.log.Destination, Partition: h.log.Partition, Offset: h.from}
	return fmt.Sprintf("transaction %s hangs at %s", h.of.id, at)
}

// abortCommand is how Kafka's own tool aborts it.
func (h *hanging) abortCommand() string {
	return fmt.Sprintf("kafka-transactions.sh abort --topic %s --partition %d --start-offset %d", h.log.Destination, h.log.Partition, h.from)
}
