package tuitest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
)

// Consumers are the groups of a broker in memory, which move as time passes.
type Consumers struct {
	// Pace is how long the broker takes for each group.
	Pace time.Duration

	mutex  sync.Mutex
	groups []*Group
	looks  int
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
	Kind        adapters.ConsumerKind
	Partitions  []Partition
	In, Out     int64
	Members     []adapters.Member
	// Err is why it, or part of it, cannot be told, and Hidden that nothing of it is.
	Err    error
	Hidden bool
	// NoMembers says that nobody tells who takes part.
	NoMembers bool
	Queue     *adapters.QueueDepth

	moved time.Time
}

// Partition is how far a group is in one of them.
type Partition struct {
	Start, Committed, End int64
	Unknown               string // why nobody knows, or ""
}

// NewConsumers are those of a source, whose messages are read from fetch.
func NewConsumers(fetch adapters.Fetcher, groups ...*Group) *Consumers {
	return &Consumers{groups: groups, fetch: fetch}
}

// Over puts the consumers behind the first source of a screen.
func (c *Consumers) Over(options tui.Options) tui.Options {
	options.Sources[0].Lag = c
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
func (c *Consumers) Unroutable(context.Context) (adapters.Unroutable, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.lost, nil
}

// Looks is how often somebody looked, and Asked the groups that were named last.
func (c *Consumers) Looks() (looks int, asked []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.looks, c.asked
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

// Lag implements adapters.LagReader.
func (c *Consumers) Lag(ctx context.Context, query adapters.LagQuery) iter.Seq2[adapters.Lag, error] {
	return func(yield func(adapters.Lag, error) bool) {
		c.mutex.Lock()
		c.looks++
		c.asked = query.Groups
		hold, broken := c.hold, c.broken
		c.mutex.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-ctx.Done():
				yield(adapters.Lag{}, ctx.Err())
				return
			}
		}
		if broken != nil {
			yield(adapters.Lag{}, broken)
			return
		}
		for _, told := range c.now(query) {
			if c.Pace > 0 {
				<-time.After(c.Pace)
			}
			if ctx.Err() != nil {
				yield(adapters.Lag{}, ctx.Err())
				return
			}
			if !yield(told.lag, told.err) {
				return
			}
		}
	}
}

type told struct {
	lag adapters.Lag
	err error
}

// now is how the groups are now.
func (c *Consumers) now(query adapters.LagQuery) (all []told) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	byName := make(map[string]*Group, len(c.groups))
	for _, g := range c.groups {
		byName[g.Name] = g
		if len(query.Groups) == 0 {
			all = append(all, told{g.lag(time.Now()), g.Err})
		}
	}
	for _, name := range query.Groups {
		if g := byName[name]; g != nil {
			all = append(all, told{g.lag(time.Now()), g.Err})
		} else {
			all = append(all, told{adapters.Lag{Group: name}, fmt.Errorf("group %s: %w", name, adapters.ErrUnknownDestination)})
		}
	}
	return all
}

// lag is how a group is now.
func (g *Group) lag(now time.Time) adapters.Lag {
	g.move(now)
	kind := g.Kind
	if kind == "" {
		kind = adapters.ClassicGroup
	}
	lag := adapters.Lag{Kind: kind, Group: g.Name, At: now}
	if g.Hidden {
		return lag
	}
	lag.Phase, lag.Members, lag.MembersKnown, lag.Queue = "Stable", g.Members, !g.NoMembers, g.Queue
	for i := range g.Partitions {
		p := &g.Partitions[i]
		l := adapters.LogLag{Log: adapters.Log{Destination: g.Topic, Partition: int32(i)}, Start: p.Start, Committed: p.Committed, End: p.End, LastStable: p.End, Member: -1, Why: p.Unknown}
		if len(g.Members) > 0 {
			l.Member = i % len(g.Members)
		}
		switch {
		case p.Unknown != "":
			l.Start, l.Committed, l.End, l.LastStable = -1, -1, -1, -1
		case kind == adapters.QueueConsumers:
			l.State, l.Lag, l.Partition = adapters.LagBehind, l.End-l.Committed, adapters.NoPartition
			l.Start, l.Committed, l.End, l.LastStable = -1, -1, -1, -1
		default:
			l.Judge()
		}
		lag.Logs = append(lag.Logs, l)
	}
	return lag
}

// NextTimes implements adapters.LagReader by the messages that the source keeps.
func (c *Consumers) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		for m, err := range c.fetch.Fetch(ctx, positions) {
			if errors.Is(err, adapters.ErrGone) {
				err = errors.ErrUnsupported // this broker does not tell what it has lost
			}
			if !yield(m.Time, err) {
				return
			}
		}
	}
}

// Fetch implements adapters.Fetcher.
func (c *Consumers) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return c.fetch.Fetch(ctx, positions)
}
