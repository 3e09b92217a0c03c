package tracing

// joinAwaiting joins the flow of a cause that comes after its effect, as it does when
// two logs are read side by side.
func (x *index) joinAwaiting(id uint32, sequence Sequence) {
	number := x.flows.resolve(x.log.at(sequence).flow)
	effect := x.awaited.get(id)
	if number == 0 || !x.log.holds(effect) {
		return
	}
	e := x.log.at(effect)
	if e.cause != id || effect == sequence {
		return
	}
	if other := x.flows.resolve(e.flow); other != number {
		x.join(number, other, joinedByCause, false)
	}
}

// await notes an event whose cause is not there. All that wait for the same cause are
// one flow already.
func (x *index) await(cause uint32, sequence Sequence) {
	number := x.flows.resolve(x.log.at(sequence).flow)
	if before := x.awaited.get(cause); x.log.holds(before) && x.log.at(before).cause == cause {
		if other := x.flows.resolve(x.log.at(before).flow); other != 0 && other != number {
			x.join(number, other, joinedByCause, false)
		}
	}
	x.awaited.put(cause, sequence)
}

const joinedByCause = "an event of one names its cause in the other"

// joinByEntity joins a named flow with one of the same entity when that one had no name
// of its own or follows another dialect, in which the same thing has another name. Two
// named flows of one dialect stay apart: an entity can have several.
func (x *index) joinByEntity(number, other uint32, r *record, entity []byte) uint32 {
	if other == 0 || other == number {
		return number
	}
	f := x.flows
	theirs := f.at(other)
	weak := r.weakEntity || theirs.flags&flowWeakEntity != 0
	switch {
	case theirs.flags&flowUnnamed != 0 && !(weak && theirs.flags&flowSharedByKey != 0):
		return x.join(number, other, "same key "+string(entity), false)
	case !weak && theirs.dialect != r.dialect:
		return x.join(number, other, "same "+"entity "+string(entity)+" in another dialect", true)
	case f.at(number).entity == 0:
		f.setEntity(number, r.entityHash, entity, r.weakEntity)
		f.at(number).flags |= flowSharedByKey
	}
	return number
}

// joinByTrace joins flows that one trace runs through.
func (x *index) joinByTrace(number uint32, r *record, trace []byte) uint32 {
	if len(trace) == 0 {
		return number
	}
	f := x.flows
	other := f.resolve(f.findTrace(r.traceHash, trace))
	if other == 0 {
		if f.at(number).trace == 0 {
			f.setTrace(number, r.traceHash, trace)
		}
		return number
	}
	if other != number {
		return x.join(number, other, "same trace id "+string(trace), true)
	}
	return number
}

// join makes one flow of two and returns it. A join by a value that ever more flows
// share is refused: such a value is a constant, not an id.
func (x *index) join(a, b uint32, reason string, shared bool) uint32 {
	f := x.flows
	into, other := a, b
	unnamed, otherUnnamed := f.at(a).flags&flowUnnamed != 0, f.at(b).flags&flowUnnamed != 0
	if unnamed && !otherUnnamed || unnamed == otherUnnamed && f.at(b).count > f.at(a).count {
		into, other = b, a // the one with a name stays, else the larger
	}
	one, two := f.at(into), f.at(other)
	if shared && (one.joins >= mostJoins || two.joins >= mostJoins) || one.count+two.count > EventsPerFlow {
		return a
	}
	one.joins = min(one.joins+two.joins+1, mostJoins)
	f.joined[into] = append(append(f.joined[into], f.joined[other]...), Join{Into: f.texts.text(one.id), Other: f.texts.text(two.id), Reason: reason})
	delete(f.joined, other)
	x.mergeChains(into, one, two)
	last := other
	for f.at(last).aliases != 0 {
		last = f.at(last).aliases
	}
	f.at(last).aliases, one.aliases = one.aliases, other
	two.parent = into
	f.live--
	return into
}

// mergeChains links the entries of two flows in the order of their sequences.
func (x *index) mergeChains(number uint32, one, two *flow) {
	a, b := one.head, two.head
	one.head, one.tail = 0, 0
	for a != 0 || b != 0 {
		var next uint32
		if b == 0 || a != 0 && x.log.widen(a) < x.log.widen(b) {
			next, a = a, x.log.at(x.log.widen(a)).next
		} else {
			next, b = b, x.log.at(x.log.widen(b)).next
		}
		e := x.log.at(x.log.widen(next))
		e.flow, e.next = number, 0
		if one.tail == 0 {
			one.head = next
		} else {
			x.log.at(x.log.widen(one.tail)).next = next
		}
		one.tail = next
	}
	one.count += two.count
	one.evicted += two.evicted
	one.unlinked += two.unlinked
	one.flags |= two.flags & flowBeganBefore
	two.head, two.tail, two.count, two.evicted, two.unlinked = 0, 0, 0, 0, 0
}
