package toy

import (
	"context"
	"errors"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

// TestARedriveLeavesWhatComesLater, and a peek meanwhile sees what is not held.
func TestARedriveLeavesWhatComesLater(t *testing.T) {
	c := cluster(t)
	c.Queue("dlq")
	c.Publish("dlq", adapters.Message{Value: []byte("held")})
	letters := c.opened(t, driver.Config{Write: true}).DeadLetters
	r, err := letters.Redrive(t.Context(), deadletter.Order{DLQ: "dlq", Letters: []adapters.Position{adapters.DigestPosition("dlq", 1)}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.Publish("dlq", adapters.Message{Value: []byte("later")})
	if held, err := r.Next(t.Context(), 5); err != nil || len(held) != 1 {
		t.Errorf("taken are %d letters, %v", len(held), err)
	}
	if err := letters.Peek(t.Context(), deadletter.Peek{DLQ: "dlq"}, func(seen []deadletter.Delivery) error {
		if len(seen) != 1 || string(seen[0].Value) != "later" {
			t.Errorf("seen are %d letters, the first %s", len(seen), seen[0].Value)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestACopyIsANewMessage(t *testing.T) {
	c := cluster(t)
	c.Log("orders")
	p, err := c.opened(t, driver.Config{Write: true}).DeadLetters.Publisher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := adapters.Message{Time: time.Now().Add(-time.Hour)}
	if _, err := p.Send(t.Context(), []deadletter.Copy{{Message: &old, To: deadletter.Routed("", "orders")}}, nil)(t.Context()); err != nil {
		t.Fatal(err)
	}
	if copies := c.Messages("orders"); len(copies) != 1 || !copies[0].Time.After(old.Time) {
		t.Errorf("sent are %v", copies)
	}
}

// TestBatchesAreBounded by bytes, and those from before the end was reached are past.
func TestBatchesAreBounded(t *testing.T) {
	c := cluster(t)
	c.Log("orders")
	large := make([]byte, mostBytes*2/3)
	c.Publish("orders", adapters.Message{Value: large}, adapters.Message{Value: large})
	ctx, cancel := context.WithCancel(t.Context())
	var past []bool
	adapter := c.opened(t, driver.Config{})
	if err := adapter.Run(ctx, adapters.Beginning, adapters.IntakeFunc(func(_ context.Context, b *adapters.Batch) error {
		if len(b.Messages) != 1 {
			t.Errorf("a batch of %d messages", len(b.Messages))
		}
		switch past = append(past, b.Past); len(past) {
		case 2:
			c.Publish("orders", adapters.Message{Value: []byte("new")})
		case 3:
			cancel()
		}
		return nil
	})); err != nil || len(past) != 3 || !past[0] || !past[1] || past[2] {
		t.Errorf("past are %v, %v", past, err)
	}
	for _, err := range adapter.Fetch(t.Context(), []adapters.Position{{Destination: "orders", Partition: adapters.NoPartition, Offset: 3}}) {
		if !errors.Is(err, adapters.ErrGone) {
			t.Errorf("behind the end: %v", err)
		}
	}
}
