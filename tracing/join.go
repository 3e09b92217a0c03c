package tracing

import (
	"slices"

	"eventscope/tracing/packed"
)

// joinReason is why two flows are one.
type joinReason uint8

const (
	notJoined        joinReason = iota
	joinedByCause               // an event of one names an event of the other as its cause
	joinedByNeed                // events of both name the same cause, which is not here
	joinedByKey                 // one has no flow id, and a message key leads to the other
	joinedByOrder               // the same with an order id, or the like
	joinedByName                // the same order id, in two dialects
	joinedOverTraces            // the same order id, where one has only a trace id for a name
	joinedByTrace
)

func (r joinReason) text(shared string) string {
	switch r {
	case joinedByCause:
		return "an event of one names its cause in the other"
	case joinedByNeed:
		return "events of both name the same cause, which is not here"
	case joinedByKey:
		return "same key " + shared
	case joinedByOrder:
		return "same entity " + shared
	case joinedByName:
		return "same entity " + shared + " in another dialect"
	case joinedOverTraces:
		return "same entity " + shared + " in another trace"
	}
	return "same trace id " + shared
}

// constant reports whether a value which led to many such joins is no id. A cause that is
// there is one.
func (r joinReason) constant() bool {
	return r != joinedByCause && r != joinedByKey && r != joinedByOrder
}

// joinsOf lists why a flow is one, oldest first, at most [JoinsPerFlow].
func (x *index) joinsOf(number uint32) (joins []Join) {
	f := x.flows
	for at := f.at(number).aliases; at != 0 && len(joins) < JoinsPerFlow; at = f.at(at).aliases {
		alias := f.at(at)
		if why, shared := alias.joinedBy(); why != notJoined {
			into := f.texts.Text(f.at(alias.parent).id)
			joins = append(joins, Join{Into: into, Other: f.texts.Text(alias.id), Reason: why.text(f.texts.Text(shared))})
		}
	}
	slices.Reverse(joins)
	return joins
}

// joinAwaiting joins the flow of a cause that comes after its effect, as it does when
// two logs are read side by side.
func (x *index) joinAwaiting(id *packed.EventID, sequence Sequence) {
	number := x.log.at(sequence).flow
	effect := x.log.widen(x.awaited.Get(id))
	if number == 0 || !x.log.holds(effect) || effect == sequence {
		return
	}
	if other := x.log.at(effect).flow; other != number {
		x.join(number, other, joinedByCause, nil)
	}
}

// await notes an event whose cause is not there. All that wait for the same cause are
// one flow already, as far as a cause that never comes can make them one.
func (x *index) await(cause *packed.EventID, sequence Sequence) {
	number := x.log.at(sequence).flow
	if before := x.log.widen(x.awaited.Get(cause)); x.log.holds(before) {
		other := x.log.at(before).flow
		if other != 0 && other != number && x.join(other, number, joinedByNeed, nil) == other && x.log.at(sequence).flow != other {
			return // too many flows share this id for it to mean anything; the flows that have it keep it
		}
	}
	x.awaited.Put(cause, uint32(sequence))
}

// joinByEntity joins a named flow with one of the same entity when that one had no name
// of its own or follows another dialect, in which the same thing has another name. Two
// named flows of one dialect stay apart: an entity can have several.
func (x *index) joinByEntity(number, other uint32, r *record, entity []byte) uint32 {
	f := x.flows
	if other == 0 || other == number || !mayShare(f.at(number).tenant, f.at(other).tenant) {
		return number
	}
	theirs := f.at(other)
	weak := r.weakEntity || theirs.flags&flowWeakEntity != 0
	switch {
	case theirs.flags&flowUnnamed != 0 && weak:
		if theirs.flags&flowSharedByKey == 0 {
			return x.join(number, other, joinedByKey, entity)
		}
	case theirs.flags&flowUnnamed != 0:
		return x.join(number, other, joinedByOrder, entity)
	case !weak && theirs.flags&flowSharedByKey == 0 && (theirs.flags|f.at(number).flags)&flowByTrace != 0:
		return x.join(number, other, joinedOverTraces, entity)
	case !weak && theirs.flags&flowSharedByKey == 0 && !f.follows(other, r.dialect):
		return x.join(number, other, joinedByName, entity)
	case f.at(number).entity == 0:
		f.setEntity(number, r.entityHash, entity, r.weakEntity)
		f.at(number).flags |= flowSharedByKey
	}
	return number
}

// follows reports whether a flow, or one that was joined into it, was named in that dialect.
// Where it was joined so often that this cannot be told soon, the answer is yes.
func (f *flows) follows(number uint32, dialect uint16) bool {
	for range mostDialects {
		record := f.at(number)
		if record.id != 0 && record.flags&flowUnnamed == 0 && record.dialect == dialect {
			return true
		}
		if number = record.aliases; number == 0 {
			return false
		}
	}
	return true
}

