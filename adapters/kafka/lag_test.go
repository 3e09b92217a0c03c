package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka"
)

// commit makes a group say how far it is in partitions 0, 1, …; a negative offset says
// nothing.
func (c *cluster) commit(t testing.TB, group, topic string, offsets ...int64) {
	t.Helper()
	all := make(kadm.Offsets)
	for partition, offset := range offsets {
		if offset >= 0 {
			all.AddOffset(topic, int32(partition), offset, -1)
		}
	}
	if err := c.admin.CommitAllOffsets(t.Context(), group, all); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.admin.DeleteGroups(context.Background(), group) })
}

// lags reads the lag of groups, all without an error.
func lags(t testing.TB, a *kafka.Adapter, groups ...string) map[string]consumer.Lag {
	t.Helper()
	all := make(map[string]consumer.Lag)
	for lag, err := range a.Lag(t.Context(), consumer.LagQuery{Groups: groups}) {
		if err != nil {
			t.Errorf("lag of %q: %v", lag.Group, err)
		}
		all[lag.Group] = lag
	}
	return all
}

// figures are the numbers of a log in one line.
func figures(l *consumer.LogLag) string {
	lag := "-"
	if l.State.Counted() {
		lag = fmt.Sprint(l.Lag)
	}
	return fmt.Sprintf("%d: %d..%d..%d of %d lag %s %v", l.Partition, l.Start, l.Committed, l.LastStable, l.End, lag, l.State)
}

func sameFigures(t testing.TB, lag consumer.Lag, want ...string) {
	t.Helper()
	var got []string
	for i := range lag.Logs {
		got = append(got, figures(&lag.Logs[i]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("lag of %q:\n got %q\nwant %q\n%+v", lag.Group, got, want, lag)
	}
}

// numbered are messages one after another in each of some partitions, a second apart.
func numbered(partitions, each int, from time.Time) (all []adapters.Message) {
	for i := range each {
		for p := range partitions {
			all = append(all, adapters.Message{Position: adapters.Position{Partition: int32(p)}, Value: []byte(fmt.Sprint(i)), Time: from.Add(time.Duration(i) * time.Second)})
		}
	}
	return all
}

// TestLag compares with arithmetic on what was produced, committed and removed.
func TestLag(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 4)
		c.publish(t, topic, numbered(4, 10, time.Now())...)
		var cut kadm.Offsets
		cut.Add(kadm.Offset{Topic: topic, Partition: 1, At: 7})
		cut.Add(kadm.Offset{Topic: topic, Partition: 3, At: 10})
		if _, err := c.admin.DeleteRecords(t.Context(), cut); err != nil {
			t.Fatal(err)
		}
		c.commit(t, topic+"-parts", topic, 4, 2, -1, 9)
		c.commit(t, topic+"-done", topic, 10, 10, 10, 10)
		c.commit(t, topic+"-ahead", topic, 11)
		all := lags(t, c.reader(t, topic), topic+"-parts", topic+"-done", topic+"-ahead")
		parts := all[topic+"-parts"]
		sameFigures(t, parts, "0: 0..4..10 of 10 lag 6 BEHIND", "1: 7..2..10 of 10 lag 3 TRUNCATED", "3: 10..9..10 of 10 lag 0 TRUNCATED")
		if parts.Kind != consumer.ClassicGroup || parts.Phase != "Empty" || !parts.MembersKnown || len(parts.Members) > 0 || parts.Of != 3 {
			t.Errorf("lag %+v", parts)
		}
		if total := parts.Total(); total != (consumer.Total{Lag: 9, Known: 3, Of: 3, Unread: 3}) {
			t.Errorf("total %+v", total)
		}
		if parts.Logs[1].Lost != 5 || parts.Logs[2].Lost != 1 {
			t.Errorf("lost %d and %d, want 5 and 1", parts.Logs[1].Lost, parts.Logs[2].Lost)
		}
		sameFigures(t, all[topic+"-done"], "0: 0..10..10 of 10 lag 0 OK", "1: 7..10..10 of 10 lag 0 OK", "2: 0..10..10 of 10 lag 0 OK", "3: 10..10..10 of 10 lag 0 OK")
		sameFigures(t, all[topic+"-ahead"], "0: 0..11..10 of 10 lag 0 AHEAD")
	})
}

