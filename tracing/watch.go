package tracing

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"eventscope/adapters/envelope"
	"eventscope/tracing/query"
)

// Watch collects the events that a filter matches. It is read through the Watch fields
// of PageQuery and FlowQuery.
type Watch struct {
	filter *query.Filter
	store  *Store
	open   context.Context // ends with Close, or with the store
	stop   context.CancelFunc
	close  sync.Once
	slot   int
	number int64         // of the watches of its store, in the order in which they began
	done   chan struct{} // closed when the past was searched

	matched, searched, toSearch, unread, errors atomic.Int64
}

// Progress says how far a watch has looked.
type Progress struct {
	Matched  int64 // events found
	Searched int64 // events of the past looked at so far
	ToSearch int64 // events of the past there were to look at; equal when done, or full
	Unread   int64 // of those searched, how many could not be read any more
	Errors   int64 // evaluations that failed
}

// Progress never waits.
func (w *Watch) Progress() Progress {
	return Progress{
		Matched: w.matched.Load(), Searched: w.searched.Load(), ToSearch: w.toSearch.Load(),
		Unread: w.unread.Load(), Errors: w.errors.Load(),
	}
}

// Wait returns when the past was searched, so that the watch misses nothing from before
// and nothing that comes; or when the watch is closed or ctx ends, with its error.
func (w *Watch) Wait(ctx context.Context) error {
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Filter is the filter the watch was made with.
func (w *Watch) Filter() *query.Filter { return w.filter }

// narrows reports whether a watch leaves events out: nil does not, nor does a filter that asks about
// flows as a whole alone, which collects none.
func (w *Watch) narrows() bool { return w != nil && (w.filter.OfEvents() || !w.filter.OfFlow()) }

// mostWatches is how many filters can be watched at once; a further one takes the place
// of the oldest.
const mostWatches = 8

// watchSet is what workers look at: it is replaced, never changed.
type watchSet struct {
	watches [mostWatches]*Watch
	any     bool
}

// watchState is what the index knows of a watch. Sequences of the past come newest
// first, since the search goes backwards; live ones count from boundary on.
type watchState struct {
	watch      *Watch
	boundary   Sequence
	past, live []Sequence
	// searched is how far back the search has come: what lies before it, it will find.
	searched Sequence
	// again says that past has events that were read again while it was searched.
	again bool
}

// mostMatches bounds what one watch remembers, by the budget of its store: a sixteenth of
// it. The oldest live matches are forgotten first; a watch that is full looks no further
// back.
func (s *Store) mostMatches() int { return int(s.config.Memory / 16 / sequenceBytes) }

const sequenceBytes = 8

func (w *watchState) len() int { return len(w.past) + len(w.live) }

func (w *watchState) bytes() int64 {
	if w == nil {
		return 0
	}
	return int64(cap(w.past)+cap(w.live)) * sequenceBytes
}

func (w *watchState) forget(first Sequence) {
	w.live = w.live[sort.Search(len(w.live), func(i int) bool { return w.live[i] >= first }):]
	w.past = w.past[:sort.Search(len(w.past), func(i int) bool { return w.past[i] < first })]
	if most := w.watch.store.mostMatches(); w.len() > most {
		w.past = nil
		w.live = slices.Clone(w.live[max(0, len(w.live)-most/2):])
	}
}

func (x *index) stateOf(w *Watch) *watchState {
	state := x.watches[w.slot]
	switch {
	case state == nil || state.watch != w:
		return nil
	case w.open.Err() != nil:
		x.watches[w.slot] = nil
		return nil
	}
	return state
}

// matched are the events of a slab that watches match, by the slots of these.
type matched [mostWatches][]Sequence

// note notes the watches that an event matches.
func (m *matched) note(bits uint8, sequence Sequence) {
	for i := range m {
		if bits&(1<<i) != 0 {
			m[i] = append(m[i], sequence)
		}
	}
}

// noteWatched remembers what the messages of a slab were found to match, for the first time or when they
// were read again.
func (x *index) noteWatched(set *watchSet) {
	for i, found := range x.noted {
		x.noted[i] = found[:0]
		if len(found) == 0 {
			continue
		}
		watch := set.watches[i]
		if state := x.watches[i]; state != nil && state.watch == watch && state.boundary != 0 {
			watch.matched.Add(int64(state.insert(found)))
			if state.len() > watch.store.mostMatches() {
				state.forget(x.log.first)
			}
		}
	}
}

// Watch implements Querier. What is still on its way through the workers when the watch
// begins is found by the search through the past, which ends where the live matches
// begin.
func (s *Store) Watch(filter *query.Filter) *Watch {
	ctx, cancel := context.WithCancel(s.life)
	w := &Watch{filter: filter, store: s, stop: cancel, open: ctx, done: make(chan struct{}), number: s.watched.Add(1)}
	if !w.narrows() {
		close(w.done)
		return w
	}
	for {
		old := s.watching.Load()
		next := &watchSet{watches: old.watches, any: true}
		w.slot = slotFor(&next.watches)
		next.watches[w.slot] = w
		if s.watching.CompareAndSwap(old, next) {
			if displaced := old.watches[w.slot]; displaced != nil {
				displaced.stop()
			}
			break
		}
	}
	if !s.help(func(context.Context) { w.begin(ctx) }) {
		close(w.done)
	}
	return w
}

// slotFor is a free slot, or else that of the oldest watch.
func slotFor(watches *[mostWatches]*Watch) (slot int) {
	for i, watch := range watches {
		if watch == nil {
			return i
		}
		if watch.number < watches[slot].number {
			slot = i
		}
	}
	return slot
}

// begin sets the boundary between past and live, then searches the past.
func (w *Watch) begin(ctx context.Context) {
	defer close(w.done)
	if w.store.Sync(ctx) != nil {
		return
	}
	var end Sequence
	err := w.store.ask(ctx, func(x *index) {
		end = x.log.end
		x.watches[w.slot] = &watchState{watch: w, boundary: end, searched: end}
		w.toSearch.Store(x.log.len())
	})
	if err != nil {
		return
	}
	search := pastSearch{watch: w, reader: envelope.NewReader(w.store.config.Rules), next: fewestSearched}
	for end > 0 && ctx.Err() == nil {
		if end, err = search.back(ctx, end); err != nil {
			return
		}
	}
}

// pastSearch evaluates a filter over what the index holds, newest first.
type pastSearch struct {
	watch    *Watch
	reader   *envelope.Reader
	identity envelope.Identity
	entry    query.Entry
	events   []Event
	next     int // how many events to look at next
}

// Few events are looked at first, so that the screen has something to show, then ever
// more: a chunk is read log by log, and the longer the stretches of a log are, the less of
// it is read twice.
const (
	fewestSearched = 512
	mostSearched   = 16 << 10
	eventBytes     = 320 // of an Event, with what it points to
)

// mostSearched is how many events are looked at at once: a sixteenth of the budget's worth.
func (s *Store) mostSearched() int {
	return int(min(max(s.config.Memory/16/eventBytes, fewestSearched), mostSearched))
}

// back looks at the events before end and returns where to go on, 0 when done.
func (p *pastSearch) back(ctx context.Context, end Sequence) (Sequence, error) {
	w := p.watch
	var from Sequence
	err := w.store.ask(ctx, func(x *index) {
		p.events = p.events[:0]
		from = max(x.log.first, end-min(end, Sequence(p.next)))
		if state := x.stateOf(w); state != nil {
			state.searched = from
		}
		for sequence := from; sequence < end; sequence++ {
			p.events = append(p.events, x.event(sequence))
		}
		if from == x.log.first {
			from = 0
		}
	})
	if err != nil {
		return 0, err
	}
	p.next = min(4*p.next, w.store.mostSearched())
	matches := p.matches(ctx)
	w.searched.Add(int64(len(p.events)))
	if from == 0 {
		w.searched.Store(w.toSearch.Load())
	}
	err = w.store.ask(ctx, func(x *index) {
		state := x.stateOf(w)
		if state == nil {
			return
		}
		if state.len()+len(matches) > w.store.mostMatches() {
			from, matches = 0, nil
			w.searched.Store(w.toSearch.Load())
		}
		matches = state.add(matches)
		x.version++
		w.store.count(x)
	})
	w.matched.Add(int64(len(matches)))
	return from, err
}

// matches lists the sequences of p.events that pass, newest first.
func (p *pastSearch) matches(ctx context.Context) (found []Sequence) {
	w := p.watch
	subject := query.Subject{Entry: &p.entry}
	note := func(event *Event, ok bool, err error) {
		if err != nil {
			w.errors.Add(1)
		}
		if ok {
			found = append(found, event.Sequence)
		}
	}
	if !w.filter.NeedsMessage() {
		for i := range p.events {
			event := &p.events[i]
			subject.Source, subject.Broker, p.entry = event.Source, event.Broker, event.entry()
			ok, err := w.filter.Match(&subject)
			note(event, ok, err)
		}
		slices.Reverse(found)
		return found
	}
	slices.SortFunc(p.events, inLogs)
	i := 0
	for m, err := range w.store.messages(ctx, p.events, mostInOrder) {
		event := &p.events[i]
		i++
		if err != nil {
			w.unread.Add(1)
			continue
		}
		p.reader.Read(&m, &p.identity)
		subject.Source, subject.Broker, p.entry = event.Source, event.Broker, event.entry()
		subject.Message, subject.Identity = &m, &p.identity
		ok, err := w.filter.Match(&subject)
		note(event, ok, err)
	}
	slices.SortFunc(found, newestFirst)
	return found
}

func newestFirst(a, b Sequence) int { return cmp.Compare(b, a) }

// inLogs orders events as their logs have them, one log after the other.
func inLogs(a, b Event) int {
	return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Position.Destination, b.Position.Destination),
		cmp.Compare(a.Position.Partition, b.Position.Partition), cmp.Compare(a.Position.Offset, b.Position.Offset))
}

// Close ends the collecting. A watch that is closed has no rows.
func (w *Watch) Close() {
	w.close.Do(func() {
		w.stop()
		for {
			old := w.store.watching.Load()
			if old.watches[w.slot] != w {
				return
			}
			next := &watchSet{watches: old.watches}
			next.watches[w.slot] = nil
			next.any = slices.ContainsFunc(next.watches[:], func(other *Watch) bool { return other != nil })
			if w.store.watching.CompareAndSwap(old, next) {
				return
			}
		}
	})
}

// help runs work in a goroutine of the store, whose context ends when the store does.
// It says false when the store has stopped.
func (s *Store) help(work func(ctx context.Context)) bool {
	s.helpersMutex.Lock()
	defer s.helpersMutex.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.helpers.Go(func() { work(s.life) })
	return true
}
