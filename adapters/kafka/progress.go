package kafka

import (
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
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
	droppedUnknown           bool
	logs                     map[adapters.Log]*mark
	topics                   int
	problems                 []string            // of the last look at the cluster
	lasting                  map[string]struct{} // of single batches; they stay
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

// mark is how far one log of the tail has come.
type mark struct {
	next         int64 // behind what was delivered
	end          int64 // high watermark, or last stable offset when committed
	high, stable int64
}

func newProgress(now time.Time) *progress {
	return &progress{since: now, logs: make(map[adapters.Log]*mark), lasting: make(map[string]struct{})}
}

// restart is called when a tail begins.
func (p *progress) restart(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.lost, p.problems, p.topics = beginning, nil, nil, 0
	clear(p.logs)
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
func (p *progress) connection() adapters.Connection {
	behind, _ := p.behind()
	switch {
	case p.phase == ended:
		return adapters.Closed
	case p.phase == failed:
		return adapters.Failed
	case p.lost != nil:
		return adapters.Lost
	case p.phase == beginning:
		return adapters.Connecting
	case behind > catchingUp:
		return adapters.CatchingUp
	}
	return adapters.Live
}

func (p *progress) update(now time.Time) {
	if state := p.connection(); state != p.shown {
		p.shown, p.since = state, now
	}
}

// behind sums up what lies before the ends of the logs, and behind their last stable
// offsets.
func (p *progress) behind() (messages, unstable int64) {
	for _, m := range p.logs {
		messages += max(0, m.end-m.next)
		if m.stable >= 0 {
			unstable += max(0, m.high-m.stable)
		}
	}
	return messages, unstable
}

// status is the whole as the contract has it.
func (p *progress) status(now time.Time) adapters.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.update(now)
	behind, unstable := p.behind()
	problems := slices.Clone(p.problems)
	for text := range p.lasting {
		problems = append(problems, text)
	}
	slices.Sort(problems)
	return adapters.Status{
		Connection: p.shown, Since: p.since, Err: p.lost, Problems: problems, Destinations: p.topics,
		Messages: p.messages, Bytes: p.bytes, BehindBy: behind, LastStable: unstable,
		Dropped: p.dropped, DroppedUnknown: p.droppedUnknown, Gaps: slices.Clone(p.gaps),
	}
}

// delivered counts what an intake took.
func (p *progress) delivered(messages, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages += messages
	p.bytes += bytes
}

// begin adds a log of the tail that is read from offset on.
func (p *progress) begin(log adapters.Log, offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logs[log] = &mark{next: offset, end: offset, stable: -1}
}

// forget removes the logs of a topic that is gone.
func (p *progress) forget(topic string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for log := range p.logs {
		if log.Destination == topic {
			delete(p.logs, log)
		}
	}
}

// ends notes what a broker says about the end of a log.
func (p *progress) ends(log adapters.Log, high, stable int64, committed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.logs[log]; m != nil {
		m.high, m.stable, m.end = high, stable, high
		if committed && stable >= 0 {
			m.end = stable
		}
	}
}

// reached notes that everything of a log before next was delivered.
func (p *progress) reached(log adapters.Log, next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.logs[log]; m != nil {
		m.next = max(m.next, next)
	}
}

// see replaces the problems and the number of topics of the last look.
func (p *progress) see(topics int, problems []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topics, p.problems = topics, problems
}

// miss counts n messages that will never come, with a sentence that stays.
func (p *progress) miss(n int64, exact bool, problem string) {
	const keep = 16
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped += n
	p.droppedUnknown = p.droppedUnknown || !exact
	if len(p.lasting) < keep {
		p.lasting[problem] = struct{}{}
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
	p.droppedUnknown = p.droppedUnknown || g.Missed < 0
}