// TestLagOfTopicMadeAgain is about a consumer that goes on committing where it was.
func TestLagOfTopicMadeAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, numbered(1, 10, time.Now())...)
		c.commit(t, topic, topic, 8)
		a := c.reader(t, topic)
		sameFigures(t, lags(t, a, topic)[topic], "0: 0..8..10 of 10 lag 2 BEHIND")
		if _, err := c.admin.DeleteTopic(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		adaptertest.Await(t, "the name of the topic to be free", func() bool {
			details, err := c.admin.ListTopics(t.Context(), topic)
			return err == nil && (!details.Has(topic) || details[topic].Err != nil)
		})
		again := connect(t, c.address)
		again.create(t, topic, 1)
		again.publish(t, topic, numbered(1, 3, time.Now())...)
		again.commit(t, topic, topic, 9)
		sameFigures(t, lags(t, a, topic)[topic], "0: 0..9..3 of 3 lag 0 AHEAD")
	})
}

// TestLagOfEachKind has a member in a group of each type.
func TestLagOfEachKind(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic, left := c.topic(t, 2), c.topic(t, 1)
		c.publish(t, topic, numbered(2, 5, time.Now())...)
		c.publish(t, left, numbered(1, 5, time.Now())...)
		name := func(kind string) string { return topic + "-" + kind }
		c.commit(t, name("classic"), left, 1)
		c.commit(t, name("classic"), topic, 3)
		c.joins(t, topic, kgo.ConsumerGroup(name("classic")), kgo.DisableAutoCommit(), kgo.ClientID("billing"), kgo.InstanceID("billing-1"))
		c.joins(t, topic, kgo.ConsumerGroup(name("consumer")), kgo.DisableAutoCommit(), kgo.ClientID("billing"), kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer()))
		c.fromStart(t, name("share"))
		c.joins(t, topic, kgo.ShareGroup(name("share")), kgo.ClientID("sharer"))
		all := lags(t, c.reader(t), name("classic"), name("consumer"), name("share"))

		classic := all[name("classic")]
		shown := classic
		shown.Logs = slices.DeleteFunc(slices.Clone(classic.Logs), func(l consumer.LogLag) bool { return l.Destination != topic })
		sameFigures(t, shown, "0: 0..3..5 of 5 lag 2 BEHIND", "1: 0..-1..5 of 5 lag - NO_OFFSET")
		if total := classic.Total(); total != (consumer.Total{Lag: 2, Known: 1, Of: 2, Left: 4}) {
			t.Errorf("total of the classic group %+v", total)
		}
		hasMember(t, classic, consumer.ClassicGroup, "billing-1@127.0.0.1")

		balanced := all[name("consumer")]
		sameFigures(t, balanced, "0: 0..-1..5 of 5 lag - NO_OFFSET", "1: 0..-1..5 of 5 lag - NO_OFFSET")
		hasMember(t, balanced, consumer.ConsumerGroup, "billing@127.0.0.1")

		share := all[name("share")]
		hasMember(t, share, consumer.ShareGroup, "sharer@127.0.0.1")
	})
}

// hasMember checks a group of one member that reads two logs.
func hasMember(t testing.TB, lag consumer.Lag, kind consumer.Kind, want string) {
	t.Helper()
	if lag.Kind != kind || lag.Phase != "Stable" || len(lag.Members) != 1 || !strings.HasPrefix(lag.Members[0].String(), want) || lag.Members[0].Logs != 2 {
		t.Errorf("group %q is %v, %s, with members %v; want %q", lag.Group, lag.Kind, lag.Phase, lag.Members, want)
	}
	for _, l := range lag.Logs {
		if !l.Left && l.Member != 0 {
			t.Errorf("nobody reads %v", l.Log)
		}
	}
}

