package groups

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
	littleBehind  = 10_000          // offsets; who is further behind is not looked after
	visibleTries  = 4               // answers for each log
	visibleAtOnce = 8               // logs
	visibleMost   = 100             // logs a sweep
	visibleTime   = 5 * time.Second // a sweep
	visibleKept   = 4096            // outcomes, all of which go when there are more
	visibleAgain  = time.Minute     // after which a message that was found is looked for again
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
	if s.reader.next == nil {
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
	slots := make(chan struct{}, visibleAtOnce)
	for at := range wanted {
		known, _ := s.reader.seenFrom(at)
		if known.Found && time.Since(known.Looked) < visibleAgain || s.looked == visibleMost || ctx.Err() != nil {
			continue
		}
		s.looked++
		slots <- struct{}{}
		looking.Go(func() {
			defer func() { <-slots }()
			from := max(at.committed, known.Until)
			if seen, err := s.reader.next(ctx, at.log, from, visibleTries); err == nil || seen.Until > from {
				s.reader.keepSeen(at, seen)
			}
		})
	}
	looking.Wait()
}

// nothingVisible reports whether a group that has committed so much has read all that it can see.
func (s *sweep) nothingVisible(l *consumer.LogLag) bool {
	if s.reader.next == nil || l.State != consumer.LagBehind || l.LastStable != l.End {
		return false
	}
	seen, ok := s.reader.seenFrom(standing{l.Log, s.topic(l.Destination).ID, l.Committed})
	return ok && seen.Until >= l.LastStable
}

// seenFrom is what was seen of a log from where a group stands in it. Where brokers know no ids of
// topics it is believed for a minute: the topic may have been made again.
func (r *LagReader) seenFrom(at standing) (Seen, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.seen[at]
	if ok && at.topic == [16]byte{} && time.Since(known.Looked) >= visibleAgain {
		return Seen{}, false
	}
	return known, ok
}

func (r *LagReader) keepSeen(at standing, s Seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil || len(r.seen) >= visibleKept {
		r.seen = make(map[standing]Seen)
	}
	s.Looked = time.Now()
	r.seen[at] = s
}

// Seen is what was read of a log from an offset on in search of the next message: there is none
// before Until. There may be one only where it was found.
type Seen struct {
	Until int64
	Found bool      // a message at Until
	At    time.Time // when it was written; zero where it carries no time that can be
	Ended bool      // nothing more can be read
	Open  bool      // because of a transaction that is open

	Looked time.Time // when that was seen
}

// NextMessage looks for the first record of a log from an offset on, in at most so many answers.
type NextMessage func(ctx context.Context, log adapters.Log, offset int64, tries int) (Seen, error)
