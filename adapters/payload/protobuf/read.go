package protobuf

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"eventscope/adapters/payload/encoded"
)

// Read finds what is wanted in data, and tells each in the order of the schema, until found
// reports true. A message is read to its end first, since of a field that is there twice the
// last counts; messages that are there twice merge. Values that are not in data as they are
// lie in scratch, which it returns. Repeated fields are no members. Text that is not UTF-8 is
// not told.
//
// A [*encoded.Misfit] says that data is no value of the message; what was told before lay before it.
func (p *Plan[M]) Read(data, scratch []byte, found func(encoded.Found[M]) (done bool)) (_ []byte, err error) {
	r := reader[M]{decoder: decoder{data: data, end: len(data)}, plan: p, scratch: scratch}
	if len(p.slots) > len(r.fewSlots) {
		r.manySlots = make([]slot, len(p.slots))
	}
	err = r.read(p.top)
	r.tell(found)
	return r.scratch, err
}

// slot is where the value of a member lies.
type slot struct {
	start, end int32
	// seen counts how often it was there, up to many.
	seen uint8
	// merged says that it lies in scratch.
	merged bool
}

const (
	// many is how often a message that is one text may be there.
	many = 16
	// maxMerged is how long it may be when it was there several times, in bytes.
	maxMerged = 4096
)

// kept is an entry of a map that is wanted.
type kept struct {
	slot       int32
	key, value span
}

// reader reads one value by a plan.
type reader[M comparable] struct {
	decoder
	plan    *Plan[M]
	scratch []byte
	// The slots and the entries are here while they are few: what is pointed to from here is
	// in the heap, since names and values are.
	fewSlots    [fewSlots]slot
	manySlots   []slot
	fewEntries  [fewEntries]kept
	manyEntries []kept
	entryCount  int
}

// slots are those of the plan.
func (r *reader[M]) slots() []slot {
	if r.manySlots != nil {
		return r.manySlots
	}
	return r.fewSlots[:len(r.plan.slots)]
}

// entries are those that are wanted.
func (r *reader[M]) entries() []kept {
	if r.manyEntries != nil {
		return r.manyEntries[:r.entryCount]
	}
	return r.fewEntries[:r.entryCount]
}

// read reads the message that the decoder is at.
func (r *reader[M]) read(o *inside[M]) error {
	for r.at < r.end {
		tag, start := uint64(r.data[r.at]), r.at
		if r.at++; tag >= 0x80 {
			n, size := binary.Uvarint(r.data[start:r.end])
			if size <= 0 || n>>3 > maxNumber {
				return encoded.MisfitAt(start, "there is no such field")
			}
			tag, r.at = n, start+size
		}
		if s := o.find(tag >> 3); s != nil {
			if err := r.step(s, wire(tag&7), start); err != nil {
				return err
			}
			continue
		}
		if err := r.pass(int32(tag>>3), wire(tag&7), start); err != nil {
			return err
		}
	}
	return nil
}

// pass steps over the value of a field.
func (r *reader[M]) pass(number int32, w wire, start int) error {
	if number == 0 || w > fixed32Wire {
		return encoded.MisfitAt(start, "there is no such field")
	}
	if w == sizedWire && r.at < r.end { // the commonest, of a length in one byte
		if size := int(r.data[r.at]); size < 0x80 && size < r.end-r.at {
			r.at += 1 + size
			return nil
		}
	}
	_, err := r.value(number, w)
	return err
}

// step reads the value of a field that is wanted, or in which something is.
func (r *reader[M]) step(s *step[M], w wire, start int) error {
	if w != s.wire {
		return encoded.MisfitAt(start, "field %d is %v by its schema, and has %v", s.number, s.wire, w)
	}
	value, err := r.value(s.number, w)
	if err != nil {
		return err
	}
	for _, others := range s.clears {
		r.clear(others)
	}
	switch {
	case s.inner != nil:
		if err := r.down(); err != nil {
			return err
		}
		at, end := r.at, r.end
		r.at, r.end = value.start, value.end
		err := r.read(s.inner)
		r.at, r.end = at, end
		r.up()
		return err
	case s.entries:
		return r.readEntries(s.slot, value)
	case s.slot >= 0:
		return r.keep(s.slot, value)
	}
	return nil
}

// clear empties slots, and forgets the entries of maps in them.
func (r *reader[M]) clear(s slots) {
	clear(r.slots()[s.from:s.to])
	rest := slices.DeleteFunc(r.entries(), func(e kept) bool { return e.slot >= s.from && e.slot < s.to })
	r.entryCount = len(rest)
}

// keep remembers where a value lies. A message that is one text merges with what was there
// before.
func (r *reader[M]) keep(i int32, value span) error {
	s := &r.slots()[i]
	if s.seen > 0 && r.plan.slots[i].field.message != nil {
		old := r.bytes(s)
		if s.seen == many || len(old)+value.end-value.start > maxMerged {
			return encoded.MisfitAt(value.start, "field %d is there too often", r.plan.slots[i].field.number)
		}
		start := len(r.scratch)
		r.scratch = append(append(r.scratch, old...), r.data[value.start:value.end]...)
		*s = slot{int32(start), int32(len(r.scratch)), s.seen + 1, true}
		return nil
	}
	*s = slot{int32(value.start), int32(value.end), 1, false}
	return nil
}

