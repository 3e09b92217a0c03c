package payload

import (
	"encoding/binary"
	"strings"
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

// guid is one whose bits say nothing of what it is, as the digests of Confluent's registry.
var guid = [16]byte{0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e}

// uuid has the bits of a random UUID.
var uuid = [16]byte{1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}

func header(name, value string) adapters.Header {
	return adapters.Header{Name: name, Value: []byte(value)}
}

func id8(id uint64) string { return string(binary.BigEndian.AppendUint64(nil, id)) }

// TestFrames: every way to name a schema that is met on Kafka and RabbitMQ, and what only looks
// like one.
func TestFrames(t *testing.T) {
	byID := func(id uint64) schemas.Ref { return schemas.Ref{By: schemas.ByID, ID: id} }
	for name, c := range map[string]struct {
		value   string
		headers []adapters.Header
		want    schemas.Ref
		at      int
	}{
		"an id of four bytes":                               {value: "\x00\x00\x00\x00\x07\x02a", want: byID(7), at: 5},
		"an id and nothing, which is a record of no fields": {value: "\x00\x00\x00\x00\x07", want: byID(7), at: 5},
		"the id of a cloud":                                 {value: "\x00\x00\x01\x86\xa1\x02a", want: byID(100001), at: 5},
		"the largest id":                                    {value: "\x00\x7f\xff\xff\xff\x02a", want: byID(1<<31 - 1), at: 5},
		"a number beyond all ids":                           {value: "\x00\x80\x00\x00\x00\x02a"},
		"an id of eight bytes":                              {value: "\x00\x00\x00\x00\x00\x00\x00\x00\x07\x02a", want: schemas.Ref{By: schemas.ByGlobalID, ID: 7}, at: 9},
		"a number of four bytes":                            {value: "\x00\x00\x00\x07"},
		"a number of eight bytes":                           {value: "\x00\x00\x00\x07\x00\x00\x00\x07"},
		"zeros":                                             {value: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		"a GUID before the value":                           {value: "\x01" + string(guid[:]) + "x", want: schemas.Ref{By: schemas.ByGUID, GUID: guid}, at: 17},
		"a GUID in a header":                                {value: "x", headers: []adapters.Header{header("__value_schema_id", "\x01"+string(guid[:]))}, want: schemas.Ref{By: schemas.ByGUID, GUID: guid}},
		"an id in a header":                                 {value: "x", headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x09")}, want: byID(9)},
		"the last header of two":                            {value: "x", headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x09"), header("__value_schema_id", "\x00\x00\x00\x00\x0a")}, want: byID(10)},
		"a header before a prefix":                          {value: "\x00\x00\x00\x00\x07\x02a", headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x09")}, want: byID(9)},
		"the header of the key":                             {value: "x", headers: []adapters.Header{header("__key_schema_id", "\x00\x00\x00\x00\x09")}},
		"a header that is too short":                        {value: "\x00\x00\x00\x00\x07\x02a", headers: []adapters.Header{header("__value_schema_id", "\x01ab")}, want: byID(7), at: 5},
		"a global id of Apicurio":                           {value: "x", headers: []adapters.Header{header("apicurio.value.globalId", id8(5))}, want: schemas.Ref{By: schemas.ByGlobalID, ID: 5}},
		"a content id of Apicurio":                          {value: "x", headers: []adapters.Header{header("apicurio.value.contentId", id8(6))}, want: schemas.Ref{By: schemas.ByContentID, ID: 6}},
		"an artifact of Apicurio":                           {value: "x", headers: []adapters.Header{header("apicurio.value.groupId", "shop"), header("apicurio.value.artifactId", "or/der"), header("apicurio.value.version", "3")}, want: schemas.Ref{By: schemas.ByArtifact, Name: "shop/or%2Fder/3"}},
		"an artifact of a name that is too long":            {value: "x", headers: []adapters.Header{header("apicurio.value.artifactId", strings.Repeat("a", 1<<20)), header("apicurio.value.version", "3")}},
		"of one that is too long when it is escaped":        {value: "x", headers: []adapters.Header{header("apicurio.value.artifactId", strings.Repeat("/", 200)), header("apicurio.value.version", "3")}},
		"of a group that leads elsewhere":                   {value: "x", headers: []adapters.Header{header("apicurio.value.groupId", ".."), header("apicurio.value.artifactId", "a"), header("apicurio.value.version", "3")}},
		"of an artifact that leads elsewhere":               {value: "x", headers: []adapters.Header{header("apicurio.value.artifactId", "."), header("apicurio.value.version", "3")}},
		"of a version that leads elsewhere":                 {value: "\x00\x00\x00\x00\x07\x02a", headers: []adapters.Header{header("apicurio.value.artifactId", "a"), header("apicurio.value.version", "..")}, want: byID(7), at: 5},
		"the address of a schema":                           {value: "x", headers: []adapters.Header{header("ce_dataschema", "http://registry:8081/schemas/ids/12")}, want: byID(12)},
		"of one with a global id":                           {value: "x", headers: []adapters.Header{header("ce_dataschema", "http://registry/apis/registry/v3/ids/globalIds/5")}, want: schemas.Ref{By: schemas.ByGlobalID, ID: 5}},
		"of something else":                                 {value: "x", headers: []adapters.Header{header("ce_dataschema", "http://docs/order.json")}},
		"AWS Glue":                                          {value: "\x03\x00" + string(uuid[:]) + "x", want: schemas.Ref{By: schemas.ByGlueVersion, GUID: uuid}, at: 18},
		"AWS Glue with another compression":                 {value: "\x03\x04" + string(uuid[:]) + "x"},
		"AWS Glue without a UUID":                           {value: "\x03\x00" + strings.Repeat("\xff", 16) + "x"},
		"Azure":                                             {value: "x", headers: []adapters.Header{header("content-type", "avro/binary+01020304050647088"+"90a0b0c0d0e0f10")}, want: schemas.Ref{By: schemas.ByAzureID, GUID: uuid}},
		"Azure, of an older client":                         {value: "\x00\x00\x00\x0001020304050647088" + "90a0b0c0d0e0f10x", want: schemas.Ref{By: schemas.ByAzureID, GUID: uuid}, at: 36},
		"an id before digits":                               {value: "\x00\x00\x00\x000102030405064708890a0b0c0d0e0fg0x", want: byID('0'), at: 5},
		"a single object":                                   {value: "\xc3\x01\x5c\x39\x3f\x1a\xd5\x75\x72\x00x", want: schemas.Ref{By: schemas.ByFingerprint, ID: 0x7275d51a3f395c}, at: 10},
		"JSON":                                              {value: `{"a":1}`},
		"text":                                              {value: "order placed"},
		"nothing":                                           {value: ""},
	} {
		m := &adapters.Message{Value: []byte(c.value), Headers: c.headers}
		if f := FrameOf(m, Value, m.Value); f.Ref != c.want || f.At != c.at {
			t.Errorf("%s: %+v", name, f)
		}
		if f := FrameOf(m, Value, nil); f.Ref.By != schemas.ByNothing {
			t.Errorf("%s: a tombstone names %v", name, f.Ref)
		}
	}
	m := &adapters.Message{Value: []byte("v"), Key: []byte("\x00\x00\x00\x00\x07\x02a"), Headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x09")}}
	if f := FrameOf(m, Key, m.Key); f.Ref != byID(7) || f.At != 5 {
		t.Errorf("the key: %+v", f)
	}
	azure := &adapters.Message{Value: []byte("v"), Properties: &adapters.Properties{ContentType: "avro/binary+01020304-0506-4708-890a-0b0c0d0e0f10"}}
	if f := FrameOf(azure, Value, azure.Value); f.Ref.GUID != uuid || f.Why == "" {
		t.Errorf("a content type of AMQP: %+v", f)
	}
	indexes := &adapters.Message{Value: []byte("v"), Headers: []adapters.Header{header("__value_schema_id", "\x00\x00\x00\x00\x09\x04\x02\x02")}}
	if f := FrameOf(indexes, Value, indexes.Value); string(f.Indexes) != "\x04\x02\x02" {
		t.Errorf("message indexes of a header: %+v", f)
	}
}

// TestJSONBehindAFrame is found behind every frame, with and without a byte order mark, and
// whatever else begins with the same bytes stays as it is.
func TestJSONBehindAFrame(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"no frame":                      {`{"a":1}`, `{"a":1}`},
		"a byte order mark":             {"\xef\xbb\xbf{}", "{}"},
		"an id of four bytes":           {"\x00\x00\x00\x00\x07{}", "{}"},
		"and an array":                  {"\x00\x00\x00\x00\x07[1]", "[1]"},
		"and a byte order mark":         {"\x00\x00\x00\x00\x07\xef\xbb\xbf{}", "{}"},
		"an id of eight bytes":          {"\x00\x00\x00\x00\x00\x00\x00\x00\x07[]", "[]"},
		"an id that is too large":       {"\x00\x00\x00\x01\x00\x00\x00\x00\x07{}", "\x00\x00\x00\x01\x00\x00\x00\x00\x07{}"},
		"a GUID":                        {"\x01" + string(guid[:]) + "{}", "{}"},
		"AWS Glue":                      {"\x03\x00" + string(uuid[:]) + "{}", "{}"},
		"AWS Glue, and compressed":      {"\x03\x05" + string(uuid[:]) + "{}", "\x03\x05" + string(uuid[:]) + "{}"},
		"a frame before something else": {"\x00\x00\x00\x00\x07\x02a", "\x00\x00\x00\x00\x07\x02a"},
		"a frame and nothing":           {"\x00\x00\x00\x00\x07", "\x00\x00\x00\x00\x07"},
		"nothing":                       {"", ""},
	} {
		if got := Unframed([]byte(c.value)); string(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
		m := &adapters.Message{Value: []byte(c.value)}
		if got := Readable(m, 1<<20); string(got) != c.want {
			t.Errorf("%s: a filter sees %q", name, got)
		}
		if d := Decode(m, 0); (d.Format == JSON) != looksLikeJSON([]byte(c.want)) || d.Format == JSON && string(d.Data) != c.want {
			t.Errorf("%s: decoded as %s, %q", name, d.Format, d.Data)
		}
	}
}

// TestNobodyIsAskedForASchemaElsewhere: the address of a schema is that of an attacker, unless it
// is at the registry.
func TestNobodyIsAskedForASchemaElsewhere(t *testing.T) {
	k := registryOf(t)
	for host, read := range map[string]bool{"registry": true, "elsewhere:8081": false} {
		m := &adapters.Message{Value: []byte("\x06abc\x02"), Schemas: k, Headers: []adapters.Header{header("ce_dataschema", "http://"+host+"/schemas/ids/7")}}
		if d := Decode(m, 0); (d.Reader != "") != read || !read && !strings.Contains(d.Declined[0].Why.Error(), "not the registry of its source") {
			t.Errorf("%s: %+v", host, d)
		}
	}
}

// TestWithoutARegistryTheHintSaysSo, but not of JSON, which is read all the same.
func TestWithoutARegistryTheHintSaysSo(t *testing.T) {
	d := Decode(&adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x06abc\x02")}, 0)
	if len(d.Declined) == 0 || d.Declined[0].Decoder != "schema" || !strings.Contains(d.Declined[0].Why.Error(), "registry=URL") {
		t.Errorf("%v", d.Declined)
	}
	if d := Decode(&adapters.Message{Value: []byte("\x00\x00\x00\x00\x07{}")}, 0); len(d.Declined) > 0 {
		t.Errorf("%v", d.Declined)
	}
}

// FuzzFrames: a frame ends within the value, whatever that is.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x07\x02a"), []byte("\x01aaaaaaaaaaaaaaaa"))
	f.Add([]byte("\x03\x00aaaaaaaaaaaaaaaa"), []byte{})
	f.Fuzz(func(t *testing.T, value, named []byte) {
		m := &adapters.Message{Value: value, Key: value, Headers: []adapters.Header{{Name: "__value_schema_id", Value: named}, {Name: "apicurio.value.globalId", Value: named}}}
		for _, part := range []Part{Value, Key} {
			if frame := FrameOf(m, part, value); frame.At > len(value) || frame.Ref.By != schemas.ByNothing && frame.Ref.String() == "" {
				t.Errorf("%q, %q: %+v", value, named, frame)
			}
		}
	})
}
