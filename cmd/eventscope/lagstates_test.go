package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka"
	"eventscope/tracing/lag"
)

// lagWindow is that of these tests, shorter than the usual minute.
const lagWindow = 4 * time.Second

// consumersOf is a topic of a real Kafka with a steady producer, and consumers that commit in
// different ways, for as long as it is stepped.
type consumersOf struct {
	t       *testing.T
	client  *kgo.Client
	admin   *kadm.Client
	adapter *kafka.Adapter
	series  *lag.Series
	topic   string
	ends    []int64 // at each step
	quiet   bool    // nothing is produced
	seen    map[string]map[consumer.LagState]bool
}

func newConsumersOf(t *testing.T) *consumersOf {
	address, topic := realKafka(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	adapter, err := kafka.Open(t.Context(), kafka.Config{Brokers: []string{address}, Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = adapter.Close() })
	return &consumersOf{
		t: t, client: client, admin: kadm.NewClient(client), adapter: adapter, topic: topic,
		series: lag.NewSeries(lag.Config{Window: lagWindow}), seen: map[string]map[consumer.LagState]bool{},
	}
}

// step lets four messages come, has each group commit where it is then, and looks.
func (c *consumersOf) step(commits map[string]func(end int64) (int64, bool)) map[string]lag.Standing {
	c.t.Helper()
	const each = 4
	end := int64(0)
	if n := len(c.ends); n > 0 {
		end = c.ends[n-1]
	}
	if !c.quiet {
		for range each {
			if err := c.client.ProduceSync(c.t.Context(), kgo.StringRecord("{}")).FirstErr(); err != nil {
				c.t.Fatal(err)
			}
		}
		end += each
	}
	c.ends = append(c.ends, end)
	for _, group := range slices.Sorted(maps.Keys(commits)) {
		if at, does := commits[group](end); does {
			offsets := make(kadm.Offsets)
			offsets.AddOffset(c.topic, 0, at, -1)
			if err := c.admin.CommitAllOffsets(c.t.Context(), c.topic+"-"+group, offsets); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	return c.look(commits)
}

func (c *consumersOf) look(groups map[string]func(end int64) (int64, bool)) map[string]lag.Standing {
	c.t.Helper()
	query, found := consumer.LagQuery{}, map[string]lag.Standing{}
	for group := range groups {
		query.Groups = append(query.Groups, c.topic+"-"+group)
	}
	for reading, err := range c.adapter.Lag(c.t.Context(), query) {
		if err != nil {
			c.t.Fatal(err)
		}
		c.series.Add("kafka", &reading)
		if len(reading.Logs) != 1 {
			c.t.Fatalf("%+v", reading)
		}
		standing, _ := c.series.Stand("kafka", &reading, nil, time.Now())
		group := reading.Group[len(c.topic)+1:]
		if c.seen[group] == nil {
			c.seen[group] = map[consumer.LagState]bool{}
		}
		c.seen[group][standing.State] = true
		found[group] = standing
	}
	return found
}

// until steps a few times a second until all groups are in the states wanted.
func (c *consumersOf) until(wanted map[string]consumer.LagState, commits map[string]func(end int64) (int64, bool)) {
	c.t.Helper()
	began, tick := time.Now(), time.NewTicker(250*time.Millisecond)
	defer tick.Stop()
	limit := time.After(2 * time.Minute)
	for {
		now := c.step(commits)
		open := ""
		for group, state := range wanted {
			if now[group].State != state {
				open = fmt.Sprintf("%s is %v (%s), want %v", group, now[group].State, now[group].Why, state)
			}
		}
		if open == "" {
			c.t.Logf("%v after %.1f windows", wanted, time.Since(began).Seconds()/lagWindow.Seconds())
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			c.t.Fatal(open)
		}
	}
}

// TestLagStatesReal has consumers of a real Kafka that keep up, stop, stall, fall behind and
// go back, and in the end a producer that stops.
func TestLagStatesReal(t *testing.T) {
	t.Parallel()
	c := newConsumersOf(t)
	stalled := c.member("stalled")
	all := func(end int64) (int64, bool) { return end, true }
	done := map[string]int64{}
	slow := func(group string, each int64) func(int64) (int64, bool) {
		return func(end int64) (int64, bool) { done[group] = min(end, done[group]+each); return done[group], true }
	}
	never := func(int64) (int64, bool) { return 0, false }
	commits := map[string]func(int64) (int64, bool){"works": all, "stops": all, "slow": slow("slow", 3), "back": all}
	c.until(map[string]consumer.LagState{"works": consumer.LagOK, "stops": consumer.LagOK, "slow": consumer.LagWarn, "back": consumer.LagOK}, commits)
	if err := stalled.commit(1); err != nil {
		t.Fatal(err)
	}
	turn := c.ends[len(c.ends)-1] / 2
	once := true
	commits["stops"], commits["stalled"] = never, never
	commits["back"] = func(end int64) (int64, bool) {
		if once {
			once = false
			done["back"] = turn
			return turn, true
		}
		return slow("back", 5)(end)
	}
	c.until(map[string]consumer.LagState{"works": consumer.LagOK, "stops": consumer.LagStop, "slow": consumer.LagWarn, "stalled": consumer.LagStall}, commits)
	if !c.seen["back"][consumer.LagRewind] {
		t.Errorf("the one that went back was only seen as %v", c.seen["back"])
	}
	// The producer stops: who had caught up stays well, who reads gets there, who stopped stays so.
	c.quiet, commits["slow"], commits["back"] = true, all, all
	c.until(map[string]consumer.LagState{"works": consumer.LagOK, "stops": consumer.LagStop, "slow": consumer.LagOK, "back": consumer.LagOK}, commits)
	commits["works"] = never
	for quiet := time.Now(); time.Since(quiet) < 3*lagWindow; <-time.After(250 * time.Millisecond) {
		c.step(commits)
	}
	for _, state := range []consumer.LagState{consumer.LagStop, consumer.LagStall, consumer.LagWarn, consumer.LagRewind} {
		if c.seen["works"][state] {
			t.Errorf("the one that kept up was called %v", state)
		}
	}
}

// member is a consumer of a group that reads and commits only when it is told to.
func (c *consumersOf) member(group string) member {
	c.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.client.OptValue(kgo.SeedBrokers).([]string)...), kgo.ConsumeTopics(c.topic), kgo.ConsumerGroup(c.topic+"-"+group), kgo.DisableAutoCommit())
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			client.PollFetches(ctx)
		}
	}()
	c.t.Cleanup(func() { cancel(); <-ended; client.Close() })
	return member{client, c}
}

