package kafka_test

import (
	"fmt"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// makeAgain deletes a topic and makes it again.
func (c *cluster) makeAgain(t *testing.T, topic string) {
	t.Helper()
	id := func() (id [16]byte) {
		topics, err := c.admin.ListTopics(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		return topics[topic].ID
	}
	before := id()
	if _, err := c.admin.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	adaptertest.Await(t, "the name of the topic to be free", func() bool {
		made, err := c.admin.CreateTopics(t.Context(), 1, 1, nil, topic)
		return err == nil && made.Error() == nil
	})
	adaptertest.Await(t, "every broker to know the new topic", func() bool {
		now := id()
		return now != before && now != [16]byte{}
	})
}

// TestARedriveIsOfTheTopicThatWasLookedAt, and of no later one of its name: the positions of
// its letters are those of others there.
func TestARedriveIsOfTheTopicThatWasLookedAt(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq := fmt.Sprintf("adapter-again-%d.dlq", time.Now().UnixNano())
		c.create(t, dlq, 1)
		c.publish(t, dlq, letter(0, "k", "planned"))
		a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{dlq}, Write: true})
		defer a.Close()
		order := deadletter.Order{DLQ: dlq, Incarnation: incarnationOf(t, a, dlq), Run: "run", Letters: positions(peek(t, a, dlq))}
		r, err := a.Redrive(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		c.makeAgain(t, dlq)
		connect(t, c.address).publish(t, dlq, letter(0, "k", "nobody planned this")) // the other client writes to the topic that is gone
		if r, err = a.Redrive(t.Context(), order); err == nil {
			held, err := r.Next(t.Context(), 10)
			t.Errorf("it hands over %v, %v", held, err)
			r.Close()
		}
		isProblem(t, err, adapters.ErrGone)
		if order.Incarnation == incarnationOf(t, a, dlq) {
			t.Error("both topics are the same")
		}
	})
}

// incarnationOf is what tells a topic from others of its name.
func incarnationOf(t *testing.T, a *kafka.Adapter, dlq string) string {
	t.Helper()
	dlqs, err := a.DLQs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range dlqs {
		if g.Name == dlq {
			return g.Incarnation
		}
	}
	t.Fatalf("no topic %s", dlq)
	return ""
}

// TestAClusterIsKnownByItsOwnName, and not by the address or the adapter.
func TestAClusterIsKnownByItsOwnName(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		nameOf := func(c *cluster) string {
			a := c.open(t, c.topic(t, 1))
			defer a.Close()
			name, err := a.Cluster(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return name
		}
		metadata, err := c.admin.Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first, again := nameOf(c), nameOf(c); first != "kafka:"+metadata.Cluster || again != first {
			t.Errorf("it is called %q and %q", first, again)
		}
	})
}
