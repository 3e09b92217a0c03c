package protobuf

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// meant writes a message that means something. It is not done when the message has a value
// or a field that does not belong to its meaning: then it is written as any message.
func (w *writer) meant(m *Message, bodies []part) (done bool, err error) {
	if m.text() && w.meantText(m, bodies) {
		return true, w.room()
	}
	switch m.meaning {
	case object, list, dynamic:
		return w.transparent(m, bodies)
	case anyType:
		return w.any(m, bodies)
	}
	return false, nil
}

// meantText writes one text.
func (w *writer) meantText(m *Message, bodies []part) bool {
	d := decoder{data: w.data, at: bodies[0].start, end: bodies[0].end, depth: w.depth}
	if len(bodies) > 1 {
		merged := w.merged(bodies)
		d = decoder{data: merged, end: len(merged), depth: w.depth}
	}
	start := len(w.dst)
	text, quoted, ok := m.appendText(append(w.dst, '"'), d)
	switch {
	case !ok:
		w.dst = text[:start]
	case !quoted:
		w.dst = unquoted(text, start, false)
	default:
		// What is text may hold anything, and quoting replaces what is not UTF-8.
		said := bytes.Clone(text[start+1:])
		w.dst, _ = jsontext.AppendQuote(text[:start], said)
	}
	return ok
}

// merged are the bodies one behind the other, which is how messages merge.
func (w *writer) merged(bodies []part) []byte {
	var all []byte
	for i := range bodies {
		all = append(all, w.data[bodies[i].start:bodies[i].end]...)
	}
	return all
}

// transparent writes the one field that a message is made for.
func (w *writer) transparent(m *Message, bodies []part) (done bool, err error) {
	base := len(w.parts)
	defer func() { w.parts = w.parts[:base] }()
	wrong := w.wrong
	w.gather(m, bodies)
	parts := w.parts[base:]
	if w.wrong != wrong || len(parts) > 0 && parts[len(parts)-1].field == nil {
		w.wrong = wrong // is found again
		return false, nil
	}
	switch {
	case m.meaning == dynamic && (len(parts) == 0 || last(parts)[0].number == 1):
		w.dst = append(w.dst, "null"...)
	case m.meaning == dynamic:
		parts = last(parts)
		err = w.field(parts[0].field, parts)
	case len(parts) == 0 && m.meaning == object:
		w.dst = append(w.dst, "{}"...)
	case len(parts) == 0:
		w.dst = append(w.dst, "[]"...)
	default:
		err = w.field(parts[0].field, parts)
	}
	return err == nil, err
}

// any writes a message of a type that is named in it, if the schema has that type.
func (w *writer) any(m *Message, bodies []part) (done bool, err error) {
	if len(bodies) != 1 {
		return false, nil
	}
	p, ok := m.parts(&decoder{data: w.data, at: bodies[0].start, end: bodies[0].end, depth: w.depth})
	if !ok {
		return false, nil
	}
	url, value := w.data[p.spans[1].start:p.spans[1].end], []part{{span: p.spans[2]}}
	w.dst = append(w.dst, '{')
	w.key(0, "@type")
	w.dst, _ = jsontext.AppendQuote(w.dst, url)
	of := m.types[string(url[bytes.LastIndexByte(url, '/')+1:])]
	switch {
	case of == nil || !w.fits(of, value[0].span):
		w.key(1, "value")
		err = w.bytes(value[0].span)
	case of.meaning != noMeaning:
		w.key(1, "value")
		err = w.message(of, value)
	default:
		err = w.members(of, value, 1)
	}
	w.dst = append(w.dst, '}')
	return true, err
}

// fits reports whether a value is one of a message, which the schema does not promise.
func (w *writer) fits(m *Message, s span) bool {
	c := checker{decoder: decoder{data: w.data, at: s.start, end: s.end, depth: w.depth}}
	return c.check(m) == nil
}
