package embedded

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake" // a Kafka cluster in memory, by the author of the client library
)

const (
	// PartitionBytes is how much one partition keeps, in bytes as they were sent.
	PartitionBytes = 4 << 20

	retentionInterval = 1000 // milliseconds
	largestBatch      = 8 << 20
)

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	address string
	stop    sync.Once
	unwatch func() bool
}

// Start starts a broker with topics of so many partitions. It takes a few
// milliseconds. The broker stops when ctx ends, or by Stop.
func Start(ctx context.Context, partitions int32, topics ...string) (*Broker, error) {
	kept, segment := strconv.Itoa(PartitionBytes), strconv.Itoa(PartitionBytes/4) // memory comes back a segment at a time
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.DefaultNumPartitions(int(partitions)),
		kfake.BrokerConfigs(map[string]string{
			"log.cleaner.backoff.ms": strconv.Itoa(retentionInterval),
			"log.retention.bytes":    kept,
			"log.segment.bytes":      segment,
			"message.max.bytes":      strconv.Itoa(largestBatch),
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker: %w", err)
	}
	b := &Broker{cluster: cluster, address: cluster.ListenAddrs()[0]}
	for _, topic := range topics {
		// kfake looks at retention only if a topic has the setting of its own; then it
		// looks at all topics.
		if err := cluster.CreateTopic(topic, partitions, map[string]string{"retention.bytes": kept}); err != nil {
			cluster.Close()
			return nil, fmt.Errorf("create topic %q on the embedded broker: %w", topic, err)
		}
	}
	b.unwatch = context.AfterFunc(ctx, b.Stop)
	return b, nil
}

// Address is where clients connect, host:port.
func (b *Broker) Address() string { return b.address }

// Stop ends the broker and every connection to it. It may be called again.
func (b *Broker) Stop() {
	b.stop.Do(func() {
		b.unwatch()
		b.cluster.Close()
	})
}
