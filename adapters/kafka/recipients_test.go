package kafka_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// TestReach asks about a topic that groups of each type read, and others do not.
func TestReach(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic, other := c.topic(t, 2), c.topic(t, 1)
		c.publish(t, topic, letters(2)...)
		c.publish(t, other, letter(0, "k", "other"))
		name := func(kind string) string { return topic + "-" + kind }
		c.commits(t, name("gone"), topic)
		c.commits(t, name("elsewhere"), other)
		c.joins(t, topic, kgo.ConsumerGroup(name("classic")), kgo.DisableAutoCommit())
		c.joins(t, topic, kgo.ConsumerGroup(name("consumer")), kgo.DisableAutoCommit(), kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
		c.fromStart(t, name("share"))
		c.joins(t, topic, kgo.ShareGroup(name("share")))
		c.joins(t, other, kgo.ConsumerGroup(name("bystander")))
		reach, err := reachOf(t, c.reader(t, topic), deadletter.Target(topic))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{name("classic"), name("consumer"), name("gone"), name("share") + " (share group)"}
		if !reach.Exists || reach.Unknown != "" || !slices.Equal(reach.Readers, want) {
			t.Errorf("reach %+v, want %v", reach, want)
		}
		reach, err = reachOf(t, c.reader(t, topic), deadletter.Target("no-such-topic"))
		if err != nil || reach.Exists || len(reach.Readers) > 0 {
			t.Errorf("reach of no topic %+v, %v", reach, err)
		}
	})
}

// reachOf asks about one target.
func reachOf(t testing.TB, a *kafka.Adapter, target deadletter.Target) (deadletter.Recipients, error) {
	t.Helper()
	reaches, err := a.Recipients(t.Context(), []deadletter.Target{target})
	if err != nil {
		return deadletter.Recipients{}, err
	}
	return reaches[0], nil
}

// TestReachOfSeveral: each has its own readers.
func TestReachOfSeveral(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		first, second := c.topic(t, 2), c.topic(t, 2)
		c.publish(t, second, letters(2)...)
		c.commits(t, first+"-gone", first)
		c.joins(t, second, kgo.ConsumerGroup(second+"-classic"), kgo.DisableAutoCommit())
		reaches, err := c.reader(t, first).Recipients(t.Context(), []deadletter.Target{deadletter.Target(second), "no-such-topic", deadletter.Target(first)})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range [][]string{{second + "-classic"}, nil, {first + "-gone"}} {
			if !slices.Equal(reaches[i].Readers, want) || reaches[i].Exists != (want != nil) {
				t.Errorf("%d: %+v, want %v", i, reaches[i], want)
			}
		}
	})
}

