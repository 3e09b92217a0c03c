package groups

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
	"eventscope/adapters/kafka/cluster"
)

const (
	lagAtOnce = 3                // requests for so many groups each are on their way together
	lagTime   = 30 * time.Second // for one request of a sweep, with all repeats
)

// LagReader reads the lag of groups, and remembers from one sweep to the next what need not be
// asked again. It is made with NewLagReader, and may be used by several goroutines at once.
type LagReader struct {
	client    *kgo.Client
	access    *cluster.Access
	selection *cluster.Selection
	next      NextMessage

	mu      sync.Mutex
	groups  map[string]group // that were listed, as they are to be asked for
	hides   bool             // the broker keeps topics from the user, as of hidesAt
	hidesAt time.Time
	seen    map[standing]Seen
}

// NewLagReader makes one for the selected topics. Next is nil unless only committed messages count.
func NewLagReader(client *kgo.Client, access *cluster.Access, selection *cluster.Selection, next NextMessage) *LagReader {
	return &LagReader{client: client, access: access, selection: selection, next: next}
}

// Lag yields the lag of groups of all four types, in order of their names. If only some topics are
// selected, only these are looked at, and groups that have nothing to do with them are left out
// unless they are asked for by name; otherwise all are, internal ones too.
func (r *LagReader) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		s := &sweep{reader: r, query: query, late: make(map[string]*cluster.Topic), ends: make(map[adapters.Log]ends), ongoing: make(map[adapters.Log]*consumer.Transaction)}
		if err := s.run(ctx, yield); err != nil {
			yield(consumer.Lag{}, err)
		}
	}
}

