package tracing

import (
	"bytes"
	"slices"

	"eventscope/adapters"
	"eventscope/tracing/packed"
)

// sought is an id as it is looked for in the bytes of a message before the message is read,
// which takes ten times as long. Most ids stand in a message as they are. One of hexadecimal
// digits may be in capitals, with hyphens or without, and with zeros before it: of these only
// the longest run of decimal digits is looked for, and if that is short, nothing.
type sought struct {
	text   []byte
	binary bool // it may be sixteen bytes instead
}

// fewestDigits is how short a run may be before too many messages have it by chance.
const fewestDigits = 3

func soughtOf(id []byte) sought {
	id = slices.Clone(id)
	s := sought{text: id[:min(len(id), packed.Longest)]}
	for _, c := range id {
		if hexadecimal := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'; !hexadecimal && c != '-' {
			return s
		}
	}
	s.binary = true
	digits := bytes.FieldsFunc(bytes.TrimLeft(id, "0"), func(c rune) bool { return c < '0' || c > '9' })
	s.text = nil
	for _, run := range digits {
		if len(run) > len(s.text) {
			s.text = run
		}
	}
	if len(s.text) < fewestDigits {
		s.text = nil
	}
	return s
}

// mayBeIn says that the id may be in a message. The empty text is in all.
func (s *sought) mayBeIn(m *adapters.Message) bool {
	if bytes.Contains(m.Value, s.text) || bytes.Contains(m.Key, s.text) || s.binary && len(m.Key) == binaryUUID {
		return true
	}
	for i := range m.Headers {
		if value := m.Headers[i].Value; bytes.Contains(value, s.text) || s.binary && len(value) == binaryUUID {
			return true
		}
	}
	return false
}

const binaryUUID = 16

// respells says that a message may have any id in other bytes: of escaped characters, in the
// properties and tables of AMQP, or of a value that is no text.
func respells(m *adapters.Message) bool {
	if m.Properties != nil || bytes.IndexByte(m.Value, '\\') >= 0 || bytes.IndexByte(m.Key, '\\') >= 0 {
		return true
	}
	if text := bytes.TrimLeft(m.Value, " \t\r\n"); len(text) > 0 && text[0] != '{' && text[0] != '[' && text[0] != '"' {
		return true
	}
	return slices.ContainsFunc(m.Headers, func(h adapters.Header) bool {
		return h.Structured != nil || bytes.IndexByte(h.Value, '\\') >= 0
	})
}
