package envelope

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	twmb "github.com/twmb/avro"
	"google.golang.org/protobuf/encoding/protowire"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// known is a registry of a few schemas, which counts how often it is asked.
type known struct {
	of    map[uint64]*schemas.Schema
	asked atomic.Int64
}

func (k *known) Registry() string { return "registry" }

func (k *known) Find(_ string, ref schemas.Ref) (*schemas.Schema, error) {
	k.asked.Add(1)
	if found := k.of[ref.ID]; found != nil {
		return found, nil
	}
	return nil, errors.New("it has no such schema")
}

const orderSchema = `{"type":"record","name":"OrderPlaced","namespace":"shop","fields":[
 {"name":"event_id","type":{"type":"string","logicalType":"uuid"}},
 {"name":"event_type","type":{"type":"enum","name":"EventType","symbols":["OrderPlaced","OrderPacked"]}},
 {"name":"metadata","type":{"type":"record","name":"Metadata","fields":[
  {"name":"correlation_id","type":["null","string"]},{"name":"causation_id","type":["null","string"]},{"name":"occurred_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}},
 {"name":"note","type":"string"},
 {"name":"payload","type":{"type":"record","name":"Payload","fields":[
  {"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"}]}}},
  {"name":"order_id","type":"string"},{"name":"customer_id","type":"long"}]}}]}`

// orderEvent is an event of some size, in Avro behind a frame with the id 12, and in JSON.
func orderEvent(t testing.TB, items int) (framed, text []byte) {
	t.Helper()
	schema, err := twmb.Parse(orderSchema)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]any, items)
	for i := range list {
		list[i] = map[string]any{"sku": fmt.Sprintf("sku-%08d", i), "quantity": 3}
	}
	framed, err = schema.AppendEncode([]byte{0, 0, 0, 0, 12}, map[string]any{
		"event_id": eventID, "event_type": "OrderPlaced", "note": strings.Repeat("please leave it ", 10),
		"metadata": map[string]any{"correlation_id": "flow-000001009", "causation_id": "cmd-1", "occurred_at": int64(1769851800123)},
		"payload":  map[string]any{"items": list, "order_id": "ord-1009", "customer_id": int64(7)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := avro.Parse(orderSchema)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = ours.AppendJSON(nil, framed[5:], 0); err != nil {
		t.Fatal(err)
	}
	return framed, text
}

func orderSchemas(t testing.TB) *known {
	t.Helper()
	k := &known{of: map[uint64]*schemas.Schema{}}
	for id, text := range map[uint64]string{12: orderSchema, 3: `"string"`, 4: `{"type":"record","name":"Key","fields":[{"name":"region","type":"int"},{"name":"order_id","type":"string"}]}`} {
		reader, err := avro.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		k.of[id] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: id}, Format: "AVRO", Text: text, Reader: reader}
	}
	return k
}

// TestAvroSaysWhatTheSameJSONSays: names, ranks and evidence are one, whatever the format.
func TestAvroSaysWhatTheSameJSONSays(t *testing.T) {
	framed, text := orderEvent(t, 5)
	at := adapters.Position{Destination: "orders", Partition: 2, Offset: 881}
	inAvro := adapters.Message{Position: at, Value: framed, Schemas: orderSchemas(t)}
	inJSON := adapters.Message{Position: at, Value: text}
	var is, want Identity
	NewReader(nil).Read(&inAvro, &is)
	NewReader(nil).Read(&inJSON, &want)
	for role, pair := range map[string][2]Field{
		"flow": {is.Flow, want.Flow}, "cause": {is.Cause, want.Cause}, "id": {is.ID, want.ID}, "type": {is.Type, want.Type}, "entity": {is.Entity, want.Entity},
	} {
		if !pair[1].Known() || string(pair[0].Value) != string(pair[1].Value) {
			t.Errorf("%s is %q, and in JSON %q", role, pair[0].Value, pair[1].Value)
		}
		if got, want := pair[0].From.String(), pair[1].From.String()+" (Avro, schema 12)"; got != want {
			t.Errorf("%s is from %q, not %q", role, got, want)
		}
	}
	if !is.Time.Equal(want.Time) || is.Time.IsZero() || is.Malformed || is.Written == nil || is.Written.Schema.Ref.ID != 12 {
		t.Errorf("%v, %v, %+v", is.Time, want.Time, is)
	}
}

