package embedded_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"eventscope/cmd/internal/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, ctx context.Context, partitions int32, topics ...string) (*embedded.Broker, *kgo.Client) {
	t.Helper()
	broker, err := embedded.Start(ctx, partitions, topics...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Address()), kgo.ProducerBatchMaxBytes(4<<20), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return broker, client
}

func TestTopicsAreThere(t *testing.T) {
	broker, client := start(t, t.Context(), 3, "orders", "payments")
	host, _, err := net.SplitHostPort(broker.Address())
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("address %q is not on the loopback interface", broker.Address())
	}
	topics, err := kadm.NewClient(client).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"orders", "payments"} {
		if n := len(topics[name].Partitions); n != 3 {
			t.Errorf("topic %q has %d partitions, want 3", name, n)
		}
	}
}

func TestStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	broker, client := start(t, ctx, 1, "orders")
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	broker.Stop() // returns when it has stopped, whoever began
	if conn, err := net.Dial("tcp", broker.Address()); err == nil {
		conn.Close()
		t.Error("the broker still listens")
	}
}

// TestKeepsBounded writes four times what a partition keeps and waits until the
// oldest is gone.
func TestKeepsBounded(t *testing.T) {
	_, client := start(t, t.Context(), 1, "orders")
	value := bytes.Repeat([]byte("x"), 1<<20)
	for range 4 * embedded.PartitionBytes >> 20 {
		record := &kgo.Record{Topic: "orders", Value: value}
		if err := client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	admin := kadm.NewClient(client)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		starts, err := admin.ListStartOffsets(ctx, "orders")
		if err != nil {
			t.Fatal(err) // when the time is over, since nothing is ever dropped
		}
		ends, err := admin.ListEndOffsets(t.Context(), "orders")
		if err != nil {
			t.Fatal(err)
		}
		first, _ := starts.Lookup("orders", 0)
		last, _ := ends.Lookup("orders", 0)
		if kept := last.Offset - first.Offset; kept <= embedded.PartitionBytes>>20 {
			return
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		broker, err := embedded.Start(b.Context(), 3, "orders", "payments", "inventory", "shipping")
		if err != nil {
			b.Fatal(err)
		}
		broker.Stop()
	}
}
