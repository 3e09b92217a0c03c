package avro

import (
	"fmt"

	"eventscope/adapters/payload/encoded"
)

// Plan finds what is wanted in values of a schema, and steps over everything else without
// decoding it. It may be used by any goroutine.
type Plan[M comparable] struct {
	top    part[M]
	wanted encoded.Wanted[M]
}

// part is how a value is read.
type part[M comparable] struct {
	node     *node
	keep     bool
	inner    *object[M] // of a record or map whose members may be wanted
	branches []part[M]  // of a union
}

// idle reports whether nothing in it is wanted.
func (p *part[M]) idle() bool { return !p.keep && p.inner == nil && p.branches == nil }

// object is how a record or a map is read.
type object[M comparable] struct {
	of     M
	name   []byte
	steps  []step[M] // of a record, up to the last that is wanted
	values *node     // of a map
}

// step is a field of a record.
type step[M comparable] struct {
	name   []byte
	member M
	part   part[M]
}

// NewPlan compiles what is wanted of values of a schema.
func NewPlan[M comparable](s *Schema, top M, wanted encoded.Wanted[M]) (*Plan[M], error) {
	b := planner[M]{wanted: wanted, known: map[place[M]]*object[M]{}}
	made := &Plan[M]{b.part(s.root, top, nil, false, true), wanted}
	if b.parts > maxNodes {
		return nil, fmt.Errorf("the schema has more than %d parts to look into", maxNodes)
	}
	return made, nil
}

// planner compiles one plan.
type planner[M comparable] struct {
	wanted encoded.Wanted[M]
	known  map[place[M]]*object[M] // as far as recursive schemas go
	parts  int
}

// place is a record that is read as a member.
type place[M comparable] struct {
	node   *node
	member M
	name   string
}

func (b *planner[M]) part(n *node, member M, name []byte, keep, enter bool) part[M] {
	made := part[M]{node: n}
	if b.parts++; b.parts > maxNodes {
		return made
	}
	switch n.kind {
	case recordKind:
		if enter {
			made.inner = b.record(n, member, name)
		}
	case mapKind:
		if enter {
			made.inner = &object[M]{of: member, name: name, values: n.items}
		}
	case unionKind:
		branches, idle := make([]part[M], len(n.branches)), true
		for i, branch := range n.branches {
			branches[i] = b.part(branch, member, name, keep, enter)
			idle = idle && branches[i].idle()
		}
		if !idle {
			made.branches = branches
		}
	case nullKind, arrayKind:
	default:
		made.keep = keep
	}
	return made
}

// record is nil when nothing in it is wanted.
func (b *planner[M]) record(n *node, member M, name []byte) *object[M] {
	at := place[M]{n, member, string(name)}
	if known, ok := b.known[at]; ok {
		return known
	}
	made := &object[M]{of: member, name: name}
	b.known[at] = made
	last := 0
	for i := range n.fields {
		if b.parts > maxNodes {
			break
		}
		name := []byte(n.fields[i].name)
		member, keep, enter := b.wanted(member, name)
		made.steps = append(made.steps, step[M]{name, member, b.part(n.fields[i].node, member, name, keep, enter)})
		if !made.steps[i].part.idle() {
			last = i + 1
		}
	}
	if made.steps = made.steps[:last]; last == 0 {
		b.known[at] = nil
		return nil
	}
	return made
}

// Read finds what is wanted in data, and tells each. It stops when found reports true, or
// when nothing more can be wanted, so what follows is not looked at. Values that are not
// in data as they are lie in scratch, which it returns.
//
// A [*encoded.Misfit] says that data is no value of the schema; what was told before lay before it.
func (p *Plan[M]) Read(data, scratch []byte, found func(encoded.Found[M]) (done bool)) (_ []byte, err error) {
	r := reader[M]{decoder: decoder{data: data}, plan: p, scratch: scratch, found: found}
	_, err = r.read(&p.top, encoded.Found[M]{}, false)
	return r.scratch, err
}

