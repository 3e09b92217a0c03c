package protobuf

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// meaning is what a message means beyond its fields.
type meaning uint8

const (
	noMeaning meaning = iota
	timestamp
	duration
	date
	timeOfDay
	money
	decimal
	fieldMask
	wrapper // of one scalar
	dynamic // a value of JSON, of which one field is there
	object  // of JSON
	list    // of JSON
	anyType // a message that names its type
)

// maxDecimal is how long the number of a decimal may be, in bytes, and how many digits it
// may have behind its point. A longer one is shown as it lies: to write it would take too long.
const maxDecimal = 32 << 10

// meanings are the messages that mean something, with the kinds of their fields from number
// 1 on: a message of that name whose fields are others is like any message.
var meanings = map[string]struct {
	meaning meaning
	kinds   []protoreflect.Kind
}{
	"google.protobuf.Timestamp":   {timestamp, []protoreflect.Kind{protoreflect.Int64Kind, protoreflect.Int32Kind}},
	"google.protobuf.Duration":    {duration, []protoreflect.Kind{protoreflect.Int64Kind, protoreflect.Int32Kind}},
	"google.protobuf.FieldMask":   {fieldMask, []protoreflect.Kind{protoreflect.StringKind}},
	"google.protobuf.DoubleValue": {wrapper, []protoreflect.Kind{protoreflect.DoubleKind}},
	"google.protobuf.FloatValue":  {wrapper, []protoreflect.Kind{protoreflect.FloatKind}},
	"google.protobuf.Int64Value":  {wrapper, []protoreflect.Kind{protoreflect.Int64Kind}},
	"google.protobuf.UInt64Value": {wrapper, []protoreflect.Kind{protoreflect.Uint64Kind}},
	"google.protobuf.Int32Value":  {wrapper, []protoreflect.Kind{protoreflect.Int32Kind}},
	"google.protobuf.UInt32Value": {wrapper, []protoreflect.Kind{protoreflect.Uint32Kind}},
	"google.protobuf.BoolValue":   {wrapper, []protoreflect.Kind{protoreflect.BoolKind}},
	"google.protobuf.StringValue": {wrapper, []protoreflect.Kind{protoreflect.StringKind}},
	"google.protobuf.BytesValue":  {wrapper, []protoreflect.Kind{protoreflect.BytesKind}},
	"google.protobuf.Struct":      {object, []protoreflect.Kind{protoreflect.MessageKind}},
	"google.protobuf.ListValue":   {list, []protoreflect.Kind{protoreflect.MessageKind}},
	"google.protobuf.Value": {dynamic, []protoreflect.Kind{
		protoreflect.EnumKind, protoreflect.DoubleKind, protoreflect.StringKind, protoreflect.BoolKind, protoreflect.MessageKind, protoreflect.MessageKind,
	}},
	"google.protobuf.Any":    {anyType, []protoreflect.Kind{protoreflect.StringKind, protoreflect.BytesKind}},
	"google.type.Date":       {date, []protoreflect.Kind{protoreflect.Int32Kind, protoreflect.Int32Kind, protoreflect.Int32Kind}},
	"google.type.TimeOfDay":  {timeOfDay, []protoreflect.Kind{protoreflect.Int32Kind, protoreflect.Int32Kind, protoreflect.Int32Kind, protoreflect.Int32Kind}},
	"google.type.Money":      {money, []protoreflect.Kind{protoreflect.StringKind, protoreflect.Int64Kind, protoreflect.Int32Kind}},
	"google.type.Decimal":    {wrapper, []protoreflect.Kind{protoreflect.StringKind}},
	"confluent.type.Decimal": {decimal, []protoreflect.Kind{protoreflect.BytesKind, protoreflect.Uint32Kind, protoreflect.Int32Kind}},
}

// meaningOf is what a message means.
func meaningOf(m *Message) meaning {
	known, ok := meanings[m.name]
	if !ok || len(m.fields) != len(known.kinds) {
		return noMeaning
	}
	for i, kind := range known.kinds {
		f := m.field(int32(i + 1))
		repeated := known.meaning == list || known.meaning == fieldMask
		if f == nil || f.kind != kind || f.list != (repeated && !f.mapped()) {
			return noMeaning
		}
	}
	if known.meaning == object && !m.fields[0].mapped() || known.meaning == dynamic && slices.ContainsFunc(m.fields, func(f field) bool { return f.oneof == "" }) {
		return noMeaning
	}
	return known.meaning
}

// text reports whether values of the message may be one text, as those of a scalar.
func (m *Message) text() bool {
	return m.meaning != noMeaning && m.meaning != object && m.meaning != list && m.meaning != anyType
}

// maxParts is how many fields a message of a meaning has at most.
const maxParts = 6

// parts are the values of a message by their numbers, the last of each.
type parts struct {
	numbers [maxParts + 1]int64
	spans   [maxParts + 1]span
	last    int32 // the number of the last field, 0 for none
}

// parts reads a message of a meaning, and fails when anything else is in it.
func (m *Message) parts(d *decoder) (p parts, ok bool) {
	for d.at < d.end {
		number, w, value, err := d.next()
		if err != nil || number > maxParts {
			return p, false
		}
		f := m.field(number)
		if f == nil || f.wire != w {
			return p, false
		}
		p.spans[number], p.last = value, number
		if w == varintWire {
			inner := d.within(value)
			n, _ := inner.varint()
			if p.numbers[number] = int64(n); f.kind == protoreflect.Int32Kind || f.kind == protoreflect.Uint32Kind {
				p.numbers[number] = int64(int32(n))
			}
		}
	}
	return p, true
}

