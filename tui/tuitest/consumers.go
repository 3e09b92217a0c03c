package tuitest

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/tui"
)

// Consumers are the groups of a broker in memory, which move as time passes.
type Consumers struct {
	// Pace is how long the broker takes for each group.
	Pace time.Duration

	mutex  sync.Mutex
	groups []*Group
	peeks  int
	asked  []string
	broken error
	hold   chan struct{}
	lost   adapters.Unroutable
	fetch  adapters.Fetcher
}

// Group is a consumer of one topic. So many messages come, and so many are done, in a
// second in all of its partitions.
type Group struct {
	Name, Topic string
	Kind        consumer.Kind
	Topics      []string // of the partitions, where they are of several
	Partitions  []Partition
	In, Out     int64
	Members     []consumer.Member
	// Err is why it, or part of it, cannot be told, and Hidden that nothing of it is.
	Err    error
	Hidden bool
	// NoMembers says that nobody tells who takes part, and Protocol what members speak that
	// is no consumer's.
	NoMembers bool
	Protocol  string
	Queue     *consumer.QueueDepth

	moved time.Time
}

// Partition is how far a group is in one of them.
type Partition struct {
	Start, Committed, End int64
	Unknown               string // why nobody knows, or ""
	Open                  int64  // messages of open transactions at its end
	Left                  bool   // its group reads it no more
}

// NewConsumers are those of a source, whose messages are read from fetch.
func NewConsumers(fetch adapters.Fetcher, groups ...*Group) *Consumers {
	return &Consumers{groups: groups, fetch: fetch}
}

// Over puts the consumers behind the first source of a screen.
func (c *Consumers) Over(options tui.Options) tui.Options {
	options.Sources[0].Lag, options.Sources[0].Unroutable = c, c
	return options
}

// Change does something to the groups while nobody looks at them.
func (c *Consumers) Change(do func(groups []*Group)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, g := range c.groups {
		g.move(time.Now())
	}
	do(c.groups)
}

// Replace makes these the groups of the broker.
func (c *Consumers) Replace(groups ...*Group) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.groups = groups
}

// Break makes the source answer with an error, or no longer.
func (c *Consumers) Break(err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.broken = err
}

// Hold makes looks wait until the returned function is called.
func (c *Consumers) Hold() (release func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	hold := make(chan struct{})
	c.hold = hold
	return func() {
		c.mutex.Lock()
		c.hold = nil
		c.mutex.Unlock()
		close(hold)
	}
}

// Lose makes messages lead to no queue.
func (c *Consumers) Lose(count adapters.Unroutable) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lost = count
}

// Unroutable implements adapters.UnroutableCounter.
func (c *Consumers) Unroutable(ctx context.Context) (adapters.Unroutable, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if err := cmp.Or(ctx.Err(), c.broken); err != nil {
		return adapters.Unroutable{}, err
	}
	return c.lost, nil
}

// Looks is how often somebody looked, and Asked the groups that were named last.
func (c *Consumers) Peeks() (peeks int, asked []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.peeks, c.asked
}

// move lets the messages come and be done that time has brought.
func (g *Group) move(now time.Time) {
	if g.moved.IsZero() {
		g.moved = now
	}
	seconds := int64(now.Sub(g.moved) / time.Second)
	g.moved = g.moved.Add(time.Duration(seconds) * time.Second)
	for i := range g.Partitions {
		p := &g.Partitions[i]
		p.End += g.In * seconds
		if p.Committed >= 0 {
			p.Committed = min(p.End, p.Committed+g.Out*seconds)
		}
	}
}

// Lag implements consumer.LagReader.
func (c *Consumers) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		c.mutex.Lock()
		c.peeks++
		c.asked = query.Groups
		hold, broken := c.hold, c.broken
		c.mutex.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-ctx.Done():
				yield(consumer.Lag{}, ctx.Err())
				return
			}
		}
		if broken != nil {
			yield(consumer.Lag{}, broken)
			return
		}
		for _, told := range c.now(query) {
			if c.Pace > 0 {
				<-time.After(c.Pace)
			}
			if ctx.Err() != nil {
				yield(consumer.Lag{}, ctx.Err())
				return
			}
			if !yield(told.lag, told.err) {
				return
			}
		}
	}
}