// TestLagOfShareGroup acknowledges some messages, and not the first.
func TestLagOfShareGroup(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, numbered(1, 5, time.Now())...)
		c.acknowledges(t, topic, topic, 5, 1, 2)
		sameFigures(t, lags(t, c.reader(t, topic), topic)[topic], "0: 0..0..5 of 5 lag 3 BEHIND")
	})
}

// acknowledges reads n messages in a share group, acknowledges those at some offsets and
// gives back the others.
func (c *cluster) acknowledges(t testing.TB, group, topic string, n int, offsets ...int64) {
	t.Helper()
	c.fromStart(t, group)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.address), kgo.ConsumeTopics(topic), kgo.ShareGroup(group), kgo.DisableClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for seen := 0; seen < n && t.Context().Err() == nil; {
		for _, r := range client.PollFetches(t.Context()).Records() {
			seen++
			status := kgo.AckRelease
			if slices.Contains(offsets, r.Offset) {
				status = kgo.AckAccept
			}
			r.Ack(status)
		}
		if err := client.FlushAcks(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLagOfStreamsGroup speaks the protocol of Kafka Streams itself. The embedded broker
// does not know it.
func TestLagOfStreamsGroup(t *testing.T) {
	c := real(t)
	topic := c.topic(t, 2)
	c.publish(t, topic, numbered(2, 5, time.Now())...)
	member := c.streams(t, topic, topic)
	member.commit(t, topic, c.id(t, topic), 4)
	lag := lags(t, c.reader(t, topic), topic)[topic]
	sameFigures(t, lag, "0: 0..4..5 of 5 lag 1 BEHIND", "1: 0..-1..5 of 5 lag - NO_OFFSET")
	hasMember(t, lag, consumer.StreamsGroup, lag.Members[0].Client+"@127.0.0.1")
}

// streamsMember is a member of a streams group that reads one topic.
type streamsMember struct {
	beat        *kmsg.StreamsGroupHeartbeatRequest
	coordinator *kgo.Broker
}

// streams joins a streams group, waits for tasks, and leaves at the end.
func (c *cluster) streams(t testing.TB, group, topic string) *streamsMember {
	t.Helper()
	beat := kmsg.NewPtrStreamsGroupHeartbeatRequest()
	beat.Group, beat.MemberID, beat.RebalanceTimeoutMillis = group, "streams-member-1", 60_000
	beat.ProcessID = kmsg.StringPtr("process-1")
	beat.ActiveTasks, beat.StandbyTasks, beat.WarmupTasks = []kmsg.TaskIDs{}, []kmsg.TaskIDs{}, []kmsg.TaskIDs{}
	topology := kmsg.NewStreamsGroupHeartbeatRequestTopology()
	part := kmsg.NewStreamsGroupHeartbeatRequestTopologySubtopology()
	part.SubtopologyID, part.SourceTopics = "0", []string{topic}
	topology.Subtopologies = append(topology.Subtopologies, part)
	beat.Topology = &topology
	m := &streamsMember{beat, c.coordinator(t, group)}
	adaptertest.Await(t, "tasks of a streams group", func() bool {
		m.live(t)
		return len(beat.ActiveTasks) > 0
	})
	t.Cleanup(func() {
		beat.MemberEpoch = -1
		beat.RequestWith(context.Background(), m.coordinator)
	})
	return m
}

// live sends one heartbeat, again while a young broker is not ready to coordinate.
func (s *streamsMember) live(t testing.TB) {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	var answer *kmsg.StreamsGroupHeartbeatResponse
	for tries := 0; ; tries++ {
		var err error
		if answer, err = s.beat.RequestWith(t.Context(), s.coordinator); err != nil {
			t.Fatal(err)
		}
		err = kerr.ErrorForCode(answer.ErrorCode)
		if err == nil {
			break
		}
		if tries == 100 || !kerr.IsRetriable(err) {
			t.Fatal(answer, err)
		}
		<-again.C
	}
	s.beat.MemberEpoch, s.beat.Topology = answer.MemberEpoch, nil
	if answer.ActiveTasks != nil {
		s.beat.ActiveTasks = answer.ActiveTasks
	}
}

// commit commits an offset of partition 0, when the member has the epoch of the group.
func (s *streamsMember) commit(t testing.TB, topic string, id [16]byte, offset int64) {
	t.Helper()
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Offset = offset
	name := kmsg.NewOffsetCommitRequestTopic()
	name.Topic, name.TopicID, name.Partitions = topic, id, append(name.Partitions, p)
	for range 100 {
		request := kmsg.NewPtrOffsetCommitRequest()
		request.Group, request.MemberID, request.Generation = s.beat.Group, s.beat.MemberID, s.beat.MemberEpoch
		request.Topics = append(request.Topics, name)
		answer, err := s.coordinator.Request(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if answer.(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode == 0 {
			return
		}
		s.live(t)
	}
	t.Fatal("the member's epoch is always stale")
}

// coordinator is the broker that keeps a group.
func (c *cluster) coordinator(t testing.TB, group string) (broker *kgo.Broker) {
	t.Helper()
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKey, find.CoordinatorKeys = group, []string{group}
	adaptertest.Await(t, "a coordinator of "+group, func() bool {
		answer, err := find.RequestWith(t.Context(), c.client)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Coordinators) == 1 && answer.Coordinators[0].ErrorCode == 0 {
			broker = c.client.Broker(int(answer.Coordinators[0].NodeID))
		}
		return broker != nil
	})
	return broker
}

// TestLagOpenTransaction names the transaction that holds readers up.
func TestLagOpenTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, numbered(1, 5, time.Now())...)
		c.commit(t, topic, topic, 5)
		before := time.Now().Add(-time.Second)
		writer := connect(t, c.address, kgo.TransactionalID("payments-"+topic))
		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, topic, value("open"), value("too"))
		a := c.reader(t, topic)
		lag := lags(t, a, topic)[topic]
		sameFigures(t, lag, "0: 0..5..5 of 7 lag 2 BEHIND")
		open := lag.Logs[0].Open
		if open == nil || open.ID != "payments-"+topic || open.From != 5 || open.Since.Before(before) || open.Since.After(time.Now().Add(time.Second)) {
			t.Errorf("open transaction %+v", open)
		}
		if err := writer.client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		c.await(t, topic)
		lag = lags(t, a, topic)[topic]
		sameFigures(t, lag, "0: 0..5..8 of 8 lag 3 BEHIND") // and the mark of the transaction
		if lag.Logs[0].Open != nil {
			t.Errorf("open transaction %+v", lag.Logs[0].Open)
		}
	})
}

