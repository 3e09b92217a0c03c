package avro

import (
	"encoding/binary"

	"eventscope/adapters/payload/encoded"
)

// decoder reads one value where it lies.
type decoder struct {
	data  []byte
	at    int
	depth int
	empty int // values that took no bytes
}

// long reads a number in Avro's zig-zag form of at most bits.
func (d *decoder) long(bits uint) (int64, error) {
	// One byte is the commonest: lengths, branches and small numbers.
	if d.at < len(d.data) && d.data[d.at] < 0x80 {
		b := uint64(d.data[d.at])
		d.at++
		return int64(b>>1) ^ -int64(b&1), nil
	}
	n, size := binary.Varint(d.data[d.at:])
	switch {
	case size == 0:
		return 0, encoded.MisfitAt(d.at, "a number is cut")
	case size < 0 || bits == 32 && n != int64(int32(n)):
		return 0, encoded.MisfitAt(d.at, "a number does not fit into %d bits", bits)
	}
	d.at += size
	return n, nil
}

// take reads n bytes.
func (d *decoder) take(n int, what string) ([]byte, error) {
	if n > len(d.data)-d.at {
		return nil, encoded.MisfitAt(d.at, "%s of %d bytes is cut", what, n)
	}
	b := d.data[d.at : d.at+n : d.at+n]
	d.at += n
	return b, nil
}

// sized reads bytes after their length.
func (d *decoder) sized(what string) ([]byte, error) {
	start := d.at
	n, err := d.long(64)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(d.data)-d.at) {
		return nil, encoded.MisfitAt(start, "%s of %d bytes does not end within the value", what, n)
	}
	return d.take(int(n), what)
}

// index reads the number of a branch or a symbol.
func (d *decoder) index(of int, what string) (int, error) {
	start := d.at
	n, err := d.long(32)
	if err == nil && (n < 0 || n >= int64(of)) {
		err = encoded.MisfitAt(start, "%d is none of the %d %s", n, of, what)
	}
	return int(n), err
}

// boolean reads one byte.
func (d *decoder) boolean() (bool, error) {
	b, err := d.take(1, "a boolean")
	if err == nil && b[0] > 1 {
		err = encoded.MisfitAt(d.at-1, "%d is no boolean", b[0])
	}
	return err == nil && b[0] == 1, err
}

// blocks reads the head of the next block of an array or a map, whose items take at least
// so many bytes each. Zero items are the end. The size in bytes is -1 where it is not told.
func (d *decoder) blocks(least int) (items, size int, err error) {
	start := d.at
	n, err := d.long(64)
	if err != nil || n == 0 {
		return 0, 0, err
	}
	size = -1
	if n < 0 {
		bytes, err := d.long(64)
		if err != nil {
			return 0, 0, err
		}
		if n = -n; bytes < 0 || bytes > int64(len(d.data)-d.at) {
			return 0, 0, encoded.MisfitAt(start, "a block of %d bytes does not end within the value", bytes)
		}
		size = int(bytes)
	}
	most := int64(maxWithoutBytes)
	if least > 0 {
		most = int64((len(d.data) - d.at) / least)
	}
	if n < 0 || n > most {
		return 0, 0, encoded.MisfitAt(start, "%d items do not fit into the value", n)
	}
	return int(n), size, nil
}

// none counts a value that may take no bytes: records of records may hold 2⁶⁰ of them. A
// null costs the byte of its union, so there may be as many as there are bytes.
func (d *decoder) none() error {
	if d.empty++; d.empty > maxWithoutBytes+len(d.data) {
		return encoded.MisfitAt(d.at, "more than %d values take no bytes", maxWithoutBytes+len(d.data))
	}
	return nil
}

// down goes one level deeper, and up must follow.
func (d *decoder) down() error {
	if d.depth++; d.depth > MaxDepth {
		return encoded.MisfitAt(d.at, "values are nested more than %d deep", MaxDepth)
	}
	return nil
}

func (d *decoder) up() { d.depth-- }