type told struct {
	lag consumer.Lag
	err error
}

// now is how the groups are now.
func (c *Consumers) now(query consumer.LagQuery) (all []told) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	byName := make(map[string]*Group, len(c.groups))
	for _, g := range c.groups {
		byName[g.Name] = g
		if len(query.Groups) == 0 {
			all = append(all, told{g.lag(time.Now()), g.Err})
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(query.Groups))) {
		if g := byName[name]; g != nil {
			all = append(all, told{g.lag(time.Now()), g.Err})
		} else {
			all = append(all, told{consumer.Lag{Group: name}, &adapters.Problem{Doing: "find group " + name, Cause: "there is none", Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination}})
		}
	}
	for i := range all {
		all[i].lag.Of = len(all)
	}
	return all
}

// lag is how a group is now.
func (g *Group) lag(now time.Time) consumer.Lag {
	g.move(now)
	kind := g.Kind
	if kind == "" {
		kind = consumer.ClassicGroup
	}
	lag := consumer.Lag{Kind: kind, Group: g.Name, At: now}
	if g.Hidden {
		return lag
	}
	lag.Phase, lag.Protocol, lag.Members, lag.MembersKnown, lag.Queue = "Stable", g.Protocol, g.Members, !g.NoMembers, g.Queue
	for i := range g.Partitions {
		p := &g.Partitions[i]
		l := consumer.LogLag{Log: adapters.Log{Destination: g.Topic, Partition: int32(i)}, Start: p.Start, Committed: p.Committed, End: p.End, LastStable: p.End - p.Open, Member: -1, Left: p.Left, Why: p.Unknown}
		if i < len(g.Topics) {
			l.Log = adapters.Log{Destination: g.Topics[i]}
		}
		if kind == consumer.QueueConsumers {
			l.Partition = adapters.NoPartition
		}
		if len(g.Members) > 0 && !p.Left {
			l.Member = i % len(g.Members)
		}
		switch {
		case p.Unknown != "":
			l.Start, l.Committed, l.End, l.LastStable = -1, -1, -1, -1
		case kind == consumer.QueueConsumers:
			l.State, l.Lag = g.queueState(p), l.End-l.Committed
			l.Start, l.Committed, l.End, l.LastStable = -1, -1, -1, -1
		default:
			l.Classify()
		}
		lag.Logs = append(lag.Logs, l)
	}
	return lag
}

// queueState is how the consumers of a queue stand.
func (g *Group) queueState(p *Partition) consumer.LagState {
	switch {
	case p.End == p.Committed:
		return consumer.LagOK
	case len(g.Members) == 0 && !g.NoMembers:
		return consumer.LagStop
	}
	return consumer.LagBehind
}

// ends reports whether nothing was written at a position yet.
func (c *Consumers) ends(position adapters.Position) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, g := range c.groups {
		if i := int(position.Partition); g.Topic == position.Destination && i >= 0 && i < len(g.Partitions) {
			return position.Offset >= g.Partitions[i].End
		}
	}
	return false
}

// NextTimes implements consumer.LagReader by the messages that the source keeps.
func (c *Consumers) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		answered := 0
		for m, err := range c.fetch.Fetch(ctx, positions) {
			switch gone := errors.Is(err, adapters.ErrGone); {
			case gone && c.ends(positions[answered]):
				err = nil
			case gone:
				err = errors.ErrUnsupported // this broker does not tell what it has lost
			}
			if answered++; !yield(m.Time, err) {
				return
			}
		}
	}
}

// Fetch implements adapters.Fetcher.
func (c *Consumers) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return c.fetch.Fetch(ctx, positions)
}
