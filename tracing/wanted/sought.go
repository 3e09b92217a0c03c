package wanted

import (
	"bytes"
	"encoding/hex"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/envelope/spelling"
	"eventscope/tracing/packed"
)

// sought is an id as it is looked for in the bytes of a message before the message is read,
// which takes ten times as long. Most ids stand in a message as they are. One of hexadecimal
// digits may be in capitals and without the zeros before it, and a UUID with hyphens or without:
// of a UUID the digits behind its last hyphen are looked for, and then what is before them.
type sought struct {
	text   []byte // in lower case, if fold
	fold   bool   // capitals are as good
	before []byte // the digits of a UUID before the text, in lower case
	binary []byte // the sixteen bytes that the digits spell
}

const (
	uuidDigits  = 32
	binaryBytes = uuidDigits / 2
	lastHyphen  = 20 // digits of a UUID are before it
)

func soughtOf(id []byte) *sought {
	id = slices.Clone(spelling.KeyOfRow(id[:min(len(id), packed.Longest)]))
	digits := bytes.ToLower(bytes.ReplaceAll(id, []byte("-"), nil))
	if slices.ContainsFunc(digits, func(c byte) bool { return !hexadecimal(c) }) {
		return &sought{text: id[:min(len(id), mostBytes)]}
	}
	s := &sought{text: bytes.ToLower(id), fold: true, binary: sixteen(digits)}
	if len(digits) == uuidDigits {
		s.before, s.text = digits[:lastHyphen], digits[lastHyphen:]
	}
	if len(bytes.TrimLeft(s.before, "0")) == 0 {
		s.text = bytes.TrimLeft(s.text, "0-")
	}
	s.text = s.text[:min(len(s.text), mostBytes)]
	return s
}

func hexadecimal(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

// sixteen is what hexadecimal digits spell, with zeros before them if they are fewer than 32; nil if
// they are more.
func sixteen(digits []byte) []byte {
	if len(digits) > uuidDigits {
		return nil
	}
	spelled := slices.Concat(bytes.Repeat([]byte("0"), uuidDigits-len(digits)), digits)
	binary, _ := hex.AppendDecode(nil, spelled) // they are digits, and even in number
	return binary
}

// behindRest reports whether the rest of the id is before a place in a text, with hyphens or
// without. Zeros at its front may be missing.
func (s *sought) behindRest(text []byte, at int) bool {
	i := at - 1
	for left := len(s.before) - 1; left >= 0; left-- {
		for i >= 0 && text[i] == '-' {
			i--
		}
		if i < 0 || text[i]|0x20 != s.before[left] { // digits are the same either way
			return len(bytes.TrimLeft(s.before[:left+1], "0")) == 0
		}
		i--
	}
	return true
}

// respells reports whether a message may have any id in other bytes: of escaped characters, in the
// properties and tables of AMQP, or of a key or a value that is no text.
func respells(m *adapters.Message) bool {
	if len(m.Key) > 0 && m.Key[0] < ' ' || m.Properties != nil || bytes.IndexByte(m.Value, '\\') >= 0 || bytes.IndexByte(m.Key, '\\') >= 0 {
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
