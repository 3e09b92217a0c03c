package fieldtable

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext" // quotes any bytes as a JSON string
	amqp "github.com/rabbitmq/amqp091-go"         // the broker team's own client

	"eventscope/adapters"
)

// Headers is memory for the headers of many tables. The zero value is ready.
type Headers struct {
	all   []adapters.Header
	text  []byte   // their values
	names []string // scratch for sorting
}

// NewHeaders has room for that many bytes of values.
func NewHeaders(room int) Headers { return Headers{text: make([]byte, 0, room)} }

// Size is how many bytes of values there is room for now.
func (h *Headers) Size() int { return cap(h.text) }

// Reset makes the memory free for other headers, and keeps nothing that those refer to.
func (h *Headers) Reset() {
	clear(h.all)
	clear(h.names[:cap(h.names)])
	h.all, h.text = h.all[:0], h.text[:0]
}

// Append gives the headers of a table, sorted by name because a table has no
// order once it is a Go map, and leaves out the name skip. They and their values lie in
// the memory of h until it is reset.
func (h *Headers) Append(table amqp.Table, skip string) []adapters.Header {
	if len(table) == 0 {
		return nil
	}
	h.names = h.names[:0]
	for name := range table {
		if name != skip || skip == "" {
			h.names = append(h.names, name)
		}
	}
	slices.Sort(h.names)
	first := len(h.all)
	for _, name := range h.names {
		start := len(h.text)
		structured := Structure(table[name])
		h.text = appendText(h.text, table[name], structured)
		value := h.text[start:len(h.text):len(h.text)]
		switch {
		case table[name] == nil:
			value = nil // which is not an empty text
		case value == nil:
			value = []byte{}
		}
		if _, text := structured.(string); text {
			structured = nil // Value says all of it
		}
		h.all = append(h.all, adapters.Header{Name: name, Value: value, Structured: structured})
	}
	return h.all[first:len(h.all):len(h.all)]
}

// Structure turns a field value of the client into one of the types that
// [adapters.Header] names.
func Structure(value any) any {
	switch v := value.(type) {
	case nil, bool, int64, float64, string, []byte:
		return v
	case byte:
		return int64(v)
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case int:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case float32:
		return float64(v)
	case amqp.Decimal:
		return float64(v.Value) / math.Pow10(int(v.Scale))
	case time.Time:
		return v.UTC()
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Structure(v[i])
		}
		return list
	case amqp.Table:
		table := make(map[string]any, len(v))
		for name := range v {
			table[name] = Structure(v[name])
		}
		return table
	}
	return nil // the client knows no other type
}

// appendText appends the text form of a header: numbers in decimal, times in RFC 3339,
// tables and arrays as JSON, strings and bytes as they are. Raw is the client's value,
// which can be more exact than the structured one.
func appendText(dst []byte, raw, structured any) []byte {
	switch v := raw.(type) {
	case float32:
		return strconv.AppendFloat(dst, float64(v), 'g', -1, 32)
	case amqp.Decimal:
		return appendDecimal(dst, v)
	}
	switch v := structured.(type) {
	case nil:
		return dst
	case string:
		return append(dst, v...)
	case []byte:
		return append(dst, v...)
	case time.Time:
		return v.AppendFormat(dst, time.RFC3339)
	}
	return AppendJSON(dst, structured)
}

// AppendJSON appends a structured value as JSON. What JSON cannot say becomes a
// string: a time, bytes in base64, a number that is not finite.
func AppendJSON(dst []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.AppendQuote(dst, strconv.FormatFloat(v, 'g', -1, 64))
		}
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	case string:
		return appendQuoted(dst, v)
	case []byte:
		return appendQuoted(dst, base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return appendQuoted(dst, v.Format(time.RFC3339))
	case []any:
		dst = append(dst, '[')
		for i := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, v[i])
		}
		return append(dst, ']')
	case map[string]any:
		return appendObject(dst, v)
	}
	return append(dst, "null"...)
}

func appendObject(dst []byte, table map[string]any) []byte {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, name), ':')
		dst = AppendJSON(dst, table[name])
	}
	return append(dst, '}')
}

// appendQuoted appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD,
// which is what the error that is ignored here reports.
func appendQuoted(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// appendDecimal appends Value × 10^-Scale without rounding.
func appendDecimal(dst []byte, d amqp.Decimal) []byte {
	digits := strconv.FormatInt(int64(d.Value), 10)
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	scale := int(d.Scale)
	for len(digits) <= scale {
		digits = "0" + digits
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	if scale > 0 {
		dst = append(append(dst, '.'), digits[len(digits)-scale:]...)
	}
	return dst
}

// Integer is an integer field, or 0.
func Integer(field any) int64 {
	n, _ := Structure(field).(int64)
	return n
}
