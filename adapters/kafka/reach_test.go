package kafka_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
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
		reach, err := c.reader(t, topic).Reach(t.Context(), adapters.Target{Topic: topic})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{name("classic"), name("consumer"), name("gone"), name("share") + " (share group)"}
		if !reach.Exists || reach.Unknown != "" || !slices.Equal(reach.Readers, want) {
			t.Errorf("reach %+v, want %v", reach, want)
		}
		reach, err = c.reader(t, topic).Reach(t.Context(), adapters.Target{Topic: "no-such-topic"})
		if err != nil || reach.Exists || len(reach.Readers) > 0 {
			t.Errorf("reach of no topic %+v, %v", reach, err)
		}
	})
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
	reach, err := c.reader(t, topic).Reach(t.Context(), adapters.Target{Topic: topic})
	if err != nil || len(reach.Readers) != 125 || reach.Unknown != "" {
		t.Errorf("%d readers, unknown %q, %v", len(reach.Readers), reach.Unknown, err)
	}
}
