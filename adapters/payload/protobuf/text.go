package protobuf

import (
	"encoding/base64"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// appendNumber appends a value that is not sized. Text that is not quoted is a number or a
// literal of JSON.
func (f *field) appendNumber(dst []byte, n uint64) (text []byte, quoted bool) {
	switch f.kind {
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, n != 0), false
	case protoreflect.EnumKind:
		if symbol, ok := f.enum.symbols[int32(n)]; ok {
			return append(dst, symbol...), true
		}
		return strconv.AppendInt(dst, int64(int32(n)), 10), false
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return strconv.AppendInt(dst, int64(int32(n)), 10), false
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.AppendInt(dst, int64(n), 10), false
	case protoreflect.Sint32Kind:
		return strconv.AppendInt(dst, int64(int32(protowire.DecodeZigZag(n&math.MaxUint32))), 10), false
	case protoreflect.Sint64Kind:
		return strconv.AppendInt(dst, protowire.DecodeZigZag(n), 10), false
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.AppendUint(dst, uint64(uint32(n)), 10), false
	case protoreflect.FloatKind:
		return appendFloat(dst, float64(math.Float32frombits(uint32(n))), 32)
	case protoreflect.DoubleKind:
		return appendFloat(dst, math.Float64frombits(n), 64)
	}
	return strconv.AppendUint(dst, n, 10), false
}

// appendFloat writes a number as JSON has it, and what JSON has no number for in quotes.
func appendFloat(dst []byte, number float64, bits int) (_ []byte, quoted bool) {
	switch size := math.Abs(number); {
	case math.IsNaN(number):
		return append(dst, "NaN"...), true
	case math.IsInf(number, 1):
		return append(dst, "Infinity"...), true
	case math.IsInf(number, -1):
		return append(dst, "-Infinity"...), true
	case size != 0 && (size < 1e-6 || size >= 1e21):
		return strconv.AppendFloat(dst, number, 'e', -1, bits), false
	}
	return strconv.AppendFloat(dst, number, 'f', -1, bits), false
}

// appendScalar appends the value of a field that lies at s, in the form that the field has.
// An empty span is the value of a field that is absent.
func (d *decoder) appendScalar(dst []byte, f *field, s span) (text []byte, quoted bool, err error) {
	switch {
	case f.kind == protoreflect.StringKind:
		return append(dst, d.data[s.start:s.end]...), true, nil
	case f.kind == protoreflect.BytesKind:
		return base64.StdEncoding.AppendEncode(dst, d.data[s.start:s.end]), true, nil
	}
	n := uint64(0)
	if s.start == s.end {
		if f.enum != nil {
			n = uint64(f.enum.first)
		}
	} else {
		inner := d.within(s)
		if n, err = inner.one(f.wire); err != nil {
			return dst, false, err
		}
	}
	text, quoted = f.appendNumber(dst, n)
	return text, quoted, nil
}
