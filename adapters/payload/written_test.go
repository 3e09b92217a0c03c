package payload

import (
	"errors"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/schemas"
)

// known is a registry of a few schemas.
type known map[uint64]*schemas.Schema

func (k known) Registry() string { return "registry" }

func (k known) Find(_ string, ref schemas.Ref) (*schemas.Schema, error) {
	if found := k[ref.ID]; found != nil {
		return found, nil
	}
	return nil, errors.New("it has no such schema")
}

func (k known) add(t *testing.T, id uint64, text string) {
	t.Helper()
	reader, err := avro.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	k[id] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: id}, Format: "AVRO", Name: reader.Name(), Text: text, Reader: reader}
}

const noteSchema = `{"type":"record","name":"Note","namespace":"shop","fields":[{"name":"text","type":"string"},{"name":"n","type":"long"}]}`

func registryOf(t *testing.T) known {
	k := known{}
	k.add(t, 7, noteSchema)
	k.add(t, 8, `"bytes"`)
	k.add(t, 9, `{"type":"record","name":"Nothing","fields":[]}`)
	k[11] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 11}, Format: "JSON", Text: "{}"}
	k[12] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 12}, Format: "AVRO", Text: noteSchema, Encrypted: true}
	return k
}

// TestSixFormatsInOneTopic: each value is read as what it is, and none hides the others.
func TestSixFormatsInOneTopic(t *testing.T) {
	k := registryOf(t)
	// The text of Avro is valid UTF-8 to its last byte, and is no text all the same.
	for name, c := range map[string]struct {
		value, data, reader, declined string
		format                        Format
		headers                       []adapters.Header
	}{
		"Avro":                     {value: "\x00\x00\x00\x00\x07\x06abc\x02", data: `{"text":"abc","n":1}`, reader: "shop.Note", format: JSON},
		"a number beyond 2⁵³":      {value: "\x00\x00\x00\x00\x07\x00\x82\x80\x80\x80\x80\x80\x80\x20", data: `{"text":"","n":9007199254740993}`, reader: "shop.Note", format: JSON},
		"JSON with a schema":       {value: "\x00\x00\x00\x00\x0b{\"a\":1}", data: `{"a":1}`, format: JSON},
		"JSON with an Avro schema": {value: "\x00\x00\x00\x00\x07{\"a\":1}", data: `{"a":1}`, format: JSON},
		"JSON":                     {value: `{"a":1}`, data: `{"a":1}`, format: JSON},
		"text":                     {value: "words", data: "words", format: Text, declined: "json"},
		"bytes as a schema":        {value: "\x00\x00\x00\x00\x08\x01\x02", data: `"AQI="`, reader: "bytes", format: JSON},
		"a record of no fields":    {value: "\x00\x00\x00\x00\x09", data: `{}`, reader: "Nothing", format: JSON},
		"a header":                 {value: "\x06abc\x02", headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x07")}, data: `{"text":"abc","n":1}`, reader: "shop.Note", format: JSON},
		"an unknown schema":        {value: "\x00\x00\x00\x00\x63\x06abc\x02", data: "\x00\x00\x00\x00\x63\x06abc\x02", format: Binary, declined: "schema"},
		"what does not fit":        {value: "\x00\x00\x00\x00\x07\x06a", data: "\x00\x00\x00\x00\x07\x06a", format: Binary, declined: "Avro"},
		"bytes left over":          {value: "\x00\x00\x00\x00\x07\x06abc\x02\x02", data: "\x00\x00\x00\x00\x07\x06abc\x02\x02", format: Binary, declined: "Avro"},
		"what is encrypted":        {value: "\x00\x00\x00\x00\x0cwxyz", data: "\x00\x00\x00\x00\x0cwxyz", format: Binary, declined: "schema"},
		"AWS Glue":                 {value: "\x03\x00" + string(uuid[:]) + "\xff", data: "\x03\x00" + string(uuid[:]) + "\xff", format: Binary, declined: "schema"},
	} {
		m := &adapters.Message{Value: []byte(c.value), Headers: c.headers, Schemas: k}
		d := Decode(m, 0)
		if string(d.Data) != c.data || d.Reader != c.reader || d.Format != c.format {
			t.Errorf("%s: %s %q by %q, %v", name, d.Format, d.Data, d.Reader, d.Declined)
		}
		if c.reader != "" && string(d.Raw) != c.value {
			t.Errorf("%s: the bytes are %q", name, d.Raw)
		}
		if (c.declined != "") != (len(d.Declined) > 0) || len(d.Declined) > 0 && d.Declined[0].Decoder != c.declined {
			t.Errorf("%s: %v", name, d.Declined)
		}
		schema, format, decoded := d.Names()
		known := Recognise(m, 0)
		if s, f, ok := known.Names(); s != schema || f != format || ok != decoded || known.Reader != "" && known.Data != nil {
			t.Errorf("%s: recognised as %v %s %v, decoded as %v %s %v; %q", name, s, f, ok, schema, format, decoded, known.Data)
		}
		if string(m.Value) != c.value {
			t.Errorf("%s: the message was changed", name)
		}
	}
}

// TestASummaryTellsWhatASchemaSays, or which schema it would need.
func TestASummaryTellsWhatASchemaSays(t *testing.T) {
	k := registryOf(t)
	for value, want := range map[string]string{
		"\x00\x00\x00\x00\x07\x06abc\x02": "text=abc, n=1",
		"\x00\x00\x00\x00\x63\x06abc\x02": "binary, 10 bytes of schema 99",
		"\x00\x00\x00\x00\x63{\"a\":1}":   "a=1",
		"\x00\x00\x00\x00\x0b{\"a\":1}":   "a=1",
	} {
		if got := string(AppendSummary(nil, &adapters.Message{Value: []byte(value), Schemas: k}, 80)); got != want {
			t.Errorf("%q: %q", value, got)
		}
	}
	long := "\x00\x00\x00\x00\x07\xc0\xbb\x78" + strings.Repeat("x", 1<<20-32) // of a length that is not told right
	if got := AppendSummary(nil, &adapters.Message{Value: []byte(long), Schemas: k}, 80); len(got) > 80 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestAFilterSeesWhatASchemaSays, also of a key.
func TestAFilterSeesWhatASchemaSays(t *testing.T) {
	k := registryOf(t)
	k.add(t, 3, `"string"`)
	m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x06abc\x02"), Key: []byte("\x00\x00\x00\x00\x03\x10ord-1009"), Schemas: k}
	if got := string(Lookup(Readable(m, 1<<20), "n")); got != "1" {
		t.Errorf("n is %q", got)
	}
	if got := string(ReadableKey(m, 1<<20)); got != "ord-1009" {
		t.Errorf("the key is %q", got)
	}
	m.Schemas = nil
	if string(Readable(m, 1<<20)) != string(m.Value) || string(ReadableKey(m, 1<<20)) != string(m.Key) {
		t.Error("without a registry, something was made of bytes")
	}
}
