package groups

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/kafka/cluster"
)

// TestReadersAreFoundByTheTopicsID: a group that has committed nothing reads what its members were
// given, also where a broker names the topic by its id alone.
func TestReadersAreFoundByTheTopicsID(t *testing.T) {
	fake, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id := [16]byte{1}
	fake.ControlKey(int16(kmsg.ListGroups), func(request kmsg.Request) (kmsg.Response, error, bool) {
		response := request.ResponseKind().(*kmsg.ListGroupsResponse)
		response.Groups = []kmsg.ListGroupsResponseGroup{{Group: "billing", GroupType: "Consumer"}}
		return response, nil, true
	})
	fake.ControlKey(int16(kmsg.ConsumerGroupDescribe), func(request kmsg.Request) (kmsg.Response, error, bool) {
		var member kmsg.ConsumerGroupDescribeResponseGroupMember
		member.Assignment.TopicPartitions = []kmsg.AssignmentTopicPartition{{TopicID: id, Partitions: []int32{0}}}
		response := request.ResponseKind().(*kmsg.ConsumerGroupDescribeResponse)
		response.Groups = []kmsg.ConsumerGroupDescribeResponseGroup{{Group: "billing", Members: []kmsg.ConsumerGroupDescribeResponseGroupMember{member}}}
		return response, nil, true
	})
	readers := NewReaders(client)
	readers.Topics["orders"] = &cluster.Topic{ID: id}
	readers.Find(t.Context())
	if got := readers.Of("orders"); !slices.Equal(got, []string{"billing"}) {
		t.Errorf("readers %v, %q", got, readers.Unknown("ops"))
	}
}
