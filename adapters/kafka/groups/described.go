package groups

import (
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/consumer"
)

// described is what a broker says of one group and its members.
type described struct {
	group    string
	code     int16 // of an error, about all of it
	state    string
	protocol string // where it is not that of consumers: what members were given is not known then
	members  []member
	topics   []string // that the group as a whole reads
}

// member is one member of a group.
type member struct {
	consumer.Member
	given  []given
	wanted []string // topics to which it is subscribed
}

// given are partitions of one topic, which is named by its name or by its id.
type given struct {
	topic      string
	id         [16]byte
	partitions []int32
}

// describe asks what a group of a kind is, and who takes part.
func describe(kind string, groups []string) kmsg.Request {
	switch kind {
	case groupShare:
		request := kmsg.NewPtrShareGroupDescribeRequest()
		request.GroupIDs = groups
		return request
	case groupConsumer:
		request := kmsg.NewPtrConsumerGroupDescribeRequest()
		request.Groups = groups
		return request
	case groupStreams:
		request := kmsg.NewPtrStreamsGroupDescribeRequest()
		request.Groups = groups
		return request
	}
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = groups
	return request
}

// byCoordinator sends what describe asks to each group's coordinator by itself, for requests that
// the client does not route.
func byCoordinator(client *kgo.Client, coordinators func(group string) int32, groups []string, ask func(broker *kgo.Broker, groups []string)) {
	nodes := make(map[int32][]string)
	for _, group := range groups {
		nodes[coordinators(group)] = append(nodes[coordinators(group)], group)
	}
	for node, some := range nodes {
		ask(client.Broker(int(node)), some)
	}
}

// describedIn are the groups in an answer to what describe asks.
func describedIn(response kmsg.Response) (all []described) {
	switch r := response.(type) {
	case *kmsg.DescribeGroupsResponse:
		for i := range r.Groups {
			all = append(all, classic(&r.Groups[i]))
		}
	case *kmsg.ConsumerGroupDescribeResponse:
		for _, g := range r.Groups {
			d := described{group: g.Group, code: g.ErrorCode, state: g.State}
			for _, m := range g.Members {
				joined := member{Member: consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}, wanted: m.SubscribedTopics}
				for _, t := range m.Assignment.TopicPartitions {
					joined.given = append(joined.given, given{t.Topic, t.TopicID, t.Partitions})
				}
				d.members = append(d.members, joined)
			}
			all = append(all, d)
		}
	case *kmsg.ShareGroupDescribeResponse:
		for _, g := range r.Groups {
			d := described{group: g.GroupID, code: g.ErrorCode, state: g.GroupState}
			for _, m := range g.Members {
				joined := member{Member: consumer.Member{ID: m.MemberID, Client: m.ClientID, Host: m.ClientHost}, wanted: m.SubscribedTopicNames}
				for _, t := range m.Assignment.TopicPartitions {
					joined.given = append(joined.given, given{t.Topic, t.TopicID, t.Partitions})
				}
				d.members = append(d.members, joined)
			}
			all = append(all, d)
		}
	case *kmsg.StreamsGroupDescribeResponse:
		for i := range r.Groups {
			all = append(all, streams(&r.Groups[i]))
		}
	}
	return all
}

// classic is a group that its members balance. What a member wants and was given is only known
// where it speaks the consumer protocol.
func classic(g *kmsg.DescribeGroupsResponseGroup) described {
	d := described{group: g.Group, code: g.ErrorCode, state: g.State}
	if g.ProtocolType != "consumer" {
		d.protocol = g.ProtocolType
	}
	for _, m := range g.Members {
		joined := member{Member: consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}}
		var wish kmsg.ConsumerMemberMetadata
		if d.protocol == "" && wish.ReadFrom(m.ProtocolMetadata) == nil {
			joined.wanted = wish.Topics
		}
		var assignment kmsg.ConsumerMemberAssignment
		if d.protocol == "" && assignment.ReadFrom(m.MemberAssignment) == nil {
			for _, t := range assignment.Topics {
				joined.given = append(joined.given, given{topic: t.Topic, partitions: t.Partitions})
			}
		}
		d.members = append(d.members, joined)
	}
	return d
}

// streams is a group of Kafka Streams. A task reads one partition of each source topic of its part
// of the topology.
func streams(g *kmsg.StreamsGroupDescribeResponseGroup) described {
	d := described{group: g.Group, code: g.ErrorCode, state: g.State}
	sources := make(map[string][]string) // by part of the topology
	if g.Topology != nil {
		for _, part := range g.Topology.Subtopologies {
			topics := part.SourceTopics
			for _, t := range part.RepartitionSourceTopics {
				topics = append(topics, t.Topic)
			}
			sources[part.SubtopologyID] = topics
			d.topics = append(d.topics, topics...)
		}
	}
	for _, m := range g.Members {
		joined := member{Member: consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}}
		for _, task := range m.Assignment.ActiveTasks {
			for _, topic := range sources[task.SubtopologyID] {
				joined.given = append(joined.given, given{topic: topic, partitions: task.Partitions})
			}
		}
		d.members = append(d.members, joined)
	}
	return d
}

// deref is the text of a nullable string.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
