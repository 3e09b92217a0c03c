package tracing

import "github.com/cespare/xxhash/v2"

// index is all that one goroutine owns: the log of entries, the flows, the names, the
// kept payloads and the watches. Nothing in it is safe to touch from elsewhere.
type index struct {
	log     *log
	flows   *flows
	kinds   *names
	service *names
	words   *names   // evidence
	nature  []Marks  // by number of type: what its name says
	subject []string // likewise: the first word of its name
	places  *places
	recent  recent // newest events by id
	awaited recent // events whose cause was not there, by its id
	kept    payloads
	paths   *paths
	watches [mostWatches]*watchState
	settled Sequence // entries before it were offered to paths
	settle  int64    // nanoseconds of silence after which a flow has ended

	sources   []Source
	summaries summaries
	reasons   summaries // of failures and deaths
	arrivals  []arrival
	version   uint64

	taken, evicted, noFlow, begun int64

	scratch []member // see members
	onPath  []int    // see placesOn
	steps   []step   // see learnFrom
}

// take puts one record into the index and returns its sequence.
func (x *index) take(source int, s *slab, r *record) Sequence {
	place := x.places.number(source, r.destination, r.partition)
	number := x.assign(s, r)
	if s.history && number != 0 && x.holds(number, place, r.offset) {
		return 0
	}
	kind := x.kind(s.text(r.kind))
	e := entry{
		time: r.time, offset: r.offset, id: short(r.id), cause: short(r.cause), payload: r.payload,
		flow: number, place: place, kind: kind, service: x.service.number(s.text(r.service)),
		marks: r.marks | x.nature[kind],
	}
	if r.id != 0 {
		e.marks |= x.repeated(&e, r.id)
	}
	sequence := x.log.append(e)
	x.taken++
	if number == 0 {
		x.noFlow++
	} else {
		x.link(number, sequence)
		if s.history {
			x.returned(number)
		}
	}
	if r.cause != 0 && number != 0 && !x.log.holds(x.log.widen(x.recent.get(r.cause))) {
		x.await(r.cause, sequence)
	}
	if r.id != 0 {
		x.recent.put(r.id, sequence)
		x.joinAwaiting(r.id, sequence)
	}
	return sequence
}

// kind is the number of a type.
func (x *index) kind(name []byte) uint16 {
	kind := x.kinds.number(name)
	for len(x.nature) <= int(kind) {
		marks, subject := natureOf(x.kinds.text(uint16(len(x.nature))))
		x.nature, x.subject = append(x.nature, marks), append(x.subject, subject)
	}
	return kind
}

// assign finds or makes the flow of a record, joining flows that it shows to be one.
func (x *index) assign(s *slab, r *record) uint32 {
	f := x.flows
	entity, id := s.text(r.entity), s.text(r.flow)
	var byEntity uint32
	if len(entity) > 0 {
		byEntity = f.resolve(f.findEntity(r.entityHash, entity))
	}
	var number uint32
	if r.byCause {
		if number = x.flowOfCause(r); number != 0 {
			return number
		}
		return x.unnamed(r.flowHash, id, s.text(r.flowEvidence))
	}
	if len(id) > 0 {
		number = x.named(s, r, id)
		number = x.joinByEntity(number, byEntity, r, entity)
		number = x.joinByTrace(number, r, s.text(r.trace))
	} else if byEntity != 0 && !(r.weakEntity && f.at(byEntity).flags&flowSharedByKey != 0) {
		number = byEntity
		r.marks |= ByKey
	} else if caused := x.flowOfCause(r); caused != 0 {
		number = caused
	} else if len(entity) > 0 {
		number = x.unnamed(r.entityHash, entity, []byte("by key"))
	} else {
		return 0
	}
	if caused := x.flowOfCause(r); caused != 0 && caused != number {
		number = x.join(number, caused, joinedByCause, nil)
	}
	record := f.at(number)
	switch {
	case len(entity) == 0:
	case record.entity == 0:
		f.setEntity(number, r.entityHash, entity, r.weakEntity)
	case record.flags&flowWeakEntity != 0 && !r.weakEntity: // a better name; the key stays good for finding it
		key := f.texts.appendTo(nil, record.entity)
		f.setEntity(number, r.entityHash, entity, false)
		if hash := xxhash.Sum64(key); f.findEntity(hash, key) == 0 {
			f.addEntity(number, hash, key)
		}
	case byEntity == 0 && f.findEntity(r.entityHash, entity) == 0:
		f.addEntity(number, r.entityHash, entity)
	}
	return number
}

