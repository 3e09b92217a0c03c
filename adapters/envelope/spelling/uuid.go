package spelling

import (
	"bytes"
	"encoding/binary"
)

// A UUID is written in many ways: in upper case, in braces or parentheses, as a URN, and
// without hyphens. All but the last are brought into the one form that RFC 9562 asks for,
// in lower case with hyphens. Thirty-two digits without hyphens stay so, in lower case, for
// a trace id is written like that, too; whoever compares ids takes both for the same.

// AppendID appends an id in the form in which ids of messages are read, so that one that
// was typed can be compared with them.
func AppendID(dst, id []byte) []byte {
	start := len(dst)
	if bare := BareUUID(id); bare != nil {
		dst = append(dst, bare...)
		lower(dst[start:])
		return dst
	}
	return append(dst, id...)
}

// BareUUID is what there is to be respelled of a UUID, or nil when the value is none or is
// spelled well.
func BareUUID(b []byte) []byte {
	const urn = "urn:uuid:"
	switch len(b) {
	case 32:
		if MayHaveUpper(b) && isHex(b) {
			return b
		}
	case 36:
		if MayHaveUpper(b) && IsUUID(b) {
			return b
		}
	case 38:
		if (b[0] == '{' && b[37] == '}' || b[0] == '(' && b[37] == ')') && IsUUID(b[1:37]) {
			return b[1:37]
		}
	case len(urn) + 36:
		if bytes.EqualFold(b[:len(urn)], []byte(urn)) && IsUUID(b[len(urn):]) {
			return b[len(urn):]
		}
	}
	return nil
}

// IsUUID reports whether b is hexadecimal digits with hyphens where a UUID has them.
func IsUUID(b []byte) bool {
	return len(b) == 36 && b[8] == '-' && b[13] == '-' && b[18] == '-' && b[23] == '-' &&
		isHex(b[:8]) && isHex(b[9:13]) && isHex(b[14:18]) && isHex(b[19:23]) && isHex(b[24:])
}

// MayHaveUpper looks for capital letters, eight bytes at a time; a few signs count as
// such. Its value has 32 bytes or 36.
func MayHaveUpper(b []byte) bool {
	const sixth, fifth = 0x4040404040404040, 0x2020202020202020
	var found uint64
	for i := 0; i+8 <= len(b); i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		found |= word & sixth &^ (word & fifth << 1)
	}
	word := binary.LittleEndian.Uint64(b[len(b)-8:])
	return (found | word&sixth&^(word&fifth<<1)) != 0
}

// lower puts capital letters of ASCII into lower case.
func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