// TestKeysThatAreFramed say what they are about, and no key that cannot be read says anything.
func TestKeysThatAreFramed(t *testing.T) {
	k := orderSchemas(t)
	for key, want := range map[string]string{
		"\x00\x00\x00\x00\x03\x10ord-1009":                      "ord-1009",
		"\x00\x00\x00\x00\x04\x02\x10ord-1009":                  "ord-1009",
		"ord-1009":                                              "ord-1009",
		`{"order_id":"ord-1009"}`:                               "ord-1009",
		"\x00\x00\x00\x00\x63\x10ord-1009":                      "", // unknown
		"\x00\x00\x00\x00\x03\x10ord":                           "", // does not fit
		"\x00\x00\x00\x63\x63\xff\xff\xff\xff\xff\xff\xff12345": "", // sixteen bytes, but no UUID
	} {
		m := adapters.Message{Key: []byte(key), Value: []byte("x"), Schemas: k}
		var id Identity
		NewReader(nil).Read(&m, &id)
		if string(id.Entity.Value) != want {
			t.Errorf("%q says %q", key, id.Entity.Value)
		}
	}
	m := adapters.Message{Key: []byte("\x00\x00\x00\x00\x03\x10ord-1009"), Value: []byte("x"), Schemas: k}
	var id Identity
	NewReader(nil).Read(&m, &id)
	if got := id.Entity.From.String(); got != "key (Avro, schema 3)" {
		t.Errorf("the entity is from %q", got)
	}
}

// TestAMappingNamesMembersOfAvro as it does those of JSON.
func TestAMappingNamesMembersOfAvro(t *testing.T) {
	rules, err := Compile([]Mapping{{Destination: "orders", Flow: "/payload/customer_id"}})
	if err != nil {
		t.Fatal(err)
	}
	framed, _ := orderEvent(t, 2)
	m := adapters.Message{Position: adapters.Position{Destination: "orders"}, Value: framed, Schemas: orderSchemas(t)}
	var id Identity
	NewReader(rules).Read(&m, &id)
	if string(id.Flow.Value) != "7" {
		t.Errorf("the flow is %q from %s", id.Flow.Value, id.Flow.From)
	}
}

// TestWhatDoesNotFitItsSchemaSaysNothing, and is malformed.
func TestWhatDoesNotFitItsSchemaSaysNothing(t *testing.T) {
	framed, _ := orderEvent(t, 2)
	for n := 6; n < 60; n++ {
		if n == 8 {
			continue // which may be a number
		}
		m := adapters.Message{Value: framed[:n], Schemas: orderSchemas(t)}
		var id Identity
		NewReader(nil).Read(&m, &id)
		if !id.Malformed || id.ID.Known() || id.Flow.Known() {
			t.Fatalf("of %d bytes: %+v", n, id)
		}
	}
}

// TestAKnownSchemaIsNotAskedForAgain, and reading allocates nothing.
func TestAKnownSchemaIsNotAskedForAgain(t *testing.T) {
	framed, _ := orderEvent(t, 5)
	k := orderSchemas(t)
	m := adapters.Message{Value: framed, Key: []byte("\x00\x00\x00\x00\x03\x10ord-1009"), Schemas: k}
	r := NewReader(nil)
	var id Identity
	r.Read(&m, &id)
	if allocated := testing.AllocsPerRun(100, func() { r.Read(&m, &id) }); allocated > 0 {
		t.Errorf("%v allocations", allocated)
	}
	if asked := k.asked.Load(); asked > 2 {
		t.Errorf("asked %d times for two schemas", asked)
	}
}

// FuzzWritten: whatever a body is, reading it by a schema ends, and names no id longer than one
// may be.
func FuzzWritten(f *testing.F) {
	framed, _ := orderEvent(f, 2)
	f.Add(framed)
	f.Add(framed[:40])
	f.Add([]byte("\x00\x00\x00\x00\x0c{\"event_id\":\"x\"}"))
	k := orderSchemas(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		m := adapters.Message{Value: body, Key: body, Schemas: k}
		var id Identity
		r := NewReader(nil)
		r.Read(&m, &id)
		first := string(id.Flow.Value)
		if r.Read(&m, &id); string(id.Flow.Value) != first {
			t.Errorf("read twice: %q and %q", first, id.Flow.Value)
		}
	})
}

