package kafka_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/kafka"
)

// emptyFetch is an answer to a fetch that has nothing of any partition, as a broker gives
// that throttles, or whose storage is slow.
func emptyFetch(request kmsg.Request, end int64) *kmsg.FetchResponse {
	response := request.ResponseKind().(*kmsg.FetchResponse)
	for _, rt := range request.(*kmsg.FetchRequest).Topics {
		t := kmsg.NewFetchResponseTopic()
		t.Topic, t.TopicID = rt.Topic, rt.TopicID
		for _, rp := range rt.Partitions {
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition, p.HighWatermark, p.LastStableOffset, p.LogStartOffset = rp.Partition, end, end, 0
			t.Partitions = append(t.Partitions, p)
		}
		response.Topics = append(response.Topics, t)
	}
	return response
}

// silent makes the broker answer so many fetches with nothing, from now on.
func silent(k *kfake.Cluster, times int64, end int64) {
	left := new(atomic.Int64)
	left.Store(times)
	k.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		if left.Add(-1) < 0 {
			return nil, nil, false
		}
		return emptyFetch(request, end), nil, true
	})
}

// TestEmptyAnswersAreNotTheEnd reads all that is there, however often the broker has
// nothing to send before.
func TestEmptyAnswersAreNotTheEnd(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("0"), value("1"), value("2"), value("3"), value("4"))
	adapter := c.open(t, topic)
	defer adapter.Close()
	silent(k, 20, 5)
	if got := scanned(t, adapter, adapters.Range{From: adapters.Beginning}); len(got) != 5 {
		t.Errorf("scan gave %q", got)
	}
	if problems := adapter.Status().Problems; len(problems) > 0 {
		t.Errorf("problems %q", problems)
	}
}

// TestSilenceIsNoEnd ends a scan whose broker says that there is more and sends none of it:
// not as if it were complete.
func TestSilenceIsNoEnd(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("0"), value("1"))
	c.create(t, kafka.LedgerTopic, 1)
	c.publish(t, kafka.LedgerTopic, adapters.Message{Key: []byte("key"), Value: []byte("entry")})
	adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}}.WithPatience(200*time.Millisecond))
	defer adapter.Close()
	silent(k, math.MaxInt64, 2)
	scanned(t, adapter, adapters.Range{From: adapters.Beginning})
	problems := adapter.Status().Problems
	if want := "cannot read " + topic + "/0 from offset 0 to its end at 2"; len(problems) != 1 || !strings.HasPrefix(problems[0], want) {
		t.Errorf("problems %q, want one that begins %q", problems, want)
	}
	_, err := adapter.Ledger(t.Context(), deadletter.LedgerQuery{}, func(deadletter.Entry) error { return nil })
	isProblem(t, err, adapters.ErrNotConnected)
}

// TestPartitionThatIsNeverServed ends a scan that waits for one partition only: the others
// are read, and it is said which one is not.
func TestPartitionThatIsNeverServed(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 3)
	for partition := range int32(3) {
		c.publish(t, topic, adapters.Message{Position: adapters.Position{Partition: partition}, Value: fmt.Append(nil, partition)})
	}
	adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}}.WithPatience(200*time.Millisecond))
	defer adapter.Close()
	defer k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: topic, Partitions: []int32{1}, Err: kerr.KafkaStorageError, Count: -1}).Remove()
	got := scanned(t, adapter, adapters.Range{From: adapters.Beginning})
	if slices.Sort(got); !slices.Equal(got, []string{"0", "2"}) {
		t.Errorf("scan gave %q", got)
	}
	problems := adapter.Status().Problems
	if want := "cannot read " + topic + "/1 from offset 0 to its end at 1"; len(problems) != 1 || !strings.HasPrefix(problems[0], want) {
		t.Errorf("problems %q, want one that begins %q", problems, want)
	}
}

// TestNewPartitionSurvivesABadMoment lets the questions fail that are asked between a new
// partition was found and it is read, while another cursor is lost.
func TestNewPartitionSurvivesABadMoment(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("0"), value("1"), value("2"))
	run := follow(t, c.open(t, topic), adapters.Beginning)
	run.await("2")

	outOfRange := k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: topic, Partitions: []int32{0}, Err: kerr.OffsetOutOfRange, Count: -1})
	var found time.Time // when the new partition was asked for; the broker breaks the next questions off, for longer than they are repeated
	k.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		isNew := func(p kmsg.ListOffsetsRequestTopicPartition) bool { return p.Partition == 1 }
		for _, rt := range request.(*kmsg.ListOffsetsRequest).Topics {
			if found.IsZero() && slices.ContainsFunc(rt.Partitions, isNew) {
				found = time.Now()
				return nil, nil, false
			}
		}
		return nil, io.EOF, !found.IsZero() && time.Since(found) < 5*time.Second
	})
	if _, err := c.admin.UpdatePartitions(t.Context(), 2, topic); err != nil {
		t.Fatal(err)
	}
	connect(t, c.address).publish(t, topic, adapters.Message{Position: adapters.Position{Partition: 1}, Value: []byte("of the new partition")})
	run.await("of the new partition")
	outOfRange.Remove()
}

// TestPartitionThatIsNotReadIsNeverLive tells of a partition of a tail that its broker
// refuses, for as long as it does.
func TestPartitionThatIsNotReadIsNeverLive(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 2)
	run := follow(t, c.open(t, topic), adapters.End)
	fault := k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: topic, Partitions: []int32{1}, Err: kerr.KafkaStorageError, Count: -1})
	status := run.until(func(s adapters.Status) bool { return len(s.Problems) > 0 })
	if status.Connection == adapters.Live || !strings.Contains(status.Problems[0], topic+"/1 cannot be read now") {
		t.Errorf("status %+v", status)
	}
	fault.Remove()
	run.until(func(s adapters.Status) bool { return len(s.Problems) == 0 && s.Connection == adapters.Live })
}

