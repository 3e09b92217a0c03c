package files

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

// alone are files without a registry.
type alone struct{ *Files }

func (alone) Registry() string { return "" }

func (a alone) Find(_ string, ref schemas.Ref) (*schemas.Schema, error) {
	if known := a.Named(ref.GUID); known != nil {
		return known, nil
	}
	if known := a.Fingerprinted(ref.ID); known != nil {
		return known, nil
	}
	return nil, payload.ErrNoRegistry
}

const (
	noteSchema  = `{"type":"record","name":"Note","fields":[{"name":"text","type":"string"},{"name":"n","type":"int"}]}`
	orderSource = `syntax = "proto3"; package shop; import "common/money.proto"; message Order { string id = 1; common.Money total = 2; } message Other { int32 n = 1; }`
	moneySource = `syntax = "proto3"; package common; message Money { int64 cents = 1; }`
)

// written writes the schemas of these tests, and returns their directory.
func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) *descriptorpb.FileDescriptorProto {
		return &descriptorpb.FileDescriptorProto{Name: proto.String(name), Package: proto.String("shop"), Syntax: proto.String("proto3"), MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("Ping"), Field: []*descriptorpb.FieldDescriptorProto{{Name: proto.String("id"), JsonName: proto.String("id"), Number: proto.Int32(1),
				Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}}}}}
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file("ping.proto")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"note.avsc": noteSchema, "order.proto": orderSource, "common/money.proto": moneySource, "ping.binpb": string(set), "bad.avsc": `{"type":"nothing"}`, "empty.binpb": "", "order.json": `{"$schema":"http://json-schema.org/draft-07/schema#","required":["id"]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestMessagesAreReadByFiles that were named for their destinations, whatever stands before them.
func TestMessagesAreReadByFiles(t *testing.T) {
	dir := written(t)
	var rules []Rule
	for _, text := range []string{"notes:note.avsc", "orders.*:order.proto#shop.Order", "pings:ping.binpb", "checked:order.json"} {
		rule, err := ParseRule(text, schemas.Value)
		if err != nil || rule.String() != text {
			t.Fatalf("%+v, %v", rule, err)
		}
		rule.Path = filepath.Join(dir, rule.Path)
		rules = append(rules, rule)
	}
	delimited, bare := rules[1], rules[0]
	delimited.Destination, delimited.Framing = "delimited", schemas.Delimited
	bare.Destination, bare.Framing = "bare", schemas.Unframed
	rules = append(rules, delimited, bare, Rule{Destination: "notes", Part: schemas.Key, Path: filepath.Join(dir, "note.avsc")})
	f, err := Read(rules, true)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := "\xc3\x01"
	for i, n := 0, f.Assigned("notes", schemas.Value).Schema.Reader.(interface{ Fingerprint() uint64 }).Fingerprint(); i < 8; i++ {
		fingerprint += string([]byte{byte(n >> (8 * i))})
	}
	for name, c := range map[string]struct{ destination, value, data, reader string }{
		"Avro":                        {"notes", "\x06abc\x02", `{"text":"abc","n":1}`, "Note"},
		"Avro behind a frame":         {"notes", "\x00\x00\x00\x00\x07\x06abc\x02", `{"text":"abc","n":1}`, "Note"},
		"Avro that begins like one":   {"notes", "\x00\x02", `{"text":"","n":1}`, "Note"},
		"JSON among Avro":             {"notes", `{"a":1}`, `{"a":1}`, ""},
		"Avro without frames":         {"bare", "\x00\x02", `{"text":"","n":1}`, "Note"},
		"a single object":             {"elsewhere", fingerprint + "\x06abc\x02", `{"text":"abc","n":1}`, "Note"},
		"Protobuf with an import":     {"orders.eu", "\x0a\x01a\x12\x02\x08\x05", `{"id":"a","total":{"cents":5}}`, "shop.Order"},
		"a set of descriptors":        {"pings", "\x0a\x01a", `{"id":"a"}`, "shop.Ping"},
		"Protobuf behind its length":  {"delimited", "\x03\x0a\x01a", `{"id":"a"}`, "shop.Order"},
		"a length that is not right":  {"delimited", "\x04\x0a\x01a", "\x04\x0a\x01a", ""},
		"a destination without files": {"elsewhere", "\x06abc\x02", "\x06abc\x02", ""},
	} {
		m := &adapters.Message{Value: []byte(c.value), Schemas: alone{f}, Position: adapters.Position{Destination: c.destination}}
		if d := payload.Decode(m, 0); string(d.Data) != c.data || d.Reader != c.reader {
			t.Errorf("%s: %q by %q, %v", name, d.Data, d.Reader, d.Declined)
		}
	}
	m := &adapters.Message{Key: []byte("\x06abc\x02"), Schemas: alone{f}, Position: adapters.Position{Destination: "notes"}}
	if got := string(payload.ReadableKey(m, 100)); got != `{"text":"abc","n":1}` {
		t.Errorf("the key is %q", got)
	}
	claims, err := payload.Fit(&adapters.Message{Value: []byte("{}"), Schemas: alone{f}, Position: adapters.Position{Destination: "checked"}})
	if !claims || err == nil || err.Error() != "missing property 'id'" {
		t.Errorf("%v, %v", claims, err)
	}
	if title := f.Assigned("orders.eu", schemas.Value).Schema.Title(); title != "order.proto#shop.Order" {
		t.Error(title)
	}
}

// TestFilesThatCannotBeUsed say why, and which.
func TestFilesThatCannotBeUsed(t *testing.T) {
	dir := written(t)
	for text, says := range map[string]string{
		"notes:nowhere.avsc": "no such file", "notes:bad.avsc": "bad.avsc", "orders:order.proto": "several messages", "orders:order.proto#shop.None": "no message shop.None",
		"pings:empty.binpb": "no set of descriptors", "~(:note.avsc": "missing closing",
	} {
		rule, err := ParseRule(text, schemas.Value)
		if err == nil {
			rule.Path = filepath.Join(dir, rule.Path)
			_, err = Read([]Rule{rule}, true)
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "orders", ":note.avsc", "orders:"} {
		if _, err := ParseRule(text, schemas.Value); err == nil {
			t.Errorf("%q is taken for a rule", text)
		}
	}
}

// TestWhatLiesBesideAFileIsBounded: files, entries and bytes, and who misses an import is told.
func TestWhatLiesBesideAFileIsBounded(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for i := range 9 {
		put(fmt.Sprintf("a/%d.proto", i), strings.Repeat("/", 100))
		put(fmt.Sprintf("b/%d.txt", i), "")
	}
	put("z/last.proto", `syntax = "proto3"; message Last {}`)
	path := put("order.proto", `syntax = "proto3"; import "z/last.proto"; message Order { Last last = 1; }`)
	wide := vicinity{files: 100, entries: 100, bytes: 10_000}
	for name, c := range map[string]struct {
		change func(v *vicinity)
		found  int
		all    bool
	}{
		"all":     {func(*vicinity) {}, 10, true},
		"files":   {func(v *vicinity) { v.files = 3 }, 3, false},
		"entries": {func(v *vicinity) { v.entries = 5 }, 3, false}, // of which two are directories
		"bytes":   {func(v *vicinity) { v.bytes = 450 }, 4, false},
	} {
		v := wide
		c.change(&v)
		if imports, all, err := v.imports(path); len(imports) != c.found || all != c.all || err != nil {
			t.Errorf("%s: %d, %v, %v", name, len(imports), all, err)
		}
	}
	rule := Rule{Destination: "orders", Path: path}
	if made, err := rule.read(); err != nil || made.Reader == nil {
		t.Errorf("what it imports is not found: %v", err)
	}
	for i := range beside.files {
		put(fmt.Sprintf("c/%d.proto", i), "")
	}
	if _, err := rule.read(); err == nil || !strings.Contains(err.Error(), "put it into a folder with what it imports and little else") {
		t.Errorf("what it imports is not looked for: %v", err)
	}
}

// TestWhatNamesASchemaOfARegistryThatIsNotAsked is read by a file: one that is named for the GUID, or
// for the destination; compressed as Glue does it, and with its number of the message of Protobuf.
func TestWhatNamesASchemaOfARegistryThatIsNotAsked(t *testing.T) {
	dir := written(t)
	const guid = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	var rules []Rule
	for _, text := range []string{guid + ":note.avsc", "orders:order.proto#shop.Order", "notes:note.avsc"} {
		rule, err := ParseRule(text, schemas.Value)
		if err != nil {
			t.Fatal(err)
		}
		rule.Path = filepath.Join(dir, rule.Path)
		rules = append(rules, rule)
	}
	f, err := Read(rules, true)
	if err != nil {
		t.Fatal(err)
	}
	named, other := "\x7c\x9e\x66\x79\x74\x25\x40\xde\x94\x4b\xe0\x7f\xc1\xf9\x0a\xe7", "\x7c\x9e\x66\x79\x74\x25\x40\xde\x94\x4b\xe0\x7f\xc1\xf9\x0a\xe8"
	zipped := func(text string) string {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return b.String()
	}
	for name, c := range map[string]struct{ destination, contentType, value, data, reader, says string }{
		"Glue":                      {value: "\x03\x00" + named + "\x06abc\x02", data: `{"text":"abc","n":1}`, reader: "Note"},
		"Glue, compressed":          {value: "\x03\x05" + named + zipped("\x06abc\x02"), data: `{"text":"abc","n":1}`, reader: "Note"},
		"Glue, by its destination":  {destination: "notes", value: "\x03\x05" + other + zipped("\x06abc\x02"), data: `{"text":"abc","n":1}`, reader: "Note"},
		"Glue, Protobuf":            {destination: "orders", value: "\x03\x00" + other + "\x01\x0a\x01a", data: `{"id":"a"}`, reader: "shop.Order"},
		"Azure":                     {contentType: "avro/binary+" + guid, value: "\x06abc\x02", data: `{"text":"abc","n":1}`, reader: "Note"},
		"Azure, an older client":    {value: "\x00\x00\x00\x00" + strings.ReplaceAll(guid, "-", "") + "\x06abc\x02", data: `{"text":"abc","n":1}`, reader: "Note"},
		"Azure, by its destination": {destination: "notes", value: "\x00\x00\x00\x00" + strings.Repeat("ab", 16) + "\x06abc\x02", data: `{"text":"abc","n":1}`, reader: "Note"},
		"another of Glue":           {value: "\x03\x00" + other + "\x06abc\x02", says: "schemas of AWS Glue are read from files alone"},
		"another of Azure":          {contentType: "avro/binary+" + strings.Replace(guid, "7c", "00", 1), value: "\x06abc\x02", says: "schemas of Azure's registry are read from files alone"},
		"not as compressed as said": {value: "\x03\x05" + named + "\x06abc\x02", says: "it says that it is compressed"},
		"a bomb":                    {value: "\x03\x05" + named + zipped(strings.Repeat("\x00", 16<<20)), says: "it is compressed, and holds more than 1 MiB"},
		"nothing behind it":         {value: "\x03\x05" + named, says: "it says that it is compressed"},
		"does not fit":              {value: "\x03\x00" + named + "\x06ab", says: "written with note.avsc, but"},
	} {
		m := &adapters.Message{Value: []byte(c.value), Schemas: alone{f}, Position: adapters.Position{Destination: c.destination}}
		if c.contentType != "" {
			m.Headers = []adapters.Header{{Name: "content-type", Value: []byte(c.contentType)}}
		}
		d := payload.Decode(m, 0)
		why := ""
		for _, declined := range d.Declined {
			why += declined.Why.Error() + "\n"
		}
		if c.says == "" && (string(d.Data) != c.data || d.Reader != c.reader) || !strings.Contains(why, c.says) || c.says != "" && d.Reader != "" {
			t.Errorf("%s: %q by %q, %s", name, d.Data, d.Reader, why)
		}
	}
}

// FuzzElsewhere: nothing behind such a frame ends the process, nor takes more than it may.
func FuzzElsewhere(f *testing.F) {
	guid := [16]byte{0x7c, 0x9e, 0x66, 0x79, 0x74, 0x25, 0x40, 0xde, 0x94, 0x4b, 0xe0, 0x7f, 0xc1, 0xf9, 0x0a, 0xe7}
	schema := &schemas.Schema{Format: "AVRO", Text: noteSchema}
	if err := payload.Compile(schema, nil); err != nil {
		f.Fatal(err)
	}
	files := alone{&Files{byGUID: map[[16]byte]*schemas.Schema{guid: schema}}}
	f.Add(byte(0), []byte("\x06abc\x02"))
	f.Add(byte(5), []byte("\x78\x9c\x62\x4b\x4c\x4a\x66\x02\x04\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, compression byte, body []byte) {
		value := append(append([]byte{3, compression}, guid[:]...), body...)
		d := payload.Decode(&adapters.Message{Value: value, Schemas: files}, 1<<20)
		if len(d.Data) > 8<<20 {
			t.Errorf("%d bytes", len(d.Data))
		}
	})
}
