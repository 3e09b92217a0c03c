package protobuf

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"eventscope/adapters/payload/encoded"
)

const proto3 = `syntax = "proto3"; `

// TestSchemasThatReferToOthers have their definitions elsewhere.
func TestSchemasThatReferToOthers(t *testing.T) {
	money := proto3 + `package shop; message Money { int64 cents = 1; }`
	line := proto3 + `package shop; import "shop/money.proto"; message Line { Money price = 1; }`
	tax := proto3 + `package shop; import "shop/money.proto"; message Tax { Money of = 1; }`
	order := proto3 + `package shop; import "line.proto"; import "a/tax.proto"; message Order { Line line = 1; Tax tax = 2; }`
	diamond := map[string]string{"shop/money.proto": money, "line.proto": line, "a/tax.proto": tax}
	schema, err := Parse(order, diamond)
	if err != nil {
		t.Fatal(err)
	}
	text, err := schema.At(0).AppendJSON(nil, []byte("\x0a\x04\x0a\x02\x08\x01\x12\x04\x0a\x02\x08\x02"), 0)
	if err != nil || string(text) != `{"line":{"price":{"cents":1}},"tax":{"of":{"cents":2}}}` {
		t.Errorf("%s, %v", text, err)
	}
	for name, c := range map[string]struct {
		text       string
		references map[string]string
		want       string // of the error
	}{
		"a missing import that is used":     {order, map[string]string{"line.proto": line, "a/tax.proto": tax}, "shop/money.proto"},
		"a missing import that is not used": {proto3 + `import "buf/validate/validate.proto"; message M { string id = 1; }`, nil, ""},
		"a missing import of an option":     {proto3 + `import "buf/validate/validate.proto"; message M { string id = 1 [(buf.validate.field).string.uuid = true]; }`, nil, ""},
		"a circle":                          {proto3 + `import "a.proto";`, map[string]string{"a.proto": `import "b.proto";`, "b.proto": `import "a.proto";`}, "imports itself"},
		"an import of itself":               {proto3 + `import "a.proto";`, map[string]string{"a.proto": `import "a.proto";`}, "imports itself"},
		"a public import":                   {proto3 + `package shop; import "p.proto"; message M { Money m = 1; }`, map[string]string{"p.proto": proto3 + `import public "shop/money.proto";`, "shop/money.proto": money}, ""},
		"known types of Google":             {proto3 + `import "google/type/money.proto"; import "google/type/date.proto"; message M { google.type.Money m = 1; google.type.Date d = 2; }`, nil, ""},
		"known types of Confluent":          {proto3 + `import "confluent/meta.proto"; import "confluent/type/decimal.proto"; import "confluent/type/variant.proto"; message M { confluent.type.Decimal d = 1 [(confluent.field_meta).tags = "PII"]; confluent.type.Variant v = 2; }`, nil, ""},
		"a registered file that is known":   {proto3 + `import "google/protobuf/any.proto"; message M { google.protobuf.Any a = 1; }`, map[string]string{"google/protobuf/any.proto": proto3 + `package google.protobuf; message Any { string type_url = 1; bytes value = 2; }`}, ""},
		"a registered file of Google":       {proto3 + `import "google/type/money.proto"; message M { google.type.Money m = 1; }`, map[string]string{"google/type/money.proto": "nonsense"}, ""},
		"no schema":                         {`{"type":"record"}`, nil, "syntax error"},
		"a type that nothing defines":       {proto3 + `message M { N n = 1; }`, nil, "N"},
		"a number twice":                    {proto3 + `message M { int32 a = 1; int32 b = 1; }`, nil, "1"},
		"old syntax":                        {`message M { required string id = 1; optional group G = 2 { optional int32 n = 1; } extensions 100 to 200; } extend M { optional int32 more = 100; }`, nil, ""},
		"an edition":                        {`edition = "2023"; message M { M m = 1 [features.message_encoding = DELIMITED]; }`, nil, ""},
		"a name in JSON":                    {proto3 + `message M { string id = 1 [json_name = "ID"]; }`, nil, ""},
		"a normalised schema":               {proto3 + "package shop;\n\nmessage M {\n  .shop.M.In in = 1 [deprecated = true, json_name = \"x\"];\n  .google.protobuf.Timestamp at = 2;\n\n  message In {}\n}\nimport \"google/protobuf/timestamp.proto\";\n", nil, ""},
		"a schema that is too long":         {proto3 + strings.Repeat(" ", MaxSchema), nil, "longer than"},
		"nothing":                           {"", nil, ""},
	} {
		schema, err := Parse(c.text, c.references)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, %v, want %q", name, schema, err, c.want)
		}
	}
}

