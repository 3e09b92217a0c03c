package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

// both runs a test on the cluster in this process, and on the real one if there is one.
func both(t *testing.T, test func(*testing.T, *cluster)) {
	t.Run("embedded", func(t *testing.T) {
		c, _ := fake(t)
		test(t, c)
	})
	t.Run("real", func(t *testing.T) { test(t, real(t)) })
}

func value(text string) adapters.Message { return adapters.Message{Value: []byte(text)} }

// TestNewTopicsAndPartitions expects all of what comes to a topic that did not exist
// and to a partition that was not there, although the tail began at the end.
func TestNewTopicsAndPartitions(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		first := c.topic(t, 1)
		c.publish(t, first, value("old"))
		adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{"~" + first + ".*"}})
		run := follow(t, adapter, adapters.End)
		c.create(t, first+"-more", 1)
		c.publish(t, first+"-more", value("of a new topic"))
		if _, err := c.admin.UpdatePartitions(t.Context(), 2, first); err != nil {
			t.Fatal(err)
		}
		late := connect(t, c.address)
		late.publish(t, first, adapters.Message{Position: adapters.Position{Partition: 1}, Value: []byte("of a new partition")})
		run.await("of a new topic")
		if len(run.seen) < 2 {
			run.await("of a new partition")
		}
		run.sawOnce("of a new topic", "of a new partition")
	})
}

func TestTopicMadeAgain(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, value("1"), value("2"), value("3"))
		run := follow(t, c.open(t, topic), adapters.Beginning)
		run.await("3")
		if _, err := c.admin.DeleteTopics(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		run.until(func(s adapters.Status) bool { return len(s.Problems) > 0 })
		c.create(t, topic, 1)
		again := connect(t, c.address)
		again.publish(t, topic, value("4"), value("5"))
		run.await("5")
		run.sawOnce("1", "2", "3", "4", "5")
		status := run.until(func(s adapters.Status) bool { return len(s.Problems) == 0 && s.BehindBy == 0 })
		if len(status.Gaps) != 1 || !strings.Contains(status.Gaps[0].Reason, "made again") {
			t.Errorf("gaps %+v, want one that tells of the new topic", status.Gaps)
		}
	})
}

func TestTransactions(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		writer := connect(t, c.address, kgo.TransactionalID(topic))
		transaction := func(end kgo.TransactionEndTry, text string) {
			t.Helper()
			if err := writer.client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			writer.publish(t, topic, value(text))
			if err := writer.client.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
		transaction(kgo.TryAbort, "aborted")
		transaction(kgo.TryCommit, "committed")
		transaction(kgo.TryAbort, "aborted too")
		transaction(kgo.TryCommit, "committed too")
		c.publish(t, topic, value("plain"))
		committed := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, Committed: true})
		run := follow(t, committed, adapters.Beginning)
		run.await("plain")
		run.sawOnce("committed", "committed too", "plain")
		all := c.open(t, topic)
		defer all.Close()
		if got := scanned(t, all, adapters.Range{From: adapters.Beginning}); len(got) != 5 {
			t.Errorf("read_uncommitted gave %q", got)
		}

		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, topic, value("open"))
		if got := scanned(t, committed, adapters.Range{From: adapters.Beginning}); len(got) != 3 {
			t.Errorf("with a transaction open, read_committed gave %q", got)
		}
		hidden := func(s adapters.Status) bool {
			return slices.ContainsFunc(s.Problems, func(p string) bool {
				return strings.HasPrefix(p, "a transaction is open in "+topic+"/0 at offset ") && strings.Contains(p, "; 1 records from there on are not shown")
			})
		}
		if status := committed.Status(); !hidden(status) {
			t.Errorf("problems %q", status.Problems)
		}
		run.until(func(s adapters.Status) bool { return hidden(s) && s.BehindBy == 0 })
		if err := writer.client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		run.await("open")
		run.until(func(s adapters.Status) bool { return !hidden(s) && s.BehindBy == 0 })
	})
}

