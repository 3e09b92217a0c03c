package protobuf

import (
	"encoding/binary"

	"google.golang.org/protobuf/reflect/protoreflect"

	"eventscope/adapters/payload/encoded"
)

// wire is how the bytes of a field are put.
type wire uint8

const (
	varintWire wire = iota
	fixed64Wire
	sizedWire
	startWire // of a group
	endWire
	fixed32Wire
)

var wireNames = [...]string{"varint", "fixed64", "bytes", "group", "end of a group", "fixed32", "wire type 6", "wire type 7"}

// String is the name that the specification has.
func (w wire) String() string { return wireNames[w&7] }

// wires are those of each kind of field.
var wires = [...]wire{
	protoreflect.BoolKind: varintWire, protoreflect.EnumKind: varintWire,
	protoreflect.Int32Kind: varintWire, protoreflect.Sint32Kind: varintWire, protoreflect.Uint32Kind: varintWire,
	protoreflect.Int64Kind: varintWire, protoreflect.Sint64Kind: varintWire, protoreflect.Uint64Kind: varintWire,
	protoreflect.Sfixed32Kind: fixed32Wire, protoreflect.Fixed32Kind: fixed32Wire, protoreflect.FloatKind: fixed32Wire,
	protoreflect.Sfixed64Kind: fixed64Wire, protoreflect.Fixed64Kind: fixed64Wire, protoreflect.DoubleKind: fixed64Wire,
	protoreflect.StringKind: sizedWire, protoreflect.BytesKind: sizedWire, protoreflect.MessageKind: sizedWire,
	protoreflect.GroupKind: startWire,
}

// maxNumber is the greatest number that a field may have.
const maxNumber = 1<<29 - 1

// span is a part of the data.
type span struct{ start, end int }

// decoder reads a message where it lies.
type decoder struct {
	data  []byte
	at    int
	end   int // of the message that is read
	depth int
}

// within reads another part of the same data.
func (d *decoder) within(s span) decoder {
	return decoder{data: d.data, at: s.start, end: s.end, depth: d.depth}
}

// varint reads a number.
func (d *decoder) varint() (uint64, error) {
	if d.at < d.end && d.data[d.at] < 0x80 {
		d.at++
		return uint64(d.data[d.at-1]), nil
	}
	n, size := binary.Uvarint(d.data[d.at:d.end])
	if size == 0 {
		return 0, encoded.MisfitAt(d.at, "a number is cut")
	}
	if size < 0 {
		return 0, encoded.MisfitAt(d.at, "a number does not fit into 64 bits")
	}
	d.at += size
	return n, nil
}

// tag reads what field comes next.
func (d *decoder) tag() (int32, wire, error) {
	start := d.at
	n, err := d.varint()
	if err != nil {
		return 0, 0, err
	}
	number, w := n>>3, wire(n&7)
	if number == 0 || number > maxNumber {
		return 0, 0, encoded.MisfitAt(start, "there is no field %d", number)
	}
	if w > fixed32Wire {
		return 0, 0, encoded.MisfitAt(start, "field %d has %v, which does not exist", number, w)
	}
	return int32(number), w, nil
}

// value steps over the value of a field, and tells where it lies: without the length before
// it, or the end of a group behind it.
func (d *decoder) value(number int32, w wire) (s span, err error) {
	s.start = d.at
	size := uint64(0)
	switch w {
	case varintWire:
		_, err = d.varint()
	case fixed64Wire:
		size = 8
	case fixed32Wire:
		size = 4
	case sizedWire:
		size, err = d.varint()
		s.start = d.at
	case startWire:
		s.end, err = d.group(number)
		return s, err
	case endWire:
		return s, encoded.MisfitAt(d.at, "the group %d ends that did not begin", number)
	}
	if err != nil {
		return s, err
	}
	if size > uint64(d.end-d.at) {
		return s, encoded.MisfitAt(d.at, "field %d of %d bytes does not end within the message", number, size)
	}
	d.at += int(size)
	s.end = d.at
	return s, nil
}

// group steps over the fields of a group, and tells where they end.
func (d *decoder) group(number int32) (end int, err error) {
	if err := d.down(); err != nil {
		return 0, err
	}
	for {
		end = d.at
		inner, w, err := d.tag()
		switch {
		case err != nil:
			return 0, err
		case w == endWire && inner != number:
			return 0, encoded.MisfitAt(end, "the group %d ends within the group %d", inner, number)
		case w == endWire:
			d.up()
			return end, nil
		}
		if _, err := d.value(inner, w); err != nil {
			return 0, err
		}
	}
}

// next reads a field with its value.
func (d *decoder) next() (number int32, w wire, s span, err error) {
	if number, w, err = d.tag(); err == nil {
		s, err = d.value(number, w)
	}
	return number, w, s, err
}

// down goes one level deeper, and up must follow.
func (d *decoder) down() error {
	if d.depth++; d.depth > MaxDepth {
		return encoded.MisfitAt(d.at, "messages are nested more than %d deep", MaxDepth)
	}
	return nil
}

func (d *decoder) up() { d.depth-- }

// one reads a value of a scalar kind that is not sized.
func (d *decoder) one(w wire) (uint64, error) {
	size := 8
	switch w {
	case varintWire:
		return d.varint()
	case fixed32Wire:
		size = 4
	}
	if size > d.end-d.at {
		return 0, encoded.MisfitAt(d.at, "a number is cut")
	}
	b := d.data[d.at : d.at+size]
	if d.at += size; size == 4 {
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	return binary.LittleEndian.Uint64(b), nil
}