// TestGroupsOfAnEdition are messages that end where their group does.
func TestGroupsOfAnEdition(t *testing.T) {
	m := parsed(t, `edition = "2023"; message M { M m = 1 [features.message_encoding = DELIMITED]; string id = 2; }`).At(0)
	if text, err := m.AppendJSON(nil, []byte("\x0b\x12\x01a\x0c"), 0); err != nil || string(text) != `{"m":{"id":"a"}}` {
		t.Errorf("%s, %v", text, err)
	}
}

// registered is a schema as clients in Python register it: its descriptor, without the names
// in JSON.
func registered(t *testing.T, text string) string {
	descriptor := protodesc.ToFileDescriptorProto(described(t, text))
	for _, m := range descriptor.MessageType {
		for _, f := range m.Field {
			f.JsonName = nil
		}
	}
	data, err := proto.Marshal(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// TestSchemasThatAreDescriptors are what clients in Python and JavaScript register.
func TestSchemasThatAreDescriptors(t *testing.T) {
	money := registered(t, proto3+`package shop; message Money { int64 in_cents = 1; }`)
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("order.proto"), Syntax: proto.String("proto3"), Package: proto.String("shop"), Dependency: []string{"m.proto", "google/protobuf/timestamp.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Order"), Field: []*descriptorpb.FieldDescriptorProto{
			{Name: proto.String("unit_price"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: proto.String(".shop.Money"), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()},
			{Name: proto.String("at"), Number: proto.Int32(2), Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: proto.String(".google.protobuf.Timestamp")},
		}}},
	}
	data, err := proto.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := Parse(base64.StdEncoding.EncodeToString(data), map[string]string{"m.proto": money})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := schema.At(0).AppendJSON(nil, []byte("\x0a\x02\x08\x07\x12\x00"), 0); err != nil || string(text) != `{"unit_price":{"in_cents":7},"at":"1970-01-01T00:00:00Z"}` {
		t.Errorf("%s, %v", text, err)
	}
	plan, err := NewPlan(schema.At(0), "", func(_ string, name []byte) (string, bool, bool) {
		return string(name), string(name) == "inCents", string(name) == "unitPrice"
	})
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	if _, err := plan.Read([]byte("\x0a\x02\x08\x07"), nil, func(f encoded.Found[string]) bool { found += string(f.Name) + string(f.Value); return false }); err != nil || found != "inCents7" {
		t.Errorf("by its name in JSON it is found as %q, %v", found, err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	first := &descriptorpb.FileDescriptorProto{}
	raw, _ := base64.StdEncoding.DecodeString(money)
	if err := proto.Unmarshal(raw, first); err != nil {
		t.Fatal(err)
	}
	first.Name = proto.String("m.proto")
	set.File = []*descriptorpb.FileDescriptorProto{first, file}
	if data, err = proto.Marshal(set); err != nil {
		t.Fatal(err)
	}
	schemas, err := ParseSet(data)
	if err != nil || len(schemas) != 2 || schemas["order.proto"].Message("shop.Order") == nil || schemas["m.proto"].Message("Money") == nil {
		t.Errorf("%v, %v", schemas, err)
	}
	second := file.MessageType[0].Field[1]
	for name, spoil := range map[string]func(){
		"a number twice": func() { second.Number = proto.Int32(1) },
		"no number":      func() { second.Number = proto.Int32(0) },
	} {
		spoil()
		spoiled, err := proto.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(base64.StdEncoding.EncodeToString(spoiled), map[string]string{"m.proto": money}); err == nil {
			t.Errorf("a descriptor is taken that has %s", name)
		}
		second.Number = proto.Int32(2)
	}
	file.MessageType[0].Options = &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)}
	if data, err = proto.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if schema, err := Parse(base64.StdEncoding.EncodeToString(data), map[string]string{"m.proto": money}); err == nil {
		if text, err := schema.At(0).AppendJSON(nil, []byte("\x0a\x02\x08\x07"), 0); err != nil || string(text) != `{"unit_price":{"in_cents":7}}` {
			t.Errorf("a message that claims to be an entry is %s, %v", text, err)
		}
	}
	for _, wrong := range [][]byte{nil, []byte("syntax"), data[:len(data)-1], make([]byte, maxTogether+1)} {
		if _, err := ParseSet(wrong); err == nil {
			t.Errorf("%.10q is taken for a set", wrong)
		}
	}
}