func (r *reader[M]) bytes(s *slot) []byte {
	if s.merged {
		return r.scratch[s.start:s.end:s.end]
	}
	return r.data[s.start:s.end:s.end]
}

// readEntries keeps the entries of a map that are wanted: of one entry, or of a message that
// is an object of JSON.
func (r *reader[M]) readEntries(i int32, value span) error {
	f := r.plan.slots[i].field
	if f.mapped() {
		return r.readEntry(i, value)
	}
	for d := r.within(value); d.at < d.end; {
		number, w, entry, err := d.next()
		if err != nil {
			return err
		}
		if number == 1 && w == sizedWire {
			if err := r.readEntry(i, entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryOf is the message of the entries of a map, or of an object of JSON.
func (f *field) entryOf() *Message {
	if f.mapped() {
		return f.message
	}
	return f.message.field(1).message
}

// readEntry keeps an entry if it is wanted, in place of one with the same key.
func (r *reader[M]) readEntry(i int32, entry span) error {
	of := &r.plan.slots[i]
	fields := of.field.entryOf().fields
	if fields[0].kind != protoreflect.StringKind || fields[1].message != nil && !fields[1].message.text() {
		return nil
	}
	made, several := kept{slot: i}, 0
	for d := r.within(entry); d.at < d.end; {
		start := d.at
		number, w, value, err := d.next()
		switch {
		case err != nil:
			return err
		case number > 2:
		case w != fields[number-1].wire:
			return encoded.MisfitAt(start, "field %d is %v by its schema, and has %v", number, fields[number-1].wire, w)
		case number == 1:
			made.key = value
		default:
			made.value = value
			several++
		}
	}
	_, keep, _ := r.plan.wanted(of.member, r.data[made.key.start:made.key.end])
	if keep = keep && (several < 2 || fields[1].message == nil); !keep {
		return nil
	}
	return r.enter(made)
}

func (r *reader[M]) enter(made kept) error {
	entries := r.entries()
	for i := range entries {
		e := &entries[i]
		if e.slot == made.slot && string(r.data[e.key.start:e.key.end]) == string(r.data[made.key.start:made.key.end]) {
			*e = made
			return nil
		}
	}
	switch {
	case len(entries) == maxEntries:
		return encoded.MisfitAt(made.key.start, "more than %d entries are wanted", maxEntries)
	case len(entries) == fewEntries && r.manyEntries == nil:
		r.manyEntries = make([]kept, maxEntries)
		copy(r.manyEntries, entries)
	}
	r.entryCount++
	r.entries()[len(entries)] = made
	return nil
}

// tell tells what was found.
func (r *reader[M]) tell(found func(encoded.Found[M]) bool) {
	for i := range r.plan.slots {
		of := &r.plan.slots[i]
		if of.field.message != nil && (of.field.mapped() || of.field.message.meaning == object) {
			if r.entryCount > 0 && r.tellEntries(int32(i), found) {
				return
			}
			continue
		}
		s := &r.slots()[i]
		if s.seen == 0 {
			continue
		}
		d := decoder{data: r.data, at: int(s.start), end: int(s.end), depth: r.depth}
		if s.merged {
			d.data = r.scratch
		}
		if value, ok := r.text(of.field, d); ok && found(encoded.Found[M]{Object: of.object, Member: of.member, Parent: of.parent, Name: of.name, Value: value}) {
			return
		}
	}
}

func (r *reader[M]) tellEntries(i int32, found func(encoded.Found[M]) bool) (done bool) {
	of := &r.plan.slots[i]
	f := of.field.entryOf().field(2)
	for _, e := range r.entries() {
		if e.slot != i {
			continue
		}
		name := r.data[e.key.start:e.key.end:e.key.end]
		member, _, _ := r.plan.wanted(of.member, name)
		value, ok := r.text(f, r.within(e.value))
		if ok && found(encoded.Found[M]{Object: of.member, Member: member, Parent: of.name, Name: name, Value: value}) {
			return true
		}
	}
	return false
}

// text is the text of a value that lies at d, where it lies if it is a string. There is
// none of a message that has no meaning, and of what is not UTF-8.
func (r *reader[M]) text(f *field, d decoder) (text []byte, ok bool) {
	if f.kind == protoreflect.StringKind {
		text = d.data[d.at:d.end:d.end]
		return text, utf8.Valid(text)
	}
	start := len(r.scratch)
	if f.message != nil {
		text, _, ok = f.message.appendText(r.scratch, d)
	} else {
		var err error
		text, _, err = d.appendScalar(r.scratch, f, span{d.at, d.end})
		ok = err == nil
	}
	if !ok {
		return nil, false
	}
	r.scratch = text
	text = text[start:len(text):len(text)]
	return text, utf8.Valid(text)
}
