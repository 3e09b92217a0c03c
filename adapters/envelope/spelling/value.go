package spelling

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// MaxID is the length in bytes beyond which a value is not taken for an id, a type or a
// name of anything: a field is never longer.
const MaxID = 512

// Textual reports whether b is UTF-8 without control characters: something that people
// would read as an id or a name.
func Textual(b []byte) bool {
	rest := b
	for len(rest) >= 8 { // eight bytes at a time, since this is asked of every value
		word := binary.LittleEndian.Uint64(rest)
		const ones, highs = 0x0101010101010101, 0x8080808080808080
		belowSpace := (word - ' '*ones) &^ word
		isDelete := word ^ 0x7f*ones
		isDelete = (isDelete - ones) &^ isDelete
		if (word|belowSpace|isDelete)&highs != 0 {
			break // not plain, or perhaps a borrow: look closer
		}
		rest = rest[8:]
	}
	for i, c := range rest {
		if c >= utf8.RuneSelf {
			return utf8.Valid(rest[i:]) && !hasControl(rest[i:])
		}
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// PlainlyID says of most ids, with one look at each eight bytes, what Textual, BareUUID and
// IsNone would find out one after the other: that there is nothing against them. An id that
// it does not speak for may still be one.
func PlainlyID(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	if len(b) == 0 || len(b) == len("urn:uuid:")+36 || !isLetter(b[0]) && !isDigit(b[0]) {
		return false
	}
	var odd, digit, upper uint64
	for i, last := 0, max(len(b)-8, 0); ; i += 8 {
		word := uint64('0' * ones)
		if len(b) < 8 {
			for _, c := range b {
				word = word<<8 | uint64(c)
			}
		} else {
			i = min(i, last) // some of the last eight may have been seen before
			word = binary.LittleEndian.Uint64(b[i : i+8 : i+8])
		}
		// The high bit of a byte is set where it is below a space or from { on, a digit but
		// zero, or perhaps a capital letter. Nothing is carried from one byte to the next
		// unless the first is odd.
		odd |= word | (word - ' '*ones) | (word + (0x80-'{')*ones)
		digit |= (word + (0x80-'1')*ones) &^ (word + (0x80-'9'-1)*ones)
		upper |= word << 1 &^ (word << 2)
		if i == last {
			break
		}
	}
	return odd&highs == 0 && digit&highs != 0 && (upper&highs == 0 || len(b) != 32 && len(b) != 36)
}

const hexDigits = "0123456789abcdef"

// AppendUUID appends 16 bytes as RFC 9562 writes a UUID.
func AppendUUID(dst, b []byte) []byte {
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// Unquoted is a value without the quotes that a JSON serialiser put round it.
func Unquoted(b []byte) []byte {
	if n := len(b); n >= 2 && b[0] == '"' && b[n-1] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return b[1 : n-1]
	}
	return b
}

// FirstOf cuts b before the first of the separators.
func FirstOf(b []byte, separator byte) []byte {
	if i := bytes.IndexByte(b, separator); i >= 0 {
		return b[:i]
	}
	return b
}

// IsIdentifier reports whether b could be the name of a type: one short word.
func IsIdentifier(b []byte) bool {
	return len(b) <= 128 && bytes.IndexByte(b, ' ') < 0
}

// Assembly reads "Ns.Type, Assembly, Version=1.0.0.0, …; …" into type and version.
func Assembly(b []byte) (name, version []byte) {
	b = FirstOf(b, ';')
	name = bytes.TrimSpace(FirstOf(b, ','))
	const key = "Version="
	if i := bytes.Index(b, []byte(key)); i >= 0 {
		version = bytes.TrimSpace(FirstOf(b[i+len(key):], ','))
	}
	return name, version
}

// Segment is the last segment of the path of an address.
func Segment(b []byte) []byte {
	b = bytes.TrimRight(FirstOf(b, '?'), "/")
	return b[bytes.LastIndexByte(b, '/')+1:]
}
