package protobuf

import (
	"encoding/base64"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/encoded"
)

// everything has a field of each kind.
const everything = `syntax = "proto2"; package x; import "google/protobuf/any.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
	import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/field_mask.proto"; import "google/type/money.proto"; import "confluent/type/decimal.proto";
	message M {
		optional int32 a = 1; optional sint64 b = 2; optional fixed32 c = 3; optional double d = 4; optional string e = 5; optional bytes f = 6; optional bool g = 7; optional E h = 8;
		optional M i = 9; repeated int64 j = 10 [packed = true]; repeated string k = 11; repeated M l = 12; map<string, string> m = 13; map<int32, M> n = 14;
		oneof o { M p = 15; string q = 16; google.protobuf.Struct r = 17; } optional group S = 18 { optional string e = 5; optional M i = 9; }
		optional google.protobuf.Timestamp t = 19; optional google.protobuf.Duration u = 20; optional google.protobuf.StringValue v = 21; optional google.protobuf.Value w = 22;
		optional google.protobuf.Any x = 23; optional google.protobuf.FieldMask y = 24; map<string, google.protobuf.Value> z = 25; optional google.type.Money aa = 26; optional confluent.type.Decimal bb = 3000;
	}
	enum E { A = 0; B = 1; C = -1; }`

// FuzzValues reads whatever comes, by each that reads values, and compares what they say.
func FuzzValues(f *testing.F) {
	m := parsed(f, everything).At(0)
	library := described(f, everything).Messages().Get(0)
	for _, seed := range []string{
		"", "\x08\x01\x10\x02\x1d\x01\x00\x00\x00\x2a\x01e\x4a\x03\x2a\x01f", "\x52\x03\x01\x02\x03\x50\x01\x5a\x01a\x62\x02\x08\x01\x6a\x06\x0a\x01k\x12\x01v\x72\x06\x08\x01\x12\x02\x08\x05",
		"\x7a\x02\x08\x01\x82\x01\x01q\x7a\x02\x10\x02", "\x93\x01\x2a\x01e\x94\x01\x9a\x01\x02\x08\x01\x9a\x01\x02\x10\x01\xa2\x01\x02\x08\x01\xaa\x01\x03\x0a\x01v",
		"\xb2\x01\x03\x1a\x01a\xba\x01\x0b\x0a\x03x.M\x12\x04\x2a\x02e\xff\xc2\x01\x03\x0a\x01a\xca\x01\x08\x0a\x01k\x12\x03\x1a\x01v\xd2\x01\x07\x0a\x03EUR\x10\x05\xc2\xbb\x01\x05\x0a\x012\x18\x02\xa0\x06\x05",
		"\x8a\x01\x0a\x0a\x08\x0a\x01k\x12\x03\x1a\x01v\x82\x01\x01q",
	} {
		f.Add([]byte(seed))
	}
	plan, err := NewPlan(m, 0, func(depth int, name []byte) (int, bool, bool) { return depth + 1, len(name) < 3, depth < 3 })
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		damaged(t, &sample{everything, m, library, data})
		scratch, _ := plan.Read(data, nil, func(found encoded.Found[int]) bool {
			if !utf8.Valid(found.Value) {
				t.Errorf("%x: %s is %q", data, found.Name, found.Value)
			}
			return false
		})
		if len(scratch) > 1<<20+8*len(data) {
			t.Errorf("%d bytes of scratch for %d", len(scratch), len(data))
		}
		if raw, err := AppendRaw(nil, data, 1<<20); !errors.Is(err, encoded.ErrTooLong) && !jsontext.Value(raw).IsValid() {
			t.Errorf("%x: %s, %v", data, raw, err)
		}
	})
}

// FuzzFrames reads which message of a file a value is from whatever comes.
func FuzzFrames(f *testing.F) {
	schema := parsed(f, proto3+`package a; message A { message B {} } message C {}`)
	for _, seed := range []string{"", "\x00", "\x02\x00", "\x04\x00\x00", "\x03\x0a\x01C", "\x01\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, size, err := schema.Framed(data)
		if (m == nil) != (err != nil) || size < 0 || size > len(data) {
			t.Errorf("%x: %v, %d, %v", data, m, size, err)
		}
	})
}

// FuzzSchemas compiles whatever comes, as text and as a descriptor, and reads a value by it.
func FuzzSchemas(f *testing.F) {
	for _, seed := range []string{
		everything, event, proto3 + "message M { M m = 1; }", `edition = "2023"; message M { M m = 1 [features.message_encoding = DELIMITED]; }`,
		`message M { extensions 1 to max; } extend M { optional int32 a = 1; } import public "a.proto";`,
	} {
		f.Add([]byte(seed), []byte("\x0a\x02\x08\x01"), false)
	}
	f.Add([]byte("\x0a\x01a\x22\x0b\x0a\x01M\x12\x06\x0a\x01f\x18\x01\x28\x09b\x06proto3"), []byte("\x0a\x01a"), true)
	f.Fuzz(func(t *testing.T, text, data []byte, descriptor bool) {
		if descriptor {
			text = []byte(base64.StdEncoding.EncodeToString(text))
		}
		schema, err := Parse(string(text), map[string]string{"a.proto": "message N { optional int32 n = 1; }"})
		if err != nil {
			return
		}
		_, _, _ = schema.Framed(data)
		for _, m := range schema.all() {
			written, err := m.AppendJSON(nil, data, 1<<20)
			if !errors.Is(err, encoded.ErrTooLong) && !jsontext.Value(written).IsValid() {
				t.Errorf("%s: %x is %s, %v", text, data, written, err)
			}
			plan, err := NewPlan(m, 0, func(int, []byte) (int, bool, bool) { return 0, true, true })
			if err != nil {
				t.Fatal(err)
			}
			_, _ = plan.Read(data, nil, func(encoded.Found[int]) bool { return false })
		}
		if changes := Changes(schema, schema); len(changes) > 0 {
			t.Errorf("%s: %v", text, changes)
		}
	})
}
