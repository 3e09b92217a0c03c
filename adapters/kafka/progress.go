package kafka

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/adapters/kafka/transactions"
)

// catchingUp is how many messages a tail may be behind and still count as live: a
// few answers of a busy cluster are always on their way.
const catchingUp = 10_000

// progress is what Status is made of. The adapter's goroutines write it, and anybody
// may read it, under its lock. Everything that can be derived is derived when asked.
type progress struct {
	mu    sync.Mutex
	phase phase
	lost  error // why the connection is lost, or nil
	shown adapters.Connection
	since time.Time // of shown

	messages, bytes, dropped int64
	logs                     map[adapters.Log]*mark
	topics                   int
	problems                 []string            // of the last look at the cluster
	lasting                  map[string]struct{} // of what will never come; they stay
	moved                    bool                // a log began or ended elsewhere than a scan of it had begun with
	peeks                    map[string][]string // what the last look at each dead-letter topic could not read
	unserved                 map[adapters.Log]trouble
	hidden                   map[adapters.Log]transactions.Hidden // from a scan, by a transaction that was open
	gaps                     []adapters.Gap
}

// phase is how far the adapter's tail has come.
type phase uint8

const (
	beginning phase = iota // not running, or still finding out where to start
	reading
	failed
	ended
)

// trouble is why nobody serves a log of the tail.
type trouble struct {
	since     time.Time
	why       string // a clause
	forbidden string // the whole sentence, if the user may not read it
}

// unservedShown is how long a log is not served before that is a problem: a leader that
// moves is one for a moment.
const unservedShown = 2 * time.Second

// mark is how far one log of the tail has come.
type mark struct {
	next         int64 // behind what was delivered
	end          int64 // high watermark, or last stable offset when committed
	high, stable int64
	caughtUp     bool      // it was at the end once
	open         time.Time // since when a transaction keeps stable where it is, or zero
}

func newProgress(now time.Time) *progress {
	return &progress{since: now, logs: make(map[adapters.Log]*mark), lasting: make(map[string]struct{}), unserved: make(map[adapters.Log]trouble), hidden: make(map[adapters.Log]transactions.Hidden), peeks: make(map[string][]string)}
}

// restart is called when a tail begins.
func (p *progress) restart(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.lost, p.problems, p.topics = beginning, nil, nil, 0
	clear(p.logs)
	clear(p.unserved)
	p.update(now)
}

// enter moves to a phase, with the reason if it failed.
func (p *progress) enter(next phase, reason error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.lost = next, reason
	p.update(now)
}

// connected says whether the cluster answers: reason is nil if it does.
func (p *progress) connected(reason error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase <= reading {
		p.lost = reason
		p.update(now)
	}
}

// connection derives the state that is shown.
func (p *progress) connection(now time.Time) adapters.Connection {
	behind := p.behind()
	switch {
	case p.phase == ended:
		return adapters.Closed
	case p.phase == failed:
		return adapters.Failed
	case p.lost != nil:
		return adapters.Lost
	case p.phase == beginning:
		return adapters.Connecting
	case behind > catchingUp, p.waits(now):
		return adapters.CatchingUp
	}
	return adapters.Live
}

func (p *progress) update(now time.Time) {
	if state := p.connection(now); state != p.shown {
		p.shown, p.since = state, now
	}
}

// behind is how many messages are not read yet.
func (p *progress) behind() (messages int64) {
	for _, m := range p.logs {
		messages += max(0, m.end-m.next)
	}
	return messages
}

// status is the whole as the contract has it.
func (p *progress) status(now time.Time) adapters.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.update(now)
	behind := p.behind()
	problems := append(p.troubles(now), p.problems...)
	for text := range p.lasting {
		problems = append(problems, text)
	}
	open := maps.Clone(p.hidden)
	for log, m := range p.logs {
		if !m.open.IsZero() && now.Sub(m.open) >= moment {
			open[log] = transactions.Hidden{LastStable: m.stable, End: m.high}
		}
	}
	for log, h := range open {
		problems = append(problems, openSentence(log, h.LastStable, h.End))
	}
	for _, list := range p.peeks {
		problems = append(problems, list...)
	}
	slices.Sort(problems)
	problems = slices.Compact(problems)
	return adapters.Status{
		Connection: p.shown, Since: p.since, Err: p.lost, Problems: problems, Destinations: p.topics,
		Messages: p.messages, Bytes: p.bytes, BehindBy: behind, Past: p.anyPast(),
		Dropped: p.dropped, Gaps: slices.Clone(p.gaps),
	}
}

// waits reports whether there are logs which are to be read and are not, for a reason that may pass.
func (p *progress) waits(now time.Time) bool {
	for _, t := range p.unserved {
		if t.forbidden == "" && now.Sub(t.since) >= unservedShown {
			return true
		}
	}
	return false
}