type member struct {
	client *kgo.Client
	of     *consumersOf
}

// commit commits an offset as the member.
func (m member) commit(offset int64) (failed error) {
	offsets := map[string]map[int32]kgo.EpochOffset{m.of.topic: {0: {Epoch: -1, Offset: offset}}}
	m.client.CommitOffsetsSync(m.of.t.Context(), offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if failed = err; err == nil {
			failed = kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode)
		}
	})
	return failed
}

// TestLagSecondsHeldBehind has a consumer that is kept exactly 30 seconds behind, and sees
// that by the looks alone.
func TestLagSecondsHeldBehind(t *testing.T) {
	t.Parallel()
	const held = 30 * time.Second
	c := newConsumersOf(t)
	began := time.Now()
	var times []time.Time
	behind := map[string]func(int64) (int64, bool){"held": func(int64) (int64, bool) {
		times = append(times, time.Now())
		at := -1 // what was the end 30 seconds ago
		for at+1 < len(times) && time.Since(times[at+1]) >= held {
			at++
		}
		if at < 0 {
			return 0, true
		}
		return c.ends[at], true
	}}
	var last lag.Standing
	for time.Since(began) < held+10*time.Second {
		last = c.step(behind)["held"]
		<-time.After(250 * time.Millisecond)
	}
	if t.Logf("%.1f s", last.Seconds); !last.SecondsKnown || math.Abs(last.Seconds-held.Seconds()) > 0.1*held.Seconds() {
		t.Errorf("%.1f s, want %v within a tenth", last.Seconds, held)
	}
}
