package tracing

import (
	"cmp"
	"slices"

	"eventscope/tracing/waiting"
)

// lack is a record of a slab that is to be read again, and for what it waits.
type lack struct {
	record int
	what   waiting.For
}

// again are events that were read again: the records of their slab are of these sequences.
type again struct {
	what      waiting.For
	sequences []Sequence
}

// amendedAtOnce is how many events are amended in between looks for questions: each may be of
// another long flow.
const amendedAtOnce = 16

// takeAgain puts what was found in a second reading in the place of what was known. A flow that
// events leave, or come into, is learned from once, when all of them have.
func (s *Store) takeAgain(x *index, in *slab) {
	lacks := in.lacks
	flows := make(map[uint32]bool, 2)
	for i := range in.records {
		if i%amendedAtOnce == amendedAtOnce-1 {
			s.answerWaiting(x)
		}
		sequence, r := in.again.sequences[i], &in.records[i]
		if !x.log.holds(sequence) {
			continue
		}
		e := x.log.at(sequence)
		if !in.again.what.Key && e.marks&DeadLetter == 0 { // it is counted anew, under its better name
			place := &x.places.All[e.place]
			x.census.Withdraw(in.source, place.Destination, x.kinds.Text(e.kind), x.service.Text(e.service), in.again.what.Ref)
		}
		flows[e.flow] = true
		x.amend(sequence, in, r)
		flows[e.flow] = true
		if len(lacks) > 0 && lacks[0].record == i {
			x.waiting.Add(lacks[0].what, r.destination, uint64(sequence))
			lacks = lacks[1:]
		}
		delete(x.summaries.texts, sequence)
		delete(x.reasons.texts, sequence)
		x.noted.note(r.watched, sequence)
	}
	x.noteWatched(in.watches)
	for number := range flows {
		x.learnAgain(number)
		s.answerWaiting(x)
	}
}

// learnAgain learns from a flow whose end was passed already, if it is there.
func (x *index) learnAgain(number uint32) {
	if number == 0 || number >= x.flows.end || x.flows.at(number).flags&flowInUse == 0 {
		return // it was joined to another one, or all was cleared
	}
	number = x.flows.resolve(number)
	if tail := x.flows.at(number).tail; tail != 0 && x.log.widen(tail) < x.settled {
		x.learnFrom(number)
	}
}

// amend is what [index.take] would have made of an event, had all been known when it came: its
// place in the log, its sequence and its time stay. What was learned from the flows that it leaves
// and comes into is taken back, and is to be learned anew.
func (x *index) amend(sequence Sequence, s *slab, r *record) {
	if e := x.log.at(sequence); e.flow != 0 {
		x.unlearn(e.flow)
	}
	number := x.assign(s, r)
	if number != 0 {
		x.unlearn(number)
	}
	e := x.log.at(sequence) // whose flow may have been joined into another one
	number = x.move(sequence, number)
	known, kept := e.id != 0 && e.id == r.id.Check, past|untimed
	if known {
		kept |= Duplicate | IDReused
	}
	e.marks &= kept
	x.describe(e, s, r)
	x.awaitCause(number, r, sequence)
	if r.id.Known() && !known {
		x.repeatedBySecond(e, r, sequence)
		x.recent.Put(&r.id, uint32(sequence))
		x.joinAwaiting(&r.id, sequence)
	}
}

// repeatedBySecond marks the later one of two events of the same id.
func (x *index) repeatedBySecond(e *entry, r *record, sequence Sequence) {
	before := x.log.widen(x.recent.Get(&r.id))
	if !x.log.holds(before) || before < sequence {
		e.marks |= x.repeated(e, &r.id)
		return
	}
	later := x.log.at(before)
	if later.flow != e.flow || (later.marks|e.marks)&(DeadLetter|Replayed) != 0 || !x.places.SameDestination(later.place, e.place) {
		return
	}
	if later.payload == e.payload {
		later.marks |= Duplicate
	} else {
		later.marks |= IDReused
	}
}

