package payload

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload/mask"
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

// TestProtobufOfAnUnknownSchemaShowsItsFields, by their numbers, whatever stands before them; other bytes
// show none, nor does what is masked.
func TestProtobufOfAnUnknownSchemaShowsItsFields(t *testing.T) {
	const message, fields = "\x0a\x03abc\x10\x05", `{"#1 text?":"abc","#2 varint":5}`
	for name, c := range map[string]struct{ value, header, want string }{
		"the first message":        {value: "\x00\x00\x00\x00\x63\x00" + message, want: fields},
		"a message within another": {value: "\x00\x00\x00\x00\x63\x04\x00\x00" + message, want: fields},
		"a name of Apicurio":       {value: "\x00\x00\x00\x00\x63\x06\x0a\x04Note" + message, want: fields},
		"no index":                 {value: "\x00\x00\x00\x00\x63" + message, want: fields},
		"a header":                 {value: message + "\x1a\x02\x00\xff", header: "\x00\x00\x00\x00\x63", want: `{"#1 text?":"abc","#2 varint":5,"#3 bytes":"AP8="}`},
		"no frame":                 {value: message + "\x1a\x02\x00\xff", want: `{"#1 text?":"abc","#2 varint":5,"#3 bytes":"AP8="}`},
		"numbers alone":            {value: "\x08\x80\x01\x10\x00"},
		"a large number":           {value: "\x00\x00\x00\x00\x00\x07\x0a\x00"},
		"what is cut":              {value: "\x00\x00\x00\x00\x63\x00\x0a\x09abc\x00"},
		"text":                     {value: "abc"},
	} {
		m := &adapters.Message{Value: []byte(c.value)}
		if c.header != "" {
			m.Headers = []adapters.Header{header("__value_schema_id", c.header)}
		}
		d := Decode(m, 0)
		tree, ok := d.Tree()
		if got, _ := d.Fields(0); string(got) != c.want || ok != (c.want != "") || ok && string(tree.Data) != c.want {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
	masks, err := mask.Compile([]mask.Rule{{Destination: "*", Paths: []string{"/card"}}})
	if err != nil {
		t.Fatal(err)
	}
	d := Decode(&adapters.Message{Value: []byte("\x00\x00\x00\x00\x63\x00" + message), Schemas: maskedSchemas{known{}, masks}}, 0)
	if got, ok := d.Fields(0); ok {
		t.Errorf("what is masked: %s", got)
	}
}
