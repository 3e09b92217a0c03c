package protobuf

import (
	"cmp"
	"slices"

	"eventscope/adapters/payload/encoded"
)

// maxTogetherParts is how many fields of one value are held at once, to be put in order.
const maxTogetherParts = 1 << 18

// part is a field with its value, where it lies.
type part struct {
	span
	order  uint64 // of the groups, and within them of the data
	field  *field // nil for one that the message does not have
	number int32
	wire   wire
}

// misfit keeps the first that was found.
func (w *writer) misfit(err error) {
	if w.wrong == nil {
		w.wrong = err
	}
}

// gather appends the fields of a message to the stack of parts, in the order of its schema;
// those that it does not have come last, by their numbers. Without a message they are all
// of those, by number and wire type.
func (w *writer) gather(m *Message, bodies []part) {
	base := len(w.parts)
	sorted := true
	for i := range bodies {
		d := decoder{data: w.data, at: bodies[i].start, end: bodies[i].end, depth: w.depth}
		for d.at < d.end {
			start := d.at
			number, wired, value, err := d.next()
			if err == nil && len(w.parts) == maxTogetherParts {
				err = encoded.MisfitAt(start, "it has more than %d fields", maxTogetherParts)
			}
			if err != nil {
				w.misfit(err)
				break
			}
			p := part{span: value, number: number, wire: wired}
			w.place(m, &p, start)
			p.order |= uint64(len(w.parts))
			sorted = sorted && (len(w.parts) == base || w.parts[len(w.parts)-1].order < p.order)
			w.parts = append(w.parts, p)
		}
	}
	if !sorted {
		slices.SortFunc(w.parts[base:], func(a, b part) int { return cmp.Compare(a.order, b.order) })
	}
}

// place says which field it is, and where its group belongs.
func (w *writer) place(m *Message, p *part, start int) {
	if m == nil {
		p.order = (uint64(p.number)<<3 | uint64(p.wire)) << 24 // of less than 2⁵⁶
		return
	}
	f := m.field(p.number)
	if f != nil && !f.takes(p.wire) {
		w.misfit(encoded.MisfitAt(start, "field %d (%s) is %v, and has %v", f.number, f.name, f.kind, p.wire))
		f = nil
	}
	if p.field = f; f == nil {
		p.order = (1<<31 | uint64(p.number)) << 24
		return
	}
	p.order = uint64(f.group) << 24
}

// group splits off the first parts that are written as one member.
func group(parts []part) (same, rest []part) {
	n := 1
	for n < len(parts) && parts[n].order>>24 == parts[0].order>>24 {
		n++
	}
	return parts[:n], parts[n:]
}

// last are those of the field that came last, of fields of which only one can be there: the
// others are gone, and what the same field had before them.
func last(same []part) []part {
	from := len(same) - 1
	for from > 0 && same[from-1].field == same[from].field {
		from--
	}
	return same[from:]
}
