package tracing

import (
	"slices"

	"eventscope/tracing/copies"
	"eventscope/tracing/packed"
	"eventscope/tracing/usual"
	"eventscope/tracing/versions"
	"eventscope/tracing/waiting"
)

// index is all that one goroutine owns: the log of entries, the flows, the names, the
// kept payloads and the watches. Nothing in it is safe to touch from elsewhere.
type index struct {
	log      *log
	flows    *flows
	kinds    *packed.Names
	service  *packed.Names
	words    *packed.Names // evidence
	tenants  *packed.Names
	typeInfo []usual.TypeInfo // by number of type: what its name says
	places   *packed.Places
	recent   packed.Recent      // newest events by id
	awaited  packed.Recent      // events whose cause was not there, by its id
	joinedAt [joinPlaces]uint32 // see near
	kept     copies.Copies
	paths    *usual.Paths
	watches  [mostWatches]*watchState
	noted    matched  // while a slab is taken
	settled  Sequence // entries before it were offered to paths
	settle   int64    // nanoseconds of silence after which a flow has ended

	sources      []Source
	summaries    summaries[line]
	reasons      summaries[[]byte] // of failures and deaths
	arrivals     []arrival
	latest       int64 // our own clock, when something last came or was asked of it
	pastProgress pastProgress
	version      uint64

	taken, evicted, begun int64

	census  *versions.Census
	waiting *waiting.List
	scratch []member     // see members
	onPath  []int        // see placesOn
	steps   []usual.Step // see learnFrom
	firstOf []entityMark // see severalOf
	touched uint32       // see warm; of no meaning
}

// take puts one record into the index and returns its sequence.
func (x *index) take(source int, s *slab, r *record) Sequence {
	place := x.places.Number(source, r.destination, r.partition)
	number := x.assign(s, r)
	if s.fromSearch && number != 0 && x.holds(number, place, r.offset) {
		return 0
	}
	e := entry{time: x.timeOf(place, r), offset: r.offset, flow: number, place: place}
	x.describe(&e, s, r)
	if r.id.Known() {
		e.marks |= x.repeated(&e, &r.id)
	}
	sequence := x.log.append(e)
	x.taken++
	if e.marks&past != 0 {
		x.pastProgress.held++
		x.pastProgress.last = sequence
		if !s.fromSearch {
			x.pastProgress.read = sequence
		}
	}
	if number != 0 {
		x.link(number, sequence)
		if s.fromSearch {
			x.returned(number)
		}
	}
	x.awaitCause(number, r, sequence)
	if r.id.Known() {
		x.recent.Put(&r.id, uint32(sequence))
		x.joinAwaiting(&r.id, sequence)
	}
	return sequence
}

// describe notes what an event says of itself.
func (x *index) describe(e *entry, s *slab, r *record) {
	e.id, e.cause, e.payload, e.entity = r.id.Check, r.cause.Check, r.payload, markOf(r)
	e.kind, e.service = x.kind(s.text(r.kind)), x.service.Number(s.text(r.service))
	e.marks |= r.marks | namedMarks(&x.typeInfo[e.kind])
}

// awaitCause notes an event of a flow whose cause is not there.
func (x *index) awaitCause(number uint32, r *record, sequence Sequence) {
	if r.cause.Known() && number != 0 && !x.log.holds(x.log.widen(x.recent.Get(&r.cause))) {
		x.await(&r.cause, sequence)
	}
}

// kind is the number of a type.
func (x *index) kind(name []byte) uint16 {
	kind := x.kinds.Number(name)
	for len(x.typeInfo) <= int(kind) {
		x.typeInfo = append(x.typeInfo, usual.TypeInfoOf(x.kinds.Text(uint16(len(x.typeInfo)))))
	}
	return kind
}

// assign finds or makes the flow of a record, joining flows that it shows to be one.
func (x *index) assign(s *slab, r *record) uint32 {
	f := x.flows
	tenant := x.tenantOf(s, r)
	entity, id := s.text(r.entity), s.text(r.flow)
	var byEntity uint32
	entityTenant := tenant
	if len(entity) > 0 {
		byEntity = f.resolve(f.findEntity(r.entityHash, entity, &entityTenant))
	}
	caused := x.flowOfCause(r, tenant)
	var number uint32
	switch {
	case r.byCause && caused != 0:
		number = caused
	case r.byCause:
		number = x.unnamed(r.flowHash, id, s.text(r.flowEvidence), tenant)
	case len(id) > 0:
		number = x.named(s, r, id, tenant)
		number = x.joinByEntity(number, byEntity, r, entity)
		number = x.joinByTrace(number, r, s.text(r.trace), tenant)
	case byEntity != 0 && !(r.weakEntity && f.at(byEntity).flags&flowSharedByKey != 0):
		number = byEntity
		r.marks |= ByKey
	case caused != 0:
		number = caused
	case len(entity) > 0:
		number = x.unnamed(r.entityHash, entity, []byte("by key"), entityTenant)
	default:
		return 0
	}
	if caused = f.resolve(caused); caused != 0 && caused != number {
		number = x.join(number, caused, joinedByCause, nil)
	}
	if f.at(number).tenant == noTenant {
		f.at(number).tenant = tenant
	}
	if len(entity) > 0 {
		x.nameEntity(number, byEntity != 0, r, entity)
	}
	return number
}