// troubles are the sentences about logs that nobody serves, one for each reason.
func (p *progress) troubles(now time.Time) (problems []string) {
	byReason := make(map[string][]adapters.Log)
	for log, t := range p.unserved {
		switch {
		case now.Sub(t.since) < unservedShown:
		case t.forbidden != "":
			problems = append(problems, t.forbidden)
		default:
			byReason[t.why] = append(byReason[t.why], log)
		}
	}
	for why, logs := range byReason {
		slices.SortFunc(logs, func(a, b adapters.Log) int {
			return cmp.Or(cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Partition, b.Partition))
		})
		what := fmt.Sprintf("%s/%d", logs[0].Destination, logs[0].Partition)
		if len(logs) > 1 {
			what = fmt.Sprintf("%d partitions, such as %s,", len(logs), what)
		}
		problems = append(problems, what+" cannot be read now: "+why+"; reading goes on when that is over")
	}
	return problems
}

// lose notes that nobody serves a log, until an answer has come of it.
func (p *progress) lose(log adapters.Log, t trouble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, ok := p.unserved[log]; ok {
		t.since = before.since
	}
	p.unserved[log] = t
}

// delivered counts what an intake took.
func (p *progress) delivered(messages, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages += messages
	p.bytes += bytes
}

// follow adds a log of the tail that is read from offset on, which may be where it ends.
func (p *progress) follow(log adapters.Log, offset int64, atEnd bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logs[log] = &mark{next: offset, end: offset, stable: -1, caughtUp: atEnd}
}

// hide notes what a scan of committed transactions did not show of its logs, until another scan or
// the end of the transaction.
func (p *progress) hide(logs []adapters.Log, hidden map[adapters.Log]transactions.Hidden) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, log := range logs {
		delete(p.hidden, log)
	}
	maps.Copy(p.hidden, hidden)
}

// forget removes the logs of a topic that is gone.
func (p *progress) forget(topic string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := func(log adapters.Log) bool { return log.Destination == topic }
	maps.DeleteFunc(p.logs, func(log adapters.Log, _ *mark) bool { return of(log) })
	maps.DeleteFunc(p.unserved, func(log adapters.Log, _ trouble) bool { return of(log) })
	maps.DeleteFunc(p.hidden, func(log adapters.Log, _ transactions.Hidden) bool { return of(log) })
}

// ends notes what a broker says about the end of a log.
func (p *progress) ends(log adapters.Log, high, stable int64, committed bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.unserved, log)
	if h, isHidden := p.hidden[log]; isHidden && (stable > h.LastStable || stable >= high) {
		delete(p.hidden, log)
	}
	if m := p.logs[log]; m != nil {
		switch {
		case !committed || stable < 0 || stable >= high:
			m.open = time.Time{}
		case m.open.IsZero() || m.stable != stable:
			m.open = now
		}
		m.high, m.stable, m.end = high, stable, high
		if committed && stable >= 0 {
			m.end = stable
		}
		m.caughtUp = m.caughtUp || m.next >= m.end
	}
}

// reached notes that everything of a log before next was delivered.
func (p *progress) reached(log adapters.Log, next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.logs[log]; m != nil {
		m.next = max(m.next, next)
		m.caughtUp = m.caughtUp || m.next >= m.end
	}
}

// past reports whether a log was not read to its end yet.
func (p *progress) past(log adapters.Log) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.logs[log]
	return m != nil && !m.caughtUp
}

// anyPast reports whether a log that is read was not read to its end yet, or whether it is not known yet
// where logs begin.
func (p *progress) anyPast() bool {
	switch p.phase {
	case beginning:
		return true
	case reading:
		for _, m := range p.logs {
			if !m.caughtUp {
				return true
			}
		}
	}
	return false
}

// see replaces the problems and the number of topics of the last look.
func (p *progress) see(topics int, problems []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topics, p.problems = topics, problems
}

// miss notes that something will never come, with a sentence that stays.
func (p *progress) miss(problem string) {
	const keep = 16
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lasting) < keep {
		p.lasting[problem] = struct{}{}
	}
}

// move notes that a log began or ended elsewhere than a scan of it had begun with.
func (p *progress) move(reason string) {
	p.miss(reason)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved = true
}

// looked notes what a look at a topic could not read, in place of what the look before said.
func (p *progress) looked(topic string, problems []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.peeks, topic); len(problems) > 0 {
		p.peeks[topic] = problems
	}
}

// gap notes that something may have passed unseen.
func (p *progress) gap(g adapters.Gap) {
	const keep = 16
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gaps = append(p.gaps, g)
	p.gaps = slices.Delete(p.gaps, 0, max(0, len(p.gaps)-keep))
	if g.Missed > 0 {
		p.dropped += g.Missed
	}
}

// openSentence tells of an open transaction. Its records, and all behind them, are what is hidden.
func openSentence(log adapters.Log, from, end int64) string {
	return fmt.Sprintf("a transaction is open in %s/%d at offset %d; %s records from there on are not shown, since only committed ones are", log.Destination, log.Partition, from, figure.Count(end-from))
}
