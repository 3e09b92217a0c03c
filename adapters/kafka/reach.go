package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

const (
	reachTime     = 4 * time.Second // for all groups of a cluster
	groupsAtOnce  = 100             // in one request to each of their coordinators
	groupClassic  = "classic"
	groupConsumer = "consumer" // KIP-848
	groupShare    = "share"    // KIP-932
	groupStreams  = "streams"  // KIP-1071
)

// Reach implements [adapters.DeadLetters]. A group reads a topic if it has committed
// offsets of it, or if a member is subscribed or assigned to it. Groups that are not plain
// consumer groups are named with their type, as "audit (share group)". Consumers without
// a group leave no trace on a broker.
func (a *Adapter) Reach(ctx context.Context, target adapters.Target) (adapters.Reach, error) {
	asking, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := readCatalog(asking, a.client, []string{target.Topic})
	if err != nil {
		return adapters.Reach{}, a.explain(ctx, err)
	}
	t := c.topics[target.Topic]
	if t == nil || !t.writable() {
		return adapters.Reach{}, nil
	}
	s := newSurvey(a.client)
	s.topic = t
	surveying, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	s.run(surveying)
	if ctx.Err() != nil {
		return adapters.Reach{}, ctx.Err()
	}
	reach := adapters.Reach{Exists: true, Unknown: s.unknown(a.config.user())}
	for _, name := range slices.Sorted(maps.Keys(s.readers)) {
		reach.Readers = append(reach.Readers, name+s.readers[name])
	}
	return reach, nil
}

// survey looks for the groups that read one topic.
type survey struct {
	client  *kgo.Client
	topic   *topic
	readers map[string]string // by group: what stands behind its name

	groups, asked int
	coordinators  map[string]int32 // by group
	refused       map[string]bool  // groups that may not be described
	unanswered    bool             // by a broker
	hidden        bool             // the broker lists only groups that may be described
}

func newSurvey(client *kgo.Client) *survey {
	return &survey{client: client, readers: make(map[string]string), refused: make(map[string]bool), coordinators: make(map[string]int32)}
}

// run asks about all groups, some at a time, until ctx ends.
func (s *survey) run(ctx context.Context) {
	s.hidden = s.hides(ctx)
	kinds := s.list(ctx)
	for kind, names := range kinds {
		s.groups += len(names)
		slices.Sort(names)
		for some := range slices.Chunk(names, groupsAtOnce) {
			s.ask(ctx, kind, some)
			if ctx.Err() != nil {
				break
			}
			s.asked += len(some)
		}
	}
}

// unknown is why there may be more readers, in one clause, or empty.
func (s *survey) unknown(user string) string {
	var why []string
	if s.hidden {
		why = append(why, "groups that user "+user+" may not describe are not listed")
	}
	if n := len(s.refused); n > 0 {
		why = append(why, fmt.Sprintf("%d groups may not be described", n))
	}
	if s.asked < s.groups {
		why = append(why, fmt.Sprintf("asked only %d of %d groups", s.asked, s.groups))
	}
	if s.unanswered {
		why = append(why, "not every broker answers")
	}
	return strings.Join(why, ", ")
}

// hides says that ListGroups leaves groups out, for want of Describe on the cluster. The
// broker then names no operation at all; where it does not say, it names the least integer.
func (s *survey) hides(ctx context.Context) bool {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	response, err := request.RequestWith(ctx, s.client)
	return err == nil && response.ErrorCode == 0 && response.ClusterAuthorizedOperations == 0
}

// list returns the groups of the cluster by type. Each broker lists those that it
// coordinates.
func (s *survey) list(ctx context.Context) map[string][]string {
	kinds := make(map[string][]string)
	for _, shard := range s.client.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		if shard.Err != nil {
			s.unanswered = true
			continue
		}
		response := shard.Resp.(*kmsg.ListGroupsResponse)
		s.note("", response.ErrorCode)
		for _, g := range response.Groups {
			kind := strings.ToLower(g.GroupType)
			if kind == "" { // before Kafka 3.8
				kind = groupClassic
			}
			kinds[kind] = append(kinds[kind], g.Group)
			s.coordinators[g.Group] = shard.Meta.NodeID
		}
	}
	return kinds
}

// shards sends a request to all brokers that have to do with it. A coordinator that may
// not even be looked up is that of groups that may not be described.
func (s *survey) shards(ctx context.Context, request kmsg.Request) (responses []kmsg.Response) {
	for _, shard := range s.client.RequestSharded(ctx, request) {
		switch {
		case shard.Err == nil:
			responses = append(responses, shard.Resp)
		case errors.Is(shard.Err, kerr.GroupAuthorizationFailed):
			for _, group := range groupsOf(shard.Req) {
				s.refused[group] = true
			}
		default:
			s.unanswered = s.unanswered || ctx.Err() == nil
		}
	}
	return responses
}

// groupsOf are the groups that a request is about.
func groupsOf(request kmsg.Request) (groups []string) {
	switch r := request.(type) {
	case *kmsg.DescribeGroupsRequest:
		return r.Groups
	case *kmsg.ConsumerGroupDescribeRequest:
		return r.Groups
	case *kmsg.ShareGroupDescribeRequest:
		return r.GroupIDs
	case *kmsg.OffsetFetchRequest:
		for i := range r.Groups {
			groups = append(groups, r.Groups[i].Group)
		}
	case *kmsg.DescribeShareGroupOffsetsRequest:
		for i := range r.Groups {
			groups = append(groups, r.Groups[i].GroupID)
		}
	}
	return groups
}