// BenchmarkWritten reads the same event in Avro and in JSON.
// orderInProtobuf is the event in Protobuf, behind a frame with the id 13 and the path of its
// message.
func orderInProtobuf(t testing.TB, k *known, items int) []byte {
	t.Helper()
	text := `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
message Other {}
message OrderPlaced {
 string event_id = 1; EventType event_type = 2; Metadata metadata = 3; string note = 4; Payload payload = 5;
 enum EventType { UNKNOWN = 0; OrderPlaced = 1; }
 message Metadata { google.protobuf.StringValue correlation_id = 1; optional string causation_id = 2; google.protobuf.Timestamp occurred_at = 3; }
 message Payload { repeated Item items = 1; string order_id = 2; int64 customer_id = 3; }
 message Item { string sku = 1; int32 quantity = 2; }
}`
	reader, err := protobuf.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.of[13] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 13}, Format: "PROTOBUF", Text: text, Reader: reader}
	sized := func(b []byte, number protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), value)
	}
	number := func(b []byte, number protowire.Number, value uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), value)
	}
	b := sized([]byte{0, 0, 0, 0, 13, 2, 2}, 1, []byte(eventID))
	b = number(b, 2, 1)
	metadata := sized(nil, 1, sized(nil, 1, []byte("flow-000001009")))
	metadata = sized(metadata, 2, []byte("cmd-1"))
	metadata = sized(metadata, 3, number(number(nil, 1, 1769851800), 2, 123000000))
	b = sized(b, 3, metadata)
	b = sized(b, 4, []byte(strings.Repeat("please leave it ", 10)))
	var payload []byte
	for i := range items {
		payload = sized(payload, 1, number(sized(nil, 1, fmt.Appendf(nil, "sku-%08d", i)), 2, 3))
	}
	return sized(b, 5, number(sized(payload, 2, []byte("ord-1009")), 3, 7))
}

