package groups

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// committed is what a group has said about one log.
type committed struct {
	offset int64 // negative where nothing was
	lag    int64 // of a share group, as the broker counts
	err    error
}

// commits are what a broker says that one group has committed.
type commits struct {
	group   string
	code    int16 // of an error, about all of them
	commits []commit
}

// commit is what a group has committed of one partition of a topic, which is named by its name or
// by its id.
type commit struct {
	topic     string
	id        [16]byte
	partition int32
	committed
}

// commitsIn are the commits in an answer about groups, or about share groups: these have a place
// where they start.
func commitsIn(response kmsg.Response) (all []commits) {
	switch r := response.(type) {
	case *kmsg.OffsetFetchResponse:
		for _, g := range r.Groups {
			of := commits{group: g.Group, code: g.ErrorCode}
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					of.commits = append(of.commits, commit{t.Topic, t.TopicID, p.Partition, committed{offset: p.Offset, lag: -1, err: kerr.ErrorForCode(p.ErrorCode)}})
				}
			}
			all = append(all, of)
		}
	case *kmsg.DescribeShareGroupOffsetsResponse:
		for _, g := range r.Groups {
			of := commits{group: g.GroupID, code: g.ErrorCode}
			for _, t := range g.Topics {
				for _, p := range t.Partitions {
					of.commits = append(of.commits, commit{t.Topic, t.TopicID, p.Partition, committed{offset: p.StartOffset, lag: p.Lag, err: kerr.ErrorForCode(p.ErrorCode)}})
				}
			}
			all = append(all, of)
		}
	}
	return all
}
