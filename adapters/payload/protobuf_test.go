package payload

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// TestValuesOfProtobuf are read as the message that stands before them, or in a header.
func TestValuesOfProtobuf(t *testing.T) {
	k := known{}
	for id, text := range map[uint64]string{
		7: `syntax = "proto3"; package shop; message Order { string id = 1; message Line { int64 cents = 1; } } message Note { string text = 1; }`,
		8: `syntax = "proto3"; package shop; message Only { string id = 1; }`,
	} {
		reader, err := protobuf.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		k[id] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: id}, Format: "PROTOBUF", Text: text, Reader: reader}
	}
	for name, c := range map[string]struct {
		value, header, data, reader, declined string
	}{
		"the first message":           {value: "\x00\x00\x00\x00\x07\x00\x0a\x03abc", data: `{"id":"abc"}`, reader: "shop.Order"},
		"the first in the long form":  {value: "\x00\x00\x00\x00\x07\x02\x00\x0a\x03abc", data: `{"id":"abc"}`, reader: "shop.Order"},
		"a message within another":    {value: "\x00\x00\x00\x00\x07\x04\x00\x00\x08\x81\x80\x80\x80\x80\x80\x80\x10", data: `{"cents":9007199254740993}`, reader: "shop.Order.Line"},
		"a name of Apicurio":          {value: "\x00\x00\x00\x00\x07\x06\x0a\x04Note\x0a\x03abc", data: `{"text":"abc"}`, reader: "shop.Note"},
		"a message of nothing":        {value: "\x00\x00\x00\x00\x07\x00", data: `{}`, reader: "shop.Order"},
		"a header":                    {header: "\x00\x00\x00\x00\x07\x02\x02", value: "\x0a\x03abc", data: `{"text":"abc"}`, reader: "shop.Note"},
		"a field that is unknown":     {value: "\x00\x00\x00\x00\x07\x00\x0a\x03abc\xa0\x06\x05", data: `{"id":"abc","#100":5}`, reader: "shop.Order"},
		"no index, and one message":   {value: "\x00\x00\x00\x00\x08\x0a\x03abc", data: `{"id":"abc"}`, reader: "shop.Only"},
		"no index, and several":       {value: "\x00\x00\x00\x00\x07\x0a\x03abc", declined: "schema"},
		"no such message":             {value: "\x00\x00\x00\x00\x07\x02\x0a\x0a\x03abc", declined: "schema"},
		"a value that does not fit":   {value: "\x00\x00\x00\x00\x07\x00\x08\x01\x10", declined: "Protobuf"},
		"a value of other wire types": {value: "\x00\x00\x00\x00\x07\x00\x08\x01\x10\x01", declined: "Protobuf"},
	} {
		m := &adapters.Message{Value: []byte(c.value), Schemas: k}
		if c.header != "" {
			m.Headers = []adapters.Header{header("__value_schema_id", c.header)}
		}
		d := Decode(m, 0)
		if c.reader != "" && (string(d.Data) != c.data || d.Reader != c.reader || len(d.Declined) > 0) || c.reader == "" && (len(d.Declined) == 0 || d.Declined[0].Decoder != c.declined) {
			t.Errorf("%s: %s %q by %q, %v", name, d.Format, d.Data, d.Reader, d.Declined)
		}
	}
	m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x00\x0a\x03abc"), Schemas: k}
	if d := Decode(m, 11); string(d.Data) != `{"id":"abc"` || !d.Cut {
		t.Errorf("%q, %v", d.Data, d.Cut)
	}
}
