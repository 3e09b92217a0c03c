package toy

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// Cluster is a broker that lives in this process.
type Cluster struct {
	name string

	mutex        sync.Mutex
	destinations []*destination // in the order in which they were made
	groups       []string       // likewise
	committed    map[string]map[string]int64
	stopped      bool
	changed      chan struct{} // closed and replaced at each change
	handles      uint64        // of letters, so far
}

// clusters are those that can be opened now, by name.
var clusters sync.Map

// New makes a cluster that can be opened by its name until it is removed.
func New(name string) *Cluster {
	c := &Cluster{name: name, committed: map[string]map[string]int64{}, changed: make(chan struct{})}
	if _, taken := clusters.LoadOrStore(name, c); taken {
		panic(fmt.Sprintf("there is a cluster %s already", name))
	}
	return c
}

// Remove makes the cluster unknown. Who has it open keeps it.
func (c *Cluster) Remove() { clusters.Delete(c.name) }

// Log makes a log.
func (c *Cluster) Log(name string) { c.add(&destination{name: name, kind: adapters.Stream}) }

// Queue makes a queue for what dies in some logs.
func (c *Cluster) Queue(name string, logs ...string) {
	c.add(&destination{name: name, kind: adapters.Queue, feeders: logs})
}

func (c *Cluster) add(d *destination) {
	c.alter(func() {
		if checkName(d.name) != nil || c.find(d.name) != nil {
			panic(fmt.Sprintf("%q is no name for another destination", d.name))
		}
		c.destinations = append(c.destinations, d)
	})
}

// Publish appends messages to a log or a queue. A message without a time gets that of now.
func (c *Cluster) Publish(to string, messages ...adapters.Message) {
	c.alter(func() {
		for i := range messages {
			c.append(c.find(to), &messages[i])
		}
	})
}

// Commit says which offset of a log a group reads next.
func (c *Cluster) Commit(group, log string, next int64) {
	c.alter(func() {
		if c.committed[group] == nil {
			c.committed[group] = map[string]int64{}
			c.groups = append(c.groups, group)
		}
		c.committed[group][log] = next
	})
}

// Forget makes a group unknown.
func (c *Cluster) Forget(group string) {
	c.alter(func() {
		delete(c.committed, group)
		c.groups = slices.DeleteFunc(c.groups, func(g string) bool { return g == group })
	})
}

// Messages are copies of all that a destination holds, in order.
func (c *Cluster) Messages(of string) (messages []adapters.Message) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, l := range c.find(of).letters {
		messages = append(messages, l.Message.Clone())
	}
	return messages
}

// Stop makes the cluster answer nothing until Start.
func (c *Cluster) Stop() { c.alter(func() { c.stopped = true }) }

// Start makes a stopped cluster answer again.
func (c *Cluster) Start() { c.alter(func() { c.stopped = false }) }

// change is closed at the next change.
func (c *Cluster) change() <-chan struct{} {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.changed
}

// alter does something to the cluster, and tells whoever waits.
func (c *Cluster) alter(do func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	do()
	c.tellChange()
}

func (c *Cluster) tellChange() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// ask does something with the cluster for a client, if it answers.
func (c *Cluster) ask(doing string, do func() error) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.stopped {
		return &adapters.Problem{Doing: doing + " at " + c.name, Cause: "the cluster is stopped", Remedy: "start it", Kind: adapters.ErrNotConnected}
	}
	return do()
}

// find is a destination, or nil.
func (c *Cluster) find(name string) *destination {
	at := slices.IndexFunc(c.destinations, func(d *destination) bool { return d.name == name })
	if at < 0 {
		return nil
	}
	return c.destinations[at]
}

// append adds a copy of a message to a destination, which names its place anew.
func (c *Cluster) append(to *destination, m *adapters.Message) {
	c.handles++
	l := &letter{Delivery: deadletter.Delivery{Message: m.Clone(), Handle: c.handles}}
	l.Properties, l.Redelivered = nil, false
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	l.Position = adapters.Position{Destination: to.name, Partition: adapters.NoPartition, Offset: to.end()}
	if to.kind == adapters.Queue {
		l.Position = adapters.DigestPosition(to.name, l.Digest())
	}
	to.letters = append(to.letters, l)
}