// TestProtobufSaysWhatTheSameJSONSays, too.
func TestProtobufSaysWhatTheSameJSONSays(t *testing.T) {
	_, text := orderEvent(t, 5)
	k := orderSchemas(t)
	framed := orderInProtobuf(t, k, 5)
	at := adapters.Position{Destination: "orders", Partition: 2, Offset: 881}
	inProtobuf := adapters.Message{Position: at, Value: framed, Schemas: k}
	inJSON := adapters.Message{Position: at, Value: text}
	var is, want Identity
	r := NewReader(nil)
	r.Read(&inProtobuf, &is)
	NewReader(nil).Read(&inJSON, &want)
	for role, pair := range map[string][2]Field{
		"flow": {is.Flow, want.Flow}, "cause": {is.Cause, want.Cause}, "id": {is.ID, want.ID}, "type": {is.Type, want.Type}, "entity": {is.Entity, want.Entity},
	} {
		if !pair[1].Known() || string(pair[0].Value) != string(pair[1].Value) {
			t.Errorf("%s is %q, and in JSON %q", role, pair[0].Value, pair[1].Value)
		}
		if got, want := pair[0].From.String(), pair[1].From.String()+" (Protobuf, schema 13)"; got != want {
			t.Errorf("%s is from %q, not %q", role, got, want)
		}
	}
	if !is.Time.Equal(want.Time) || is.Time.IsZero() || is.Malformed || is.Written == nil || is.Written.Schema.Ref.ID != 13 {
		t.Errorf("%v, %v, %+v", is.Time, want.Time, is)
	}
	if n := testing.AllocsPerRun(100, func() { r.Read(&inProtobuf, &is) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	inProtobuf.Value = framed[:len(framed)-3]
	if r.Read(&inProtobuf, &is); is.Entity.Known() || !is.Malformed {
		t.Errorf("of a value that is cut: %+v", is)
	}
}

func BenchmarkWritten(b *testing.B) {
	framed, text := orderEvent(b, 20)
	k := orderSchemas(b)
	for _, c := range []struct {
		name string
		m    adapters.Message
	}{{"Avro", adapters.Message{Value: framed, Schemas: orderSchemas(b)}}, {"Protobuf", adapters.Message{Value: orderInProtobuf(b, k, 20), Schemas: k}}, {"JSON", adapters.Message{Value: text}}} {
		b.Run(c.name, func(b *testing.B) {
			r := NewReader(nil)
			var id Identity
			b.ReportAllocs()
			b.SetBytes(int64(len(c.m.Value)))
			for b.Loop() {
				r.Read(&c.m, &id)
			}
		})
	}
}

// TestABodyThatNeedsNoSchema says who it is, too.
func TestABodyThatNeedsNoSchema(t *testing.T) {
	m := &adapters.Message{Value: []byte("\x82\xaecorrelation_id\xa6flow-7\xa8order_id\xa8ord-1009"), Headers: []adapters.Header{{Name: "content-type", Value: []byte("application/msgpack")}}}
	var id Identity
	NewReader(nil).Read(m, &id)
	if string(id.Flow.Value) != "flow-7" || string(id.Entity.Value) != "ord-1009" || id.Flow.From.String() != "body correlation_id (MessagePack)" || id.Malformed {
		t.Errorf("%s, %s, %s", id.Flow.Value, id.Entity.Value, id.Flow.From)
	}
	m.Value = m.Value[:20]
	if NewReader(nil).Read(m, &id); id.Flow.Known() || !id.Malformed {
		t.Errorf("half of it: %s", id.Flow.Value)
	}
}

const changeSchema = `{"type":"record","name":"Envelope","namespace":"shop.public.orders","fields":[
 {"name":"before","type":["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"int"},{"name":"total","type":"string"}]}],"default":null},
 {"name":"after","type":["null","Value"],"default":null},
 {"name":"source","type":{"type":"record","name":"Source","namespace":"io.debezium.connector.postgresql","fields":[{"name":"name","type":"string"},{"name":"ts_ms","type":"long"},{"name":"table","type":"string"}]}},
 {"name":"transaction","type":["null",{"type":"record","name":"block","namespace":"event","fields":[{"name":"id","type":"string"},{"name":"total_order","type":"long"}]}],"default":null},
 {"name":"op","type":"string"},{"name":"ts_ms","type":["null","long"],"default":null}]}`

// TestAChangeOfADatabaseInAvro says what the same change in JSON says.
func TestAChangeOfADatabaseInAvro(t *testing.T) {
	written, err := twmb.Parse(changeSchema)
	if err != nil {
		t.Fatal(err)
	}
	row := func(total string) any { return map[string]any{"id": int32(1004), "total": total} }
	value, err := written.AppendEncode([]byte{0, 0, 0, 0, 20}, map[string]any{
		"before": row("10.00"), "after": row("12.00"), "op": "u", "ts_ms": int64(1769851800120),
		"source": map[string]any{"name": "shop", "ts_ms": int64(1769851800000), "table": "orders"}, "transaction": map[string]any{"id": "571:1", "total_order": int64(1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	k := orderSchemas(t)
	for id, text := range map[uint64]string{20: changeSchema, 21: `{"type":"record","name":"Key","namespace":"shop.public.orders","fields":[{"name":"id","type":"int"}]}`} {
		reader, err := avro.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		k.of[id] = &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: id}, Format: "AVRO", Text: text, Reader: reader}
	}
	m := adapters.Message{Position: orders, Key: []byte("\x00\x00\x00\x00\x15\xd8\x0f"), Value: value, Schemas: k}
	want := facts{"debezium", "571:1", "", "", "orders.update", "", "shop", "orders/1004", "", "2026-01-31T09:30:00Z", "body transaction.id (Avro, schema 20)", "", "body op (Avro, schema 20)", "key (Avro, schema 21)", ""}
	if got := read(t, &m, nil); got != want {
		t.Errorf("%+v", got)
	}
	m.Value = nil
	if got := read(t, &m, nil); got.Entity != "orders/1004" || got.Type != "orders" {
		t.Errorf("the tombstone: %+v", got)
	}
}
