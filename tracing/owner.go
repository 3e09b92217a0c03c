package tracing

import (
	"context"
	"time"

	"eventscope/tracing/packed"
	"eventscope/tracing/usual"
	"eventscope/tracing/versions"
	"eventscope/tracing/waiting"
)

// learnEvery is how often the owner of the index learns from flows that have fallen
// silent, and learnAtOnce how many entries it looks at then: a few milliseconds' worth, so
// that nobody waits for it. What it cannot keep up with, at millions of events a minute,
// is passed over; there is plenty left to learn from.
const (
	learnEvery  = 250 * time.Millisecond
	learnAtOnce = 5_000
	learnBehind = 1 << 20
)

// own is the goroutine that owns the index: it takes slabs in, answers requests, and
// learns now and then.
func (s *Store) own(ctx context.Context) {
	x := s.newIndex()
	tick := time.NewTicker(learnEvery)
	defer tick.Stop()
	for {
		select { // questions first: somebody looks at the screen
		case r := <-s.requests:
			s.answer(x, r)
			continue
		default:
		}
		select {
		case <-ctx.Done():
			return
		case r := <-s.requests:
			s.answer(x, r)
		case in := <-s.slabs:
			s.takeIn(x, in)
		case now := <-tick.C:
			x.tick(now)
		}
	}
}

// censusShare is the part of the budget that counting versions may take.
const censusShare = 16

func (s *Store) newIndex() *index {
	share := s.config.Memory / 32 // for each of what only hostile data makes grow
	x := &index{
		log: newLog(), flows: newFlows(), kinds: packed.NewNames(share), service: packed.NewNames(share), words: packed.NewNames(share), tenants: packed.NewNames(share),
		census: versions.NewCensus(int(s.config.Memory / censusShare)), waiting: waiting.New(s.mostWaiting()), typeInfo: []usual.TypeInfo{{}}, places: packed.NewPlaces(share), paths: usual.NewPaths(), settle: int64(s.config.Settle),
		summaries: summaries[line]{texts: map[Sequence]line{}}, reasons: summaries[[]byte]{texts: map[Sequence][]byte{}},
	}
	x.kept.Limit = s.config.Memory / 4
	x.flows.gone.Most = s.config.Memory / 8
	x.recent.Size(s.config.Memory / 1024)
	x.awaited.Size(s.config.Memory / 8192)
	for _, declared := range s.config.Paths {
		var kinds []uint16
		for _, name := range declared.Types {
			kinds = append(kinds, x.kind([]byte(name)))
		}
		x.paths.Declare(declared.Name, kinds)
	}
	return x
}

// Clear forgets every event and flow, and what was learned of them, so that the same can be read
// again. Sequences and keys that were given out before name nothing any more, and are not given
// again. A [Watch] stays, without matches.
func (s *Store) Clear(ctx context.Context) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	return s.ask(ctx, func(x *index) {
		fresh := s.newIndex()
		begin := (x.log.end + segmentMask) &^ segmentMask
		fresh.log.base, fresh.log.first, fresh.log.end, fresh.settled = begin, begin, begin, begin
		fresh.flows.before, fresh.flows.newest = x.flows.newest, x.flows.newest
		fresh.taken, fresh.evicted, fresh.begun = x.taken, x.evicted+x.log.len(), x.begun
		fresh.version, fresh.sources, fresh.latest = x.version+1, x.sources, x.latest
		for i, state := range x.watches {
			if state != nil {
				state.watch.matched.Store(0)
				fresh.watches[i] = &watchState{watch: state.watch, boundary: begin}
			}
		}
		*x = *fresh
		s.count(x)
	})
}

func (s *Store) answer(x *index, r request) {
	x.sources = *s.sources.Load()
	r.ask(x)
	close(r.done)
}

// answerWaiting answers whoever waits, in the middle of longer work.
func (s *Store) answerWaiting(x *index) {
	for {
		select {
		case r := <-s.requests:
			s.answer(x, r)
		default:
			return
		}
	}
}

// recordsAtOnce is how many records are taken in between looks for questions: a good
// part of a millisecond.
const recordsAtOnce = 256

