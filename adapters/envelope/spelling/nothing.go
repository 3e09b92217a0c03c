package spelling

import "bytes"

// placeholders are what programs write where they have no id, folded: see foldWord. Each
// of them would make strangers one flow.
var placeholders = map[string]bool{
	"null": true, "nil": true, "none": true, "undefined": true, "nan": true, "void": true, "empty": true, "blank": true, "dbnull": true,
	"na": true, "notavailable": true, "notapplicable": true, "notset": true, "unset": true, "notdefined": true, "notfound": true, "missing": true,
	"unknown": true, "unspecified": true, "unassigned": true, "default": true, "anonymous": true, "invalid": true, "infinity": true,
	"false": true, "true": true, "object": true, "objectobject": true, "string": true, "uuid": true, "guid": true,
	"test": true, "testing": true, "todo": true, "tbd": true, "fixme": true, "dummy": true, "placeholder": true, "changeme": true, "xxx": true,
	"correlationid": true, "orderid": true, "traceid": true, "messageid": true, "eventid": true, "requestid": true, "conversationid": true, "noid": true,
}

// endings are placeholders that make one of the whole value, as in order-undefined, when it
// has no digit but zeros.
var endings = map[string]bool{"null": true, "nil": true, "none": true, "undefined": true, "nan": true}

// IsNone tells values that stand for the lack of an id: nothing but signs and zeros, a
// word such as undefined or N/A in any spelling, the UUIDs of zeros and of ones, or a
// template that nobody filled in. Nearly every id has a digit other than zero, which
// settles it.
func IsNone(b []byte) bool {
	if isTemplate(b) {
		return true
	}
	for _, c := range b {
		if '1' <= c && c <= '9' {
			return string(b) == "-1"
		}
	}
	return isBlank(b) || isMaxUUID(b) || isPlaceholder(b)
}

// isBlank reports whether a value has no letter and no digit but zeros.
func isBlank(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '1' <= c && c <= '9' {
			return false
		}
	}
	return true
}

// isMaxUUID knows the UUID of ones of RFC 9562.
func isMaxUUID(b []byte) bool {
	count := 0
	for _, c := range b {
		switch c {
		case 'f', 'F':
			count++
		case '-':
		default:
			return false
		}
	}
	return count == 32
}

// isTemplate reports whether a value is, or has in it, a place that was to be filled in: ${id},
// #{id}, %{id}, {{id}}, {id}, {0}, $(id), <id>, %s.
func isTemplate(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	last := len(b) - 1
	switch b[0] {
	case '%':
		if last <= 2 && isLetter(b[last]) {
			return true
		}
	case '<':
		return b[last] == '>' && isName(b[1:last])
	case '$':
		if b[1] == '(' && b[last] == ')' {
			return true
		}
	case '{':
		if b[last] == '}' && isName(b[1:last]) {
			return true
		}
	}
	brace := bytes.IndexByte(b, '{')
	if brace < 0 || brace == last {
		return false
	}
	return b[brace+1] == '{' || brace > 0 && bytes.IndexByte([]byte("$#%"), b[brace-1]) >= 0
}

// isName reports whether b has only what names of variables have, so that {id} is a template and
// {"id":7} is none.
func isName(b []byte) bool {
	for _, c := range b {
		if !isLetter(c) && !isDigit(c) && bytes.IndexByte([]byte("-_. "), c) < 0 {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isPlaceholder looks a value up among the placeholders.
func isPlaceholder(b []byte) bool {
	var room [32]byte // no placeholder is longer
	if folded, ok := foldWord(room[:0], b); ok && placeholders[string(folded)] {
		return true
	}
	last := bytes.LastIndexAny(b, "-_:/.=| ")
	if last < 0 {
		return false
	}
	folded, ok := foldWord(room[:0], b[last+1:])
	return ok && endings[string(folded)]
}

// foldWord writes the letters of a value in lower case, without whatever else is in it:
// <N/A> as na. It reports false when dst is too small.
func foldWord(dst, b []byte) ([]byte, bool) {
	for _, c := range b {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z' || c >= 0x80:
		default:
			continue
		}
		if len(dst) == cap(dst) {
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}
