package protobuf

import "eventscope/adapters/payload/encoded"

const (
	// maxObjects bounds how many messages a plan looks into. Recursive ones are looked into
	// as often as that allows, those near the top first.
	maxObjects = 256
	// maxAgain is how often a message is looked into within itself.
	maxAgain = 4
	// fewSlots and fewEntries are how many values, and entries of maps, are found without
	// asking for memory, and maxEntries is of how many entries the value is kept.
	fewSlots   = 32
	fewEntries = 4
	maxEntries = 256
	// maxSteps is up to which number fields are found by a table.
	maxSteps = 256
)

// Plan finds what is wanted in values of a message, and steps over everything else without
// decoding it. It may be used by any goroutine.
type Plan[M comparable] struct {
	top    *inside[M]
	slots  []slotted[M]
	wanted encoded.Wanted[M]
}

// inside is how a message is read.
type inside[M comparable] struct {
	steps    []step[M]
	byNumber []uint16 // one more than the index of a step, for small numbers
}

// step is a field that is not stepped over.
type step[M comparable] struct {
	number int32
	wire   wire
	slot   int32 // of its value, or -1
	inner  *inside[M]
	// entries are wanted of a map, of which slot is the place.
	entries bool
	// clears are the slots that are empty again when the field is there: those of other
	// fields of its oneof.
	clears []slots
}

// slots are some that follow each other.
type slots struct{ from, to int32 }

// slotted is what a slot is kept for.
type slotted[M comparable] struct {
	field          *field
	object, member M
	parent, name   []byte
}

// find is the step for a field, or nil.
func (o *inside[M]) find(number uint64) *step[M] {
	if number < uint64(len(o.byNumber)) {
		if i := o.byNumber[number]; i > 0 {
			return &o.steps[i-1]
		}
		return nil
	}
	if number < maxSteps {
		return nil
	}
	for i := range o.steps {
		if uint64(o.steps[i].number) == number {
			return &o.steps[i]
		}
	}
	return nil
}

// planner compiles one plan.
type planner[M comparable] struct {
	wanted encoded.Wanted[M]
	slots  []slotted[M]
}

// looked is a message that is looked into, before it is known whether anything in it is wanted.
type looked[M comparable] struct {
	message *Message
	of      M
	name    []byte
	around  *looked[M]
	fields  []asked[M]
}

// asked is a field of it.
type asked[M comparable] struct {
	field  *field
	member M
	name   []byte
	keep   bool
	inner  *looked[M]
	map_   bool
}

// NewPlan compiles what is wanted of values of a message. A field is asked for by its name, and
// if that is not wanted by its name in JSON.
func NewPlan[M comparable](m *Message, top M, wanted encoded.Wanted[M]) (*Plan[M], error) {
	b := planner[M]{wanted: wanted}
	made := &Plan[M]{top: b.inside(b.look(m, top)), wanted: wanted}
	if made.top == nil {
		made.top = &inside[M]{}
	}
	made.slots = b.slots
	return made, nil
}

// look asks what is wanted, level by level.
func (b *planner[M]) look(m *Message, of M) *looked[M] {
	top := &looked[M]{message: m, of: of}
	queue := []*looked[M]{top}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		for j := range at.message.fields {
			f := &at.message.fields[j]
			asked, enter := b.ask(at, f)
			if enter && len(queue) < maxObjects && at.again(f.message) < maxAgain {
				asked.inner = &looked[M]{message: f.message, of: asked.member, name: asked.name, around: at}
				queue = append(queue, asked.inner)
			}
			at.fields = append(at.fields, asked)
		}
	}
	return top
}

// ask asks for one field.
func (b *planner[M]) ask(at *looked[M], f *field) (_ asked[M], enter bool) {
	made := asked[M]{field: f, name: []byte(f.name)}
	member, keep, enter := b.wanted(at.of, made.name)
	if !keep && !enter && f.json != f.name {
		made.name = []byte(f.json)
		member, keep, enter = b.wanted(at.of, made.name)
	}
	made.member = member
	switch {
	case f.list:
		return made, false
	case f.mapped():
		made.map_ = enter
		return made, false
	case f.message != nil:
		made.keep = keep && f.message.text()
		enter = enter && f.message.meaning != anyType
		if f.message.meaning == object { // a map, by another name
			made.map_ = enter
			return made, false
		}
		return made, enter && !made.keep && !f.message.text()
	}
	made.keep = keep
	return made, false
}

// again is how often a message is around.
func (l *looked[M]) again(m *Message) (n int) {
	for ; l != nil; l = l.around {
		if l.message == m {
			n++
		}
	}
	return n
}

// inside makes the steps of a message, in the order of its fields, or nil if nothing in it
// is wanted.
func (b *planner[M]) inside(l *looked[M]) *inside[M] {
	made, from := &inside[M]{}, len(b.slots)
	ranges := make([]slots, len(l.fields)) // of each field
	for i := range l.fields {
		a := &l.fields[i]
		s := step[M]{number: a.field.number, wire: a.field.wire, slot: -1, entries: a.map_}
		ranges[i].from = int32(len(b.slots))
		switch {
		case a.keep || a.map_:
			s.slot = int32(len(b.slots))
			b.slots = append(b.slots, slotted[M]{a.field, l.of, a.member, l.name, a.name})
		case a.inner != nil:
			s.inner = b.inside(a.inner)
		}
		if ranges[i].to = int32(len(b.slots)); ranges[i].to > ranges[i].from {
			made.steps = append(made.steps, s)
		}
	}
	if len(b.slots) == from {
		return nil
	}
	made.exclude(l, ranges)
	made.index()
	return made
}

// exclude lets the fields of a oneof empty the slots of each other.
func (o *inside[M]) exclude(l *looked[M], ranges []slots) {
	for i := range l.fields {
		f := l.fields[i].field
		if f.oneof == "" {
			continue
		}
		var clears []slots
		for j := range l.fields {
			if other := l.fields[j].field; j != i && other.oneof == f.oneof && ranges[j].to > ranges[j].from {
				clears = append(clears, ranges[j])
			}
		}
		if clears != nil {
			o.step(f).clears = clears
		}
	}
}

// step is the one of a field, which may have none until now.
func (o *inside[M]) step(f *field) *step[M] {
	for i := range o.steps {
		if o.steps[i].number == f.number {
			return &o.steps[i]
		}
	}
	o.steps = append(o.steps, step[M]{number: f.number, wire: f.wire, slot: -1})
	return &o.steps[len(o.steps)-1]
}

// index prepares to find steps by number.
func (o *inside[M]) index() {
	for i := range o.steps {
		n := int(o.steps[i].number)
		if n >= maxSteps {
			continue
		}
		for len(o.byNumber) <= n {
			o.byNumber = append(o.byNumber, 0)
		}
		o.byNumber[n] = uint16(i) + 1
	}
}
