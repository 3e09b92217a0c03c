package kafka_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
	kafkacluster "eventscope/adapters/kafka/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is a Kafka cluster that tests may write to.
type cluster struct {
	address string
	client  *kgo.Client // writes where a record's Partition says, or by key if that is negative
	admin   *kadm.Client
}

// placed chooses the partition of a record's own Partition field, or the client's
// usual one when that is negative.
func placed() kgo.Partitioner {
	usual := kgo.StickyKeyPartitioner(nil)
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		byKey := usual.ForTopic(topic)
		return func(r *kgo.Record, n int) int {
			if r.Partition >= 0 {
				return int(r.Partition)
			}
			return byKey.Partition(r, n)
		}
	})
}

func connect(t testing.TB, address string, options ...kgo.Opt) *cluster {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(address), kgo.RecordPartitioner(placed()), kgo.ProducerBatchMaxBytes(7 << 20),
		kgo.MaxProduceRequestsInflightPerBroker(1), kgo.MetadataMinAge(50 * time.Millisecond),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &cluster{address: address, client: client, admin: kadm.NewClient(client)}
}

// fake starts a cluster in this process.
func fake(t testing.TB, options ...kfake.Opt) (*cluster, *kfake.Cluster) {
	t.Helper()
	k, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": "8388608"}),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return connect(t, k.ListenAddrs()[0]), k
}

// real connects to the Kafka that the environment names, or skips.
func real(t testing.TB) *cluster {
	t.Helper()
	address := os.Getenv("EVENTSCOPE_TEST_KAFKA")
	if address == "" {
		t.Skip("EVENTSCOPE_TEST_KAFKA names no broker (host:port)")
	}
	return connect(t, address)
}

// onReal tests on a real broker alone, where the embedded one does not do as brokers do.
func onReal(t *testing.T, test func(*testing.T, *cluster)) {
	t.Run("Real", func(t *testing.T) { test(t, real(t)) })
}

var topics atomic.Int64

// topic makes a topic of a name of its own and removes it at the end.
func (c *cluster) topic(t testing.TB, partitions int, settings ...string) string {
	t.Helper()
	name := c.unique()
	c.create(t, name, partitions, settings...)
	return name
}

// unique is a name that no topic has.
func (c *cluster) unique() string {
	return fmt.Sprintf("adapter-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), topics.Add(1))
}

func (c *cluster) create(t testing.TB, name string, partitions int, settings ...string) {
	t.Helper()
	all := map[string]*string{"max.message.bytes": kadm.StringPtr("8388608")}
	for i := 0; i+1 < len(settings); i += 2 {
		all[settings[i]] = &settings[i+1]
	}
	if _, err := c.admin.CreateTopic(t.Context(), int32(partitions), 1, all, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.admin.DeleteTopics(context.Background(), name) })
	adaptertest.Await(t, "the broker to know the topic "+name, func() bool {
		ends, err := c.admin.ListEndOffsets(t.Context(), name)
		return err == nil && ends.Error() == nil && len(ends[name]) == partitions
	})
}

// patience is how long a test waits: only so that what is broken fails rather than hangs.
const patience = time.Minute

// publish writes messages in order.
func (c *cluster) publish(t testing.TB, topic string, messages ...adapters.Message) {
	t.Helper()
	records := make([]*kgo.Record, len(messages))
	for i, m := range messages {
		records[i] = &kgo.Record{Topic: topic, Partition: m.Position.Partition, Key: m.Key, Value: m.Value, Timestamp: m.Time}
		for _, h := range m.Headers {
			records[i].Headers = append(records[i].Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
		}
	}
	if err := c.client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Error(err)
	}
	if len(messages) > 0 {
		awaitStored(t, c.client, topic)
	}
}

// awaitStored waits until a client has stored the partitions of a topic that it has just sent to for
// the first time. Until then it takes a transaction back that it is asked to commit.
func awaitStored(t testing.TB, client *kgo.Client, topic string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := kafkacluster.Until(ctx, func() (bool, error) {
		leader, _, err := client.PartitionLeader(topic, 0)
		return leader >= 0 || err != nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open opens an adapter on topics.
func (c *cluster) open(t testing.TB, topics ...string) *kafka.Adapter {
	t.Helper()
	return opened(t, kafka.Config{Brokers: []string{c.address}, Topics: topics})
}

func opened(t testing.TB, config kafka.Config) *kafka.Adapter {
	t.Helper()
	adapter, err := kafka.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return adapter
}

func (c *cluster) conformance(breaker func(testing.TB) func()) adaptertest.Broker {
	return adaptertest.Broker{
		Kind:     "kafka",
		Make:     func(t testing.TB, logs int) string { return c.topic(t, logs) },
		MaxLogs:  6,
		Open:     func(t testing.TB, topics ...string) *driver.Source { return c.open(t, topics...).Source() },
		Publish:  c.publish,
		Break:    breaker,
		Keys:     true,
		Multimap: true,
		Times:    true,
	}
}

func TestConformanceEmbedded(t *testing.T) {
	c, _ := fake(t)
	embedded := c.conformance(nil)
	// It waits for each request in a goroutine of its own, so any client of the test that asks
	// something makes a new one.
	embedded.Serving = []string{"github.com/twmb/franz-go/pkg/kfake.(*clientConn).read.func1"}
	adaptertest.Run(t, embedded)
}

func TestConformanceReal(t *testing.T) {
	adaptertest.Run(t, real(t).conformance(nil))
}
