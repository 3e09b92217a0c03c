package adaptertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// consumers makes several, and waits until the broker knows them.
func (lt *lagTest) consumers(n int) (all []LagConsumer) {
	lt.Helper()
	for range n {
		all = append(all, lt.place.Consumer(lt))
	}
	reader := lt.open().Lag
	for i := range all {
		lt.await(reader, &all[i], "a new one", lt.settled)
	}
	return all
}

// settled reports whether a consumer is told of as it stays.
func (lt *lagTest) settled(lag *consumer.Lag) bool { return lt.Uncounted || behind(0)(lag) }

func testEachConsumerOnce(u *lagTest) {
	all := u.standing
	source := u.open()
	lags, troubles := u.look(source.Lag)
	if len(troubles) > 0 {
		u.Error(troubles)
	}
	var there []adapters.Destination
	if source.Topology != nil {
		var err error
		if there, err = source.Topology.Destinations(u.Context()); err != nil {
			u.Fatal(err)
		}
	}
	for i := range all {
		lag, told := lags[all[i].Group]
		if !told {
			u.Errorf("%s is left out", all[i].Group)
			continue
		}
		u.own(&lag, &all[i])
		read := all[i].Log.Destination
		if source.Topology != nil && !slices.ContainsFunc(there, func(d adapters.Destination) bool { return d.Name == read }) {
			u.Errorf("%s reads %s, which is not among the destinations", all[i].Group, read)
		}
	}
}

func testLagAskedFor(u *lagTest) {
	all := u.standing
	reader := u.open().Lag
	for _, groups := range [][]string{{all[1].Group}, {all[2].Group, all[0].Group}, {all[0].Group, all[0].Group}} {
		lags, troubles := u.look(reader, groups...) // which requires that there is nobody else, and nobody twice
		for _, group := range groups {
			if _, told := lags[group]; !told || len(troubles) > 0 {
				u.Errorf("of %q there came %v, %v", groups, lags, troubles)
			}
		}
	}
}

func testLagOpened(u *lagTest) {
	all := u.standing
	lags, troubles := u.look(u.open(all[0].Log.Destination).Lag)
	if _, told := lags[all[0].Group]; !told || len(lags) != 1 || len(troubles) > 0 {
		u.Errorf("opened on what %s reads, there are %v, %v", all[0].Group, lags, troubles)
	}
}

func testUnknownConsumer(u *lagTest) {
	c := u.standing[0]
	reader, nobody := u.open().Lag, c.Group+"-nobody"
	lags, troubles := u.look(reader, nobody, c.Group)
	if _, told := lags[c.Group]; !told || len(lags) != 1 || len(troubles) != 1 || !u.unknown(reader, nobody) {
		u.Errorf("of one that is there and one that is not: %v, %v", lags, troubles)
	}
	for _, trouble := range troubles {
		u.forOperator(trouble)
	}
}

func testBehind(u *lagTest) {
	c := u.place.Consumer(u)
	reader := u.open().Lag
	published, finished := int64(0), int64(0)
	for _, step := range []struct{ publish, finish int }{{7, 0}, {2, 4}, {0, 5}} {
		c.Publish(u, numbered("message", step.publish, 1)...)
		c.Finish(u, step.finish)
		published, finished = published+int64(step.publish), finished+int64(step.finish)
		l := u.await(reader, &c, "some were published and some consumed", behind(published-finished)).Logs[0]
		if u.Offsets && (l.Start != 0 || l.Committed != finished || l.End != published || l.LastStable != published) {
			u.Errorf("%d were published and %d consumed, and the log is %+v", published, finished, l)
		}
	}
}

func testUntold(u *lagTest) {
	c := u.place.Untold(u)
	lag := u.await(u.open().Lag, &c, "it cannot be told", func(l *consumer.Lag) bool { return len(l.Logs) == 1 })
	if total := lag.Total(); total.Known != 0 || total.Of != 1 || total.Lag != 0 || lag.Logs[0].State.Counted() {
		u.Errorf("of %s nobody can tell, and it is %+v", c.Group, lag)
	}
	lags, _ := u.look(u.open().Lag)
	if lag, told := lags[c.Group]; !told || lag.Total().Known != 0 {
		u.Errorf("among all it is %+v", lags)
	}
}

