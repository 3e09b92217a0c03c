package message

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/Azure/go-amqp"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
)

// deepest is how far lists in lists are read.
const deepest = 32

// headerOf is a property as a header: its text, and its value where a text says less.
func headerOf(name string, value any) adapters.Header {
	header := adapters.Header{Name: name, Value: appendText(nil, value)}
	switch value.(type) {
	case nil, string, []byte, amqp.Symbol:
	default:
		header.Structured = structure(value, 0)
	}
	if header.Value == nil && value != nil {
		header.Value = []byte{}
	}
	return header
}

// structure is a value in the types that [adapters.Header] names.
func structure(value any, depth int) any {
	if depth > deepest {
		return "…"
	}
	switch v := value.(type) {
	case nil, bool, int64, float64, string, []byte:
		return v
	case time.Time:
		return v.UTC()
	case amqp.UUID:
		return v.String()
	case amqp.Symbol:
		return string(v)
	case uint64:
		if v > math.MaxInt64 {
			return strconv.FormatUint(v, 10)
		}
		return int64(v)
	}
	of := reflect.ValueOf(value)
	switch of.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return of.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(of.Uint())
	case reflect.Float32:
		return of.Float()
	case reflect.Slice, reflect.Array:
		list := make([]any, of.Len())
		for i := range list {
			list[i] = structure(of.Index(i).Interface(), depth+1)
		}
		return list
	case reflect.Map:
		table := make(map[string]any, of.Len())
		for entries := of.MapRange(); entries.Next(); {
			table[string(appendText(nil, entries.Key().Interface()))] = structure(entries.Value().Interface(), depth+1)
		}
		return table
	}
	return fmt.Sprint(value)
}

// appendText appends the text form of a value: numbers in decimal, times in RFC 3339, lists and maps as
// JSON, texts and bytes as they are.
func appendText(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil, amqp.Null:
		return dst
	case string:
		return append(dst, v...)
	case []byte:
		return append(dst, v...)
	case amqp.Symbol:
		return append(dst, v...)
	case amqp.UUID:
		return append(dst, v.String()...)
	case bool:
		return strconv.AppendBool(dst, v)
	case time.Time:
		return v.UTC().AppendFormat(dst, time.RFC3339Nano)
	case float32:
		return strconv.AppendFloat(dst, float64(v), 'g', -1, 32)
	case float64:
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	switch v := structure(value, 0).(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case string:
		return append(dst, v...)
	default:
		return appendJSON(dst, v)
	}
}

// appendJSON appends lists and maps. What is no text in UTF-8 is written in base64, and what is no number as
// a text.
func appendJSON(dst []byte, value any) []byte {
	text, err := json.Marshal(writable(value), json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return fmt.Append(dst, value)
	}
	return append(dst, text...)
}

func writable(value any) any {
	switch v := value.(type) {
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return base64.StdEncoding.EncodeToString(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		for i := range v {
			v[i] = writable(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = writable(v[name])
		}
	}
	return value
}
