package avro

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/encoded"
)

// AppendJSON appends a value as JSON, in the order of its schema: the branch of a union
// without its name, logical types as people write them, bytes in base64. Numbers are in
// full, whatever their size. It writes no more than limit bytes; 0 or less is no limit.
//
// A value that does not fit its schema is a [*encoded.Misfit], and what was read before that is
// there, as JSON that breaks off. So is one that ends before data does.
func (s *Schema) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	if limit <= 0 {
		limit = math.MaxInt - len(dst)
	}
	w := writer{decoder: decoder{data: data}, dst: dst, limit: len(dst) + limit}
	if err := w.write(s.root); err != nil {
		return w.dst[:min(len(w.dst), w.limit)], err
	}
	if rest := len(data) - w.at; rest > 0 {
		return w.dst, encoded.MisfitAt(w.at, "the value ends, and %d bytes follow", rest)
	}
	return w.dst, nil
}

// writer writes what its decoder reads.
type writer struct {
	decoder
	dst   []byte
	limit int
}

func (w *writer) write(n *node) (err error) {
	if n.least == 0 {
		if err = w.none(); err != nil {
			return err
		}
	}
	switch n.kind {
	case unionKind:
		var branch int
		if branch, err = w.index(len(n.branches), "branches"); err == nil {
			err = w.write(n.branches[branch])
		}
	case recordKind:
		err = w.writeRecord(n)
	case arrayKind, mapKind:
		err = w.writeItems(n)
	default:
		err = w.writeScalar(n)
	}
	if err == nil && len(w.dst) > w.limit {
		err = encoded.ErrTooLong
	}
	return err
}

func (w *writer) writeScalar(n *node) error {
	start := len(w.dst)
	text, quoted, err := w.appendText(append(w.dst, '"'), n)
	if err != nil {
		return err
	}
	switch said := text[start+1:]; {
	case !quoted: // a number, true, false or null
		copy(text[start:], said)
		w.dst = text[:len(text)-1]
	case n.kind == stringKind || n.kind == enumKind:
		w.dst, _ = jsontext.AppendQuote(w.dst[:start], string(said)) // which replaces what is not UTF-8
	default:
		w.dst = append(text, '"')
	}
	return nil
}

func (w *writer) writeRecord(n *node) error {
	if err := w.down(); err != nil {
		return err
	}
	defer w.up()
	if n.variableScale() {
		return w.writeVariableScale()
	}
	w.dst = append(w.dst, '{')
	for i := range n.fields {
		w.key(i, n.fields[i].name)
		if err := w.write(n.fields[i].node); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	return nil
}

// key writes the name of the member that is number i of its object.
func (w *writer) key(i int, name string) {
	if i > 0 {
		w.dst = append(w.dst, ',')
	}
	w.dst, _ = jsontext.AppendQuote(w.dst, name) // which replaces what is not UTF-8
	w.dst = append(w.dst, ':')
}

func (w *writer) writeItems(n *node) error {
	if err := w.down(); err != nil {
		return err
	}
	defer w.up()
	signs := "[]"
	if n.kind == mapKind {
		signs = "{}"
	}
	w.dst = append(w.dst, signs[0])
	written := 0
	for {
		items, _, err := w.blocks(n.leastItem())
		if err != nil {
			return err
		}
		if items == 0 {
			w.dst = append(w.dst, signs[1])
			return nil
		}
		for range items {
			if err := w.writeItem(n, written); err != nil {
				return err
			}
			written++
		}
	}
}

// writeItem writes number i of an array or a map.
func (w *writer) writeItem(n *node, i int) error {
	if n.kind == mapKind {
		name, err := w.sized("a key")
		if err != nil {
			return err
		}
		w.key(i, string(name))
		return w.write(n.items)
	}
	if i > 0 {
		w.dst = append(w.dst, ',')
	}
	return w.write(n.items)
}

// variableScale reports whether a record is a decimal that Debezium writes with its scale, for
// columns whose type has none.
func (n *node) variableScale() bool {
	return n.name == "io.debezium.data.VariableScaleDecimal" && len(n.fields) == 2 &&
		n.fields[0].node.kind == intKind && n.fields[1].node.kind == bytesKind && n.fields[1].node.logical == noLogical
}

func (w *writer) writeVariableScale() error {
	start := w.at
	scale, err := w.long(32)
	if err != nil {
		return err
	}
	number, err := w.sized("a decimal")
	if err != nil {
		return err
	}
	if scale < 0 || scale > maxDecimal || len(number) > maxDecimal {
		return encoded.MisfitAt(start, "a decimal of scale %d and %d bytes is too long", scale, len(number))
	}
	w.dst = appendDecimal(w.dst, number, int(scale))
	return nil
}

// appendText reads a scalar and appends it as text. Text that is not quoted is a number or
// a literal of JSON.
func (d *decoder) appendText(dst []byte, n *node) (text []byte, quoted bool, err error) {
	switch n.kind {
	case nullKind:
		return append(dst, "null"...), false, nil
	case booleanKind:
		b, err := d.boolean()
		return strconv.AppendBool(dst, b), false, err
	case intKind, longKind:
		number, err := d.long(n.bits())
		if n.logical != noLogical {
			if text, ok := appendTime(dst, n.logical, number); ok {
				return text, true, err
			}
		}
		return strconv.AppendInt(dst, number, 10), false, err
	case floatKind, doubleKind:
		return d.appendFloat(dst, n)
	case stringKind:
		b, err := d.sized("a string")
		return append(dst, b...), true, err
	case enumKind:
		i, err := d.index(len(n.symbols), "symbols")
		if err != nil {
			return dst, false, err
		}
		return append(dst, n.symbols[i]...), true, nil
	}
	return d.appendBytes(dst, n)
}

func (d *decoder) appendFloat(dst []byte, n *node) ([]byte, bool, error) {
	b, err := d.take(n.least, n.kind.String())
	if err != nil {
		return dst, false, err
	}
	number, bits := 0.0, 64
	if n.kind == floatKind {
		number, bits = float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32
	} else {
		number = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	switch size := math.Abs(number); {
	case math.IsNaN(number):
		return append(dst, "NaN"...), true, nil
	case math.IsInf(number, 1):
		return append(dst, "Infinity"...), true, nil
	case math.IsInf(number, -1):
		return append(dst, "-Infinity"...), true, nil
	case size != 0 && (size < 1e-6 || size >= 1e21):
		return strconv.AppendFloat(dst, number, 'e', -1, bits), false, nil
	}
	return strconv.AppendFloat(dst, number, 'f', -1, bits), false, nil
}

// appendBytes reads bytes or fixed.
func (d *decoder) appendBytes(dst []byte, n *node) (_ []byte, quoted bool, err error) {
	var b []byte
	if n.kind == fixedKind {
		b, err = d.take(n.size, "fixed")
	} else {
		b, err = d.sized("bytes")
	}
	if err != nil {
		return dst, false, err
	}
	switch {
	case n.logical == uuid:
		return appendUUID(dst, b), true, nil
	case n.logical == duration:
		return appendDuration(dst, b), true, nil
	case n.logical == decimal && len(b) <= maxDecimal:
		return appendDecimal(dst, b, n.scale), false, nil
	}
	return base64.StdEncoding.AppendEncode(dst, b), true, nil
}

// bits are how long the number of an int or a long may be.
func (n *node) bits() uint {
	if n.kind == intKind {
		return 32
	}
	return 64
}