// TestWhatKafkaUsesItselfIsNoTarget, and neither is the ledger, whoever asks for it: not in a
// plan, and not when a copy is to be sent.
func TestWhatKafkaUsesItselfIsNoTarget(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		dlq, target := c.topic(t, 2), c.topic(t, 1)
		c.publish(t, dlq, letters(2)...)
		a := c.writer(t, dlq)
		if reach, err := reachOf(t, a, deadletter.Target(kafka.LedgerTopic)); err != nil || !strings.Contains(reach.Forbidden, "ledger") {
			t.Errorf("before there is one, the ledger is %+v, %v", reach, err)
		}
		if _, err := run(t, a, dlq, nil); err != nil { // the ledger is there
			t.Fatal(err)
		}
		for _, name := range []string{kafka.LedgerTopic, "__consumer_offsets", "__transaction_state", "__" + target} {
			if reach, err := reachOf(t, a, deadletter.Target(name)); err != nil || reach.Forbidden == "" || reach.Exists {
				t.Errorf("%s: %+v, %v", name, reach, err)
			}
			forged := deadletter.Copy{Message: &adapters.Message{Key: []byte(dlq + "/0@0"), Value: []byte(`{"state":"discarded"}`)}, To: deadletter.Target(name)}
			p, err := a.Publisher(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			outcomes, err := p.Send(t.Context(), []deadletter.Copy{forged}, nil)(t.Context())
			if err != nil || outcomes[0] == nil || errors.Is(outcomes[0], deadletter.ErrUnroutable) {
				t.Errorf("published to %s: %v, %v", name, outcomes, err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			outcomes, err = run(t, a, dlq, []deadletter.Copy{forged, {Message: forged.Message, To: deadletter.Target(target)}})
			if err != nil || outcomes[0] == nil || !errors.Is(outcomes[1], deadletter.ErrNotSent) {
				t.Errorf("sent to %s: %v, %v", name, outcomes, err)
			}
		}
		if _, err := a.Ledger(t.Context(), deadletter.LedgerQuery{Wanted: func(key []byte) bool { return string(key) == dlq+"/0@0" }}, func(e deadletter.Entry) error {
			t.Errorf("the ledger says %s", e.Value)
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

// TestReachSaysWhoIsHeldBack: a transaction that somebody leaves open keeps readers of
// committed records from what is sent behind it.
func TestReachSaysWhoIsHeldBack(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		quiet, held := c.topic(t, 1), c.topic(t, 1)
		writer := connect(t, c.address, kgo.TransactionalID(held))
		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, held, adapters.Message{Value: []byte("open")})
		reaches, err := c.reader(t, quiet).Recipients(t.Context(), []deadletter.Target{deadletter.Target(quiet), deadletter.Target(held)})
		if err != nil {
			t.Fatal(err)
		}
		if len(reaches[0].Warnings) > 0 || len(reaches[1].Warnings) != 1 || !strings.Contains(reaches[1].Warnings[0], "stays open at "+held+"/0@0") {
			t.Errorf("%+v", reaches)
		}
		if err := writer.client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
		c.await(t, held)
		if reach, err := reachOf(t, c.reader(t, quiet), deadletter.Target(held)); err != nil || len(reach.Warnings) > 0 {
			t.Errorf("ended: %+v, %v", reach, err)
		}
	})
}

// run sends copies in a redrive of a dead-letter queue.
func run(t testing.TB, a *kafka.Adapter, dlq string, copies []deadletter.Copy) ([]error, error) {
	t.Helper()
	r, err := a.Redrive(t.Context(), deadletter.Order{DLQ: dlq, Run: "run"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Send(t.Context(), copies, nil)(t.Context())
}

// commits makes a group that has read a topic and left.
func (c *cluster) commits(t testing.TB, group, topic string) {
	t.Helper()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(topic, 0, 1, -1)
	if err := c.admin.CommitAllOffsets(t.Context(), group, offsets); err != nil {
		t.Fatal(err)
	}
}

// fromStart makes a share group begin with what is there already.
func (c *cluster) fromStart(t testing.TB, group string) {
	t.Helper()
	setting := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	setting.Name, setting.Value = "share.auto.offset.reset", kmsg.StringPtr("earliest")
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeGroupConfig, group
	resource.Configs = append(resource.Configs, setting)
	request := kmsg.NewPtrIncrementalAlterConfigsRequest()
	request.Resources = append(request.Resources, resource)
	if _, err := request.RequestWith(t.Context(), c.client); err != nil {
		t.Fatal(err)
	}
}

// joins starts a member of a group and waits until it has been given something.
func (c *cluster) joins(t testing.TB, topic string, options ...kgo.Opt) {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableClientMetrics(),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if fetches := client.PollFetches(t.Context()); fetches.Err() != nil {
		t.Fatal(fetches.Err())
	}
}

// TestReachOfMany asks about more groups than go into one request.
func TestReachOfMany(t *testing.T) {
	c, _ := fake(t)
	topic, other := c.topic(t, 1), c.topic(t, 1)
	for i := range 250 {
		c.commits(t, fmt.Sprintf("group-%03d", i), []string{topic, other}[i%2])
	}
	reach, err := reachOf(t, c.reader(t, topic), deadletter.Target(topic))
	if err != nil || len(reach.Readers) != 125 || reach.Unknown != "" {
		t.Errorf("%d readers, unknown %q, %v", len(reach.Readers), reach.Unknown, err)
	}
}