// takeIn puts a slab into the index and keeps the budget.
func (s *Store) takeIn(x *index, in *slab) {
	x.sources = *s.sources.Load()
	x.latest = time.Now().UnixNano() // is the time of what has none
	if in.again != nil {
		s.takeAgain(x, in)
		in.records = in.records[:0]
	}
	lacks := in.lacks
	for i := range in.records {
		if i%recordsAtOnce == recordsAtOnce-1 {
			s.answerWaiting(x)
		}
		x.warm(in.records, i)
		r := &in.records[i]
		sequence := x.take(in.source, in, r)
		if sequence == 0 {
			continue
		}
		if len(lacks) > 0 && lacks[0].record == i {
			x.waiting.Add(lacks[0].what, r.destination, uint64(sequence))
			lacks = lacks[1:]
		}
		if r.copy.to > r.copy.from {
			x.kept.Put(uint64(sequence), in.text(r.copy))
		}
		x.noted.note(r.watched, sequence)
	}
	x.noteWatched(in.watches)
	x.census.Take(in.source, in.versions)
	for s.overBudget(x) {
		x.evict()
		s.answerWaiting(x)
	}
	x.arrived(time.Now())
	if in.past {
		x.pastProgress.at = x.latest
	}
	x.version++
	s.count(x)
	if len(in.lacks) > 0 {
		s.wake()
	}
	if in.synced != nil {
		close(in.synced)
	}
	select {
	case s.free <- in:
	default:
	}
}

// fewestEntries stay whatever they take: what is on a screen must not vanish.
const fewestEntries = 4096

// overBudget reports whether something must go. Memory comes back by whole segments of the log;
// the last one goes by pieces, until new flows have the room of those that are gone.
func (s *Store) overBudget(x *index) bool {
	over := x.bytes() + x.kept.Bytes() + x.flows.gone.Reserved() - s.config.Memory
	if over <= 0 {
		return false
	}
	return len(x.log.segments) > 1 || x.log.len() > fewestEntries && over > x.flows.reusable()
}

// count publishes the counters.
func (s *Store) count(x *index) {
	c := &Counters{
		Version: x.version, Events: x.taken, Indexed: x.taken - x.evicted, Evicted: x.evicted,
		Flows: int64(x.flows.live), Begun: x.begun,
		IndexBytes: x.bytes(), PayloadBytes: x.kept.Bytes(), Budget: s.config.Memory,
	}
	if x.log.holds(x.pastProgress.read) {
		c.LastPast = x.pastProgress.read
	}
	if x.log.len() > 0 {
		c.Oldest = time.Unix(0, x.log.at(x.log.first).time)
	}
	s.counters.Store(c)
}

// bytes is the memory of the index, without kept payloads.
func (x *index) bytes() int64 {
	n := x.log.bytes() + x.flows.bytes() + x.recent.Bytes() + x.awaited.Bytes() +
		x.kinds.Bytes() + x.service.Bytes() + x.words.Bytes() + x.tenants.Bytes() + x.places.Bytes + x.paths.Bytes + x.waiting.Bytes() + x.census.Bytes()
	for _, state := range x.watches {
		n += state.bytes()
	}
	return n
}

// tick forgets watches that were closed and learns from what has been silent for long
// enough, or from the past when that has been read.
func (x *index) tick(now time.Time) {
	for _, state := range x.watches {
		if state != nil {
			x.stateOf(state.watch)
		}
	}
	x.latest = now.UnixNano()
	if n := len(x.arrivals); n > 0 && x.arrivals[n-1].end < x.log.end {
		x.arrived(now) // what came within a second of the arrival before
	}
	end := x.silentFor(time.Duration(x.settle), now)
	if h := &x.pastProgress; h.at != 0 && x.latest-h.at >= int64(pastRead) {
		end = max(end, h.last+1)
		x.version++ // what was unknown is judged now
		if x.settled >= end {
			h.at = 0
		}
	}
	if end > x.settled {
		x.settled = max(x.settled, end-min(end, learnBehind))
		x.settleTo(end, learnAtOnce)
		x.version++
	}
}
