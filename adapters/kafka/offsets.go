package kafka

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
	latest   int64 = -1 // the high watermark, or the last stable offset when committed
	earliest int64 = -2 // the log start
)

// listed is one answer of listOffsets.
type listed struct {
	offset int64
	time   int64 // of the record there, where it was looked up by time
	err    error
}

// impossible says that the record that was found is later than any time: what lies behind it
// is not for that.
func (l listed) impossible() bool { return l.time > 0 && adapters.OutOfRange(time.UnixMilli(l.time)) }

// listOffsets asks for the first offset at or after a time (milliseconds, or one of
// the places above) of each log. A time behind the last message gives the end. An
// error is returned only if no broker answered.
//
// What lies before the offset of a time is older than that time, although producers
// do not send in order of time: the broker looks for the first message that is young
// enough, from the beginning.
func listOffsets(ctx context.Context, client *kgo.Client, times map[adapters.Log]int64, committed bool) (map[adapters.Log]listed, error) {
	found := make(map[adapters.Log]listed, len(times))
	if len(times) == 0 {
		return found, nil
	}
	for log := range times {
		found[log] = listed{err: kerr.UnknownServerError} // until it is answered
	}
	answered, lastErr := false, error(nil)
	for _, shard := range client.RequestSharded(ctx, listRequest(times, committed)) {
		if shard.Err != nil {
			lastErr = shard.Err
			for _, t := range shard.Req.(*kmsg.ListOffsetsRequest).Topics {
				for _, p := range t.Partitions {
					found[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = listed{err: shard.Err}
				}
			}
			continue
		}
		answered = true
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				found[adapters.Log{Destination: t.Topic, Partition: p.Partition}] = listed{p.Offset, p.Timestamp, kerr.ErrorForCode(p.ErrorCode)}
			}
		}
	}
	if !answered {
		return nil, lastErr
	}
	return found, listEnds(ctx, client, times, found, committed)
}

// listEnds asks for the end of the logs in which nothing is young enough.
func listEnds(ctx context.Context, client *kgo.Client, times map[adapters.Log]int64, found map[adapters.Log]listed, committed bool) error {
	ends := make(map[adapters.Log]int64)
	for log, l := range found {
		if l.err == nil && l.offset < 0 && times[log] >= 0 {
			ends[log] = latest
		}
	}
	more, err := listOffsets(ctx, client, ends, committed)
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

// startTime is a start as the time of a ListOffsets request. Kafka counts whole
// milliseconds, so a start within one begins with the next.
func startTime(start adapters.Start, now time.Time) int64 {
	switch at, ok := start.Time(now); {
	case ok:
		return max(0, at.Add(time.Millisecond-1).UnixMilli())
	case start.IsBeginning():
		return earliest
	}
	return latest
}

// bounds are the ends of one log.
type bounds struct{ start, end int64 }

// listBounds asks for both ends of each log; logs that cannot be asked are left out,
// with the reason.
func listBounds(ctx context.Context, client *kgo.Client, logs []adapters.Log, committed bool) (map[adapters.Log]bounds, map[adapters.Log]error, error) {
	times := make(map[adapters.Log]int64, len(logs))
	for _, log := range logs {
		times[log] = earliest
	}
	starts, err := listOffsets(ctx, client, times, false)
	if err != nil {
		return nil, nil, err
	}
	for _, log := range logs {
		times[log] = latest
	}
	ends, err := listOffsets(ctx, client, times, committed)
	if err != nil {
		return nil, nil, err
	}
	found, failed := make(map[adapters.Log]bounds), make(map[adapters.Log]error)
	for _, log := range logs {
		if err := errors.Join(starts[log].err, ends[log].err); err != nil {
			failed[log] = err
			continue
		}
		found[log] = bounds{starts[log].offset, ends[log].offset}
	}
	return found, failed, nil
}