// TestLagOfInternalTopics shows them unless other topics were named.
func TestLagOfInternalTopics(t *testing.T) {
	c := real(t)
	topic := c.topic(t, 1)
	c.commit(t, topic, topic, 0)
	c.commit(t, topic, "__consumer_offsets", 0)
	destinations := func(lag consumer.Lag) (all []string) {
		for _, l := range lag.Logs {
			all = append(all, l.Destination)
		}
		return all
	}
	if got := destinations(lags(t, c.reader(t), topic)[topic]); !slices.Equal(got, []string{"__consumer_offsets", topic}) {
		t.Errorf("with no topic named there are %q", got)
	}
	if got := destinations(lags(t, c.reader(t, topic), topic)[topic]); !slices.Equal(got, []string{topic}) {
		t.Errorf("with a topic named there are %q", got)
	}
}

// TestLagStops leaves no goroutine when the caller has enough, or ctx ends.
func TestLagStops(t *testing.T) {
	c, _ := fake(t)
	topic := c.topic(t, 1)
	for i := range 450 {
		c.commit(t, fmt.Sprintf("group-%03d", i), topic, 0)
	}
	a := c.reader(t, topic)
	seen := 0
	for _, err := range a.Lag(t.Context(), consumer.LagQuery{}) {
		if seen++; err != nil || seen == 120 {
			break
		}
	}
	if seen != 120 {
		t.Errorf("saw %d groups", seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, last = range a.Lag(ctx, consumer.LagQuery{}) {
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v", last)
	}
	names := slices.Sorted(maps.Keys(lags(t, a)))
	if len(names) != 450 || names[0] != "group-000" || names[449] != "group-449" {
		t.Errorf("%d groups", len(names))
	}
}

// TestLagOfCommittedMessages: who reads committed messages only, and has read all of them, is not
// behind, whatever was aborted since. Who reads all is.
func TestLagOfCommittedMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		c.publish(t, topic, numbered(1, 5, time.Now())...)
		c.commit(t, topic+"-done", topic, 5)
		c.commit(t, topic+"-behind", topic, 4)
		writer := connect(t, c.address, kgo.TransactionalID(topic))
		transaction := func(end kgo.TransactionEndTry, texts ...string) {
			t.Helper()
			if err := writer.client.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				writer.publish(t, topic, value(text))
			}
			if err := writer.client.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			c.await(t, topic)
		}
		committed, all := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, Committed: true}), c.reader(t, topic)
		t.Cleanup(func() { committed.Close() })
		are := func(a *kafka.Adapter, done, behind string) {
			t.Helper()
			lag := lags(t, a, topic+"-done", topic+"-behind")
			sameFigures(t, lag[topic+"-done"], done)
			sameFigures(t, lag[topic+"-behind"], behind)
		}
		transaction(kgo.TryAbort, "aborted", "too")
		are(committed, "0: 0..5..8 of 8 lag 0 OK", "0: 0..4..8 of 8 lag 4 BEHIND")
		are(all, "0: 0..5..8 of 8 lag 3 BEHIND", "0: 0..4..8 of 8 lag 4 BEHIND")
		transaction(kgo.TryAbort, "again")
		are(committed, "0: 0..5..10 of 10 lag 0 OK", "0: 0..4..10 of 10 lag 6 BEHIND")

		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, topic, value("open"))
		are(committed, "0: 0..5..10 of 11 lag 6 BEHIND", "0: 0..4..10 of 11 lag 7 BEHIND")
		if err := writer.client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		c.await(t, topic)
		are(committed, "0: 0..5..12 of 12 lag 7 BEHIND", "0: 0..4..12 of 12 lag 8 BEHIND")
		c.commit(t, topic+"-done", topic, 11)
		are(committed, "0: 0..11..12 of 12 lag 0 OK", "0: 0..4..12 of 12 lag 8 BEHIND")
	})
}

