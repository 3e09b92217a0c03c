package protobuf

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload/encoded"
)

// TestWhatValuesMean has a row for each thing that a value can mean beyond its bytes. An
// error that is wanted stands behind the JSON.
func TestWhatValuesMean(t *testing.T) {
	schema := parsed(t, proto3+`package x; import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/field_mask.proto";
		import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/empty.proto";
		import "google/type/money.proto"; import "google/type/date.proto"; import "google/type/timeofday.proto"; import "google/type/decimal.proto"; import "confluent/type/decimal.proto";
		message M {
			google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2; google.type.Money price = 3; google.type.Date day = 4; google.type.TimeOfDay time = 5;
			google.type.Decimal decimal = 6; confluent.type.Decimal exact = 7; google.protobuf.FieldMask mask = 8; google.protobuf.StringValue text = 9;
			google.protobuf.Struct object = 10; google.protobuf.Value dynamic = 11; google.protobuf.ListValue list = 12; google.protobuf.Any any = 13; google.protobuf.Empty empty = 14;
			int64 n = 15; repeated int32 packed = 16; string s = 17; E e = 18; M m = 19; map<int32, string> map = 20; oneof o { string a = 21; int32 b = 22; M c = 23; }
			double d = 24; bytes raw = 25; map<string, google.protobuf.StringValue> texts = 26; google.protobuf.BytesValue bytes = 27; bool yes = 28; google.protobuf.BoolValue no = 29;
		}
		enum E { option allow_alias = true; NONE = 0; OPEN = 1; ALSO_OPEN = 1; }`)
	for name, c := range map[string]struct{ hex, want string }{
		"nothing":                          {"", `{}`},
		"a time":                           {"0a080880e99dac061005", `{"at":"2023-12-24T00:00:00.000000005Z"}`},
		"the beginning of time":            {"0a00", `{"at":"1970-01-01T00:00:00Z"}`},
		"a time of a year 10000":           {"0a07088083d1ffaf07", `{"at":{"seconds":253402300800}}`},
		"a time with a field too much":     {"0a0408011801", `{"at":{"seconds":1,"#3":1}}`},
		"a time whose seconds are text":    {"0a030a0161", `{"at":{"#1":"a"}} field 1 (seconds) is int64, and has bytes at byte 2`},
		"two times that merge":             {"0a0208010a021002", `{"at":"1970-01-01T00:00:01.000000002Z"}`},
		"a duration":                       {"120808011080cab5ee01", `{"took":"1.5s"}`},
		"a duration before":                {"120b10ffffffffffffffffff01", `{"took":"-0.000000001s"}`},
		"a duration of two signs":          {"120d080110ffffffffffffffffff01", `{"took":{"seconds":1,"nanos":-1}}`},
		"a price":                          {"1a0d0a03455552100c1880b4fa9b01", `{"price":"12.327064064 EUR"}`},
		"a price without cents":            {"1a070a03455552100c", `{"price":"12 EUR"}`},
		"a price of ten cents":             {"1a0a0a03455552188084af5f", `{"price":"0.20 EUR"}`},
		"a price without currency":         {"1a02100c", `{"price":{"units":12}}`},
		"a day":                            {"220708ea0f100b181d", `{"day":"2026-11-29"}`},
		"a month":                          {"220508ea0f100b", `{"day":"2026-11"}`},
		"a day of any year":                {"2204100b181d", `{"day":{"month":11,"day":29}}`},
		"a time of day":                    {"2a060809100f181e", `{"time":"09:15:30"}`},
		"a time of day of 25 hours":        {"2a020819", `{"time":{"hours":25}}`},
		"a decimal as text":                {"32050a03312e35", `{"decimal":"1.5"}`},
		"a decimal":                        {"3a060a0232ca1802", `{"exact":130.02}`},
		"a decimal below zero":             {"3a050a01fb1802", `{"exact":-0.05}`},
		"a decimal of a scale below zero":  {"3a0e0a01fb18ffffffffffffffffff01", `{"exact":{"value":"+w==","scale":-1}}`},
		"a mask":                           {"42080a01610a03622e63", `{"mask":"a,b.c"}`},
		"a text that may be absent":        {"4a030a0161", `{"text":"a"}`},
		"a text that is empty":             {"4a00", `{"text":""}`},
		"an object":                        {"52100a0e0a016112091a076869226d6f6d21", `{"object":{"a":"hi\"mom!"}}`},
		"an object of nothing":             {"5200", `{"object":{}}`},
		"a value of null":                  {"5a020800", `{"dynamic":null}`},
		"a value that is not there":        {"5a00", `{"dynamic":null}`},
		"a list of values":                 {"62160a0220010a031a01610a000a09110000000000000000", `{"list":[true,"a",null,0]}`},
		"a list of nothing":                {"6200", `{"list":[]}`},
		"a message of a known type":        {"6a0b0a03782e4d12048a01017a", `{"any":{"@type":"x.M","s":"z"}}`},
		"a message of an unknown type":     {"6a0a" + "0a05612e622f58" + "120161", `{"any":{"@type":"a.b/X","value":"YQ=="}}`},
		"a message in a message":           {"6a0b0a05612f782e4d12027801", `{"any":{"@type":"a/x.M","n":1}}`},
		"a time in a message":              {"6a1e0a1a2f676f6f676c652e70726f746f6275662e54696d657374616d701200", `{"any":{"@type":"/google.protobuf.Timestamp","value":"1970-01-01T00:00:00Z"}}`},
		"nothing in a message":             {"7200", `{"empty":{}}`},
		"a number beyond 2^53":             {"788180808080808010", `{"n":9007199254740993}`},
		"a number twice":                   {"78017802", `{"n":2}`},
		"packed and not":                   {"8201020102800103", `{"packed":[1,2,3]}`},
		"packed that is cut":               {"8201020180", `{"packed":[1]} a number is cut at byte 4`},
		"text that is not UTF-8":           {"8a0101ff", `{"s":"�"}`},
		"a symbol of two names":            {"900101", `{"e":"OPEN"}`},
		"a number without a symbol":        {"900107", `{"e":7}`},
		"messages that merge":              {"9a010278019a01038a0100", `{"m":{"n":1,"s":""}}`},
		"a key twice":                      {"a20105080112016" + "1a201050801120162", `{"map":{"1":"b"}}`},
		"an entry of nothing":              {"a20100", `{"map":{"0":""}}`},
		"one of three":                     {"aa010161b00102", `{"b":2}`},
		"one of three, again":              {"ba01027801b00102ba01038a0100", `{"c":{"s":""}}`},
		"no number":                        {"c101000000000000f87f", `{"d":"NaN"}`},
		"bytes":                            {"ca0102ff00", `{"raw":"/wA="}`},
		"a text of a map that is absent":   {"d201030a0161", `{"texts":{"a":""}}`},
		"bytes that may be absent":         {"da01030a01ff", `{"bytes":"/w=="}`},
		"truth":                            {"e00102", `{"yes":true}`},
		"untruth that may be absent":       {"ea0100", `{"no":false}`},
		"fields out of order":              {"a00605" + "8a010161" + "7801", `{"n":1,"s":"a","#100":5}`},
		"unknown fields of each wire type": {"a00605a106000000000000f03f" + "a2060161a306a4069d060000803f", `{"#99":1,"#100":[5,1,"a",{}]}`},
		"an unknown field twice":           {"a00605a00606", `{"#100":[5,6]}`},
		"a field of another wire type":     {"7a0161", `{"#15":"a"} field 15 (n) is int64, and has bytes at byte 0`},
		"a group that does not end":        {"a30608", `{} a number is cut at byte 3`},
		"a group that did not begin":       {"7801a406", `{"n":1} the group 100 ends that did not begin at byte 4`},
		"no such field":                    {"00", `{} there is no field 0 at byte 0`},
		"no such wire type":                {"0f", `{} field 1 has wire type 7, which does not exist at byte 0`},
		"a length that is too long":        {"8a01ffffffffffffffffff01", `{} field 17 of 18446744073709551615 bytes does not end within the message at byte 12`},
		"a number that is too long":        {"78ffffffffffffffffff7f", `{} a number does not fit into 64 bits at byte 1`},
	} {
		data, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(name, err)
		}
		text, err := schema.At(0).AppendJSON(nil, data, 0)
		got := string(text)
		if err != nil {
			got += " " + err.Error()
		}
		if !jsontext.Value(text).IsValid() || got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

// TestValuesThatAreNestedWithoutEnd are cut, by each that reads them.
func TestValuesThatAreNestedWithoutEnd(t *testing.T) {
	m := parsed(t, `message N { optional N next = 1; optional string id = 2; optional group G = 3 { optional N n = 1; } }`).At(0)
	nested := func(depth int) []byte {
		data := []byte("\x12\x01x")
		for range depth {
			data = append([]byte{0x0a, byte(len(data)&0x7f | 0x80), byte(len(data) >> 7)}, data...)
		}
		return data
	}
	plan, err := NewPlan(m, 0, func(int, []byte) (int, bool, bool) { return 0, true, true })
	if err != nil {
		t.Fatal(err)
	}
	for depth, fits := range map[int]bool{1: true, MaxDepth - 1: true, MaxDepth: false, 2000: false} {
		data := nested(depth)
		text, err := m.AppendJSON(nil, data, 0)
		if (err == nil) != fits || !jsontext.Value(text).IsValid() {
			t.Errorf("nested %d deep: %s, %v", depth, text, err)
		}
		if _, err := m.Check(data); (err == nil) != fits {
			t.Errorf("nested %d deep: %v", depth, err)
		}
		if text, err = AppendRaw(nil, data, 0); err != nil || !jsontext.Value(text).IsValid() {
			t.Errorf("nested %d deep: %s, %v", depth, text, err)
		}
		if _, err := plan.Read(data, nil, func(encoded.Found[int]) bool { return false }); err != nil {
			t.Errorf("nested %d deep: %v", depth, err)
		}
	}
	groups := []byte(strings.Repeat("\x1b", 1<<20))
	if _, err := m.Check(groups); err == nil {
		t.Error("groups are read that are nested without end")
	}
	if _, err := m.AppendJSON(nil, groups, 0); err == nil {
		t.Error("groups are written that are nested without end")
	}
	if _, err := AppendRaw(nil, groups, 0); err == nil {
		t.Error("groups are written that are nested without end")
	}
	if _, err := plan.Read(groups, nil, func(encoded.Found[int]) bool { return false }); err == nil {
		t.Error("groups are stepped over that are nested without end")
	}
	for _, field := range []string{"\x12\x00", "\x22\x00"} {
		many := []byte(strings.Repeat(field, maxTogetherParts+1))
		if text, err := m.AppendJSON(nil, many, 0); err == nil || errors.Is(err, encoded.ErrTooLong) || !jsontext.Value(text).IsValid() {
			t.Errorf("more fields than may be: %v", err)
		}
	}
}

// TestValuesWithoutASchema are shown as what they may be.
func TestValuesWithoutASchema(t *testing.T) {
	for name, c := range map[string]struct{ hex, want string }{
		"a number":              {"08960110ffffffffffffffffff01", `{"#1 varint":150,"#2 int?":-1}`},
		"text":                  {"0a026869", `{"#1 text?":"hi"}`},
		"no text":               {"0a00", `{"#1 text?":""}`},
		"a message":             {"0a0408011002", `{"#1 message?":{"#1 varint":1,"#2 varint":2}}`},
		"a message like text":   {"0a0c0a0a" + hex.EncodeToString([]byte("abcdefghij")), `{"#1 message?":{"#1 text?":"abcdefghij"}}`},
		"text like a message":   {"0a09" + hex.EncodeToString([]byte("abcdefghi")), `{"#1 text?":"abcdefghi"}`},
		"text in two lines":     {"0a05" + hex.EncodeToString([]byte("a\nb\tc")), `{"#1 text?":"a\nb\tc"}`},
		"bytes":                 {"0a0200ff", `{"#1 bytes":"AP8="}`},
		"numbers with fraction": {"09000000000000f83f150000c03f", `{"#1 double?":1.5,"#2 float?":1.5}`},
		"fixed numbers":         {"0901000000000000001502000000", `{"#1 fixed64":1,"#2 fixed32":2}`},
		"the same field":        {"0801080a0a0161", `{"#1 varint":[1,10],"#1 text?":"a"}`},
		"text and bytes":        {"0a01610a01ff", `{"#1 bytes":["YQ==","/w=="]}`},
		"a group":               {"0b08010c", `{"#1 group":{"#1 varint":1}}`},
		"what is cut":           {"080112056162", `{"#1 varint":1} field 2 of 5 bytes does not end within the message at byte 4`},
		"nothing":               {"", `{}`},
	} {
		data, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(name, err)
		}
		text, err := AppendRaw(nil, data, 0)
		got := string(text)
		if err != nil {
			got += " " + err.Error()
		}
		if !jsontext.Value(text).IsValid() || got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
	many := []byte(strings.Repeat("\x08\x01", maxRawNodes+1))
	if _, err := AppendRaw(nil, many, 0); !errors.Is(err, encoded.ErrTooLong) {
		t.Errorf("more fields than may be: %v", err)
	}
	if text, err := AppendRaw([]byte("x"), many, 10); !errors.Is(err, encoded.ErrTooLong) || len(text) != 11 {
		t.Errorf("%s, %v", text, err)
	}
}

// TestAPlanOfWhatIsThereTwice tells what counts.
func TestAPlanOfWhatIsThereTwice(t *testing.T) {
	m := parsed(t, proto3+`package x; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
		message M { string id = 1; In in = 2; oneof o { In a = 3; string b = 4; google.protobuf.Struct s = 5; } google.protobuf.Timestamp at = 6; google.protobuf.StringValue v = 7;
			map<string, string> map = 8; repeated string many = 9; google.protobuf.Value any = 300; repeated In items = 11; message In { string id = 1; int32 n = 2; } }`).At(0)
	plan, err := NewPlan(m, "", func(object string, name []byte) (string, bool, bool) { return object + "." + string(name), true, true })
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ data, want string }{
		"a text twice":              {"\x0a\x01a\x0a\x01b", ".id=b "},
		"messages that merge":       {"\x12\x03\x0a\x01a\x12\x02\x10\x05\x12\x03\x0a\x01b", ".in.id=b .in.n=5 "},
		"one of them":               {"\x1a\x03\x0a\x01a\x22\x01b", ".b=b "},
		"one of them, again":        {"\x1a\x05\x0a\x01a\x10\x05\x22\x01b\x1a\x03\x0a\x01c", ".a.id=c "},
		"one of them, an object":    {"\x2a\x0a\x0a\x08\x0a\x01k\x12\x03\x1a\x01v", ".s.k=v "},
		"no more an object":         {"\x2a\x0a\x0a\x08\x0a\x01k\x12\x03\x1a\x01v\x22\x01b", ".b=b "},
		"times that merge":          {"\x32\x02\x08\x01\x32\x02\x10\x01", ".at=1970-01-01T00:00:01.000000001Z "},
		"a time that cannot be":     {"\x32\x02\x10\x80", ""},
		"a time out of range":       {"\x32\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", ""},
		"texts that may be absent":  {"\x3a\x03\x0a\x01a\x3a\x00", ".v=a "},
		"an entry twice":            {"\x42\x06\x0a\x01k\x12\x01a\x42\x06\x0a\x01l\x12\x01c\x42\x06\x0a\x01k\x12\x01b", ".map.k=b .map.l=c "},
		"an entry of nothing":       {"\x42\x00", ".map.= "},
		"many entries":              {strings.Repeat("\x42\x03\x0a\x01k", 3) + "\x42\x03\x0a\x01a\x42\x03\x0a\x01b\x42\x03\x0a\x01c\x42\x03\x0a\x01d\x42\x03\x0a\x01e", ".map.k= .map.a= .map.b= .map.c= .map.d= .map.e= "},
		"what is repeated":          {"\x4a\x01a\x5a\x03\x0a\x01a", ""},
		"a value of any kind":       {"\xe2\x12\x03\x1a\x01a", ".any=a "},
		"a value of null":           {"\xe2\x12\x02\x08\x00", ""},
		"text that is not UTF-8":    {"\x0a\x01\xff\x22\x01b", ".b=b "},
		"another wire type":         {"\x22\x01b\x08\x01", ".b=b error "},
		"what is cut":               {"\x0a\x01a\x22\x05b", ".id=a error "},
		"a time that never ends":    {strings.Repeat("\x32\x02\x08\x01", many+1), ".at=1970-01-01T00:00:01Z error "},
		"no field":                  {"\x00\x01", "error "},
		"a field behind all others": {"\xfa\xff\xff\xff\xff\x01\x00", "error "},
		"groups":                    {"\x0b\x0c", "error "},
		"groups that are unknown":   {"\xa3\x06\x08\x01\xa4\x06\x0a\x01a", ".id=a "},
	} {
		got := ""
		_, err := plan.Read([]byte(c.data), nil, func(f encoded.Found[string]) bool { got += fmt.Sprintf("%s=%s ", f.Member, f.Value); return false })
		if err != nil {
			got += "error "
		}
		if got != c.want {
			t.Errorf("%s: %s%v, want %s", name, got, err, c.want)
		}
	}
}

// TestAPlanOfARecursiveMessage looks into it as often as makes sense.
func TestAPlanOfARecursiveMessage(t *testing.T) {
	m := parsed(t, `message N { optional N a = 1; optional N b = 2; optional string id = 4; optional N c = 3; }`).At(0)
	asked := 0
	plan, err := NewPlan(m, 0, func(int, []byte) (int, bool, bool) { asked++; return 0, true, true })
	if err != nil || asked > 4*maxObjects || len(plan.slots) > maxObjects {
		t.Fatalf("%v, %d, %d", err, asked, len(plan.slots))
	}
	got := ""
	data := []byte("\x0a\x0f\x0a\x08\x0a\x03\x22\x01c\x22\x01b\x22\x03any\x22\x01x")
	if _, err := plan.Read(data, nil, func(f encoded.Found[int]) bool { got += string(f.Value) + " "; return false }); err != nil || got != "c b any x " {
		t.Errorf("%q, %v", got, err)
	}
	nothing, err := NewPlan(m, 0, func(int, []byte) (int, bool, bool) { return 0, false, true })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nothing.Read(data, nil, func(encoded.Found[int]) bool { t.Error("nothing is wanted"); return false }); err != nil {
		t.Error(err)
	}
}
