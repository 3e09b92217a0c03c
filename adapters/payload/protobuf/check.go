package protobuf

import "eventscope/adapters/payload/encoded"

// Check says whether data is a value of the message: nil, or a [*encoded.Misfit]. Fields that the
// message does not have are no misfit, since the writer of a newer version has them; unknown
// counts them.
func (m *Message) Check(data []byte) (unknown int, err error) {
	c := checker{decoder: decoder{data: data, end: len(data)}}
	err = c.check(m)
	return c.unknown, err
}

// checker reads a message to its end.
type checker struct {
	decoder
	unknown int
}

func (c *checker) check(m *Message) error {
	if err := c.down(); err != nil {
		return err
	}
	for c.at < c.end {
		if c.pass(m) {
			continue
		}
		start := c.at
		number, w, value, err := c.next()
		if err != nil {
			return err
		}
		f := m.field(number)
		if f == nil {
			c.unknown++
			continue
		}
		if err := c.field(f, w, value, start); err != nil {
			return err
		}
	}
	c.up()
	return nil
}

// pass steps over a field that is what the message says, if it is a number, a text or bytes, and takes a byte
// for which it is and a byte or two for the number or the length, as nearly all do. It reports false where
// it must be looked at more closely.
func (c *checker) pass(m *Message) bool {
	at := c.at + 2
	if at >= c.end || c.data[at-2] >= 0x80 {
		return false
	}
	f := m.field(int32(c.data[at-2] >> 3))
	if f == nil || f.message != nil || f.wire != wire(c.data[at-2]&7) {
		return false
	}
	number := int(c.data[at-1])
	if number >= 0x80 {
		if c.data[at] >= 0x80 {
			return false
		}
		number = number&0x7f | int(c.data[at])<<7
		at++
	}
	switch f.wire {
	case varintWire:
	case sizedWire:
		if at += number; at > c.end {
			return false
		}
	default:
		return false
	}
	c.at = at
	return true
}

// takes reports whether a field may have its value in that form.
func (f *field) takes(w wire) bool { return w == f.wire || w == sizedWire && f.packable }

func (c *checker) field(f *field, w wire, value span, start int) error {
	switch {
	case !f.takes(w):
		return encoded.MisfitAt(start, "field %d (%s) is %v, and has %v", f.number, f.name, f.kind, w)
	case f.message != nil:
		behind := span{c.at, c.end}
		c.at, c.end = value.start, value.end
		err := c.check(f.message)
		c.at, c.end = behind.start, behind.end
		return err
	case w == sizedWire && f.packable:
		packed := c.within(value)
		for packed.at < packed.end {
			if _, err := packed.one(f.wire); err != nil {
				return err
			}
		}
	}
	return nil
}
