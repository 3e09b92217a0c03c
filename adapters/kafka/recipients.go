package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka/cluster"
	"eventscope/adapters/kafka/transactions"
)

const (
	reachTime     = 4 * time.Second // for all groups of a cluster
	groupsAtOnce  = 100             // in one request to each of their coordinators
	groupClassic  = "classic"
	groupConsumer = "consumer" // KIP-848
	groupShare    = "share"    // KIP-932
	groupStreams  = "streams"  // KIP-1071
	mostSurveyed  = 100        // topics whose groups are asked for at once
)

// targetOf is the topic at which a letter died.
func targetOf(_ *deadletter.Queue, origin deadletter.Origin) deadletter.Target {
	return deadletter.Target(cmp.Or(origin.Topic, origin.Destination))
}

// Target implements [deadletter.Queues]: the name of a topic.
func (a *Adapter) Target(_ context.Context, text string) (deadletter.Target, error) {
	if text == "" {
		return "", &adapters.Problem{Doing: "read the name of a destination", Cause: "it is empty", Remedy: "name a topic", Kind: adapters.ErrUsage}
	}
	return deadletter.Target(text), nil
}

// Recipients implements [deadletter.Queues]. A group reads a topic if it has committed
// offsets of it, or if a member is subscribed or assigned to it. Groups that are not plain
// consumer groups are named with their type, as "audit (share group)". Consumers without
// a group leave no trace on a broker.
func (a *Adapter) Recipients(ctx context.Context, targets []deadletter.Target) ([]deadletter.Recipients, error) {
	names := make([]string, len(targets))
	for i := range targets {
		names[i] = string(targets[i])
	}
	if len(names) == 0 {
		return nil, nil
	}
	asking, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	c, err := cluster.ReadCatalog(asking, a.client, names)
	if err != nil {
		return nil, a.explain(ctx, err)
	}
	recipients := make([]deadletter.Recipients, len(targets))
	s := newListing(a.client)
	for i, name := range names {
		if recipients[i] = a.config.standing(name, c.Topics[name]); recipients[i].Exists && len(s.topics) < mostSurveyed {
			s.topics[name] = c.Topics[name]
		}
	}
	listing, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	s.run(listing)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	unknown, warnings := s.unknown(a.config.access().User()), a.warnOfOngoing(listing, s.topics)
	for i := range recipients {
		if warning := warnings[names[i]]; warning != "" {
			recipients[i].Warnings = append(recipients[i].Warnings, warning)
		}
		switch {
		case !recipients[i].Exists:
		case s.topics[names[i]] == nil:
			recipients[i].Unknown = fmt.Sprintf("the groups of only %d topics were asked for", mostSurveyed)
		default:
			recipients[i].Readers, recipients[i].Unknown = s.readersOf(names[i]), unknown
		}
	}
	return recipients, nil
}

// stillOpen is how long a transaction stays open before it is taken for one that lasts:
// those of producers at work end within less, and others follow.
const stillOpen = 300 * time.Millisecond

// warnOfOngoing says of topics on which a transaction stays open that readers of committed
// records get nothing behind it. It asks twice if there is any.
func (a *Adapter) warnOfOngoing(ctx context.Context, topics map[string]*cluster.Topic) map[string]string {
	var logs []adapters.Log
	for _, t := range topics {
		logs = append(logs, t.Logs()...)
	}
	stable, _ := transactions.LastStable(ctx, a.client, logs)
	if len(stable) == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(stillOpen):
	}
	still, _ := transactions.LastStable(ctx, a.client, slices.Collect(maps.Keys(stable)))
	ongoing, _ := transactions.InLogs(ctx, a.client, slices.Collect(maps.Keys(still)))
	warnings := map[string]string{}
	for log, offset := range still {
		if offset == stable[log] {
			warnings[log.Destination] = a.nameOngoing(ctx, log, offset, ongoing[log]) + ": readers of committed records get what is sent there only when it has ended"
		}
	}
	return warnings
}

// nameOngoing names the transaction at a last stable offset, and says who ends it if it hangs.
func (a *Adapter) nameOngoing(ctx context.Context, log adapters.Log, offset int64, ongoing []transactions.Ongoing) string {
	if len(ongoing) == 0 || !ongoing[0].Hangs() {
		at := adapters.Position{Destination: log.Destination, Partition: log.Partition, Offset: offset}
		return fmt.Sprintf("a transaction stays open at %s", at)
	}
	h := &ongoing[0]
	if ofRedrive(h) {
		if guarantee, err := a.guarantee(ctx); err == nil && h.Decided(guarantee == deadletter.ExactlyOnce) {
			return h.HangsAt() + ", and a run ends it as its coordinator has decided"
		}
	}
	return h.HangsAt() + ", and nobody ends it but " + h.AbortCommand()
}

