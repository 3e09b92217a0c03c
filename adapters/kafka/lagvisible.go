package kafka

import (
	"context"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// What a sweep over groups of readers of committed messages may read to learn whether anything is
// left for them behind what they have committed. What it does not come to stays behind.
const (
	littleBehind = 10_000          // offsets; who is further behind is not looked after
	visibleTries = 4               // answers for each log, as of nextTries
	visibleMost  = 100             // logs a sweep
	visibleTime  = 5 * time.Second // a sweep
	visibleKept  = 4096            // outcomes, all of which go when there are more
)

// standing is where a group stands in a log.
type standing struct {
	log       adapters.Log
	topic     [16]byte // its id, or nothing where brokers know none
	committed int64
}

// findVisible looks, if only committed messages are read, whether groups of the batch that are
// behind by little have any left to read. Where a transaction is open that is not known.
func (s *sweep) findVisible(ctx context.Context, batch []*group) {
	if !s.adapter.config.Committed {
		return
	}
	wanted := make(map[standing]bool)
	for _, g := range batch {
		for _, log := range g.logs {
			if l := s.logLag(g, log); g.kind != groupShare && l.State == consumer.LagBehind && l.LastStable == l.End && l.Lag <= littleBehind {
				wanted[standing{log, s.topic(log.Destination).ID, l.Committed}] = true
			}
		}
	}
	if s.visibleBy.IsZero() {
		s.visibleBy = time.Now().Add(visibleTime)
	}
	ctx, cancel := context.WithDeadline(ctx, s.visibleBy)
	defer cancel()
	var looking sync.WaitGroup
	slots := make(chan struct{}, fetchAtOnce)
	for at := range wanted {
		known, _ := s.adapter.seenFrom(at)
		if known.found || s.looked == visibleMost || ctx.Err() != nil {
			continue
		}
		s.looked++
		slots <- struct{}{}
		looking.Go(func() {
			defer func() { <-slots }()
			if seen, err := s.adapter.nextVisible(ctx, at.log, max(at.committed, known.until), visibleTries); err == nil {
				s.adapter.keepSeen(at, seen)
			}
		})
	}
	looking.Wait()
}

// nothingVisible says that a group that has committed so much has read all that it can see.
func (s *sweep) nothingVisible(l *consumer.LogLag) bool {
	if !s.adapter.config.Committed || l.State != consumer.LagBehind || l.LastStable != l.End {
		return false
	}
	seen, ok := s.adapter.seenFrom(standing{l.Log, s.topic(l.Destination).ID, l.Committed})
	return ok && seen.until >= l.LastStable
}

// seenFrom is what was seen of a log from where a group stands in it.
func (a *Adapter) seenFrom(at standing) (seen, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.seen[at]
	return known, ok
}

func (a *Adapter) keepSeen(at standing, s seen) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil || len(a.seen) >= visibleKept {
		a.seen = make(map[standing]seen)
	}
	a.seen[at] = s
}