// nameEntity notes the business object that an event of a flow names.
func (x *index) nameEntity(number uint32, known bool, r *record, entity []byte) {
	f := x.flows
	record := f.at(number)
	tenant := record.tenant
	switch {
	case record.entity == 0:
		f.setEntity(number, r.entityHash, entity, r.weakEntity)
	case record.flags&flowWeakEntity != 0 && !r.weakEntity: // a better name; the key stays good for finding it
		key := slices.Clone(f.texts.Compact(record.entity))
		f.setEntity(number, r.entityHash, entity, false)
		if hash := packed.Hash(key); f.findEntity(hash, key, &tenant) == 0 {
			f.addEntity(number, hash, key)
		}
	case !known && f.findEntity(r.entityHash, entity, &tenant) == 0:
		f.addEntity(number, r.entityHash, entity)
	}
}

// named is the flow that a message names.
func (x *index) named(s *slab, r *record, id []byte, tenant uint16) uint32 {
	f := x.flows
	var number uint32
	if r.byTrace {
		number = x.flowOfTrace(r, id, tenant)
	}
	if number == 0 {
		number = f.resolve(f.findID(r.flowHash, id, &tenant))
	}
	if number != 0 {
		if record := f.at(number); record.flags&nameless != 0 && !r.byTrace && f.texts.Equal(record.id, id) {
			record.flags &^= nameless
			record.from, record.dialect = x.words.Number(s.text(r.flowEvidence)), r.dialect
		}
		return number
	}
	number, isNew := f.create(r.flowHash, id, tenant)
	record := f.at(number)
	record.from, record.dialect = x.words.Number(s.text(r.flowEvidence)), r.dialect
	if r.byTrace {
		record.flags |= flowByTrace
		if f.findTrace(r.flowHash, id, &tenant) == 0 {
			f.setTrace(number, r.flowHash, id)
		}
	}
	x.beginning(isNew)
	return number
}

// unnamed is the flow of an entity, or of a cause, that no flow id stands for.
func (x *index) unnamed(hash uint64, id, from []byte, tenant uint16) uint32 {
	f := x.flows
	if number := f.resolve(f.findID(hash, id, &tenant)); number != 0 {
		return number
	}
	if tenant == unsureTenant {
		from = append(slices.Clone(from), ", of an unknown tenant"...)
	}
	number, isNew := f.create(hash, id, tenant)
	f.at(number).flags |= flowUnnamed
	f.at(number).from = x.words.Number(from)
	x.beginning(isNew)
	return number
}

// beginning counts a flow, once: not what is left of one.
func (x *index) beginning(isNew bool) {
	if isNew {
		x.begun++
	}
}

// flowOfCause is the flow of the event that r names as its cause, if that event is
// recent enough to be remembered, and not of another tenant.
func (x *index) flowOfCause(r *record, tenant uint16) uint32 {
	if !r.cause.Known() {
		return 0
	}
	sequence := x.log.widen(x.recent.Get(&r.cause))
	if !x.log.holds(sequence) {
		return 0
	}
	number := x.flows.resolve(x.log.at(sequence).flow)
	if number != 0 && !mayShare(tenant, x.flows.at(number).tenant) {
		return 0
	}
	return number
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
		record.flags &^= flowEvicted
	}
}

// repeated says whether an event of the same id was at the same destination before. A
// dead letter or a replay has its id again on purpose.
func (x *index) repeated(e *entry, id *packed.EventID) Marks {
	sequence := x.log.widen(x.recent.Get(id))
	if !x.log.holds(sequence) || e.marks&(DeadLetter|Replayed) != 0 {
		return 0
	}
	before := x.log.at(sequence)
	switch {
	case before.flow != e.flow || before.marks&DeadLetter != 0,
		!x.places.SameDestination(before.place, e.place):
		return 0
	case before.payload == e.payload:
		return Duplicate
	}
	return IDReused
}

// holds reports whether a flow has the message at a position already.
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

// namedMarks are what the name of a type says, as marks of its events.
func namedMarks(is *usual.TypeInfo) (marks Marks) {
	if is.Failure {
		marks |= Failure
	}
	if is.Compensation {
		marks |= Compensation
	}
	return marks
}
