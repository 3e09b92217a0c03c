package avro

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"strconv"
	"time"
)

// maxDecimal is how long the number of a decimal may be, in bytes, and how many digits it
// may have behind its point. A longer one is shown as bytes: to write it would take too long.
const maxDecimal = 32 << 10

// logical is what the bytes of a value mean.
type logical uint8

const (
	noLogical logical = iota
	decimal
	date
	timeMillis
	timeMicros
	timestampMillis
	timestampMicros
	timestampNanos
	localMillis
	localMicros
	localNanos
	uuid
	duration
)

// logicals are the logical types and the kinds that they may annotate (Avro 1.12,
// "Logical Types"). Any other pair is the kind alone, as the specification wants it.
var logicals = map[string]struct {
	logical logical
	kinds   []kind
}{
	"decimal":                {decimal, []kind{bytesKind, fixedKind}},
	"date":                   {date, []kind{intKind}},
	"time-millis":            {timeMillis, []kind{intKind}},
	"time-micros":            {timeMicros, []kind{longKind}},
	"timestamp-millis":       {timestampMillis, []kind{longKind}},
	"timestamp-micros":       {timestampMicros, []kind{longKind}},
	"timestamp-nanos":        {timestampNanos, []kind{longKind}},
	"local-timestamp-millis": {localMillis, []kind{longKind}},
	"local-timestamp-micros": {localMicros, []kind{longKind}},
	"local-timestamp-nanos":  {localNanos, []kind{longKind}},
	"uuid":                   {uuid, []kind{fixedKind}},
	"duration":               {duration, []kind{fixedKind}},
}

// String is the logical type as schemas spell it.
func (l logical) String() string {
	for name, known := range logicals {
		if known.logical == l {
			return name
		}
	}
	return ""
}

// logicalOf is what name means for n.
func logicalOf(n *node, name string) logical {
	known, ok := logicals[name]
	if !ok {
		return noLogical
	}
	size := map[logical]int{uuid: 16, duration: 12}[known.logical]
	for _, kind := range known.kinds {
		if kind == n.kind && (size == 0 || size == n.size) && n.scale >= 0 && n.scale <= maxDecimal {
			return known.logical
		}
	}
	return noLogical
}

// units are how long one of a number is.
var units = map[logical]time.Duration{
	timeMillis: time.Millisecond, timeMicros: time.Microsecond,
	timestampMillis: time.Millisecond, timestampMicros: time.Microsecond, timestampNanos: time.Nanosecond,
	localMillis: time.Millisecond, localMicros: time.Microsecond, localNanos: time.Nanosecond,
}

// appendTime writes the time that a number means, or false for one that RFC 3339 cannot
// write: it has four digits for the year.
func appendTime(dst []byte, l logical, n int64) (_ []byte, ok bool) {
	unit := units[l]
	switch l {
	case date:
		if n < -1e6 || n > 3e6 {
			return dst, false
		}
		return appendYear(dst, time.Unix(n*24*60*60, 0).UTC(), time.DateOnly)
	case timeMillis, timeMicros:
		if n < 0 || n >= int64(24*time.Hour/unit) {
			return dst, false
		}
		return time.Unix(0, n*int64(unit)).UTC().AppendFormat(dst, "15:04:05.999999"), true
	}
	perSecond := int64(time.Second / unit)
	at := time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
	if l >= localMillis {
		return appendYear(dst, at, "2006-01-02T15:04:05.999999999")
	}
	return appendYear(dst, at, time.RFC3339Nano)
}

func appendYear(dst []byte, at time.Time, layout string) ([]byte, bool) {
	if year := at.Year(); year < 0 || year > 9999 {
		return dst, false
	}
	return at.AppendFormat(dst, layout), true
}

// appendDecimal writes a number in two's complement, big-endian, with scale digits behind
// the point: all of them, as they were sent.
func appendDecimal(dst, b []byte, scale int) []byte {
	number := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		number.Sub(number, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		dst = append(dst, '-')
		number.Neg(number)
	}
	digits := number.Append(nil, 10)
	if missing := scale + 1 - len(digits); missing > 0 { // a digit before the point
		digits = append(bytes.Repeat([]byte("0"), missing), digits...)
	}
	point := len(digits) - scale
	if dst = append(dst, digits[:point]...); scale > 0 {
		dst = append(append(dst, '.'), digits[point:]...)
	}
	return dst
}

// appendUUID writes 16 bytes as RFC 9562 has it.
func appendUUID(dst, b []byte) []byte {
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[[...]int{0, 4, 6, 8, 10}[i]:end])
	}
	return dst
}

// appendDuration writes months, days and milliseconds, which have no common unit.
func appendDuration(dst, b []byte) []byte {
	for i, unit := range [...]string{"month", "day", "ms"} {
		n := uint64(b[4*i]) | uint64(b[4*i+1])<<8 | uint64(b[4*i+2])<<16 | uint64(b[4*i+3])<<24
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendUint(dst, n, 10)
		dst = append(append(dst, ' '), unit...)
		if n != 1 && unit != "ms" {
			dst = append(dst, 's')
		}
	}
	return dst
}