// TestCompaction reads a log with gaps in its offsets.
func TestCompaction(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 1, "cleanup.policy", "compact", "min.compaction.lag.ms", "0")
	for i := range 20 {
		c.publish(t, topic, adapters.Message{Key: fmt.Append(nil, "k", i%3), Value: fmt.Append(nil, i)})
	}
	adapter := c.open(t, topic)
	defer adapter.Close()
	k.Compact()
	if got := scanned(t, adapter, adapters.Range{From: adapters.Beginning}); !slices.Equal(got, []string{"16", "17", "18", "19"}) {
		t.Errorf("compaction left %q", got)
	}
	positions := []adapters.Position{{Destination: topic, Offset: 0}, {Destination: topic, Offset: 17}}
	var errs []error
	for _, err := range adapter.Fetch(t.Context(), positions) {
		errs = append(errs, err)
	}
	if !errors.Is(errs[0], adapters.ErrGone) || errs[1] != nil {
		t.Errorf("errors %v, want ErrGone for the compacted one only", errs)
	}
}

func TestRetentionOvertakes(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, value("0"), value("1"), value("2"), value("3"))
		adapter := c.open(t, topic)
		ctx, cancel := context.WithCancel(t.Context())
		defer adapter.Close()
		defer cancel()
		var cut kadm.Offsets
		cut.Add(kadm.Offset{Topic: topic, At: 3})
		if _, err := c.admin.DeleteRecords(t.Context(), cut); err != nil {
			t.Fatal(err)
		}
		log := adapters.Log{Destination: topic}
		if got := scanned(t, adapter, adapters.Range{FromOffsets: map[adapters.Log]int64{log: 1}}); len(got) != 1 || got[0] != "3" {
			t.Errorf("from a removed offset came %q, want what is left", got)
		}
		positions := []adapters.Position{{Destination: topic, Offset: 1}, {Destination: topic, Offset: 3}, {Destination: topic + "x"}, {Destination: topic, Partition: 9}}
		var errs []error
		for m, err := range adapter.Fetch(ctx, positions) {
			if err == nil && string(m.Value) != "3" {
				t.Errorf("fetched %q", m.Value)
			}
			errs = append(errs, err)
		}
		for i, err := range errs {
			if isGone := errors.Is(err, adapters.ErrGone); isGone != (i != 1) {
				t.Errorf("%v: %v", positions[i], err)
			}
		}
	})
}

// TestLeaderMoves moves a partition to and fro between brokers while it is read.
func TestLeaderMoves(t *testing.T) {
	c, k := fake(t, kfake.NumBrokers(3))
	topic := c.topic(t, 1)
	run := follow(t, c.open(t, topic), adapters.End)
	var want []string
	for i := range 10 {
		if err := k.MoveTopicPartition(topic, 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint("message ", i)
		c.publish(t, topic, value(text))
		want = append(want, text)
		run.await(text)
	}
	run.sawOnce(want...)
}

// TestPermissionTaken refuses one of two topics while both are read.
func TestPermissionTaken(t *testing.T) {
	c, k := fake(t)
	one, other := c.topic(t, 1), c.topic(t, 1)
	run := follow(t, c.open(t, one, other), adapters.End)
	handle := k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: other, Err: kerr.TopicAuthorizationFailed, Count: -1})
	defer handle.Remove()
	run.until(func(s adapters.Status) bool {
		return len(s.Problems) == 1 && strings.Contains(s.Problems[0], other)
	})
	c.publish(t, one, value("goes on"))
	run.await("goes on")
	if state := run.adapter.Status().Connection; state != adapters.Live {
		t.Errorf("the rest is %v", state)
	}
}

func TestEmptySelectionWaits(t *testing.T) {
	c, _ := fake(t)
	adapter := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{"~later-.*"}})
	run := follow(t, adapter, adapters.End)
	if problems := adapter.Status().Problems; len(problems) != 1 || !strings.Contains(problems[0], "~later-.*") {
		t.Errorf("problems %q", problems)
	}
	c.create(t, "later-1", 2)
	c.publish(t, "later-1", value("came"))
	run.await("came")
}

func TestKafkaTimeIsMilliseconds(t *testing.T) {
	c, _ := fake(t)
	topic := c.topic(t, 1)
	at := time.UnixMilli(1_700_000_000_123)
	m := value("dated")
	m.Time = at
	c.publish(t, topic, m)
	run := follow(t, c.open(t, topic), adapters.At(at))
	if got := run.await("dated"); !got.Time.Equal(at) {
		t.Errorf("time %v, want %v", got.Time, at)
	}
}
