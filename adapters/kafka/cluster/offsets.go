package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
)

// The times of a ListOffsets request that mean a place, not a time.
const (
	Latest   int64 = -1 // the high watermark, or the last stable offset when committed
	Earliest int64 = -2 // the log start
)

// Listed is one answer of ListOffsets.
type Listed struct {
	Offset int64
	time   int64 // of the record there, where it was looked up by time
	Err    error // why there is no offset
}

// Impossible reports whether the record that was found is later than any time: what lies behind it
// is not for that.
func (l Listed) Impossible() bool { return l.time > 0 && adapters.OutOfRange(time.UnixMilli(l.time)) }

// ListOffsets asks for the first offset at or after a time (milliseconds, or one of
// the places above) of each log. A time behind the last message gives the end. An
// error is returned only if no broker answered.
//
// What lies before the offset of a time is older than that time, although producers
// do not send in order of time: the broker looks for the first message that is young
// enough, from the beginning.
func ListOffsets(ctx context.Context, client *kgo.Client, times map[adapters.Log]int64, committed bool) (map[adapters.Log]Listed, error) {
	found := make(map[adapters.Log]Listed, len(times))
	if len(times) == 0 {
		return found, nil
	}
	for log := range times {
		found[log] = Listed{Err: kerr.UnknownServerError} // until it is answered
	}
	answered, lastErr := false, error(nil)
	for _, shard := range client.RequestSharded(ctx, listRequest(times, committed)) {
		if shard.Err != nil {
			lastErr = shard.Err
			for _, t := range shard.Req.(*kmsg.ListOffsetsRequest).Topics {
				for _, p := range t.Partitions {
					found[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = Listed{Err: shard.Err}
				}
			}
			continue
		}
		answered = true
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				found[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = Listed{p.Offset, p.Timestamp, kerr.ErrorForCode(p.ErrorCode)}
			}
		}
	}
	if !answered {
		return nil, lastErr
	}
	return found, listEnds(ctx, client, times, found, committed)
}

// listEnds asks for the end of the logs in which nothing is young enough.
func listEnds(ctx context.Context, client *kgo.Client, times map[adapters.Log]int64, found map[adapters.Log]Listed, committed bool) error {
	ends := make(map[adapters.Log]int64)
	for log, l := range found {
		if l.Err == nil && l.Offset < 0 && times[log] >= 0 {
			ends[log] = Latest
		}
	}
	more, err := ListOffsets(ctx, client, ends, committed)
	for log, l := range more {
		found[log] = l
	}
	return err
}

func listRequest(times map[adapters.Log]int64, committed bool) *kmsg.ListOffsetsRequest {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	if committed {
		request.IsolationLevel = 1
	}
	topics := make(map[string][]kmsg.ListOffsetsRequestTopicPartition)
	for log, at := range times {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = log.Partition, at
		topics[log.Destination] = append(topics[log.Destination], p)
	}
	for name, partitions := range topics {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic, t.Partitions = name, partitions
		request.Topics = append(request.Topics, t)
	}
	return request
}

// StartTime is a start as the time of a ListOffsets request. Kafka counts whole
// milliseconds, so a start within one begins with the next.
func StartTime(start adapters.Start, now time.Time) int64 {
	switch at, ok := start.Time(now); {
	case ok:
		return max(0, at.Add(time.Millisecond-1).UnixMilli())
	case start.IsBeginning():
		return Earliest
	}
	return Latest
}

// At is one place in each log, as a time of ListOffsets.
func At(place int64, logs []adapters.Log) map[adapters.Log]int64 {
	times := make(map[adapters.Log]int64, len(logs))
	for _, log := range logs {
		times[log] = place
	}
	return times
}

// Bounds are the ends of one log.
type Bounds struct{ Start, End int64 }

// ListBounds asks for both ends of each log; logs that cannot be asked are left out,
// with the reason.
func ListBounds(ctx context.Context, client *kgo.Client, logs []adapters.Log, committed bool) (map[adapters.Log]Bounds, map[adapters.Log]error, error) {
	starts, err := ListOffsets(ctx, client, At(Earliest, logs), false)
	if err != nil {
		return nil, nil, err
	}
	ends, err := ListOffsets(ctx, client, At(Latest, logs), committed)
	if err != nil {
		return nil, nil, err
	}
	found, failed := make(map[adapters.Log]Bounds), make(map[adapters.Log]error)
	for _, log := range logs {
		if err := errors.Join(starts[log].Err, ends[log].Err); err != nil {
			failed[log] = err
			continue
		}
		found[log] = Bounds{starts[log].Offset, ends[log].Offset}
	}
	return found, failed, nil
}
