package output

import (
	"encoding/base64"
	"time"
	"unicode/utf8"

	// jsontext quotes and reformats without allocating, and keeps every digit.
	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/payload"
)

// field appends ,"name": so that a line is a chain of fields; the first of an object
// goes through its opening brace.
func field(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), name...)
	return append(dst, '"', ':')
}

// quote appends a string. Bytes that are not UTF-8 become U+FFFD; use binary where
// they matter.
func quote[T ~string | ~[]byte](dst []byte, text T) []byte {
	if plain(text) {
		dst = append(append(dst, '"'), text...)
		return append(dst, '"')
	}
	dst, _ = jsontext.AppendQuote(dst, text) // the error only says that there was a U+FFFD
	return dst
}

// plain reports whether text needs no escapes within quotes.
func plain[T ~string | ~[]byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// known appends a string, or null for an empty one: nobody said.
func known[T ~string | ~[]byte](dst []byte, text T) []byte {
	if len(text) == 0 {
		return append(dst, "null"...)
	}
	return quote(dst, text)
}

// binary appends what may be text or not: null for nil, a string when it is text, else
// {"base64":…}.
func binary(dst, value []byte) []byte {
	switch {
	case value == nil:
		return append(dst, "null"...)
	case isText(value):
		return quote(dst, value)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, value)
	return append(dst, `"}`...)
}

// isText reports whether value is UTF-8 without control characters that no text has: a
// big-endian number is often valid UTF-8. Escape is let through, for logs are coloured.
func isText(value []byte) bool {
	for _, c := range value {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0x1b {
			return false
		}
	}
	return utf8.Valid(value)
}

// moment appends a time in milliseconds, UTC, always of the same length, or null.
func moment(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	// By hand, for time.AppendFormat takes longer than the rest of a short line.
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 { // RFC 3339 has four digits
		return append(dst, "null"...)
	}
	hour, minute, second := t.Clock()
	dst = append(dst, '"')
	dst = digits(dst, year, 4)
	dst = digits(append(dst, '-'), int(month), 2)
	dst = digits(append(dst, '-'), day, 2)
	dst = digits(append(dst, 'T'), hour, 2)
	dst = digits(append(dst, ':'), minute, 2)
	dst = digits(append(dst, ':'), second, 2)
	dst = digits(append(dst, '.'), t.Nanosecond()/1e6, 3)
	return append(dst, 'Z', '"')
}

// digits appends n with leading zeros.
func digits(dst []byte, n, width int) []byte {
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0; i, n = i-1, n/10 {
		dst[i] = byte('0' + n%10)
	}
	return dst
}

// position appends a position as a string.
func position(dst []byte, p adapters.Position) []byte {
	start := len(dst) + 1
	dst = p.AppendTo(append(dst, '"'))
	if plain(dst[start:]) {
		return append(dst, '"')
	}
	return quote(dst[:start-1], p.String())
}

// list appends a list of strings.
func list[T ~string](dst []byte, texts []T) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = quote(dst, text)
	}
	return append(dst, ']')
}

var (
	keepStrings = jsontext.PreserveRawStrings(true)  // escapes as the producer wrote them
	keepNames   = jsontext.AllowDuplicateNames(true) // they are wrong, but they are the value
)

// value appends one of the fields value, value_text and value_base64, the last with value_fields
// beside it where the bytes look like Protobuf. What grows too
// large when it is decompressed stays as it is.
func value(dst []byte, m *adapters.Message) []byte {
	if m.Value == nil {
		return append(field(dst, "value"), "null"...)
	}
	if out, ok := embed(dst, m.Value); ok {
		return out
	}
	decoded := payload.Decode(m, payload.MaxDecompressed)
	return decodedValue(dst, m, &decoded)
}

// key appends a key: as JSON where it is read by its schema.
func key(dst []byte, m *adapters.Message) []byte {
	if out, ok, _ := payload.AppendWritten(dst, m, payload.Key, m.Key, payload.MaxDecompressed); ok {
		return out
	}
	return binary(dst, m.Key)
}

// written appends the schema that a value names, what the value is and whether that could be
// read, and if that is wanted the value.
func written(dst []byte, m *adapters.Message, whole bool) []byte {
	var d payload.Decoded
	if whole {
		d = payload.Decode(m, payload.MaxDecompressed)
	} else {
		d = payload.Recognise(m, payload.MaxDecompressed)
	}
	schema, format, decoded := d.Names()
	dst = field(dst, "schema")
	switch named := schema.(type) {
	case int:
		dst = number(dst, int64(named))
	case string:
		dst = quote(dst, named)
	default:
		dst = append(dst, "null"...)
	}
	dst = boolean(field(quote(field(dst, "format"), format), "decoded"), decoded)
	if len(d.Declined) > 0 && !decoded && d.Declined[0].Decoder != string(payload.JSON) {
		dst = quote(field(dst, "not_decoded"), d.Declined[0].Why.Error())
	}
	switch {
	case !whole:
		return dst
	case m.Value == nil:
		return append(field(dst, "value"), "null"...)
	}
	return decodedValue(dst, m, &d)
}

// decodedValue appends a value that was looked at.
func decodedValue(dst []byte, m *adapters.Message, d *payload.Decoded) []byte {
	data := m.Value
	if !d.Cut {
		data = d.Data
		if d.Format == payload.JSON {
			if out, ok := embed(dst, data); ok {
				return out
			}
		}
	}
	if isText(data) {
		return quote(field(dst, "value_text"), data)
	}
	if fields, ok := d.Fields(mostFields); ok {
		dst = append(field(dst, "value_fields"), fields...)
	}
	dst = append(field(dst, "value_base64"), '"')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"')
}

// mostFields bounds the fields of bytes that look like Protobuf, in bytes of JSON.
const mostFields = 64 << 10

// embed appends data as the field value if it is JSON.
func embed(dst, data []byte) ([]byte, bool) {
	if len(data) == 0 {
		return dst, false
	}
	start := len(dst)
	dst, err := jsontext.AppendFormat(field(dst, "value"), data, keepStrings, keepNames)
	if err != nil {
		return dst[:start], false
	}
	return dst, true
}

// death appends a dead letter's certificate.
func death(dst []byte, d *deadheader.Info) []byte {
	dst = append(dst, '{')
	dst = known(field(dst, "origin"), d.Origin)
	dst = known(field(dst, "origin_from"), d.OriginFrom)
	dst = known(field(dst, "confidence"), d.Confidence)
	dst = known(field(dst, "reason"), d.Reason)
	dst = known(field(dst, "exception"), d.Exception)
	dst = known(field(dst, "message"), d.Message)
	if dst = field(dst, "attempts"); d.Attempts > 0 {
		dst = number(dst, int64(d.Attempts))
	} else {
		dst = append(dst, "null"...) // nobody says
	}
	dst = known(field(dst, "group"), d.Group)
	dst = moment(field(dst, "first_at"), d.FirstAt)
	dst = moment(field(dst, "last_at"), d.LastAt)
	dst = known(field(dst, "writer"), d.Writer)
	return append(dst, '}')
}
