package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// A broker that is killed between the decision of a transaction and its markers, and is the only
// replica of a partition, says when it is back that the partition has no leader. The coordinator
// takes that for a topic that was deleted, and calls the transaction complete (seen on Kafka 4.3).
// What was sent there then stays hidden from readers of committed records, and so does all that
// comes behind it. Kafka's own tool can only abort such a transaction. It would take back copies
// that the ledger calls sent. So a redrive ends those of redrives as their coordinator has decided.

// endHanging ends the transactions of redrives that hang in topics.
func (a *Adapter) endHanging(ctx context.Context, topics []string, note func(string)) error {
	c, err := readCatalog(ctx, a.client, topics)
	if err != nil {
		return a.explain(ctx, err)
	}
	var logs []adapters.Log
	for _, t := range c.topics {
		logs = append(logs, logsOf(t, adapters.Range{})...)
	}
	held := openAt(ctx, a.client, logs)
	if len(held) == 0 {
		return nil
	}
	for log, some := range a.openTransactions(ctx, slices.Collect(maps.Keys(held))) {
		for i := range some {
			if !some[i].hangs() || !some[i].ofRedrive() {
				continue
			}
			if err := a.endAsDecided(ctx, log, &some[i]); err != nil {
				return err
			}
			if note != nil {
				note(some[i].place(log) + ", and is ended as its coordinator had decided: " + some[i].of.state)
			}
		}
	}
	return nil
}

// endAsDecided writes the marker that the coordinator of a hanging transaction owes to a log.
func (a *Adapter) endAsDecided(ctx context.Context, log adapters.Log, o *openTransaction) error {
	guarantee, err := a.guarantee(ctx)
	if err != nil {
		return err
	}
	if !o.decided(guarantee == deadletter.ExactlyOnce) {
		return &adapters.Problem{
			Doing: "begin a redrive", Cause: o.place(log) + ", and its coordinator does not say any more whether it was committed",
			Remedy: "see in the journal of its run what was sent there, then abort it with " + o.abortCommand(log), Kind: adapters.ErrBusy,
		}
	}
	topic := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	topic.Topic, topic.Partitions = log.Destination, []int32{log.Partition}
	marker := kmsg.NewWriteTxnMarkersRequestMarker()
	marker.ProducerID, marker.ProducerEpoch, marker.CoordinatorEpoch = o.producer, int16(o.epoch), o.coordinator
	marker.Committed = o.of.state == completeCommit
	marker.Topics = append(marker.Topics, topic)
	request := kmsg.NewPtrWriteTxnMarkersRequest()
	request.Markers = append(request.Markers, marker)
	switch err := a.writeMarkers(ctx, request); {
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return &adapters.Problem{
			Doing: "begin a redrive", Cause: o.place(log) + ", and user " + a.config.user() + " may not end it as its coordinator has decided",
			Remedy: "have Alter granted on the cluster for this once", Kind: adapters.ErrNotAuthorized,
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

// decided says that the coordinator still knows how this very transaction has ended: it has begun
// no other since. A coordinator of KIP-890 raises the epoch at the end of each transaction, an
// older one only when another producer takes over.
func (o *openTransaction) decided(raises bool) bool {
	later := int32(o.of.epoch) - o.epoch
	return (o.of.state == completeCommit || o.of.state == completeAbort) && (raises && later == 1 || !raises && later == 0)
}

// ofRedrive says that a redrive has begun it, whatever its dead-letter queue.
func (o *openTransaction) ofRedrive() bool {
	return o.of != nil && strings.HasPrefix(o.of.id, transactionalID(""))
}

// place names the transaction and where it hangs.
func (o *openTransaction) place(log adapters.Log) string {
	at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: o.from}
	return fmt.Sprintf("transaction %s hangs at %s", o.of.id, at)
}

// abortCommand is how Kafka's own tool aborts it.
func (o *openTransaction) abortCommand(log adapters.Log) string {
	return fmt.Sprintf("kafka-transactions.sh abort --topic %s --partition %d --start-offset %d", log.Destination, log.Partition, o.from)
}