// TestRetentionOvertakesATail counts what retention removes before a tail has read it.
func TestRetentionOvertakesATail(t *testing.T) {
	c, _ := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("0"))
	adapter := c.open(t, topic)
	defer adapter.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	blocked, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	got := 0
	go func() {
		done <- adapter.Run(ctx, adapters.Beginning, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
			if got == 0 {
				close(blocked)
				<-free
			}
			got += len(batch.Messages)
			if string(batch.Messages[len(batch.Messages)-1].Value) == "last" {
				cancel()
			}
			batch.Release()
			return nil
		}))
	}()
	adaptertest.Received(t, "the first batch", blocked)
	const removed = 50
	for i := range removed { // the first of them are on their way to the intake
		c.publish(t, topic, value(fmt.Sprint("message ", i)))
	}
	var cut kadm.Offsets
	cut.Add(kadm.Offset{Topic: topic, At: 1 + removed})
	if _, err := c.admin.DeleteRecords(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	c.publish(t, topic, value("last"))
	close(free)
	if err := adaptertest.Received(t, "the last message", done); err != nil {
		t.Fatal(err)
	}
	status := adapter.Status()
	if len(status.Gaps) != 1 || status.Gaps[0].Missed != status.Dropped || status.Dropped == 0 || int(status.Dropped)+got != removed+2 {
		t.Errorf("delivered %d of %d, %d dropped, gaps %+v", got, removed+2, status.Dropped, status.Gaps)
	}
}

// TestRetentionOvertakesAScan says which part of what was promised is gone.
func TestRetentionOvertakesAScan(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1)
	c.publish(t, topic, value("0"), value("1"), value("2"), value("3"))
	adapter := c.open(t, topic)
	defer adapter.Close()
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.SleepControl(func() {
			if err := k.DeleteRecords(topic, 0, 2); err != nil {
				t.Error(err)
			}
		})
		return nil, nil, false
	})
	got := scanned(t, adapter, adapters.Range{From: adapters.Beginning})
	problems := adapter.Status().Problems
	if want := "retention removed " + topic + "/0 from offset 0 to 2"; !slices.Equal(got, []string{"2", "3"}) || len(problems) != 1 || !strings.HasPrefix(problems[0], want) {
		t.Errorf("scan gave %q, problems %q", got, problems)
	}
}

// fault is something that a broker does to one request instead of answering it well.
type fault int

const (
	none   fault = iota
	failed       // an error for every partition
	broken       // the connection ends
	empty        // nothing of any partition
	twice        // also what was sent before
	little       // one record batch only
	faults
)

// do does it. What is changed in the request is what the broker then answers to.
func (f fault) do(request kmsg.Request, end int64) (kmsg.Response, error, bool) {
	fetch, isFetch := request.(*kmsg.FetchRequest)
	switch {
	case f == broken:
		return nil, io.EOF, true
	case isFetch && (f == empty || f == failed):
		response := emptyFetch(request, end)
		for i := range response.Topics {
			for j := range response.Topics[i].Partitions {
				if f == failed {
					response.Topics[i].Partitions[j].ErrorCode = kerr.NotLeaderForPartition.Code
				}
			}
		}
		return response, nil, true
	case isFetch:
		for i := range fetch.Topics {
			for j := range fetch.Topics[i].Partitions {
				switch p := &fetch.Topics[i].Partitions[j]; f {
				case twice:
					p.FetchOffset = max(0, p.FetchOffset-2)
				case little:
					p.PartitionMaxBytes = 1
				}
			}
		}
	}
	return nil, nil, false
}

// TestScanProperty lets any request of a scan fail in any way. What is delivered of each
// partition is then a gapless beginning, and all of it where nothing is said.
func TestScanProperty(t *testing.T) {
	const partitions, each = 2, 6
	c, k := fake(t)
	topic := c.topic(t, partitions)
	for i := range partitions * each {
		c.publish(t, topic, adapters.Message{Position: adapters.Position{Partition: int32(i % partitions)}, Value: fmt.Append(nil, i/partitions)})
	}
	coming := make(chan fault, 100)
	k.Control(func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		switch request.(type) {
		case *kmsg.FetchRequest, *kmsg.ListOffsetsRequest, *kmsg.MetadataRequest:
		default:
			return nil, nil, false
		}
		select {
		case next := <-coming:
			return next.do(request, each)
		default:
			return nil, nil, false
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}}.WithPatience(time.Second))
		defer adapter.Close()
		for range rapid.IntRange(0, 6).Draw(rt, "requests") {
			coming <- fault(rapid.IntRange(0, int(faults)-1).Draw(rt, "fault"))
		}
		defer func() {
			for len(coming) > 0 {
				<-coming
			}
		}()
		next := make(map[int32]int)
		err := adapter.Scan(t.Context(), adapters.Range{From: adapters.Beginning}, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
			for i := range batch.Messages {
				m := &batch.Messages[i]
				if want := fmt.Sprint(next[m.Position.Partition]); string(m.Value) != want {
					rt.Errorf("of partition %d came %q, want %s", m.Position.Partition, m.Value, want)
				}
				next[m.Position.Partition]++
			}
			batch.Release()
			return nil
		}))
		if complete := err == nil && len(adapter.Status().Problems) == 0; complete && (next[0] != each || next[1] != each) {
			rt.Errorf("%v of %d were delivered, and nothing is said", next, each)
		}
	})
}