// TestLagOfCommittedMessagesIsFrugal: what was seen once is not read again, and a sweep looks into no
// more logs than it may.
func TestLagOfCommittedMessagesIsFrugal(t *testing.T) {
	c, k := fake(t)
	topic := c.topic(t, 150)
	group := topic
	var offsets []int64
	writer := connect(t, c.address, kgo.TransactionalID(topic))
	if err := writer.client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for range 150 {
		offsets = append(offsets, 0)
	}
	writer.publish(t, topic, numbered(150, 1, time.Now())...)
	if err := writer.client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	c.await(t, topic)
	c.commit(t, group, topic, offsets...)
	a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, Committed: true})
	defer a.Close()
	var read atomic.Int64
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		read.Add(1)
		return nil, nil, false
	})
	for round, want := range []struct{ ok, reads int64 }{{100, 200}, {150, 100}, {150, 0}} {
		read.Store(0)
		lag, ok := lags(t, a, group)[group], int64(0)
		for i := range lag.Logs {
			if lag.Logs[i].State == consumer.LagOK {
				ok++
			}
		}
		if ok != want.ok || read.Load() > want.reads {
			t.Errorf("look %d calls %d logs OK with %d reads, want %d with at most %d", round+1, ok, read.Load(), want.ok, want.reads)
		}
	}

	c.publish(t, topic, numbered(1, 1, time.Now())...) // partition 0 has a message to read
	for round, reads := range []int64{1, 0} {
		read.Store(0)
		lag := lags(t, a, group)[group]
		if lag.Logs[0].State != consumer.LagBehind || read.Load() != reads {
			t.Errorf("look %d at a message calls its log %v with %d reads, want %d", round+1, lag.Logs[0].State, read.Load(), reads)
		}
	}
	read.Store(0)
	if lag := lags(t, c.reader(t, topic), group)[group]; lag.Logs[0].State != consumer.LagBehind || read.Load() > 0 {
		t.Errorf("who reads all is told %v with %d reads", lag.Logs[0].State, read.Load())
	}
}