// joinByTrace joins flows that one trace runs through, unless both have a name of their
// own in the same dialect: then it is the trace of a batch, and they say so themselves.
func (x *index) joinByTrace(number uint32, r *record, trace []byte, tenant uint16) uint32 {
	if len(trace) == 0 {
		return number
	}
	f := x.flows
	other := f.resolve(f.findTrace(r.traceHash, trace, &tenant))
	switch {
	case other == number:
	case other == 0:
		if f.at(number).trace == 0 {
			f.setTrace(number, r.traceHash, trace)
		}
	case (f.at(number).flags|f.at(other).flags)&(flowByTrace|flowUnnamed) == 0 && f.follows(other, r.dialect):
		f.at(other).flags |= flowTraceShared
	case f.at(other).flags&flowTraceShared == 0:
		return x.join(number, other, joinedByTrace, trace)
	}
	return number
}

// flowOfTrace is the flow of an event that has a trace id and nothing better.
func (x *index) flowOfTrace(r *record, trace []byte, tenant uint16) uint32 {
	number := x.flows.resolve(x.flows.findTrace(r.flowHash, trace, &tenant))
	if number != 0 && x.flows.at(number).flags&flowTraceShared != 0 {
		return 0
	}
	return number
}

// join makes one flow of two and returns it. A join by a value that ever more flows
// share is refused: such a value is a constant, not an id. So is one of two tenants.
func (x *index) join(a, b uint32, why joinReason, shared []byte) uint32 {
	f := x.flows
	into, other := a, b
	if worse, better := f.at(a).flags&nameless, f.at(b).flags&nameless; worse > better || worse == better && f.at(b).count > f.at(a).count {
		into, other = b, a // the one with a name stays, else the larger
	}
	one, two := f.at(into), f.at(other)
	if !mayShare(one.tenant, two.tenant) {
		return a
	}
	if why.constant() && (one.joins >= mostJoins || two.joins >= mostJoins) || one.count+two.count > EventsPerFlow || one.unlinked+two.unlinked > 0 {
		return a
	}
	x.unlearn(into)
	x.unlearn(other)
	one.joins = min(one.joins+two.joins+1, mostJoins)
	if one.tenant == noTenant {
		one.tenant = two.tenant
	}
	x.mergeChains(into, one, two)
	f.adopt(into, other, why, shared)
	return into
}

// nameless are the flags of a flow whose name is not a flow id but something weaker: a trace id,
// or nothing. The larger the flag, the weaker the name.
const nameless = flowUnnamed | flowByTrace

// mergeChains links the entries of two flows in the order of their sequences.
func (x *index) mergeChains(number uint32, one, two *flow) {
	switch {
	case two.head == 0:
	case one.tail == 0 || x.log.widen(two.head) > x.log.widen(one.tail): // all of it comes after
		x.append(number, one, two.head, two.tail)
	default:
		x.interleave(number, one, two)
	}
	one.count += two.count
	one.evicted += two.evicted
	one.unlinked += two.unlinked
	one.flags |= two.flags & flowEvicted
	two.head, two.tail, two.count, two.evicted, two.unlinked = 0, 0, 0, 0, 0
}

// append links a whole chain to the end of a flow's.
func (x *index) append(number uint32, one *flow, head, tail uint32) {
	if one.tail == 0 {
		one.head = head
	} else {
		x.log.at(x.log.widen(one.tail)).next = head
	}
	one.tail = tail
	for at := head; at != 0; {
		e := x.log.at(x.log.widen(at))
		e.flow, at = number, e.next
	}
}

// interleave links the entries of a chain into that of a larger one of which neither comes after the
// other. Whoever writes events decides how often this is done, so it leaves the entries of the larger
// one as they are, looks at them no further than the smaller one reaches, and begins near.
func (x *index) interleave(number uint32, one, two *flow) {
	before, a := uint32(0), one.head // a is to come next, behind before
	for b := two.head; b != 0; {
		sequence := x.log.widen(b)
		if near := x.near(number, sequence); near != 0 && (before == 0 || near > x.log.widen(before)) {
			before, a = uint32(near), x.log.at(near).next
		}
		for a != 0 && x.log.widen(a) < sequence {
			before, a = a, x.log.at(x.log.widen(a)).next
		}
		e := x.log.at(sequence)
		next := e.next
		e.flow, e.next = number, a
		if before == 0 {
			one.head = b
		} else {
			x.log.at(x.log.widen(before)).next = b
		}
		if a == 0 {
			one.tail = b
		}
		before, b = b, next
	}
	x.joinedAt[number%joinPlaces] = before
}

// joinPlaces is of how many flows the index knows where it joined another to them last, so that
// those of whom many are joined by turns are not walked along from their beginnings each time.
const joinPlaces = 1 << 10

// near is an entry of a flow before a sequence, or 0: what belongs together comes together, and
// where the flow was joined last if nothing of it is nearby.
func (x *index) near(number uint32, sequence Sequence) Sequence {
	const nearby = 64
	for s := sequence - 1; s+nearby >= sequence && x.log.holds(s); s-- {
		if x.log.at(s).flow == number {
			return s
		}
	}
	if at := x.joinedAt[number%joinPlaces]; at != 0 { // perhaps of another flow, or evicted
		if s := x.log.widen(at); s < sequence && x.log.holds(s) && x.log.at(s).flow == number {
			return s
		}
	}
	return 0
}
