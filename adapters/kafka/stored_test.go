package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters/deadletter"
)

// TestARedriveWaitsForWhatItsClientStores: a record that has a partition is waited for until the
// client has stored the partitions of its topic, and a record that has none is not. The moment
// between the two is too short to be met on purpose.
func TestARedriveWaitsForWhatItsClientStores(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders.dlq"))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	a, err := Open(t.Context(), Config{Brokers: k.ListenAddrs(), Topics: []string{"orders.dlq"}, Write: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	begun, err := a.Redrive(t.Context(), deadletter.Order{DLQ: "orders.dlq"})
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close()
	r := begun.(*redrive)
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.awaitStored(soon, []*kgo.Record{{Topic: "orders", Partition: unplaced}}); err != nil {
		t.Errorf("a record that has no partition is waited for: %v", err)
	}
	if err := r.awaitStored(soon, []*kgo.Record{{Topic: LedgerTopic}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("what is not stored is not waited for: %v", err)
	}
	if _, err := r.Send(t.Context(), nil, []deadletter.Entry{{Key: []byte("orders.dlq/0@1"), Value: []byte("sent")}})(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !r.stored[LedgerTopic] || len(r.stored) != 1 {
		t.Errorf("a transaction was committed before the partitions of %s were stored (%v)", LedgerTopic, r.stored)
	}
}