// move takes an event out of its flow and links it into another one, and returns the flow that it
// is in then: the same one as before where it is not found soon among the events of that.
func (x *index) move(sequence Sequence, into uint32) uint32 {
	e := x.log.at(sequence)
	from := e.flow
	if from == into || into == 0 && from != 0 || from != 0 && !x.detach(from, sequence) {
		return from
	}
	one := x.flows.at(into)
	if e.flow = into; one.linked() >= EventsPerFlow {
		one.count++
		one.unlinked++
		return into
	}
	two := flow{head: uint32(sequence), tail: uint32(sequence), count: 1}
	x.mergeChains(into, one, &two)
	return into
}

// farthestDetached bounds how many events of a flow are passed to find the one before another.
const farthestDetached = 4096

// detach takes an event out of the chain of its flow, and forgets a flow that has no other. It
// reports false where it did not find it.
func (x *index) detach(number uint32, sequence Sequence) bool {
	record, e := x.flows.at(number), x.log.at(sequence)
	if record.head == uint32(sequence) {
		if record.head = e.next; record.head == 0 {
			record.tail = 0
		}
	} else {
		before := x.before(number, sequence)
		if before == 0 {
			return false
		}
		if x.log.at(before).next = e.next; e.next == 0 {
			record.tail = uint32(before)
		}
	}
	x.unlearn(number)
	record.count--
	e.flow, e.next = 0, 0
	if record.head == 0 && record.unlinked == 0 {
		if record.evicted == 0 {
			x.begun--
			x.flows.forget(number)
		} else {
			x.flows.remove(number)
		}
	}
	return true
}

// before is the event of a flow whose next one is sequence, or 0 where that is not found soon.
func (x *index) before(number uint32, sequence Sequence) Sequence {
	record := x.flows.at(number)
	at := x.log.widen(record.head)
	if near := x.near(number, sequence); near != 0 && record.unlinked == 0 {
		at = near
	}
	for range farthestDetached {
		next := x.log.at(at).next
		if next == uint32(sequence) {
			return at
		}
		if next == 0 || x.log.widen(next) > sequence {
			return 0
		}
		at = x.log.widen(next)
	}
	return 0
}

// has reports whether the past has an event already.
func (w *watchState) has(sequence Sequence) bool {
	_, there := slices.BinarySearchFunc(w.past, sequence, newestFirst)
	return there
}

// add puts what a search has found, newest first, into the past, and returns what of it was not there:
// what was read again meanwhile stands among it.
func (w *watchState) add(found []Sequence) []Sequence {
	from := len(w.past)
	if w.again {
		found = slices.DeleteFunc(found, w.has)
		if len(found) > 0 {
			from, _ = slices.BinarySearchFunc(w.past, found[0], newestFirst)
		}
	}
	w.past = append(w.past, found...)
	if w.again {
		slices.SortFunc(w.past[from:], newestFirst)
		w.again = false
	}
	return found
}

// insert puts sequences into their places, but those that are there already, or will be found there, and
// returns how many it put.
func (w *watchState) insert(sequences []Sequence) (fresh int) {
	slices.Sort(sequences)
	known, _ := slices.BinarySearch(sequences, w.searched)
	live, _ := slices.BinarySearch(sequences, w.boundary)
	if past := sequences[min(known, live):live]; len(past) > 0 {
		slices.Reverse(past)
		w.past, fresh = merged(w.past, past, newestFirst)
		w.again = true
	}
	all, more := merged(w.live, sequences[live:], cmp.Compare[Sequence])
	w.live = all
	return fresh + more
}

// merged is a list with a few more in it, each once, and how many were not there. All are in order. What
// stands behind the few, which may be a long list, is moved once.
func merged(list, few []Sequence, order func(a, b Sequence) int) (all []Sequence, fresh int) {
	few = slices.DeleteFunc(slices.Compact(few), func(sequence Sequence) bool {
		_, there := slices.BinarySearchFunc(list, sequence, order)
		return there
	})
	last, next := len(list)-1, len(few)-1
	list = append(list, few...)
	for at := len(list) - 1; next >= 0; at-- {
		if last >= 0 && order(list[last], few[next]) > 0 {
			list[at] = list[last]
			last--
		} else {
			list[at] = few[next]
			next--
		}
	}
	return list, len(few)
}
