package groups

import (
	"context"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	groupsAtOnce  = 100 // in one request to each of their coordinators
	groupClassic  = "classic"
	groupConsumer = "consumer" // KIP-848
	groupShare    = "share"    // KIP-932
	groupStreams  = "streams"  // KIP-1071
)

// listing lists the groups of a cluster.
type listing struct {
	client       *kgo.Client
	coordinators map[string]int32 // by group
	refused      map[string]bool  // groups that may not be described
	unanswered   error            // what the last broker said that did not answer
}

func newListing(client *kgo.Client) listing {
	return listing{client: client, coordinators: make(map[string]int32), refused: make(map[string]bool)}
}

// hides reports whether ListGroups leaves groups out, for want of Describe on the cluster. The
// broker then names no operation at all; where it does not say, it names the least integer.
func (l *listing) hides(ctx context.Context) bool {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	response, err := request.RequestWith(ctx, l.client)
	return err == nil && response.ErrorCode == 0 && response.ClusterAuthorizedOperations == 0
}

// list returns the groups of the cluster by type. Each broker lists those that it
// coordinates.
func (l *listing) list(ctx context.Context) map[string][]string {
	kinds := make(map[string][]string)
	for _, shard := range l.client.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		if shard.Err != nil {
			l.unanswered = shard.Err
			continue
		}
		response := shard.Resp.(*kmsg.ListGroupsResponse)
		l.note("", response.ErrorCode)
		for _, g := range response.Groups {
			kind := strings.ToLower(g.GroupType)
			if kind == "" { // before Kafka 3.8
				kind = groupClassic
			}
			kinds[kind] = append(kinds[kind], g.Group)
			l.coordinators[g.Group] = shard.Meta.NodeID
		}
	}
	return kinds
}

// note remembers what a broker says about a group beside the answer.
func (l *listing) note(group string, code int16) {
	switch err := kerr.ErrorForCode(code); err {
	case nil, kerr.GroupIDNotFound, kerr.InvalidGroupID:
	case kerr.GroupAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed:
		l.refused[group] = true
	default:
		l.unanswered = err
	}
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
