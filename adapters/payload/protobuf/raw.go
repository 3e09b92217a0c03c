package protobuf

import (
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/encoded"
)

const (
	// maxRawNodes and maxRawDepth bound what is shown of a value without a schema.
	maxRawNodes = 1000
	maxRawDepth = 32
)

// AppendRaw appends a value of which no schema is known as JSON: its fields by number and
// wire type, as "#1 varint". What looks like text, a message, or a number with a fraction is
// shown as such, and marked as a guess by a question mark: "#2 text?". It writes no more
// than limit bytes; 0 or less is no limit.
//
// A value that is no message is a [*encoded.Misfit], and what could be read of it is there, as whole
// JSON. One of too many fields breaks off with [encoded.ErrTooLong].
func AppendRaw(dst, data []byte, limit int) ([]byte, error) {
	w := newWriter(dst, data, limit)
	w.nodes = maxRawNodes
	return w.done(w.raw(span{0, len(data)}))
}

// Guess is [AppendRaw] for bytes that may be no message at all. It reports false where they do not
// consist of fields, or have no text, no bytes and no message within. Framed says that they follow the id
// of a schema, so that the message begins behind what says which one of that it is, or at once.
func Guess(dst, data []byte, framed bool, limit int) ([]byte, bool) {
	starts := []int{0}
	if framed {
		var path [maxIndexes]int
		_, behindName := ref(data)
		_, behindPath := indexes(&path, data, true)
		starts = []int{behindName, behindPath, 0}
	}
	for _, start := range starts {
		if !seemsMessage(data[start:]) {
			continue
		}
		made, err := AppendRaw(dst, data[start:], limit)
		return made, err == nil
	}
	return dst, false
}

// seemsMessage reports whether data consists of fields, of which one has a length: numbers alone may be
// anything.
func seemsMessage(data []byte) bool {
	d, sized := decoder{data: data, end: len(data)}, false
	for d.at < d.end {
		_, w, _, err := d.next()
		if err != nil {
			return false
		}
		sized = sized || w == sizedWire
	}
	return sized
}

// raw writes the fields of a message.
func (w *writer) raw(body span) error {
	base := len(w.parts)
	defer func() { w.parts = w.parts[:base] }()
	w.depth++
	defer func() { w.depth-- }()
	w.gather(nil, []part{{span: body}})
	w.dst = append(w.dst, '{')
	written := 0
	for rest := w.parts[base:]; len(rest) > 0; written++ {
		var same []part
		same, rest = group(rest)
		guess := w.guess(same)
		w.key(written, "#"+strconv.Itoa(int(same[0].number))+" "+guess)
		if err := w.rawValues(same, guess); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, '}')
	return nil
}

// unknown writes the values of a field that its message does not have.
func (w *writer) unknown(values []part) error {
	for i := range values {
		if values[i].wire != values[0].wire {
			return w.mixed(values)
		}
	}
	return w.rawValues(values, w.guess(values))
}

// mixed writes values of several wire types.
func (w *writer) mixed(values []part) error {
	w.dst = append(w.dst, '[')
	for i := range values {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if err := w.rawValue(&values[i], w.guess(values[i:i+1])); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, ']')
	return nil
}

// rawValues writes the values of one field, several of them as an array.
func (w *writer) rawValues(values []part, guess string) error {
	if len(values) == 1 {
		return w.rawValue(&values[0], guess)
	}
	w.dst = append(w.dst, '[')
	for i := range values {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		if err := w.rawValue(&values[i], guess); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, ']')
	return nil
}

// The guesses. What has no question mark is what the wire type says.
const (
	guessText    = "text?"
	guessMessage = "message?"
	guessDouble  = "double?"
	guessFloat   = "float?"
	guessInt     = "int?"
)

// guess is what all values of a field are taken for.
func (w *writer) guess(values []part) string {
	guess := ""
	for i := range values {
		switch own := w.guessOne(&values[i]); {
		case guess == "" || guess == own:
			guess = own
		default:
			return values[0].wire.String()
		}
	}
	return guess
}

func (w *writer) guessOne(p *part) string {
	b := w.data[p.start:p.end]
	d := decoder{data: w.data, at: p.start, end: p.end}
	switch p.wire {
	case varintWire:
		if n, _ := d.varint(); n > math.MaxInt64 {
			return guessInt // a negative one takes all bits
		}
	case fixed64Wire:
		n, _ := d.one(p.wire)
		if likely(math.Float64frombits(n)) {
			return guessDouble
		}
	case fixed32Wire:
		n, _ := d.one(p.wire)
		if likely(float64(math.Float32frombits(uint32(n)))) {
			return guessFloat
		}
	case sizedWire:
		printable, plain := printed(b)
		switch fields, sized := looksLikeMessage(d); {
		case printable && !(fields && (sized || !plain)) || len(b) == 0:
			return guessText
		case fields && w.depth < maxRawDepth:
			return guessMessage
		}
	}
	return p.wire.String()
}

// likely reports whether a number is one that people would write with a fraction.
func likely(f float64) bool { return math.Abs(f) >= 1e-6 && math.Abs(f) < 1e12 }

// printed reports whether b is text, and whether it is in one line.
func printed(b []byte) (printable, plain bool) {
	plain = true
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			return false, false
		case r == '\n' || r == '\r' || r == '\t':
			plain = false
		case !unicode.IsPrint(r):
			return false, false
		}
		b = b[size:]
	}
	return true, plain
}

// looksLikeMessage reports whether a value consists of fields, and whether all of them have a length:
// text hardly ever has the right ones.
func looksLikeMessage(d decoder) (fields, sized bool) {
	if d.at == d.end {
		return false, false
	}
	sized = true
	for d.at < d.end {
		_, w, _, err := d.next()
		if err != nil {
			return false, false
		}
		sized = sized && w == sizedWire
	}
	return true, sized
}

// rawValue writes a value as what it is taken for.
func (w *writer) rawValue(p *part, guess string) error {
	if w.nodes--; w.nodes < 0 {
		return encoded.ErrTooLong
	}
	d := decoder{data: w.data, at: p.start, end: p.end}
	switch {
	case guess == guessText:
		w.dst, _ = jsontext.AppendQuote(w.dst, w.data[p.start:p.end])
		return w.room()
	case guess == guessMessage || p.wire == startWire && w.depth < MaxDepth:
		return w.raw(p.span)
	case p.wire == sizedWire || p.wire == startWire:
		return w.bytes(p.span)
	}
	n, err := d.one(p.wire)
	if err != nil {
		return err
	}
	switch guess {
	case guessInt:
		w.dst = strconv.AppendInt(w.dst, int64(n), 10)
	case guessDouble:
		w.dst, _ = appendFloat(w.dst, math.Float64frombits(n), 64)
	case guessFloat:
		w.dst, _ = appendFloat(w.dst, float64(math.Float32frombits(uint32(n))), 32)
	default:
		w.dst = strconv.AppendUint(w.dst, n, 10)
	}
	return w.room()
}
