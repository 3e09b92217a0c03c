package transactions

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka/cluster"
)

// Hangs reports whether nobody is going to end it: its coordinator takes it for ended, and has told the
// log nothing. KIP-664 calls that a hanging transaction.
func (o *Ongoing) Hangs() bool { return o.Of != nil && o.Of.complete() }

// Decided reports whether the coordinator still knows how this very transaction has ended: its epoch is
// the next one, so that no other has begun since. Where coordinators do not raise a producer's
// epoch at the end of each transaction (KIP-890, transaction.version 2) nobody knows.
func (o *Ongoing) Decided(raised bool) bool {
	return raised && (o.Of.State == completeCommit || o.Of.State == completeAbort) && int32(o.Of.Epoch)-o.epoch == 1
}

// Committed reports whether its coordinator has decided that it is committed.
func (o *Ongoing) Committed() bool { return o.Of.State == completeCommit }

// at is where it begins in the log.
func (o *Ongoing) at() adapters.Position {
	return adapters.Position{Destination: o.Log.Destination, Partition: o.Log.Partition, Offset: o.From}
}

// HangsAt names a transaction that hangs, and where it does.
func (o *Ongoing) HangsAt() string { return fmt.Sprintf("transaction %s hangs at %s", o.Of.ID, o.at()) }

// AbortCommand is how Kafka's own tool aborts it.
func (o *Ongoing) AbortCommand() string {
	return fmt.Sprintf("kafka-transactions.sh abort --topic %s --partition %d --start-offset %d", o.Log.Destination, o.Log.Partition, o.From)
}

// WriteMarker writes the marker of an ongoing transaction that its coordinator owes the log.
func (o *Ongoing) WriteMarker(ctx context.Context, client *kgo.Client, access *cluster.Access, committed bool) error {
	topic := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	topic.Topic, topic.Partitions = o.Log.Destination, []int32{o.Log.Partition}
	marker := kmsg.NewWriteTxnMarkersRequestMarker()
	marker.ProducerID, marker.ProducerEpoch, marker.CoordinatorEpoch = o.Producer, int16(o.epoch), max(o.coordinator, 0)
	marker.Committed = committed
	marker.Topics = append(marker.Topics, topic)
	request := kmsg.NewPtrWriteTxnMarkersRequest()
	request.Markers = append(request.Markers, marker)
	switch err := writeMarkers(ctx, client, request); {
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return &adapters.Problem{
			Doing: fmt.Sprintf("end a transaction that hangs at %s as its coordinator has decided", o.at()), Cause: "user " + access.User() + " has no permission",
			Remedy: "have Alter granted on the cluster for this once (before Kafka 3.8 ClusterAction)", Kind: adapters.ErrNotAuthorized,
		}
	case err != nil:
		return access.Explain(ctx, err)
	}
	return nil
}

func writeMarkers(ctx context.Context, client *kgo.Client, request *kmsg.WriteTxnMarkersRequest) error {
	for _, shard := range client.RequestSharded(ctx, request) {
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
