package kafka_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// TestPublish sends what can be sent, and says of each copy what became of it.
func TestPublish(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		target, small := c.topic(t, 3), c.topic(t, 1, "max.message.bytes", "2000")
		p, err := c.writer(t, target).Publisher(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		one, two, long := letter(0, "k", "one"), letter(0, "k", "two"), letter(0, "k", string(make([]byte, 3000)))
		outcomes, err := p.Send(t.Context(), []deadletter.Copy{
			{Message: &one, To: deadletter.Target(target)},
			{Message: &long, To: deadletter.Target(small)},
			{Message: &one, To: deadletter.Target("no-such-topic")},
			{Original: []byte("{}"), To: deadletter.Target(target)},
			{Message: &two, To: deadletter.Target(target), Value: []byte("edited")},
		}, nil)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if outcomes[0] != nil || outcomes[4] != nil {
			t.Errorf("outcomes %v", outcomes)
		}
		isProblem(t, outcomes[1], adapters.ErrTooLarge)
		isProblem(t, outcomes[2], deadletter.ErrUnroutable)
		isKind(t, outcomes[3], errors.ErrUnsupported)
		c.sawOnce(t, target, "one", "edited")
	})
}

// TestPublishUnknownOutcome breaks the connection under every record.
func TestPublishUnknownOutcome(t *testing.T) {
	t.Parallel() // it waits
	c, k := fake(t)
	target := c.topic(t, 1)
	p, err := c.writer(t, target).Publisher(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	k.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		return nil, errors.New("broken off"), true
	})
	one := letter(0, "k", "one")
	outcomes, err := p.Send(t.Context(), []deadletter.Copy{{Message: &one, To: deadletter.Target(target)}}, nil)(t.Context())
	isProblem(t, err, adapters.ErrNotConnected)
	isProblem(t, outcomes[0], deadletter.ErrUnknownOutcome)
	if _, err := p.Send(t.Context(), nil, nil)(t.Context()); err == nil {
		t.Error("a publisher in doubt goes on")
	}
}

// TestReadOnly: without Write nothing is sent and no producer made.
func TestReadOnly(t *testing.T) {
	c, k := fake(t)
	dlq := c.topic(t, 1)
	c.publish(t, dlq, letter(0, "k", "letter"))
	var writes atomic.Int64
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.InitProducerID, kmsg.CreateTopics, kmsg.AddPartitionsToTxn, kmsg.EndTxn} {
		k.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			k.KeepControl()
			writes.Add(1)
			return nil, nil, false
		})
	}
	a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{dlq}})
	defer a.Close()
	peek(t, a, dlq)
	_, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq})
	isProblem(t, err, adapters.ErrReadOnly)
	_, err = a.Publisher(t.Context())
	isProblem(t, err, adapters.ErrReadOnly)
	if _, err := reachOf(t, a, deadletter.Target(dlq)); err != nil {
		t.Error(err)
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("%d requests that write were sent", n)
	}
}