// sweep is one look at the groups of a cluster. Its goroutine is that of the caller, who
// owns all of it; helpers ask about groups, and only read what does not change any more.
type sweep struct {
	reader  *LagReader
	query   consumer.LagQuery
	catalog *cluster.Catalog
	names   map[[16]byte]string // of topics, by id
	of      int                 // groups

	unseen string // why groups may have committed more than the broker tells

	late    map[string]*cluster.Topic // which the catalog has not, and groups read
	ends    map[adapters.Log]ends
	ongoing map[adapters.Log]*consumer.Transaction // nil where nothing is known

	looked    int       // logs, see findVisible
	visibleBy time.Time // when it is to be done
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

// run yields every group and returns why it ended early.
func (s *sweep) run(ctx context.Context, yield func(consumer.Lag, error) bool) error {
	listing, cancel := context.WithTimeout(ctx, lagTime)
	defer cancel()
	var err error
	if s.catalog, err = cluster.ReadCatalog(listing, s.reader.client, nil); err != nil {
		return s.reader.access.Explain(ctx, err)
	}
	s.names = make(map[[16]byte]string, len(s.catalog.Topics))
	for name, t := range s.catalog.Topics {
		s.names[t.ID] = name
	}
	groups, troubles := s.list(listing)
	switch hides, err := s.hidesTopics(listing); {
	case err != nil:
		return s.reader.access.Explain(ctx, err)
	case hides:
		s.unseen = commitsHidden(s.reader.access)
		troubles = append(troubles, topicsHidden(s.reader.access))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, trouble := range troubles {
		if !yield(consumer.Lag{Of: s.of}, trouble) {
			return nil
		}
	}
	err = s.each(ctx, groups, func(batch []*group) error { return s.finish(ctx, batch, yield) })
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// list finds the groups that are wanted, in batches of one type each.
func (s *sweep) list(ctx context.Context) (batches [][]*group, troubles []error) {
	access := s.reader.access
	v := newListing(s.reader.client)
	kinds := v.list(ctx)
	if v.unanswered == nil && s.someUncoordinated() {
		v.unanswered = kerr.CoordinatorNotAvailable
	}
	if v.unanswered != nil && ctx.Err() == nil {
		troubles = append(troubles, groupsUnanswered(access, v.unanswered))
	}
	all := len(s.query.Groups) == 0
	if all && v.hides(ctx) {
		troubles = append(troubles, groupsHidden(access))
	}
	var groups []*group
	missing := make(map[string]bool)
	for _, name := range s.query.Groups {
		missing[name] = true
	}
	for kind, names := range kinds {
		for _, name := range names {
			if all || missing[name] {
				delete(missing, name)
				groups = append(groups, &group{name: name, kind: kind, coordinator: v.coordinators[name]})
			}
		}
	}
	for name := range missing { // it may be hidden, and then the coordinator says so
		groups = append(groups, &group{name: name, kind: groupClassic, unlisted: true})
	}
	if all && ctx.Err() == nil {
		groups = s.reader.rememberGroups(groups, v.unanswered != nil)
	}
	s.of = len(groups)
	slices.SortFunc(groups, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	return batchesOf(groups), troubles
}

// someUncoordinated reports whether the groups of some part of the cluster have no coordinator now:
// nobody lists these.
func (s *sweep) someUncoordinated() bool {
	t := s.catalog.Topics[offsetsTopic]
	if t == nil {
		return false
	}
	for _, leader := range t.Leaders {
		if leader < 0 {
			return true
		}
	}
	return false
}

// offsetsTopic is where Kafka keeps what groups have committed.
const offsetsTopic = "__consumer_offsets"

// rememberGroups completes a list of all groups by those that were on the list before: a broker
// that has just started leaves out, without a sign, groups that it has not loaded yet. Their
// coordinator says whether they are gone; when it cannot be asked anyway, that is said of all.
func (r *LagReader) rememberGroups(listed []*group, unanswered bool) []*group {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.groups
	r.groups = make(map[string]group, len(listed))
	for _, g := range listed {
		r.groups[g.name] = group{name: g.name, kind: g.kind, coordinator: g.coordinator, unlisted: true, remembered: true}
	}
	for name, g := range before {
		if _, there := r.groups[name]; there {
			continue
		}
		r.groups[name] = g
		if !unanswered {
			listed = append(listed, &g)
		}
	}
	return listed
}

// forgetGroup lets go of a group that is not there any more.
func (r *LagReader) forgetGroup(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.groups, name)
}

// batchesOf cuts groups into parts that are asked for together.
func batchesOf(groups []*group) (batches [][]*group) {
	for some := range slices.Chunk(groups, groupsAtOnce) {
		batches = append(batches, some)
	}
	return batches
}

// each asks about batches, a few at a time, and hands them to take in their order.
func (s *sweep) each(ctx context.Context, batches [][]*group, take func([]*group) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	done := make([]chan struct{}, len(batches))
	start := func(i int) {
		if i >= len(batches) {
			return
		}
		done[i] = make(chan struct{})
		asking.Go(func() {
			defer close(done[i])
			asked, cancel := context.WithTimeout(ctx, lagTime)
			defer cancel()
			s.ask(asked, batches[i])
		})
	}
	for i := range lagAtOnce {
		start(i)
	}
	for i, batch := range batches {
		<-done[i]
		start(i + lagAtOnce)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := take(batch); err != nil {
			return err
		}
		batches[i] = nil // a sweep of thousands need not keep them
	}
	return nil
}

// finish adds the ends of the logs to what a batch of groups has committed, and yields.
func (s *sweep) finish(ctx context.Context, batch []*group, yield func(consumer.Lag, error) bool) error {
	asked := time.Now()
	logs := make(map[adapters.Log]bool)
	for _, g := range batch {
		g.logs = s.chosen(g)
		for _, log := range g.logs {
			logs[log] = true
		}
	}
	s.findLate(ctx, logs)
	s.listEnds(ctx, logs, asked.Add(-endsFresh))
	s.listEnds(ctx, s.overtaken(batch), asked)
	s.findOngoing(ctx, batch)
	s.findVisible(ctx, batch)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, g := range batch {
		if g.remembered && errors.Is(g.err, adapters.ErrUnknownDestination) {
			s.reader.forgetGroup(g.name)
			continue
		}
		if g.err == nil && len(g.logs) == 0 && len(s.query.Groups) == 0 && s.reader.selection.Narrowed() {
			continue
		}
		if !yield(s.lagOf(g)) {
			return errStopped
		}
	}
	return nil
}

// chosen are the logs that a group reads or has read, of the topics that are looked at.
func (s *sweep) chosen(g *group) []adapters.Log {
	all := make(map[adapters.Log]bool, len(g.committed))
	for log := range g.committed {
		all[log] = true
	}
	for log := range g.readers {
		all[log] = true
	}
	if s.reader.selection.Narrowed() {
		maps.DeleteFunc(all, func(log adapters.Log, _ bool) bool {
			t := s.topic(log.Destination)
			return t == nil || !s.reader.selection.Wants(t)
		})
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b adapters.Log) int {
		if a.Destination != b.Destination {
			return strings.Compare(a.Destination, b.Destination)
		}
		return int(a.Partition) - int(b.Partition)
	})
}

// lagOf puts together what is known of a group.
func (s *sweep) lagOf(g *group) (consumer.Lag, error) {
	lag := consumer.Lag{
		Kind: consumer.Kind(g.kind), Group: g.name, At: time.Now(), Phase: g.phase, Protocol: g.protocol,
		Rebalancing: g.rebalancing, Unseen: s.unseen, Members: g.members, MembersKnown: g.described, Of: s.of, Logs: make([]consumer.LogLag, 0, len(g.logs)),
	}
	for _, log := range g.logs {
		l := s.logLag(g, log)
		if e := s.ends[log]; e.err == nil && e.at.Before(lag.At) && l.End >= 0 {
			lag.At = e.at
		}
		lag.Logs = append(lag.Logs, l)
	}
	return lag, g.err
}

// logLag judges one log of a group.
func (s *sweep) logLag(g *group, log adapters.Log) consumer.LogLag {
	e := s.ends[log]
	l := consumer.LogLag{Log: log, Start: e.start, Committed: -1, End: e.end, LastStable: e.stable, Member: -1, Open: s.ongoing[log]}
	if member, ok := g.readers[log]; ok {
		l.Member = member
	}
	l.Left = g.described && len(g.readers) > 0 && !g.reads[log.Destination]
	c, isCommitted := g.committed[log]
	if isCommitted && c.offset >= 0 {
		l.Committed = c.offset
	}
	switch {
	case c.err != nil:
		l.Why = cluster.InWords(c.err)
	case g.err != nil && !isCommitted:
		l.Why = "what the group has committed is not known"
	case e.err != nil:
		l.Start, l.End, l.LastStable, l.Why = -1, -1, -1, cluster.InWords(e.err)
	case g.kind == groupShare && l.Committed >= 0:
		judgeShare(&l, c.lag)
	default:
		if l.Classify(); s.nothingVisible(&l) {
			l.State, l.Lag = consumer.LagOK, 0
		}
	}
	return l
}

// judgeShare goes by the broker's count, which knows what was done behind the start.
func judgeShare(l *consumer.LogLag, lag int64) {
	switch {
	case l.Committed > l.End:
		l.State = consumer.LagAhead
	case lag < 0:
		l.Why = "the broker does not count what a share group has done (Kafka 4.2 does)"
	case lag == 0:
		l.State = consumer.LagOK
	default:
		l.State, l.Lag = consumer.LagBehind, lag
	}
}