// standing is what the catalog says of a topic as a target.
func (c *Config) standing(name string, t *cluster.Topic) (r deadletter.Recipients) {
	r.Kind, r.Name = adapters.Topic, name
	switch {
	case forbidden(name, t) != "":
		r.Forbidden = forbidden(name, t)
	case t == nil || t.Unknown():
	case t.Forbidden() && (t.Allowed == 0 || t.Allowed == math.MinInt32): // the broker does not even say whether it is there
		r.Denied = "user " + c.access().User() + " may neither write to it nor see it; have Write granted on it"
	case !t.Writable() && (t.Err == nil || t.Forbidden()):
		r.Exists, r.Denied = true, "user "+c.access().User()+" may not write to it; have Write granted on it"
	default:
		r.Exists = t.Writable()
	}
	return r
}

// forbidden is why a topic is never a target, or empty.
func forbidden(name string, t *cluster.Topic) string {
	switch {
	case name == LedgerTopic:
		return "it is the ledger, in which eventscope records what became of letters"
	case strings.HasPrefix(name, cluster.InternalPrefix), t != nil && t.Internal:
		return "it is an internal topic"
	}
	return ""
}

// listing looks for the groups that read some topics.
type listing struct {
	client  *kgo.Client
	topics  map[string]*cluster.Topic
	readers map[string]map[string]string // by topic and group: what stands behind the group's name

	groups, asked int
	coordinators  map[string]int32 // by group
	refused       map[string]bool  // groups that may not be described
	unanswered    error            // what the last broker said that did not answer
	hidden        bool             // the broker lists only groups that may be described
}

func newListing(client *kgo.Client) *listing {
	return &listing{
		client: client, topics: make(map[string]*cluster.Topic), readers: make(map[string]map[string]string),
		refused: make(map[string]bool), coordinators: make(map[string]int32),
	}
}

// readersOf are the groups that read a topic, in order.
func (s *listing) readersOf(topic string) (names []string) {
	for _, group := range slices.Sorted(maps.Keys(s.readers[topic])) {
		names = append(names, group+s.readers[topic][group])
	}
	return names
}

// run asks about all groups, some at a time, until ctx ends.
func (s *listing) run(ctx context.Context) {
	if len(s.topics) == 0 {
		return
	}
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
func (s *listing) unknown(user string) string {
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
	if s.unanswered != nil {
		why = append(why, "not every broker answers ("+cluster.InWords(s.unanswered)+")")
	}
	return strings.Join(why, ", ")
}

// hides says that ListGroups leaves groups out, for want of Describe on the cluster. The
// broker then names no operation at all; where it does not say, it names the least integer.
func (s *listing) hides(ctx context.Context) bool {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	response, err := request.RequestWith(ctx, s.client)
	return err == nil && response.ErrorCode == 0 && response.ClusterAuthorizedOperations == 0
}

// list returns the groups of the cluster by type. Each broker lists those that it
// coordinates.
func (s *listing) list(ctx context.Context) map[string][]string {
	kinds := make(map[string][]string)
	for _, shard := range s.client.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		if shard.Err != nil {
			s.unanswered = shard.Err
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
func (s *listing) shards(ctx context.Context, request kmsg.Request) (responses []kmsg.Response) {
	for _, shard := range s.client.RequestSharded(ctx, request) {
		switch {
		case shard.Err == nil:
			responses = append(responses, shard.Resp)
		case errors.Is(shard.Err, kerr.GroupAuthorizationFailed):
			for _, group := range groupsOf(shard.Req) {
				s.refused[group] = true
			}
		case ctx.Err() == nil:
			s.unanswered = shard.Err
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
func (s *listing) note(group string, code int16) {
	switch err := kerr.ErrorForCode(code); err {
	case nil, kerr.GroupIDNotFound, kerr.InvalidGroupID:
	case kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed:
		s.refused[group] = true
	default:
		s.unanswered = err
	}
}

// ask looks at groups of one type.
func (s *listing) ask(ctx context.Context, kind string, groups []string) {
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

// reads notes that a group reads a topic, if it is one of those in question.
func (s *listing) reads(topic, group, kind string) {
	if s.topics[topic] == nil {
		return
	}
	if s.readers[topic] == nil {
		s.readers[topic] = make(map[string]string)
	}
	switch readers := s.readers[topic]; kind {
	case groupShare:
		readers[group] = " (share group)"
	case groupStreams, "connect":
		readers[group] = " (" + kind + ")"
	default:
		if _, known := readers[group]; !known {
			readers[group] = ""
		}
	}
}

// offsets finds groups that have committed offsets of the topics.
func (s *listing) offsets(ctx context.Context, kind string, groups []string) {
	var topics []kmsg.OffsetFetchRequestGroupTopic
	ids := make(map[[16]byte]string, len(s.topics))
	for name, topic := range s.topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.TopicID, t.Partitions = name, topic.ID, slices.Sorted(maps.Keys(topic.Leaders))
		topics = append(topics, t)
		ids[topic.ID] = name
	}
	request := kmsg.NewPtrOffsetFetchRequest()
	for _, name := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group, g.Topics = name, topics
		request.Groups = append(request.Groups, g)
	}
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.OffsetFetchResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			for _, t := range g.Topics {
				name := cmp.Or(t.Topic, ids[t.TopicID]) // newer brokers answer by id
				for _, p := range t.Partitions {
					if p.ErrorCode == 0 && p.Offset >= 0 {
						s.reads(name, g.Group, kind)
					}
				}
			}
		}
	}
}

// classicMembers finds groups with a member that wants the topic or was given it.
func (s *listing) classicMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.DescribeGroupsResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			if g.ProtocolType != "consumer" && g.ProtocolType != "" {
				continue
			}
			for _, m := range g.Members {
				s.classicMember(g.Group, &m)
			}
		}
	}
}

