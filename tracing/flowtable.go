package tracing

import "eventscope/tracing/packed"

// flow is one flow in the index, 52 bytes without a pointer. Everything else about a
// flow is derived from its chain of entries when somebody looks. A flow that was joined
// into another is an alias of that: it has no entries, and two of the fields that are
// about entries say why it was joined instead (see joinedBy).
type flow struct {
	id, entity, trace packed.Ref
	head, tail        uint32 // low bits of the first and last linked sequence; 0 is none
	count             uint32 // events it has had, all told
	evicted           uint32 // of these, how many left the index
	unlinked          uint32 // of these, how many were only counted
	parent            uint32 // the flow it was joined into, 0 is none
	aliases           uint32 // first of the flows joined into it; then chained by the same field
	generation        uint16
	from              uint16 // evidence for id, by name
	flags             flowFlags
	dialect           uint16
	tenant            uint16
	joins             uint8 // how often it was joined, saturated
}

type flowFlags uint16

const (
	flowInUse       flowFlags = 1 << iota
	flowUnnamed               // its id is an entity or a cause, since no message named it
	flowWeakEntity            // its entity is only a message key
	flowSharedByKey           // several named flows have this entity: it identifies none
	flowLearned               // the usual paths have learned from it
	flowEvicted               // events of it were evicted
	flowByTrace               // its id is a trace id, since nothing better was there
	flowTraceShared           // its trace runs through other named flows: it identifies none
)

const (
	flowBytes      = 52
	flowBlock      = 1 << 12
	mostJoins      = 32 // further joins by a shared value are refused: it is a constant
	mostDialects   = 8  // in which one flow is looked for
	mostFlowNumber = 1<<32 - 2
)

// flows is the set of all flows and the ways to find one.
type flows struct {
	blocks   []*[flowBlock]flow
	end      uint32 // numbers below it were given at some time
	free     []uint32
	before   uint16      // generations up to it belong to an index before this one
	newest   uint16      // generation that was given
	live     int         // flows that are not aliases
	tenanted bool        // some events name a tenant
	gone     packed.Gone // ids of flows that were evicted
	texts    packed.IDTable
	byID     packed.Table
	byEntity packed.Table
	byTrace  packed.Table
}

func newFlows() *flows { return &flows{end: 1} }

func (f *flows) at(number uint32) *flow {
	return &f.blocks[number/flowBlock][number%flowBlock]
}

// resolve follows joins to the flow that holds the events.
func (f *flows) resolve(number uint32) uint32 {
	for number != 0 && f.at(number).parent != 0 {
		number = f.at(number).parent
	}
	return number
}

// key is the handle of a flow for the outside.
func (f *flows) key(number uint32) FlowKey {
	if number == 0 {
		return 0
	}
	return FlowKey(number) | FlowKey(f.at(number).generation)<<32
}

// lookup returns the flow that key means by now, or 0.
func (f *flows) lookup(key FlowKey) uint32 {
	number := uint32(key)
	if number == 0 || number >= f.end {
		return 0
	}
	record := f.at(number)
	if record.flags&flowInUse == 0 || uint64(key)>>32 != uint64(record.generation) {
		return 0
	}
	return f.resolve(number)
}

func (f *flows) findID(hash uint64, id []byte, tenant *uint16) uint32 {
	return f.pick(&f.byID, hash, tenant, func(number uint32) bool { return f.texts.Equal(f.at(number).id, id) })
}

func (f *flows) findEntity(hash uint64, entity []byte, tenant *uint16) uint32 {
	return f.pick(&f.byEntity, hash, tenant, func(number uint32) bool { return f.texts.Equal(f.at(number).entity, entity) })
}

func (f *flows) findTrace(hash uint64, trace []byte, tenant *uint16) uint32 {
	return f.pick(&f.byTrace, hash, tenant, func(number uint32) bool { return f.texts.Equal(f.at(number).trace, trace) })
}

// create makes a flow with that id, new or the rest of one that was evicted.
func (f *flows) create(hash uint64, id []byte, tenant uint16) (number uint32, isNew bool) {
	number = f.slot()
	f.at(number).id, f.at(number).tenant = f.texts.Add(id), tenant
	f.byID.Add(hash, number)
	f.live++
	isNew = !f.gone.Has(hash ^ tenantHash(tenant))
	if !isNew {
		f.at(number).flags |= flowEvicted
	}
	return number, isNew
}

// slot is an unused record.
func (f *flows) slot() (number uint32) {
	if n := len(f.free); n > 0 {
		number, f.free = f.free[n-1], f.free[:n-1]
	} else {
		number = f.end
		f.end++
		if int(number/flowBlock) == len(f.blocks) {
			f.blocks = append(f.blocks, new([flowBlock]flow))
		}
	}
	record := f.at(number)
	*record = flow{generation: max(record.generation, f.before) + 1, flags: flowInUse}
	f.newest = max(f.newest, record.generation)
	return number
}

// mostEntities is how many business objects one flow is found by.
const mostEntities = 32

// addEntity makes a flow that is about several business objects known by one more. It
// is kept as a flow without events that was joined into this one. A flow that has many
// aliases already is not searched any further.
func (f *flows) addEntity(number uint32, hash uint64, entity []byte) {
	known := 1
	for at := f.at(number).aliases; at != 0; at = f.at(at).aliases {
		if known++; known >= mostEntities {
			return
		}
	}
	alias := f.slot()
	f.at(alias).parent = number
	f.at(alias).entity = f.texts.Add(entity)
	f.byEntity.Add(hash, alias)
	f.at(alias).aliases, f.at(number).aliases = f.at(number).aliases, alias
}