// appendText appends what a message means as one text, or false when it is no such message,
// or has a value that cannot be.
func (m *Message) appendText(dst []byte, d decoder) (text []byte, quoted, ok bool) {
	if !m.text() {
		return dst, false, false
	}
	if m.meaning == fieldMask {
		return m.appendPaths(dst, &d)
	}
	p, ok := m.parts(&d)
	if !ok {
		return dst, false, false
	}
	switch m.meaning {
	case timestamp:
		text, ok = appendTimestamp(dst, p.numbers[1], p.numbers[2])
	case duration:
		text, ok = appendDuration(dst, p.numbers[1], p.numbers[2])
	case date:
		text, ok = appendDate(dst, p.numbers[1], p.numbers[2], p.numbers[3])
	case timeOfDay:
		text, ok = appendTimeOfDay(dst, p.numbers)
	case money:
		text, ok = appendMoney(dst, d.data[p.spans[1].start:p.spans[1].end], p.numbers[2], p.numbers[3])
	case decimal:
		text, ok = appendDecimal(dst, d.data[p.spans[1].start:p.spans[1].end], p.numbers[3])
		return text, false, ok
	case wrapper, dynamic:
		number := int32(1)
		if m.meaning == dynamic {
			number = p.last
		}
		if f := m.field(number); f != nil && f.message == nil && (m.meaning == wrapper || number != 1) {
			text, quoted, err := d.appendScalar(dst, f, p.spans[number])
			return text, quoted, err == nil
		}
		return dst, false, false
	}
	return text, true, ok
}

// appendPaths appends the paths of a field mask, in one line.
func (m *Message) appendPaths(dst []byte, d *decoder) (text []byte, quoted, ok bool) {
	for i := 0; d.at < d.end; i++ {
		number, w, value, err := d.next()
		if err != nil || number != 1 || w != sizedWire {
			return dst, false, false
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, d.data[value.start:value.end]...)
	}
	return dst, true, true
}

// fits reports whether nanoseconds are none too many, and of the sign of what they are a part of.
func fits(whole, nanos int64) bool {
	return nanos > -1e9 && nanos < 1e9 && (whole == 0 || nanos == 0 || (whole < 0) == (nanos < 0))
}

// appendTimestamp writes a time as RFC 3339 does, within the years that it has.
func appendTimestamp(dst []byte, seconds, nanos int64) ([]byte, bool) {
	if seconds < -62135596800 || seconds > 253402300799 || nanos < 0 || nanos > 999999999 {
		return dst, false
	}
	return time.Unix(seconds, nanos).UTC().AppendFormat(dst, time.RFC3339Nano), true
}

// appendDuration writes seconds, as the JSON of Protobuf does.
func appendDuration(dst []byte, seconds, nanos int64) ([]byte, bool) {
	if seconds < -315576000000 || seconds > 315576000000 || !fits(seconds, nanos) {
		return dst, false
	}
	return append(appendNanos(dst, seconds, nanos, 0), 's'), true
}

// appendNanos writes a number and its billionths, with at least so many digits behind the
// point if there are any.
func appendNanos(dst []byte, whole, nanos int64, least int) []byte {
	if whole < 0 || nanos < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, uint64(max(whole, -whole)), 10)
	if nanos == 0 {
		return dst
	}
	digits := strconv.FormatInt(1e9+max(nanos, -nanos), 10)[1:]
	short := strings.TrimRight(digits, "0")
	return append(append(dst, '.'), digits[:max(len(short), least)]...)
}

// appendDate writes a date as far as it is known: a year, a month, or a day.
func appendDate(dst []byte, year, month, day int64) ([]byte, bool) {
	if year < 1 || year > 9999 || month < 0 || month > 12 || day < 0 || day > 31 || month == 0 && day > 0 {
		return dst, false
	}
	dst = append(dst, strconv.FormatInt(1e4+year, 10)[1:]...)
	for _, part := range []int64{month, day} {
		if part > 0 {
			dst = append(append(dst, '-'), strconv.FormatInt(100+part, 10)[1:]...)
		}
	}
	return dst, true
}

func appendTimeOfDay(dst []byte, n [maxParts + 1]int64) ([]byte, bool) {
	hours, minutes, seconds, nanos := n[1], n[2], n[3], n[4]
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || nanos < 0 || nanos > 999999999 {
		return dst, false
	}
	return time.Date(1970, 1, 1, int(hours), int(minutes), int(seconds), int(nanos), time.UTC).AppendFormat(dst, "15:04:05.999999999"), true
}

// appendMoney writes an amount and its currency.
func appendMoney(dst, currency []byte, units, nanos int64) ([]byte, bool) {
	if len(currency) != 3 || units == -1<<63 || !fits(units, nanos) {
		return dst, false
	}
	return append(append(appendNanos(dst, units, nanos, 2), ' '), currency...), true
}

// appendDecimal writes a number in two's complement, big-endian, with scale digits behind
// the point: all of them, as they were sent.
func appendDecimal(dst, b []byte, scale int64) ([]byte, bool) {
	if len(b) > maxDecimal || scale < 0 || scale > maxDecimal {
		return dst, false
	}
	number := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	digits := new(big.Int).Abs(number).String()
	if number.Sign() < 0 {
		dst = append(dst, '-')
	}
	if missing := int(scale) + 1 - len(digits); missing > 0 { // a digit before the point
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(scale)
	if dst = append(dst, digits[:point]...); scale > 0 {
		dst = append(append(dst, '.'), digits[point:]...)
	}
	return dst, true
}