// TestLagOfCommittedMessagesGoesOn: what a look does not come to is left to the next.
func TestLagOfCommittedMessagesGoesOn(t *testing.T) {
	c := real(t) // the embedded broker does not tell all that was aborted of so much
	topic := c.topic(t, 1)
	writer := connect(t, c.address, kgo.TransactionalID(topic), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err := writer.client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	const batches, answers = 10, 4
	for range batches { // each fills an answer
		writer.publish(t, topic, value(strings.Repeat("x", 70<<10)))
	}
	if err := writer.client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	c.await(t, topic)
	c.commit(t, topic, topic, 0)
	a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, Committed: true})
	defer a.Close()
	for range batches / answers {
		sameFigures(t, lags(t, a, topic)[topic], "0: 0..0..11 of 11 lag 11 BEHIND")
	}
	sameFigures(t, lags(t, a, topic)[topic], "0: 0..0..11 of 11 lag 0 OK")
}

// TestNextTimes is about what a consumer reads next: behind marks, behind the end, and
// within a batch.
func TestNextTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *cluster) {
		topic := c.topic(t, 1)
		from := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		c.publish(t, topic, numbered(1, 10, from)...)
		writer := connect(t, c.address, kgo.TransactionalID(topic))
		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, topic, adapters.Message{Value: []byte("10"), Time: from.Add(10 * time.Second)})
		if err := writer.client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		c.await(t, topic)
		at := func(offset int64) adapters.Position { return adapters.Position{Destination: topic, Offset: offset} }
		var got []time.Time
		a := c.reader(t, topic)
		for when, err := range a.NextTimes(t.Context(), []adapters.Position{at(0), at(7), at(10), at(11), at(12)}) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, when)
		}
		want := []time.Time{from, from.Add(7 * time.Second), from.Add(10 * time.Second), {}, {}}
		if !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("times %v\nwant %v", got, want)
		}
		for _, err := range a.NextTimes(t.Context(), []adapters.Position{{Destination: "q", Partition: adapters.ByDigest}}) {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("of a position without an offset: %v", err)
			}
		}
	})
}

// TestNextTimesOfCommittedTransactions: what was aborted is no message to who reads committed
// ones, and what a transaction that is open holds back may be one.
func TestNextTimesOfCommittedTransactions(t *testing.T) {
	c := real(t) // the embedded broker does not tell what was aborted
	topic := c.topic(t, 1)
	c.publish(t, topic, numbered(1, 5, time.Now())...)
	writer := connect(t, c.address, kgo.TransactionalID(topic))
	write := func() {
		t.Helper()
		if err := writer.client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		writer.publish(t, topic, value("aborted"), value("too"))
	}
	next := func(committed bool, offset int64) (time.Time, error) {
		a := opened(t, kafka.Config{Brokers: []string{c.address}, Topics: []string{topic}, Committed: committed})
		defer a.Close()
		for at, err := range a.NextTimes(t.Context(), []adapters.Position{{Destination: topic, Offset: offset}}) {
			return at, err
		}
		return time.Time{}, errors.New("no answer")
	}
	for range 30 { // so many that one request does not do
		write()
		if err := writer.client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	}
	c.await(t, topic)
	if at, err := next(true, 5); err != nil || !at.IsZero() {
		t.Errorf("behind the last committed message lies %v, %v", at, err)
	}
	if at, err := next(false, 5); err != nil || at.IsZero() {
		t.Errorf("who reads all reads on at %v, %v", at, err)
	}
	if at, err := next(true, 4); err != nil || at.IsZero() {
		t.Errorf("the last committed message came at %v, %v", at, err)
	}
	write()
	if at, err := next(true, 5); err == nil {
		t.Errorf("while a transaction is open the next message came at %v", at)
	}
	if err := writer.client.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}