// adopt makes other an alias of into.
func (f *flows) adopt(into, other uint32, why joinReason, shared []byte) {
	last := other
	for f.at(last).aliases != 0 {
		last = f.at(last).aliases
	}
	one, two := f.at(into), f.at(other)
	f.at(last).aliases, one.aliases = one.aliases, other
	two.parent = into
	two.count, two.head = uint32(why), uint32(f.texts.Add(shared))
	f.live--
}

// linked is how many entries a flow's chain has.
func (f *flow) linked() int { return int(f.count - f.evicted - f.unlinked) }

// joinedBy is why an alias was joined, and the value that the two shared.
func (f *flow) joinedBy() (why joinReason, shared packed.Ref) {
	return joinReason(f.count), packed.Ref(f.head)
}

// setEntity names the business object of a flow, and leads its text to this flow from
// now on.
func (f *flows) setEntity(number uint32, hash uint64, entity []byte, weak bool) {
	f.dropEntity(number)
	record := f.at(number)
	record.entity = f.texts.Add(entity)
	record.flags &^= flowWeakEntity
	if weak {
		record.flags |= flowWeakEntity
	}
	tenant := record.tenant
	if other := f.findEntity(hash, entity, &tenant); other != 0 && f.at(f.resolve(other)).tenant == record.tenant {
		f.byEntity.Replace(hash, other, number)
	} else {
		f.byEntity.Add(hash, number)
	}
}

func (f *flows) dropEntity(number uint32) {
	record := f.at(number)
	if record.entity != 0 {
		f.byEntity.Remove(f.hash(record.entity), number)
		f.texts.Remove(record.entity)
		record.entity = 0
	}
}

func (f *flows) setTrace(number uint32, hash uint64, trace []byte) {
	f.at(number).trace = f.texts.Add(trace)
	f.byTrace.Add(hash, number)
}

// remove forgets a flow whose events have left, and all that was joined into it. What comes later
// of it is known for its rest.
func (f *flows) remove(number uint32) {
	tenant := tenantHash(f.at(number).tenant)
	for at := number; at != 0; at = f.at(at).aliases {
		record := f.at(at)
		if record.entity != 0 {
			f.gone.Add(f.hash(record.entity) ^ tenant)
		}
		if record.id != 0 {
			f.gone.Add(f.hash(record.id) ^ tenant)
		}
	}
	f.forget(number)
}

// forget forgets a flow that has no events, and all that was joined into it.
func (f *flows) forget(number uint32) {
	f.live--
	for number != 0 {
		record := f.at(number)
		if record.id != 0 {
			f.byID.Remove(f.hash(record.id), number)
			f.texts.Remove(record.id)
		}
		f.dropEntity(number)
		if record.trace != 0 {
			f.byTrace.Remove(f.hash(record.trace), number)
			f.texts.Remove(record.trace)
		}
		if record.parent != 0 {
			_, shared := record.joinedBy()
			f.texts.Remove(shared)
		}
		next := record.aliases
		*record = flow{generation: record.generation}
		f.free = append(f.free, number)
		number = next
	}
}

func (f *flows) hash(r packed.Ref) uint64 { return packed.Hash(f.texts.Compact(r)) }

// reusable is the memory that flows which are gone have left for new ones.
func (f *flows) reusable() int64 { return f.texts.Freed() + int64(len(f.free))*flowBytes }

func (f *flows) bytes() int64 {
	return int64(len(f.blocks))*flowBlock*flowBytes + int64(cap(f.free))*4 + f.texts.Bytes() +
		f.byID.Needed() + f.byEntity.Needed() + f.byTrace.Needed() + f.gone.Bytes()
}

// Where one system serves many tenants, ids are unique within one tenant only: order 1001
// of one is not order 1001 of another. A flow has the tenant that its events name. An
// event that names none belongs to the only tenant that has such a flow; where several
// have, nobody can say whose it is, and it gets a flow of its own.

const (
	noTenant     = uint16(0)
	unsureTenant = ^uint16(0) // of events that name no tenant, with ids that several tenants have
)

// tenantOf is the number of a record's tenant. When the numbers have run out, which only
// hostile data brings about, it is that of nobody in particular.
func (x *index) tenantOf(s *slab, r *record) uint16 {
	if r.tenant.from == r.tenant.to {
		return noTenant
	}
	number := x.tenants.Number(s.text(r.tenant))
	if int(number) == x.tenants.Most {
		return unsureTenant
	}
	x.flows.tenanted = true
	return number
}

// tenantHash tells the ids of tenants apart where only hashes are kept.
func tenantHash(tenant uint16) uint64 { return uint64(tenant) * 0x9E3779B97F4A7C15 }

// mayShare reports whether two tenants may be one.
func mayShare(a, b uint16) bool {
	return a == b || a == noTenant && b != unsureTenant || b == noTenant && a != unsureTenant
}

// pick finds a flow in one of the tables, by an id that several tenants may have. A flow of
// the very tenant is better than one of none. A tenant that is not named becomes unsure
// when the id is that of several.
func (f *flows) pick(t *packed.Table, hash uint64, tenant *uint16, is func(number uint32) bool) uint32 {
	if !f.tenanted {
		return t.Find(hash, is)
	}
	var found uint32
	several := false
	exact := t.Find(hash, func(number uint32) bool {
		if !is(number) {
			return false
		}
		theirs := f.at(f.resolve(number)).tenant
		switch {
		case theirs == *tenant:
			return true
		case *tenant == noTenant:
			several = several || found != 0 && f.at(f.resolve(found)).tenant != theirs
			found = number
		case theirs == noTenant:
			found = number
		}
		return false
	})
	switch {
	case exact != 0:
		return exact
	case several:
		*tenant = unsureTenant
		return f.pick(t, hash, tenant, is)
	}
	return found
}