// note remembers what a broker says about a group beside the answer.
func (s *survey) note(group string, code int16) {
	switch err := kerr.ErrorForCode(code); err {
	case nil, kerr.GroupIDNotFound, kerr.InvalidGroupID:
	case kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed:
		s.refused[group] = true
	default:
		s.unanswered = true
	}
}

// ask looks at groups of one type.
func (s *survey) ask(ctx context.Context, kind string, groups []string) {
	switch kind {
	case groupShare:
		s.shareOffsets(ctx, groups)
		s.shareMembers(ctx, groups)
		return
	case groupConsumer:
		s.consumerMembers(ctx, groups)
	case groupStreams:
		s.streamsMembers(ctx, groups)
	default:
		s.classicMembers(ctx, groups)
	}
	s.offsets(ctx, kind, groups)
}

func (s *survey) reads(group, kind string) {
	switch kind {
	case groupShare:
		s.readers[group] = " (share group)"
	case groupStreams, "connect":
		s.readers[group] = " (" + kind + ")"
	default:
		if _, known := s.readers[group]; !known {
			s.readers[group] = ""
		}
	}
}

// offsets finds groups that have committed offsets of the topic.
func (s *survey) offsets(ctx context.Context, kind string, groups []string) {
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID, t.Partitions = s.topic.name, s.topic.id, slices.Sorted(maps.Keys(s.topic.leaders))
	request := kmsg.NewPtrOffsetFetchRequest()
	for _, name := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group, g.Topics = name, append(g.Topics, t)
		request.Groups = append(request.Groups, g)
	}
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.OffsetFetchResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					if p.ErrorCode == 0 && p.Offset >= 0 {
						s.reads(g.Group, kind)
					}
				}
			}
		}
	}
}

// classicMembers finds groups with a member that wants the topic or was given it.
func (s *survey) classicMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.DescribeGroupsResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			if g.ProtocolType != "consumer" && g.ProtocolType != "" {
				continue
			}
			for _, m := range g.Members {
				if s.wantedByClassic(m) {
					s.reads(g.Group, groupClassic)
				}
			}
		}
	}
}

func (s *survey) wantedByClassic(m kmsg.DescribeGroupsResponseGroupMember) bool {
	var wish kmsg.ConsumerMemberMetadata
	if wish.ReadFrom(m.ProtocolMetadata) == nil && slices.Contains(wish.Topics, s.topic.name) {
		return true
	}
	var given kmsg.ConsumerMemberAssignment
	return given.ReadFrom(m.MemberAssignment) == nil &&
		slices.ContainsFunc(given.Topics, func(t kmsg.ConsumerMemberAssignmentTopic) bool { return t.Topic == s.topic.name })
}

func (s *survey) consumerMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.Groups = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.ConsumerGroupDescribeResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			for _, m := range g.Members {
				given := slices.ContainsFunc(m.Assignment.TopicPartitions, func(t kmsg.AssignmentTopicPartition) bool { return t.Topic == s.topic.name })
				if given || slices.Contains(m.SubscribedTopics, s.topic.name) {
					s.reads(g.Group, groupConsumer)
				}
			}
		}
	}
}

// streamsMembers asks each coordinator itself, for the client does not know the request.
func (s *survey) streamsMembers(ctx context.Context, groups []string) {
	byCoordinator := make(map[int32][]string)
	for _, group := range groups {
		byCoordinator[s.coordinators[group]] = append(byCoordinator[s.coordinators[group]], group)
	}
	for node, some := range byCoordinator {
		request := kmsg.NewPtrStreamsGroupDescribeRequest()
		request.Groups = some
		response, err := request.RequestWith(ctx, s.client.Broker(int(node)))
		if err != nil {
			s.unanswered = s.unanswered || ctx.Err() == nil
			continue
		}
		for _, g := range response.Groups {
			s.note(g.Group, g.ErrorCode)
			if g.Topology == nil {
				continue
			}
			for _, part := range g.Topology.Subtopologies {
				if slices.Contains(part.SourceTopics, s.topic.name) {
					s.reads(g.Group, groupStreams)
				}
			}
		}
	}
}

func (s *survey) shareOffsets(ctx context.Context, groups []string) {
	t := kmsg.NewDescribeShareGroupOffsetsRequestGroupTopic()
	t.Topic, t.Partitions = s.topic.name, slices.Sorted(maps.Keys(s.topic.leaders))
	request := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, name := range groups {
		g := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		g.GroupID, g.Topics = name, append(g.Topics, t)
		request.Groups = append(request.Groups, g)
	}
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.DescribeShareGroupOffsetsResponse).Groups {
			s.note(g.GroupID, g.ErrorCode)
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					if p.ErrorCode == 0 && p.StartOffset >= 0 {
						s.reads(g.GroupID, groupShare)
					}
				}
			}
		}
	}
}

func (s *survey) shareMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrShareGroupDescribeRequest()
	request.GroupIDs = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.ShareGroupDescribeResponse).Groups {
			s.note(g.GroupID, g.ErrorCode)
			for _, m := range g.Members {
				if slices.Contains(m.SubscribedTopicNames, s.topic.name) {
					s.reads(g.GroupID, groupShare)
				}
			}
		}
	}
}