// classicMember notes what a member wants and what it was given.
func (s *listing) classicMember(group string, m *kmsg.DescribeGroupsResponseGroupMember) {
	var wish kmsg.ConsumerMemberMetadata
	if wish.ReadFrom(m.ProtocolMetadata) == nil {
		for _, topic := range wish.Topics {
			s.reads(topic, group, groupClassic)
		}
	}
	var given kmsg.ConsumerMemberAssignment
	if given.ReadFrom(m.MemberAssignment) == nil {
		for i := range given.Topics {
			s.reads(given.Topics[i].Topic, group, groupClassic)
		}
	}
}

func (s *listing) consumerMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.Groups = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.ConsumerGroupDescribeResponse).Groups {
			s.note(g.Group, g.ErrorCode)
			for _, m := range g.Members {
				for i := range m.Assignment.TopicPartitions {
					s.reads(m.Assignment.TopicPartitions[i].Topic, g.Group, groupConsumer)
				}
				for _, topic := range m.SubscribedTopics {
					s.reads(topic, g.Group, groupConsumer)
				}
			}
		}
	}
}

// streamsMembers asks each coordinator itself, for the client does not know the request.
func (s *listing) streamsMembers(ctx context.Context, groups []string) {
	byCoordinator := make(map[int32][]string)
	for _, group := range groups {
		byCoordinator[s.coordinators[group]] = append(byCoordinator[s.coordinators[group]], group)
	}
	for node, some := range byCoordinator {
		request := kmsg.NewPtrStreamsGroupDescribeRequest()
		request.Groups = some
		response, err := request.RequestWith(ctx, s.client.Broker(int(node)))
		if err != nil {
			if ctx.Err() == nil {
				s.unanswered = err
			}
			continue
		}
		for _, g := range response.Groups {
			s.note(g.Group, g.ErrorCode)
			if g.Topology == nil {
				continue
			}
			for _, part := range g.Topology.Subtopologies {
				for _, topic := range part.SourceTopics {
					s.reads(topic, g.Group, groupStreams)
				}
			}
		}
	}
}

func (s *listing) shareOffsets(ctx context.Context, groups []string) {
	var topics []kmsg.DescribeShareGroupOffsetsRequestGroupTopic
	for name, topic := range s.topics {
		t := kmsg.NewDescribeShareGroupOffsetsRequestGroupTopic()
		t.Topic, t.Partitions = name, slices.Sorted(maps.Keys(topic.Leaders))
		topics = append(topics, t)
	}
	request := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, name := range groups {
		g := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		g.GroupID, g.Topics = name, topics
		request.Groups = append(request.Groups, g)
	}
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.DescribeShareGroupOffsetsResponse).Groups {
			s.note(g.GroupID, g.ErrorCode)
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					if p.ErrorCode == 0 && p.StartOffset >= 0 {
						s.reads(t.Topic, g.GroupID, groupShare)
					}
				}
			}
		}
	}
}

func (s *listing) shareMembers(ctx context.Context, groups []string) {
	request := kmsg.NewPtrShareGroupDescribeRequest()
	request.GroupIDs = groups
	for _, shard := range s.shards(ctx, request) {
		for _, g := range shard.(*kmsg.ShareGroupDescribeResponse).Groups {
			s.note(g.GroupID, g.ErrorCode)
			for _, m := range g.Members {
				for _, topic := range m.SubscribedTopicNames {
					s.reads(topic, g.GroupID, groupShare)
				}
			}
		}
	}
}