// TestMessagesAreFound by what stands before a value, and by name.
func TestMessagesAreFound(t *testing.T) {
	schema := parsed(t, proto3+`package a.b; message A { message C { message D {} } map<string, string> m = 1; message E {} } message B {} message Only { message B {} }`)
	if names := schema.Names(); !slices.Equal(names, []string{"a.b.A", "a.b.A.C", "a.b.A.C.D", "a.b.A.E", "a.b.B", "a.b.Only", "a.b.Only.B"}) {
		t.Error(names)
	}
	for before, want := range map[string]string{
		"\x00":                      "a.b.A",
		"\x02\x00":                  "a.b.A",
		"\x02\x02":                  "a.b.B",
		"\x04\x00\x00":              "a.b.A.C",
		"\x06\x00\x00\x00":          "a.b.A.C.D",
		"\x04\x04\x00":              "a.b.Only.B",
		"\x01\x01":                  "a.b.B", // in plain numbers
		"\x02\x00\x00":              "a.b.A", // zig-zag comes first, and a 0 follows
		"\x01\x02":                  "a.b.Only",
		"\x03\x0a\x01B":             "a.b.B", // Apicurio's
		"\x03\x0a\x01D":             "a.b.A.C.D",
		"\x07\x0a\x05a.b.B":         "a.b.B",
		"\x02\x0a":                  "",
		"\x03\x0a\x01X":             "",
		"\x04\x00":                  "",
		"\x02\x80":                  "",
		"":                          "",
		"\x80\x80\x80\x80\x80\x80":  "",
		"\x7e\x00\x00\x00\x00\x00":  "",
		"\x02\xff\xff\xff\xff\x1f.": "",
	} {
		size := len(before)
		if before == "\x02\x00\x00" {
			size = 2
		}
		m, at, err := schema.Framed([]byte(before + "rest"))
		if want == "" && err == nil || want != "" && (err != nil || m.Name() != want || at != size) {
			t.Errorf("%q: %v, %d, %v, want %s", before, m, at, err, want)
		}
	}
	if schema.Only() != nil || parsed(t, proto3+`message M { map<string, string> m = 1; }`).Only().Name() != "M" {
		t.Error("which message is the only one")
	}
	for name, want := range map[string]string{"a.b.Only.B": "a.b.Only.B", "Only": "a.b.Only", "D": "a.b.A.C.D", "B": "a.b.B", "MEntry": "", "": ""} {
		if m := schema.Message(name); want == "" && m != nil || want != "" && (m == nil || m.Name() != want) {
			t.Errorf("%s is %v", name, m)
		}
	}
}

// TestSchemasThatAttack are refused, in little time.
func TestSchemasThatAttack(t *testing.T) {
	manyFields := make([]string, 40000)
	for i := range manyFields {
		manyFields[i] = fmt.Sprintf("int32 f%d=%d;", i, i+1)
	}
	chain := map[string]string{}
	for i := range 100 {
		chain[fmt.Sprintf("%d.proto", i)] = fmt.Sprintf(`import "%d.proto";`, i+1)
	}
	for name, c := range map[string]struct {
		text       string
		references map[string]string
	}{
		"nested messages":           {strings.Repeat("message M{", 100000), nil},
		"nested in a comment":       {"message M { // }\n" + strings.Repeat("message M{ // }\n/* } */ ", 30000), nil},
		"nested in a string":        {`option java_package = "}";` + strings.Repeat(`message M{ option x = "}\"}"; `, 30000), nil},
		"nested options":            {"option (x) = " + strings.Repeat("{a:", 100000), nil},
		"nested lists":              {"option (x) = {a:" + strings.Repeat("[", 100000), nil},
		"a string that never ends":  {`option java_package = "` + strings.Repeat("\\", MaxSchema-100), nil},
		"a comment that never ends": {`/*` + strings.Repeat("/", MaxSchema-100), nil},
		"too many signs":            {strings.Repeat(";", maxPieces+1), nil},
		"too many words":            {strings.Repeat("a ", maxPieces+1), nil},
		"too many imported signs":   {`import "a.proto"; import "b.proto";`, map[string]string{"a.proto": strings.Repeat(";", maxPieces/2), "b.proto": strings.Repeat(";", maxPieces/2)}},
		"too many fields":           {base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x22\x00", maxPieces+1))), nil},
		"too many imports":          {strings.Repeat(`import "a";`, maxFiles+1), nil},
		"a chain of imports":        {`import "0.proto";`, chain},
		"too many parts":            {"message M {" + strings.Join(manyFields, "") + "} enum E {" + strings.ReplaceAll(strings.Join(manyFields, ""), "int32 f", "E") + "}", nil},
	} {
		if _, err := Parse(c.text, c.references); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Parse("", map[string]string{"a": strings.Repeat(" ", maxTogether+1)}); err == nil {
		t.Error("references are taken that are too long")
	}
	if err := (&files{}).scan(`message M { string a = 1; // { { {
		/* { { */ option x = "{ \" {"; option y = '{'; }`); err != nil {
		t.Error(err)
	}
}
