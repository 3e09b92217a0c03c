package packed

import (
	"bytes"

	"eventscope/adapters/envelope/spelling"
)

// The compact form of an id is the id itself, cut to Longest, but for a UUID in lower
// case with hyphens, or without, as trace ids are: of these it is one byte for the
// spelling and the sixteen of the value. No id begins with such a byte, which is a control
// character. Two ids are the same when their compact forms are, whatever the spelling.

const (
	WithHyphens    = 0 // the first byte of a UUID in its usual spelling
	withoutHyphens = 1
	compactUUID    = 17 // bytes
)

// IsUUID reports whether a compact form is that of a UUID.
func IsUUID(id []byte) bool { return len(id) == compactUUID && id[0] <= withoutHyphens }

// Same compares two ids in their compact form.
func Same(a, b []byte) bool {
	if IsUUID(a) && IsUUID(b) {
		a, b = a[1:], b[1:]
	}
	return bytes.Equal(a, b)
}

// Append appends the compact form of an id.
func Append(dst, id []byte) []byte {
	var value [16]byte
	switch {
	case len(id) == 36 && id[8] == '-' && packUUID(&value, id):
		return append(append(dst, WithHyphens), value[:]...)
	case len(id) == 32 && packHex(value[:], id):
		return append(append(dst, withoutHyphens), value[:]...)
	}
	return append(dst, id[:min(len(id), Longest)]...)
}

// Of is the compact form of an id as somebody types it.
func Of(id string) []byte { return Append(nil, spelling.AppendID(nil, []byte(id))) }

// AppendSpelled appends an id as it was before it was made compact.
func AppendSpelled(dst, id []byte) []byte {
	if !IsUUID(id) {
		return append(dst, id...)
	}
	const digits = "0123456789abcdef"
	for i, b := range id[1:] {
		if id[0] == WithHyphens && (i == 4 || i == 6 || i == 8 || i == 10) {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}

// packUUID reads the 36 characters of a UUID as RFC 9562 writes it.
func packUUID(dst *[16]byte, text []byte) bool {
	return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
		packHex(dst[:4], text[:8]) && packHex(dst[4:6], text[9:13]) && packHex(dst[6:8], text[14:18]) &&
		packHex(dst[8:10], text[19:23]) && packHex(dst[10:], text[24:36])
}

// packHex reads lower-case digits, two a byte.
func packHex(dst, text []byte) bool {
	var bad byte
	for i := range dst {
		high, low := nibbles[text[2*i]], nibbles[text[2*i+1]]
		bad |= high | low
		dst[i] = high<<4 | low
	}
	return bad < notHex
}

// nibbles are the values of the digits 0 to f, notHex for all else.
var nibbles = func() (values [256]byte) {
	for i := range values {
		values[i] = notHex
	}
	for i, digit := range []byte("0123456789abcdef") {
		values[digit] = byte(i)
	}
	return values
}()

const notHex = 16

// AppendAside appends the compact form of an id, the same for both spellings of a UUID.
func AppendAside(dst, id []byte) []byte {
	from := len(dst)
	if dst = Append(dst, id); IsUUID(dst[from:]) {
		dst[from] = WithHyphens
	}
	return dst
}
