package payload

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters"
)

// Readable is the value of m as it is to be searched: decompressed where it is compressed, and
// as JSON where it can be read by its schema, to at most limit bytes each, and without the frame
// in front of JSON; as sent where nothing needs to be or can be done. What is masked is not in it.
func Readable(m *adapters.Message, limit int) []byte {
	if hidden := maskOf(m); hidden != nil && hidden.OfValue() {
		d := Decode(m, limit)
		return d.Data
	}
	data := Plain(m, limit)
	if made, ok, _ := AppendWritten(nil, m, Value, data, limit); ok {
		return made
	}
	return Unframed(data)
}

// ReadableKey is the key of m in the same way, for people: text without the quotes of JSON.
func ReadableKey(m *adapters.Message, limit int) []byte {
	made, ok, _ := AppendWritten(nil, m, Key, m.Key, limit)
	if !ok {
		return m.Key
	}
	return Unquoted(made)
}

// Unquoted is a string of JSON without quotes and escapes; anything else is as it is.
func Unquoted(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil { // such as half of a surrogate
		return value[1 : len(value)-1]
	}
	return text
}

// Plain is the value of m decompressed where it is compressed, to at most limit bytes, and as
// sent where nothing needs to be or can be done.
func Plain(m *adapters.Message, limit int) []byte {
	c := codecOf(contentEncoding(m), m.Value)
	if c == nil {
		return m.Value
	}
	data, _, err := c.decompress(m.Value, limit)
	if err != nil {
		return m.Value
	}
	return data
}

// Lookup is the JSON at a path of a JSON value, such as payload.items.0.sku: names of
// members as they are, and numbers for elements of arrays. It is nil when there is no
// such thing, or when the value is not JSON as far as it had to be read. It shares the
// value's memory.
func Lookup(value []byte, path string) jsontext.Value {
	value = Unframed(value)
	head := bytes.TrimLeft(value, " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return nil
	}
	d := decoders.get()
	defer decoders.put(d)
	d.reset(head)
	for more := path != ""; more; {
		var name string
		name, path, more = strings.Cut(path, ".")
		if !d.enter(name) {
			return nil
		}
	}
	found, err := d.ReadValue()
	if err != nil {
		return nil
	}
	return found
}

// enter moves before a member or an element of the value ahead.
func (d *decoder) enter(name string) bool {
	start, err := d.ReadToken()
	if err != nil {
		return false
	}
	switch start.Kind() {
	case '{':
		for d.PeekKind() == '"' {
			quoted, err := d.ReadValue()
			if err != nil {
				return false
			}
			if sameName(quoted, name) {
				return true
			}
			if _, err := d.ReadValue(); err != nil {
				return false
			}
		}
	case '[':
		index, err := strconv.Atoi(name)
		if err != nil || index < 0 {
			return false
		}
		for ; d.PeekKind() != ']'; index-- {
			if index == 0 {
				return true
			}
			if _, err := d.ReadValue(); err != nil {
				return false
			}
		}
	}
	return false
}

func sameName(quoted jsontext.Value, name string) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == name
	}
	unquoted, err := jsontext.AppendUnquote(nil, []byte(quoted))
	return err == nil && string(unquoted) == name
}
