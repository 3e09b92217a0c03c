package groups

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// deref is the text of a nullable string.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// topic is a topic's name, by its id where a broker leaves out the name.
func (q *inquiry) topic(name string, id [16]byte) string {
	if name == "" {
		name = q.names[id]
	}
	return name
}

// logsIn are partitions of one topic.
func logsIn(dst []adapters.Log, topic string, partitions []int32) []adapters.Log {
	for _, partition := range partitions {
		dst = append(dst, adapters.Log{Destination: topic, Partition: partition})
	}
	return dst
}

// classicMembers describes groups that their members balance. What a member was given is
// only known where it speaks the consumer protocol.
func (q *inquiry) classicMembers(ctx context.Context, names []string) {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = names
	for _, response := range q.shards(ctx, request) {
		for _, answer := range response.(*kmsg.DescribeGroupsResponse).Groups {
			g := q.answered(answer.Group, answer.ErrorCode)
			if g == nil {
				continue
			}
			g.describes(answer.State)
			plain := answer.ProtocolType == "consumer" || answer.ProtocolType == ""
			if !plain {
				g.protocol = answer.ProtocolType
			}
			for _, m := range answer.Members {
				var given kmsg.ConsumerMemberAssignment
				var logs []adapters.Log
				if plain && given.ReadFrom(m.MemberAssignment) == nil {
					for _, t := range given.Topics {
						logs = logsIn(logs, t.Topic, t.Partitions)
					}
				}
				g.joined(consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}, logs)
			}
		}
	}
}

func (q *inquiry) consumerMembers(ctx context.Context, names []string) {
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.Groups = names
	for _, response := range q.shards(ctx, request) {
		for _, answer := range response.(*kmsg.ConsumerGroupDescribeResponse).Groups {
			g := q.answered(answer.Group, answer.ErrorCode)
			if g == nil {
				continue
			}
			g.describes(answer.State)
			for _, m := range answer.Members {
				var logs []adapters.Log
				for _, t := range m.Assignment.TopicPartitions {
					logs = logsIn(logs, q.topic(t.Topic, t.TopicID), t.Partitions)
				}
				g.joined(consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}, logs)
			}
		}
	}
}

func (q *inquiry) shareMembers(ctx context.Context, names []string) {
	request := kmsg.NewPtrShareGroupDescribeRequest()
	request.GroupIDs = names
	for _, response := range q.shards(ctx, request) {
		for _, answer := range response.(*kmsg.ShareGroupDescribeResponse).Groups {
			g := q.answered(answer.GroupID, answer.ErrorCode)
			if g == nil {
				continue
			}
			g.describes(answer.GroupState)
			for _, m := range answer.Members {
				var logs []adapters.Log
				for _, t := range m.Assignment.TopicPartitions {
					logs = logsIn(logs, q.topic(t.Topic, t.TopicID), t.Partitions)
				}
				g.joined(consumer.Member{ID: m.MemberID, Client: m.ClientID, Host: m.ClientHost}, logs)
			}
		}
	}
}

// streamsMembers asks each coordinator itself, for the client does not know the request.
// A task reads one partition of each source topic of its part of the topology.
func (q *inquiry) streamsMembers(ctx context.Context, names []string) {
	q.coordinated(names, func(broker *kgo.Broker, names []string) error {
		request := kmsg.NewPtrStreamsGroupDescribeRequest()
		request.Groups = names
		response, err := request.RequestWith(ctx, broker)
		if err != nil {
			return err
		}
		for i := range response.Groups {
			answer := &response.Groups[i]
			g := q.answered(answer.Group, answer.ErrorCode)
			if g == nil {
				continue
			}
			g.describes(answer.State)
			sources := sourcesOf(answer.Topology)
			for _, m := range answer.Members {
				var logs []adapters.Log
				for _, task := range m.Assignment.ActiveTasks {
					for _, topic := range sources[task.SubtopologyID] {
						logs = logsIn(logs, topic, task.Partitions)
					}
				}
				g.joined(consumer.Member{ID: m.MemberID, Instance: deref(m.InstanceID), Client: m.ClientID, Host: m.ClientHost}, logs)
			}
		}
		return nil
	})
}

// sourcesOf are the topics that each part of a topology reads.
func sourcesOf(topology *kmsg.StreamsGroupDescribeResponseGroupTopology) map[string][]string {
	sources := make(map[string][]string)
	if topology == nil {
		return sources
	}
	for _, part := range topology.Subtopologies {
		topics := part.SourceTopics
		for _, t := range part.RepartitionSourceTopics {
			topics = append(topics, t.Topic)
		}
		sources[part.SubtopologyID] = topics
	}
	return sources
}
