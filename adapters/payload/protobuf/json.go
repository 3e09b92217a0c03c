package protobuf

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/reflect/protoreflect"

	"eventscope/adapters/payload/encoded"
)

// AppendJSON appends a value as JSON: its fields in the order of the schema and by the names
// that it gives them, enums by their symbols, what well-known types mean as people write it,
// bytes in base64. Numbers are in full, whatever their size. A field that is absent is not
// there. One that the message does not have is there by its number, as #100, with a guess at
// its value. AppendJSON writes no more than limit bytes; 0 or less is no limit.
//
// A value that does not fit its message is a [*encoded.Misfit], and what could be read of it is
// there, as whole JSON: a field whose wire type is another one is shown by its number.
func (m *Message) AppendJSON(dst, data []byte, limit int) ([]byte, error) {
	w := newWriter(dst, data, limit)
	err := w.message(m, []part{{span: span{0, len(data)}}})
	return w.done(err)
}

func newWriter(dst, data []byte, limit int) *writer {
	if limit <= 0 {
		limit = math.MaxInt - len(dst)
	}
	return &writer{data: data, dst: dst, limit: len(dst) + limit, nodes: math.MaxInt}
}

// done is what was written, and what was wrong.
func (w *writer) done(err error) ([]byte, error) {
	if err == nil && len(w.dst) > w.limit {
		err = encoded.ErrTooLong
	}
	if err == nil {
		err = w.wrong
	}
	return w.dst[:min(len(w.dst), w.limit)], err
}

// writer writes one value.
type writer struct {
	data  []byte
	dst   []byte
	limit int
	depth int
	parts []part // of the messages that are written now, a stack
	wrong error  // the first misfit
	nodes int    // how many more may be written of what has no schema
}

// message writes a message that is in several parts, which merge.
func (w *writer) message(m *Message, bodies []part) error {
	if w.depth >= MaxDepth {
		w.misfit(encoded.MisfitAt(bodies[0].start, "messages are nested more than %d deep", MaxDepth))
		return w.bytes(bodies[0].span)
	}
	w.depth++
	defer func() { w.depth-- }()
	if m.meaning != noMeaning {
		if done, err := w.meant(m, bodies); done || err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '{')
	if err := w.members(m, bodies, 0); err != nil {
		return err
	}
	w.dst = append(w.dst, '}')
	return nil
}

// members writes the fields of a message, behind so many others.
func (w *writer) members(m *Message, bodies []part, written int) error {
	base := len(w.parts)
	defer func() { w.parts = w.parts[:base] }()
	w.gather(m, bodies)
	for rest := w.parts[base:]; len(rest) > 0; written++ {
		var same []part
		same, rest = group(rest)
		if same[0].field == nil {
			w.key(written, "#"+strconv.Itoa(int(same[0].number)))
			if err := w.unknown(same); err != nil {
				return err
			}
			continue
		}
		same = last(same)
		w.key(written, same[0].field.name)
		if err := w.field(same[0].field, same); err != nil {
			return err
		}
	}
	return nil
}

// key writes the name of the member that is number i of its object.
func (w *writer) key(i int, name string) {
	if i > 0 {
		w.dst = append(w.dst, ',')
	}
	w.dst, _ = jsontext.AppendQuote(w.dst, name) // which replaces what is not UTF-8
	w.dst = append(w.dst, ':')
}

// field writes all values of a field.
func (w *writer) field(f *field, values []part) error {
	switch {
	case f.mapped():
		return w.mapOf(f.message, values)
	case f.list:
		return w.list(f, values)
	case f.message != nil:
		return w.message(f.message, values)
	}
	return w.scalar(f, values[len(values)-1].span)
}

// scalar writes a value, or that of a field that is absent if there are no bytes.
func (w *writer) scalar(f *field, s span) (err error) {
	start := len(w.dst)
	if f.kind == protoreflect.StringKind {
		w.dst, _ = jsontext.AppendQuote(w.dst, w.data[s.start:s.end]) // which replaces what is not UTF-8
	} else {
		d := decoder{data: w.data}
		text, quoted, err := d.appendScalar(append(w.dst, '"'), f, s)
		if err != nil {
			return err
		}
		w.dst = unquoted(text, start, quoted)
	}
	return w.room()
}

