package groups

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka/cluster"
)

// group is one group while it is asked about.
type group struct {
	name, kind  string
	coordinator int32
	unlisted    bool // ListGroups did not name it
	remembered  bool // and nobody asked for it by name

	described       bool
	phase, protocol string
	rebalancing     bool
	members         []consumer.Member
	readers         map[adapters.Log]int // index of the member that reads it
	reads           map[string]bool      // topics that members read
	committed       map[adapters.Log]committed
	logs            []adapters.Log
	err             error
}

// joined adds a member.
func (g *group) joined(m consumer.Member, reads []adapters.Log) {
	m.Host = strings.TrimPrefix(m.Host, "/") // as Java prints an address
	m.Logs = len(reads)
	for _, log := range reads {
		if g.readers == nil {
			g.readers, g.reads = make(map[adapters.Log]int), make(map[string]bool)
		}
		g.readers[log] = len(g.members) // of a share group's several members, the last
		g.reads[log.Destination] = true
	}
	g.members = append(g.members, m)
}

// describes notes in which phase the broker says that the group is.
func (g *group) describes(phase string) {
	g.described, g.phase = true, phase
	switch phase {
	case "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "NotReady":
		g.rebalancing = true
	}
}

// commits notes an offset.
func (g *group) commits(log adapters.Log, c committed) {
	if g.committed == nil {
		g.committed = make(map[adapters.Log]committed)
	}
	g.committed[log] = c
}

// inquiry asks about some groups.
type inquiry struct {
	client *kgo.Client
	access *cluster.Access
	groups map[string]*group
	names  map[[16]byte]string // of topics
}

// ask asks what members the groups have and what they have committed. What went
// wrong is in their err.
func (s *sweep) ask(ctx context.Context, groups []*group) {
	q := &inquiry{client: s.reader.client, access: s.reader.access, names: s.names, groups: make(map[string]*group, len(groups))}
	kinds := make(map[string][]string)
	for _, g := range groups {
		q.groups[g.name] = g
		kinds[g.kind] = append(kinds[g.kind], g.name)
	}
	for kind, names := range kinds {
		q.members(ctx, kind, names)
		if kind == groupShare {
			q.shareOffsets(ctx, names)
		} else {
			q.offsets(ctx, names)
		}
	}
	for _, g := range groups {
		if g.unlisted && g.err == nil && len(g.committed) == 0 && len(g.members) == 0 {
			g.err = groupUnknown(q.access, g.name)
		}
	}
}

// shards sends a request to all brokers that have to do with it, and notes what went
// wrong with the groups that it was about.
func (q *inquiry) shards(ctx context.Context, request kmsg.Request) (responses []kmsg.Response) {
	for _, shard := range q.client.RequestSharded(ctx, request) {
		if shard.Err == nil {
			responses = append(responses, shard.Resp)
			continue
		}
		for _, name := range groupsOf(shard.Req) {
			q.failed(name, shard.Err)
		}
	}
	return responses
}

// answered finds the group of an answer, unless that says it cannot be told.
func (q *inquiry) answered(name string, code int16) *group {
	if err := kerr.ErrorForCode(code); err != nil {
		q.failed(name, err)
		return nil
	}
	return q.groups[name]
}

// failed notes why a group cannot be told; the first reason stays.
func (q *inquiry) failed(name string, err error) {
	g := q.groups[name]
	switch {
	case g == nil || g.err != nil || errors.Is(err, kerr.GroupIDNotFound):
		// one that was deleted meanwhile has no members and no offsets
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		g.err = groupNotAllowed(q.access, name)
	default:
		g.err = groupUnanswered(q.access, name, err)
	}
}

// asked leaves out groups that already cannot be told.
func (q *inquiry) asked(names []string) (left []string) {
	for _, name := range names {
		if q.groups[name].err == nil {
			left = append(left, name)
		}
	}
	return left
}

// offsets reads what groups have committed.
func (q *inquiry) offsets(ctx context.Context, names []string) {
	request := kmsg.NewPtrOffsetFetchRequest()
	for _, name := range q.asked(names) {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = name // and all topics, for none is named
		request.Groups = append(request.Groups, g)
	}
	if len(request.Groups) == 0 {
		return
	}
	q.committed(ctx, request)
}

// shareOffsets reads where share groups start.
func (q *inquiry) shareOffsets(ctx context.Context, names []string) {
	request := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	for _, name := range q.asked(names) {
		g := kmsg.NewDescribeShareGroupOffsetsRequestGroup()
		g.GroupID = name
		request.Groups = append(request.Groups, g)
	}
	if len(request.Groups) == 0 {
		return
	}
	q.committed(ctx, request)
}

// committed notes what groups have committed, as the answers to a request say.
func (q *inquiry) committed(ctx context.Context, request kmsg.Request) {
	for _, response := range q.shards(ctx, request) {
		for _, answer := range commitsIn(response) {
			g := q.answered(answer.group, answer.code)
			for _, c := range answer.commits {
				if g != nil && c.topic != "" { // else a topic that has gone
					g.commits(adapters.Log{Destination: c.topic, Partition: c.partition}, c.committed)
				}
			}
		}
	}
}
