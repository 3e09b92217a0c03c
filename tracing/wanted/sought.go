package wanted

import (
	"bytes"
	"slices"

	"eventscope/adapters"
	"eventscope/tracing/packed"
)

// sought is an id as it is looked for in the bytes of a message before the message is read,
// which takes ten times as long. Most ids stand in a message as they are. One of hexadecimal
// digits may be in capitals, with hyphens or without, and without the zeros before it: of
// these the longest run of decimal digits is looked for, and then what is around it.
type sought struct {
	text   []byte // looked for; empty if that is of no use, and then it may be in every message
	digits []byte // all of an id of hexadecimal digits, in lower case
	before int    // of these, how many are before text
}

// fewestDigits is how short a run may be before too many messages have it by chance.
const fewestDigits = 2

func soughtOf(id []byte) sought {
	id = slices.Clone(id[:min(len(id), packed.Longest)])
	digits := bytes.ToLower(bytes.ReplaceAll(id, []byte("-"), nil))
	for _, c := range digits {
		if !decimal(c) && (c < 'a' || c > 'f') {
			return sought{text: id}
		}
	}
	s := sought{digits: digits}
	for from := range digits {
		to := from
		for to < len(digits) && decimal(digits[to]) && (to == from || !hyphenBefore(to, len(digits))) {
			to++
		}
		if to-from > max(len(s.text), fewestDigits-1) && len(bytes.TrimLeft(digits[:from+1], "0")) > 0 {
			s.text, s.before = digits[from:to], from
		}
	}
	return s
}

func decimal(c byte) bool { return '0' <= c && c <= '9' }

// hyphenBefore reports whether a UUID may have a hyphen before a digit.
func hyphenBefore(digit, digits int) bool {
	return digits == 32 && (digit == 8 || digit == 12 || digit == 16 || digit == 20)
}

// mayBeIn reports whether the id may be in a message.
func (s *sought) mayBeIn(m *adapters.Message) bool {
	if s.in(m.Value) || s.in(m.Key) {
		return true
	}
	for i := range m.Headers {
		if s.in(m.Headers[i].Value) {
			return true
		}
	}
	return false
}

// in reports whether the id may be in a text, or be its sixteen bytes.
func (s *sought) in(text []byte) bool {
	const binary = 16
	if s.digits == nil {
		return bytes.Contains(text, s.text)
	}
	if len(s.text) == 0 || len(text) == binary {
		return true
	}
	for from := 0; ; {
		at := bytes.Index(text[from:], s.text)
		if at < 0 {
			return false
		}
		if from += at; s.around(text, from) {
			return true
		}
		from++
	}
}

// around reports whether what is around the run of decimal digits at a place is the rest of the id.
func (s *sought) around(text []byte, at int) bool {
	i := at + len(s.text)
	for _, digit := range s.digits[s.before+len(s.text):] {
		for i < len(text) && text[i] == '-' {
			i++
		}
		if i == len(text) || text[i]|0x20 != digit {
			return false
		}
		i++
	}
	i = at - 1
	for left := s.before - 1; left >= 0; left-- {
		for i >= 0 && text[i] == '-' {
			i--
		}
		if i < 0 || text[i]|0x20 != s.digits[left] { // capitals as the others
			return len(bytes.TrimLeft(s.digits[:left+1], "0")) == 0
		}
		i--
	}
	return true
}

// respells reports whether a message may have any id in other bytes: of escaped characters, in the
// properties and tables of AMQP, or of a value that is no text.
func respells(m *adapters.Message) bool {
	if m.Properties != nil || bytes.IndexByte(m.Value, '\\') >= 0 || bytes.IndexByte(m.Key, '\\') >= 0 {
		return true
	}
	for _, c := range m.Value {
		if c == '{' || c == '[' || c == '"' {
			break
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return true
		}
	}
	for i := range m.Headers {
		if m.Headers[i].Structured != nil || bytes.IndexByte(m.Headers[i].Value, '\\') >= 0 {
			return true
		}
	}
	return false
}