// unquoted ends a text that began with a quote, or takes that away.
func unquoted(text []byte, start int, quoted bool) []byte {
	if quoted {
		return append(text, '"')
	}
	copy(text[start:], text[start+1:])
	return text[:len(text)-1]
}

// room ends writing where the limit is.
func (w *writer) room() error {
	if len(w.dst) > w.limit {
		return encoded.ErrTooLong
	}
	return nil
}

func (w *writer) bytes(s span) error {
	w.dst = append(base64.StdEncoding.AppendEncode(append(w.dst, '"'), w.data[s.start:s.end]), '"')
	return w.room()
}

func (w *writer) list(f *field, values []part) error {
	w.dst = append(w.dst, '[')
	written := 0
	for i := range values {
		v := &values[i]
		inner := decoder{data: w.data, at: v.start, end: v.end}
		packed := v.wire == sizedWire && f.packable
		for first := true; first && !packed || packed && inner.at < inner.end; first = false {
			s := v.span
			if packed {
				s.start = inner.at
				if _, err := inner.one(f.wire); err != nil {
					w.misfit(err)
					break
				}
				s.end = inner.at
			}
			if written++; written > 1 {
				w.dst = append(w.dst, ',')
			}
			if err := w.item(f, s); err != nil {
				return err
			}
		}
	}
	w.dst = append(w.dst, ']')
	return nil
}

func (w *writer) item(f *field, s span) error {
	if f.message != nil {
		return w.message(f.message, []part{{span: s}})
	}
	return w.scalar(f, s)
}

// mapOf writes the entries of a map, of each key the last.
func (w *writer) mapOf(entry *Message, values []part) error {
	lasts := w.lastOfKeys(entry, values)
	w.dst = append(w.dst, '{')
	written := 0
	for i := range values {
		base := len(w.parts)
		w.gather(entry, values[i:i+1])
		key, err := w.keyOf(entry, w.parts[base:])
		if err != nil {
			return err
		}
		if lasts == nil || lasts[key] == i {
			w.key(written, key)
			written++
			err = w.entryValue(entry, w.parts[base:])
		}
		w.parts = w.parts[:base]
		if err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	return nil
}

// lastOfKeys are the indexes of the entries that count, or nil if all do.
func (w *writer) lastOfKeys(entry *Message, values []part) map[string]int {
	if len(values) == 1 {
		return nil
	}
	lasts := make(map[string]int, len(values))
	wrong := w.wrong // is told when they are written
	for i := range values {
		base := len(w.parts)
		w.gather(entry, values[i:i+1])
		if key, err := w.keyOf(entry, w.parts[base:]); err == nil {
			lasts[key] = i
		}
		w.parts = w.parts[:base]
	}
	w.wrong = wrong
	return lasts
}

// numbered are the parts of an entry that have a number.
func numbered(parts []part, number int32) []part {
	from, to := 0, 0
	for i := range parts {
		if parts[i].field != nil && parts[i].number == number {
			if to == 0 {
				from = i
			}
			to = i + 1
		}
	}
	return parts[from:to]
}

func (w *writer) keyOf(entry *Message, parts []part) (string, error) {
	keys, s := numbered(parts, 1), span{}
	if len(keys) > 0 {
		s = keys[len(keys)-1].span
	}
	d := decoder{data: w.data}
	text, _, err := d.appendScalar(nil, entry.field(1), s)
	if !utf8.Valid(text) { // two keys must not become the same when they are quoted
		return string([]rune(string(text))), err
	}
	return string(text), err
}

func (w *writer) entryValue(entry *Message, parts []part) error {
	f, values := entry.field(2), numbered(parts, 2)
	if len(values) == 0 {
		values = []part{{}} // what is absent is the default
	}
	if f.message != nil {
		return w.message(f.message, values)
	}
	return w.scalar(f, values[len(values)-1].span)
}