func testMembers(u *lagTest) {
	c := u.place.Consumer(u)
	reader := u.open().Lag
	c.Publish(u, numbered("message", 5, 1)...)
	alone := func(l *consumer.Lag) bool { // a broker may count its messages before its consumers
		return behind(5)(l) && len(l.Members) == 0 && l.Logs[0].Member == -1 && (c.Join == nil || l.MembersKnown)
	}
	if lag := u.await(reader, &c, "nobody has joined", alone); c.Join == nil {
		return
	} else if lag.Total().Unread != 1 || lag.Rebalancing {
		u.Errorf("nobody has joined: %+v", lag)
	}
	leave := c.Join(u)
	lag := u.await(reader, &c, "one has joined", func(l *consumer.Lag) bool {
		return behind(5)(l) && len(l.Members) == 1 && l.Members[0].ID != "" && l.Logs[0].Member == 0 && (l.Queue == nil || l.Queue.Unacked == c.Holds)
	})
	if m := lag.Members[0]; !lag.MembersKnown || lag.Total().Unread != 0 || m.Logs != 1 || m.String() == "" || lag.Logs[0].Left {
		u.Errorf("one has joined: %+v", lag)
	}
	leave()
	u.await(reader, &c, "it has left", alone)
}

func testConsumerVanishes(u *lagTest) {
	all := append(u.consumers(1), u.standing...)
	reader := u.open().Lag
	if _, troubles := u.look(reader); len(troubles) > 0 {
		u.Error(troubles)
	}
	all[0].Remove(u)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for limit := time.Now().Add(patience); ; <-again.C {
		lags, troubles := u.look(reader)
		_, gone := lags[all[0].Group]
		_, left := lags[all[1].Group]
		switch {
		case !left || len(troubles) > 0:
			u.Fatalf("one has gone, the other is %+v, %v", lags, troubles)
		case !gone && u.unknown(reader, all[0].Group):
			return
		case time.Now().After(limit):
			u.Fatalf("%s has gone, and is still told of", all[0].Group)
		}
	}
}

// testNobodyReads is about messages that wait: the consumers of a queue are told of, too, where
// there are none.
func testNobodyReads(u *lagTest) {
	name := u.place.Unread(u)
	reader := u.open().Lag
	if u.Kind == consumer.QueueConsumers {
		lag := u.await(reader, &LagConsumer{Group: name, Log: adapters.Log{Destination: name, Partition: adapters.NoPartition}}, "nobody reads it", func(l *consumer.Lag) bool {
			return l.Logs[0].State == consumer.LagStop || u.Unseen && l.Logs[0].State == consumer.LagBehind && !l.MembersKnown
		})
		if total := lag.Total(); total.Lag <= 0 || total.Unread != 1 && !u.Unseen || len(lag.Members) != 0 {
			u.Errorf("nobody reads the queue: %+v", lag)
		}
		return
	}
	for _, source := range []consumer.LagReader{reader, u.open(name).Lag} {
		lags, troubles := u.look(source)
		for _, lag := range lags {
			for _, l := range lag.Logs {
				if l.Destination == name && (l.State.Counted() || l.Member >= 0 || len(lag.Members) > 0) {
					u.Errorf("nobody reads %s, and %s does: %+v", name, lag.Group, l)
				}
			}
		}
		if len(troubles) > 0 {
			u.Error(troubles)
		}
	}
}

func testLagAtOnce(u *lagTest) {
	all := u.standing
	reader := u.open().Lag
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			lags, troubles := u.look(reader)
			for i := range all {
				if _, told := lags[all[i].Group]; !told || len(troubles) > 0 {
					u.Errorf("%s is left out, or %v", all[i].Group, troubles)
				}
			}
		})
	}
	looking.Wait()
}

