package groups

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/kafka/cluster"
)

// readers looks for the groups that read some topics. A group reads a topic if it has committed
// offsets of it, or if a member is subscribed or assigned to it.
type readers struct {
	listing
	Topics  map[string]*cluster.Topic
	readers map[string]map[string]string // by topic and group: what stands behind the group's name

	groups, asked int
	hidden        bool // the broker lists only groups that may be described
}

// NewReaders looks for readers of the topics that are put into it.
func NewReaders(client *kgo.Client) *readers {
	return &readers{listing: newListing(client), Topics: make(map[string]*cluster.Topic), readers: make(map[string]map[string]string)}
}

// Of are the groups that read a topic, in order.
func (r *readers) Of(topic string) (names []string) {
	for _, group := range slices.Sorted(maps.Keys(r.readers[topic])) {
		names = append(names, group+r.readers[topic][group])
	}
	return names
}

// Find asks about all groups, some at a time, until ctx ends.
func (r *readers) Find(ctx context.Context) {
	if len(r.Topics) == 0 {
		return
	}
	r.hidden = r.hides(ctx)
	kinds := r.list(ctx)
	for kind, names := range kinds {
		r.groups += len(names)
		slices.Sort(names)
		for some := range slices.Chunk(names, groupsAtOnce) {
			r.ask(ctx, kind, some)
			if ctx.Err() != nil {
				break
			}
			r.asked += len(some)
		}
	}
}

// Unknown is why there may be more readers, in one clause, or empty.
func (r *readers) Unknown(user string) string {
	var why []string
	if r.hidden {
		why = append(why, "groups that user "+user+" may not describe are not listed")
	}
	if n := len(r.refused); n > 0 {
		why = append(why, fmt.Sprintf("%d groups may not be described", n))
	}
	if r.asked < r.groups {
		why = append(why, fmt.Sprintf("asked only %d of %d groups", r.asked, r.groups))
	}
	if r.unanswered != nil {
		why = append(why, "not every broker answers ("+cluster.InWords(r.unanswered)+")")
	}
	return strings.Join(why, ", ")
}

// shards sends a request to all brokers that have to do with it. A coordinator that may
// not even be looked up is that of groups that may not be described.
func (r *readers) shards(ctx context.Context, request kmsg.Request) (responses []kmsg.Response) {
	for _, shard := range r.client.RequestSharded(ctx, request) {
		switch {
		case shard.Err == nil:
			responses = append(responses, shard.Resp)
		case errors.Is(shard.Err, kerr.GroupAuthorizationFailed):
			for _, group := range groupsOf(shard.Req) {
				r.refused[group] = true
			}
		case ctx.Err() == nil:
			r.unanswered = shard.Err
		}
	}
	return responses
}

// ask looks at groups of one type.
func (r *readers) ask(ctx context.Context, kind string, groups []string) {
	ids := make(map[[16]byte]string, len(r.Topics))
	for name, topic := range r.Topics {
		ids[topic.ID] = name
	}
	r.members(ctx, kind, groups, ids)
	if kind == groupShare {
		r.shareOffsets(ctx, groups, ids)
	} else {
		r.offsets(ctx, kind, groups, ids)
	}
}

// reads notes that a group reads a topic, if it is one of those in question.
func (r *readers) reads(topic, group, kind string) {
	if r.Topics[topic] == nil {
		return
	}
	if r.readers[topic] == nil {
		r.readers[topic] = make(map[string]string)
	}
	switch readers := r.readers[topic]; kind {
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
func (r *readers) offsets(ctx context.Context, kind string, groups []string, ids map[[16]byte]string) {
	var topics []kmsg.OffsetFetchRequestGroupTopic
	for name, topic := range r.Topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.TopicID, t.Partitions = name, topic.ID, slices.Sorted(maps.Keys(topic.Leaders))
		topics = append(topics, t)
	}
	request := kmsg.NewPtrOffsetFetchRequest()
	for _, name := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group, g.Topics = name, topics
		request.Groups = append(request.Groups, g)
	}
	r.committed(ctx, kind, request, ids)
}

// committed finds groups that have committed something, as the answers to a request say. Newer
// brokers answer by the id of a topic.
func (r *readers) committed(ctx context.Context, kind string, request kmsg.Request, topics map[[16]byte]string) {
	for _, response := range r.shards(ctx, request) {
		for _, answer := range commitsIn(response) {
			r.note(answer.group, answer.code)
			for _, c := range answer.commits {
				if c.err == nil && c.offset >= 0 {
					r.reads(cmp.Or(c.topic, topics[c.id]), answer.group, kind)
				}
			}
		}
	}
}

// members finds groups that read the topics as a whole, and those with a member that wants one or
// was given one.
func (r *readers) members(ctx context.Context, kind string, groups []string, ids map[[16]byte]string) {
	for _, response := range r.descriptions(ctx, kind, groups) {
		for _, answer := range describedIn(response) {
			r.note(answer.group, answer.code)
			for _, topic := range answer.topics {
				r.reads(topic, answer.group, kind)
			}
			for _, m := range answer.members {
				for _, topic := range m.wanted {
					r.reads(topic, answer.group, kind)
				}
				for i := range m.given {
					r.reads(cmp.Or(m.given[i].topic, ids[m.given[i].id]), answer.group, kind)
				}
			}
		}
	}
}

// descriptions are the brokers' answers, each about some of the groups.
func (r *readers) descriptions(ctx context.Context, kind string, groups []string) (responses []kmsg.Response) {
	if kind != groupStreams {
		return r.shards(ctx, describe(kind, groups))
	}
	byCoordinator(r.client, func(group string) int32 { return r.coordinators[group] }, groups, func(broker *kgo.Broker, some []string) {
		response, err := broker.Request(ctx, describe(kind, some))
		switch {
		case err == nil:
			responses = append(responses, response)
		case ctx.Err() == nil:
			r.unanswered = err
		}
	})
	return responses
}

// shareOffsets is the same of share groups.
func (r *readers) shareOffsets(ctx context.Context, groups []string, ids map[[16]byte]string) {
	var topics []kmsg.DescribeShareGroupOffsetsRequestGroupTopic
	for name, topic := range r.Topics {
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
	r.committed(ctx, groupShare, request, ids)
}