// named is the flow that a message names.
func (x *index) named(s *slab, r *record, id []byte) uint32 {
	f := x.flows
	var number uint32
	if r.byTrace {
		number = x.flowOfTrace(r, id)
	}
	if number == 0 {
		number = f.resolve(f.findID(r.flowHash, id))
	}
	if number != 0 {
		if record := f.at(number); record.flags&nameless != 0 && !r.byTrace && f.texts.equal(record.id, id) {
			record.flags &^= nameless
			record.from, record.dialect = x.words.number(s.text(r.flowEvidence)), r.dialect
		}
		return number
	}
	number = f.create(r.flowHash, id)
	record := f.at(number)
	record.from, record.dialect = x.words.number(s.text(r.flowEvidence)), r.dialect
	if r.byTrace {
		record.flags |= flowByTrace
		if f.findTrace(r.flowHash, id) == 0 {
			f.setTrace(number, r.flowHash, id)
		}
	}
	x.begun++
	return number
}

// unnamed is the flow of an entity, or of a cause, that no flow id stands for.
func (x *index) unnamed(hash uint64, id, from []byte) uint32 {
	f := x.flows
	if number := f.resolve(f.findID(hash, id)); number != 0 {
		return number
	}
	number := f.create(hash, id)
	f.at(number).flags |= flowUnnamed
	f.at(number).from = x.words.number(from)
	x.begun++
	return number
}

// flowOfCause is the flow of the event that r names as its cause, if that event is
// recent enough to be remembered.
func (x *index) flowOfCause(r *record) uint32 {
	if r.cause == 0 {
		return 0
	}
	sequence := x.log.widen(x.recent.get(r.cause))
	if !x.log.holds(sequence) {
		return 0
	}
	return x.flows.resolve(x.log.at(sequence).flow)
}

// link appends an entry to its flow's chain, or only counts it when the flow is full.
func (x *index) link(number uint32, sequence Sequence) {
	x.unlearn(number)
	record := x.flows.at(number)
	record.count++
	switch {
	case record.linked() > EventsPerFlow:
		record.unlinked++
		return
	case record.tail == 0:
		record.head = uint32(sequence)
	default:
		x.log.at(x.log.widen(record.tail)).next = uint32(sequence)
	}
	record.tail = uint32(sequence)
}

// returned takes one off those that a flow has lost, when it was found again in history.
func (x *index) returned(number uint32) {
	record := x.flows.at(number)
	if record.evicted == 0 {
		return
	}
	record.evicted--
	record.count--
	if record.evicted == 0 {
		record.flags &^= flowBeganBefore
	}
}

// repeated says whether an event of the same id was at the same destination before. A
// dead letter or a replay has its id again on purpose.
func (x *index) repeated(e *entry, id uint64) Marks {
	sequence := x.log.widen(x.recent.get(id))
	if !x.log.holds(sequence) || e.marks&(DeadLetter|Replayed) != 0 {
		return 0
	}
	before := x.log.at(sequence)
	switch {
	case before.flow != e.flow || before.marks&DeadLetter != 0,
		!x.places.sameDestination(before.place, e.place):
		return 0
	case before.payload == e.payload:
		return Duplicate
	}
	return IDReused
}

// holds says whether a flow has the message at a position already.
func (x *index) holds(number, place uint32, offset int64) bool {
	for sequence := range x.chain(number) {
		if e := x.log.at(sequence); e.place == place && e.offset == offset {
			return true
		}
	}
	return false
}

// chain walks a flow's linked entries, in the order in which they came.
func (x *index) chain(number uint32) func(yield func(Sequence) bool) {
	return func(yield func(Sequence) bool) {
		for low := x.flows.at(number).head; low != 0; {
			sequence := x.log.widen(low)
			low = x.log.at(sequence).next
			if !yield(sequence) {
				return
			}
		}
	}
}
