package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"eventscope/adapters"
)

const (
	lagAtOnce = 3                // requests for so many groups each are on their way together
	lagTime   = 30 * time.Second // for one request of a sweep, with all repeats
)

// Lag implements [adapters.LagReader] for groups of all four types. Groups come in order
// of their names. If the source was opened on topics, only these are looked at, and groups
// that have nothing to do with them are left out unless they are asked for by name;
// otherwise all are, internal ones too.
func (a *Adapter) Lag(ctx context.Context, query adapters.LagQuery) iter.Seq2[adapters.Lag, error] {
	return func(yield func(adapters.Lag, error) bool) {
		s := &sweep{adapter: a, query: query, ends: make(map[adapters.Log]ends), open: make(map[adapters.Log]*adapters.Transaction)}
		if err := s.run(ctx, yield); err != nil {
			yield(adapters.Lag{}, err)
		}
	}
}

// sweep is one look at the groups of a cluster. Its goroutine is that of the caller, who
// owns all of it; helpers ask about groups, and only read what does not change any more.
type sweep struct {
	adapter *Adapter
	query   adapters.LagQuery
	catalog *catalog
	names   map[[16]byte]string // of topics, by id
	of      int                 // groups

	ends map[adapters.Log]ends
	open map[adapters.Log]*adapters.Transaction // nil where nothing is known
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

// run yields every group and returns why it ended early.
func (s *sweep) run(ctx context.Context, yield func(adapters.Lag, error) bool) error {
	listing, cancel := context.WithTimeout(ctx, lagTime)
	defer cancel()
	var err error
	if s.catalog, err = readCatalog(listing, s.adapter.client, nil); err != nil {
		return s.adapter.explain(ctx, err)
	}
	s.names = make(map[[16]byte]string, len(s.catalog.topics))
	for name, t := range s.catalog.topics {
		s.names[t.id] = name
	}
	groups, troubles := s.list(listing)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, trouble := range troubles {
		if !yield(adapters.Lag{Of: s.of}, trouble) {
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
	config := &s.adapter.config
	v := newSurvey(s.adapter.client)
	kinds := v.list(ctx)
	if v.unanswered && ctx.Err() == nil {
		troubles = append(troubles, config.groupsUnanswered())
	}
	if len(s.query.Groups) == 0 && v.hides(ctx) {
		troubles = append(troubles, config.groupsHidden())
	}
	var groups []*group
	missing := make(map[string]bool)
	for _, name := range s.query.Groups {
		missing[name] = true
	}
	for kind, names := range kinds {
		for _, name := range names {
			if len(s.query.Groups) == 0 || missing[name] {
				delete(missing, name)
				groups = append(groups, &group{name: name, kind: kind, coordinator: v.coordinators[name]})
			}
		}
	}
	for name := range missing { // it may be hidden, and then the coordinator says so
		groups = append(groups, &group{name: name, kind: groupClassic, unlisted: true})
	}
	s.of = len(groups)
	slices.SortFunc(groups, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	return batchesOf(groups), troubles
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
func (s *sweep) finish(ctx context.Context, batch []*group, yield func(adapters.Lag, error) bool) error {
	asked := time.Now()
	logs := make(map[adapters.Log]bool)
	for _, g := range batch {
		g.logs = s.chosen(g)
		for _, log := range g.logs {
			logs[log] = true
		}
	}
	s.listEnds(ctx, logs, asked.Add(-endsFresh))
	s.listEnds(ctx, s.overtaken(batch), asked)
	s.findOpen(ctx, batch)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, g := range batch {
		if g.err == nil && len(g.logs) == 0 && len(s.query.Groups) == 0 && s.narrowed() {
			continue
		}
		if !yield(s.lagOf(g)) {
			return errStopped
		}
	}
	return nil
}

// narrowed says that the source was opened on some topics only.
func (s *sweep) narrowed() bool {
	return len(s.adapter.selection.names)+len(s.adapter.selection.patterns) > 0
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
	if s.narrowed() {
		maps.DeleteFunc(all, func(log adapters.Log, _ bool) bool {
			t := s.catalog.topics[log.Destination]
			return t == nil || !s.adapter.selection.wants(t)
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
func (s *sweep) lagOf(g *group) (adapters.Lag, error) {
	lag := adapters.Lag{
		Kind: adapters.ConsumerKind(g.kind), Group: g.name, At: time.Now(), Phase: g.phase, Protocol: g.protocol,
		Members: g.members, MembersKnown: g.described, Of: s.of, Logs: make([]adapters.LogLag, 0, len(g.logs)),
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
func (s *sweep) logLag(g *group, log adapters.Log) adapters.LogLag {
	e := s.ends[log]
	l := adapters.LogLag{Log: log, Start: e.start, Committed: -1, End: e.end, LastStable: e.stable, Member: -1, Open: s.open[log]}
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
		l.Why = inWords(c.err)
	case e.err != nil:
		l.Start, l.End, l.LastStable, l.Why = -1, -1, -1, inWords(e.err)
	case g.kind == groupShare && l.Committed >= 0:
		judgeShare(&l, c.lag)
	default:
		l.Judge()
	}
	return l
}

// judgeShare goes by the broker's count, which knows what was done behind the start.
func judgeShare(l *adapters.LogLag, lag int64) {
	switch {
	case l.Committed > l.End:
		l.State = adapters.LagAhead
	case lag < 0:
		l.Why = "the broker does not count what a share group has done (Kafka 4.2 does)"
	case lag == 0:
		l.State = adapters.LagOK
	default:
		l.State, l.Lag = adapters.LagBehind, lag
	}
}

func (c *Config) groupNotAllowed(group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("describe the group %q at %s", group, c.address()), Cause: "user " + c.user() + " has no permission",
		Remedy: "have Describe granted on it", Kind: adapters.ErrNotAuthorized,
	}
}

func (c *Config) groupUnknown(group string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("find the group %q at %s", group, c.address()), Cause: "the broker has no such group",
		Remedy: "check the spelling", Kind: adapters.ErrUnknownDestination,
	}
}

func (c *Config) groupUnanswered(group string, err error) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("ask about the group %q at %s", group, c.address()), Cause: inWords(err),
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func (c *Config) groupsUnanswered() error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.address(), Cause: "not every broker answers",
		Remedy: "try again when the cluster is whole", Kind: adapters.ErrNotConnected,
	}
}

func (c *Config) groupsHidden() error {
	return &adapters.Problem{
		Doing: "list all groups at " + c.address(), Cause: "those that user " + c.user() + " may not describe are not listed",
		Remedy: "have Describe granted on the cluster, or name groups", Kind: adapters.ErrNotAuthorized,
	}
}
