package payload

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// clicks assigns a format to the values of a destination.
type clicks struct{ known }

func (clicks) Assigned(destination string, part schemas.Part) *schemas.Assigned {
	if destination == "clicks" && part == Value {
		return &schemas.Assigned{Schema: Schemaless("msgpack"), Alone: true}
	}
	return nil
}

// TestFormatsThatNeedNoSchema are read where they are named, and as a guess where a value is
// nothing else to its last byte.
func TestFormatsThatNeedNoSchema(t *testing.T) {
	for name, c := range map[string]struct {
		value, contentType, destination string
		reader, data, format            string
	}{
		"MessagePack by its content type": {value: "\x93\x01\x02\x03", contentType: "application/msgpack; v=1", reader: "MessagePack", data: "[1,2,3]", format: "messagepack"},
		"CBOR by its content type":        {value: "\x83\x01\x02\x03", contentType: "application/cbor", reader: "CBOR", data: "[1,2,3]", format: "cbor"},
		"MessagePack by its destination":  {value: "\x05", destination: "clicks", reader: "MessagePack", data: "5", format: "messagepack"},
		"JSON among it":                   {value: `{"a":1}`, destination: "clicks", data: `{"a":1}`, format: "json"},
		"a map of MessagePack":            {value: "\x81\xa1a\x01", reader: "MessagePack", data: `{"a":1}`, format: "messagepack"},
		"a map of CBOR":                   {value: "\xa1\x61a\x01", reader: "CBOR", data: `{"a":1}`, format: "cbor"},
		"a map and something more":        {value: "\x81\xa1a\x01\x01", data: "\x81\xa1a\x01\x01", format: "binary"},
		"an array, which may be anything": {value: "\x93\x01\x02\x03", data: "\x93\x01\x02\x03", format: "binary"},
		"a map of numbers":                {value: "\x81\x01\x01", data: "\x81\x01\x01", format: "binary"},
		"a container of Avro":             {value: "Obj\x01\x02\x14avro.codec\x08null\x00\xff\xff", reader: "the head of an Avro container", data: `{"avro.codec":"null"}`, format: "avro container"},
		"half of its head":                {value: "Obj\x01\x02\x14avro\xff", data: "Obj\x01\x02\x14avro\xff", format: "binary"},
		"what is said and is not":         {value: "\x93\x01", contentType: "application/msgpack", data: "\x93\x01", format: "binary"},
	} {
		m := &adapters.Message{Value: []byte(c.value), Position: adapters.Position{Destination: c.destination}, Schemas: clicks{}}
		if c.contentType != "" {
			m.Headers, m.Schemas = []adapters.Header{header("Content-Type", c.contentType)}, nil
		}
		d := Decode(m, 0)
		if _, format, _ := d.Names(); d.Reader != c.reader || string(d.Data) != c.data || format != c.format {
			t.Errorf("%s: %s %q by %q, %v", name, format, d.Data, d.Reader, d.Declined)
		}
		if c.reader != "" && string(d.Raw) != c.value {
			t.Errorf("%s: the bytes are %q", name, d.Raw)
		}
	}
}