// reader reads one value by a plan.
type reader[M comparable] struct {
	decoder
	plan    *Plan[M]
	scratch []byte
	found   func(encoded.Found[M]) bool
}

// read reads a part. More says that something behind it may be wanted. It reports true
// when reading is done.
func (r *reader[M]) read(p *part[M], f encoded.Found[M], more bool) (done bool, err error) {
	switch {
	case p.branches != nil:
		branch, err := r.index(len(p.branches), "branches")
		if err != nil {
			return false, err
		}
		return r.read(&p.branches[branch], f, more)
	case p.inner != nil && p.inner.values != nil:
		return r.readMap(p.inner)
	case p.inner != nil:
		return r.readRecord(p, more)
	case p.keep:
		if f.Value, err = r.value(p.node); err != nil {
			return false, err
		}
		return r.found(f), nil
	case !more:
		return true, nil
	case r.pass(p.node):
		return false, nil
	}
	return false, r.skip(p.node)
}

func (r *reader[M]) readRecord(p *part[M], more bool) (done bool, err error) {
	if p.node.least == 0 {
		if err := r.none(); err != nil {
			return false, err
		}
	}
	if err := r.down(); err != nil {
		return false, err
	}
	defer r.up()
	o := p.inner
	for i := range o.steps {
		step := &o.steps[i]
		last := i == len(o.steps)-1
		f := encoded.Found[M]{Object: o.of, Member: step.member, Parent: o.name, Name: step.name}
		if done, err := r.read(&step.part, f, more || !last); done || err != nil {
			return done, err
		}
	}
	if !more {
		return true, nil
	}
	for _, rest := range p.node.fields[len(o.steps):] {
		if r.pass(rest.node) {
			continue
		}
		if err := r.skip(rest.node); err != nil {
			return false, err
		}
	}
	return false, nil
}

// readMap looks up each key, since which there are is not known before.
func (r *reader[M]) readMap(o *object[M]) (done bool, err error) {
	if err := r.down(); err != nil {
		return false, err
	}
	defer r.up()
	for {
		items, _, err := r.blocks(o.values.least + 1)
		if err != nil || items == 0 {
			return false, err
		}
		for range items {
			if done, err := r.readEntry(o); done || err != nil {
				return done, err
			}
		}
	}
}

func (r *reader[M]) readEntry(o *object[M]) (done bool, err error) {
	name, err := r.sized("a key")
	if err != nil {
		return false, err
	}
	member, keep, _ := r.plan.wanted(o.of, name)
	n := o.values
	for n.kind == unionKind {
		branch, err := r.index(len(n.branches), "branches")
		if err != nil {
			return false, err
		}
		n = n.branches[branch]
	}
	if !keep || n.kind == nullKind || n.kind >= arrayKind {
		return false, r.skip(n)
	}
	value, err := r.value(n)
	if err != nil {
		return false, err
	}
	return r.found(encoded.Found[M]{Object: o.of, Member: member, Parent: o.name, Name: name, Value: value}), nil
}

// value is the text of a scalar, where it lies if it is a string.
func (r *reader[M]) value(n *node) ([]byte, error) {
	if n.kind == stringKind {
		return r.sized("a string")
	}
	start := len(r.scratch)
	text, _, err := r.appendText(r.scratch, n)
	if err != nil {
		return nil, err
	}
	r.scratch = text
	return text[start:len(text):len(text)], nil
}

// Check says whether data is a value of the schema and nothing else: nil, or a [*encoded.Misfit].
// A value of Avro has no fields that its schema does not have, so none are unknown.
func (s *Schema) Check(data []byte) (unknown int, err error) {
	d := decoder{data: data}
	err = d.skip(s.root)
	if err == nil && d.at < len(data) {
		err = encoded.MisfitAt(d.at, "the value ends, and %d bytes follow", len(data)-d.at)
	}
	return 0, err
}