func testLagCancelled(u *lagTest) {
	all := u.standing
	reader := u.open().Lag
	ctx, cancel := context.WithCancel(u.Context())
	defer cancel()
	seen, last := map[string]bool{}, error(nil)
	for lag, err := range reader.Lag(ctx, consumer.LagQuery{}) {
		seen[lag.Group], last = true, err
		cancel()
	}
	if whole := seen[all[0].Group] && seen[all[1].Group]; !whole && !errors.Is(last, context.Canceled) {
		u.Errorf("cancelled under way, it ends behind %v with %v", seen, last)
	}
	for _, groups := range [][]string{nil, {all[0].Group}} {
		var told []error
		for _, err := range reader.Lag(ctx, consumer.LagQuery{Groups: groups}) {
			told = append(told, err)
		}
		if len(told) == 0 || !errors.Is(told[len(told)-1], context.Canceled) {
			u.Errorf("cancelled before, it tells %v", told)
		}
	}
}

func testLagStopped(u *lagTest) {
	all := u.standing
	reader := u.open().Lag
	for range 2 {
		for range reader.Lag(u.Context(), consumer.LagQuery{}) {
			break // whatever is told after this panics
		}
	}
	if lags, troubles := u.look(reader, all[0].Group, all[1].Group); len(lags) != 2 {
		u.Errorf("afterwards there are %v, %v", lags, troubles)
	}
}

func testLagOfNobody(u *lagTest) {
	c := u.standing[0]
	reader := u.open().Lag
	u.look(reader)
	u.place.Break(u)
	for _, groups := range [][]string{nil, {c.Group}} {
		lags, troubles := u.look(reader, groups...)
		if len(troubles) == 0 || !errors.Is(troubles[0], adapters.ErrNotConnected) || len(groups) == 0 && len(lags)+len(troubles) > 1 {
			u.Errorf("nobody answers, and of %q there are %v, %v", groups, lags, troubles)
		}
		for _, trouble := range troubles {
			u.forOperator(trouble)
		}
	}
}

// forOperator requires an error that says what to do.
func (lt *lagTest) forOperator(err error) {
	lt.Helper()
	var problem *adapters.Problem
	if !errors.As(err, &problem) || problem.Doing == "" || problem.Cause == "" || problem.Remedy == "" {
		lt.Errorf("%v is no sentence for an operator", err)
	}
}

func testNextTimes(u *lagTest) {
	c := u.place.Consumer(u)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	messages := numbered("message", 10, 1)
	for i := range messages {
		messages[i].Time = from.Add(time.Duration(i) * time.Second)
	}
	c.Publish(u, messages...)
	reader := u.open(c.Log.Destination).Lag
	u.timed(reader, &c, map[int64]time.Time{0: from, 7: from.Add(7 * time.Second), 9: from.Add(9 * time.Second), 10: {}})
	ctx, cancel := context.WithCancel(u.Context())
	cancel()
	last := error(nil)
	for _, last = range reader.NextTimes(ctx, []adapters.Position{u.at(&c, 0), u.at(&c, 1)}) {
	}
	if !errors.Is(last, context.Canceled) {
		u.Errorf("cancelled before, it ends with %v", last)
	}
}

func (lt *lagTest) at(c *LagConsumer, offset int64) adapters.Position {
	return adapters.Position{Destination: c.Log.Destination, Partition: c.Log.Partition, Offset: offset}
}

// timed requires the times of what comes at or behind offsets.
func (lt *lagTest) timed(reader consumer.LagReader, c *LagConsumer, want map[int64]time.Time) {
	lt.Helper()
	var positions []adapters.Position
	for offset := range want { // in any order
		positions = append(positions, lt.at(c, offset))
	}
	answers := 0
	for at, err := range reader.NextTimes(lt.Context(), positions) {
		if p := positions[answers]; err != nil || !at.Equal(want[p.Offset]) {
			lt.Errorf("at %v comes what was written at %v, %v, want %v", p, at, err, want[p.Offset])
		}
		answers++
	}
	if answers != len(positions) {
		lt.Errorf("%d answers about %d positions", answers, len(positions))
	}
}

func testNoNextTimes(u *lagTest) {
	c := u.place.Consumer(u)
	answers := 0
	for at, err := range u.open(c.Log.Destination).Lag.NextTimes(u.Context(), []adapters.Position{adapters.DigestPosition(c.Log.Destination, 7)}) {
		if answers++; !errors.Is(err, errors.ErrUnsupported) || !at.IsZero() {
			u.Errorf("of a position without an offset: %v, %v", at, err)
		}
	}
	if answers != 1 {
		u.Errorf("%d answers", answers)
	}
}
