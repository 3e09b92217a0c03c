package avro

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"eventscope/adapters/payload/encoded"
)

// TestAPlanFindsWhatIsWanted compares what a plan finds with a search in the JSON of the
// same value. A member is known by its path.
func TestAPlanFindsWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, data := drawn(t, 5)
		kept := rapid.SliceOf(rapid.IntRange(0, 4)).Draw(t, "kept")
		deep := rapid.IntRange(0, 3).Draw(t, "deep")
		wanted := func(object string, name []byte) (string, bool, bool) {
			member := object + "/" + string(name)
			i, err := strconv.Atoi(strings.TrimPrefix(string(name), "f"))
			return member, err == nil && slices.Contains(kept, i), strings.Count(member, "/") <= deep
		}
		schema := parsed(t, s.schema)
		plan, err := NewPlan(schema, "", wanted)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		search(json.RawMessage(s.text), schema.root, "", wanted, &want)
		most := rapid.IntRange(0, len(want)+1).Draw(t, "most")
		var got []string
		scratch, err := plan.Read(data, []byte("before"), func(f encoded.Found[string]) bool {
			got = append(got, fmt.Sprintf("%s=%s", f.Member, f.Value))
			if f.Member != f.Object+"/"+string(f.Name) || !strings.HasSuffix(f.Object, string(f.Parent)) {
				t.Fatalf("%+v", f)
			}
			return len(got) == most
		})
		if err != nil || !slices.Equal(got, want[:len(got)]) || len(got) != len(want) && len(got) != most || !bytes.HasPrefix(scratch, []byte("before")) {
			t.Fatalf("%s: of %s there are %q, %v; want %q", s.schema, s.text, got, err, want)
		}
	})
}

// search finds what is wanted in JSON whose schema is known: a map and a record look alike.
func search(raw json.RawMessage, n *node, object string, wanted encoded.Wanted[string], found *[]string) {
	for n.kind == unionKind {
		if n = n.branches[1]; string(raw) == "null" {
			return
		}
	}
	if n.kind != recordKind && n.kind != mapKind {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token()
	for i := 0; decoder.More(); i++ {
		name, _ := decoder.Token()
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			panic(err)
		}
		member, keep, enter := wanted(object, []byte(name.(string)))
		inner := n.items
		if n.kind == recordKind {
			inner = n.fields[i].node
		}
		scalar := inner
		if scalar.kind == unionKind {
			scalar = scalar.branches[1]
		}
		if enter && n.kind == recordKind {
			search(value, inner, member, wanted, found)
		}
		if keep && scalar.kind < arrayKind && string(value) != "null" {
			var text string
			if json.Unmarshal(value, &text) != nil {
				text = string(value)
			}
			*found = append(*found, member+"="+text)
		}
	}
}

// TestAPlanStopsAtAMisfit gives a plan what does not fit: it stops with a misfit, or before it.
func TestAPlanStopsAtAMisfit(t *testing.T) {
	schema := parsed(t, `{"type":"record","name":"r","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"},{"name":"c","type":["null","int"]}]}`)
	names := func(_ string, name []byte) (string, bool, bool) { return string(name), string(name) == "a", false }
	plan, err := NewPlan(schema, "", names)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	count := func(encoded.Found[string]) bool { told++; return false }
	if _, err := plan.Read([]byte("\x02x\x09"), nil, count); err != nil || told != 1 {
		t.Errorf("nothing is wanted behind it: %v, %d", err, told)
	}
	if _, err := plan.Read([]byte("\x06x"), nil, count); err == nil || told != 1 {
		t.Errorf("a text that is cut: %v, %d", err, told)
	}
	if _, err := schema.Check([]byte("\x02x\x02y\x04")); err == nil || err.Error() != "2 is none of the 2 branches at byte 4" {
		t.Error(err)
	}
	if _, err := schema.Check([]byte("\x02x\x02y\x00z")); err == nil || err.Error() != "the value ends, and 1 bytes follow at byte 5" {
		t.Error(err)
	}
	if _, err := schema.Check([]byte("\x02x\x02y\x02\x02")); err != nil {
		t.Error(err)
	}
}

// TestAPlanOfARecursiveSchema ends, and finds what lies deep.
func TestAPlanOfARecursiveSchema(t *testing.T) {
	schema := parsed(t, `{"type":"record","name":"r","fields":[{"name":"id","type":"int"},{"name":"in","type":["null","r"]},{"name":"rest","type":"bytes"}]}`)
	wanted := func(object int, name []byte) (int, bool, bool) { return 1, string(name) == "id", string(name) == "in" }
	plan, err := NewPlan(schema, 0, wanted)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	data := []byte{2, 2, 4, 2, 6, 0, 0, 0, 0}
	if _, err := plan.Read(data, nil, func(f encoded.Found[int]) bool { got = append(got, string(f.Value)); return false }); err != nil || !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("%q, %v", got, err)
	}
	deep := bytes.Repeat([]byte{2}, 1<<20)
	if _, err := plan.Read(deep, nil, func(encoded.Found[int]) bool { return false }); err == nil {
		t.Error("a value is read that is nested without end")
	}
}

// event is a schema like those of orders: nested, with a map, items, and an id at its end.
const event = `{"type":"record","name":"OrderPlaced","namespace":"shop","fields":[
	{"name":"event_id","type":"string"},{"name":"type","type":"string"},
	{"name":"metadata","type":{"type":"record","name":"Metadata","fields":[{"name":"correlation_id","type":"string"},{"name":"causation_id","type":["null","string"]},{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}}]}},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"},{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},{"name":"note","type":["null","string"]}]}}},
	{"name":"order","type":{"type":"record","name":"Order","fields":[{"name":"total","type":"double"},{"name":"order_id","type":"string"}]}}]}`

func eventOf(t fatal) (schema *Schema, data []byte) {
	library := avro.MustParse(event)
	items := []any{}
	for i := range 7 {
		items = append(items, map[string]any{"sku": fmt.Sprintf("sku-%08d", i), "quantity": 2, "price": []byte{0x32, 0xca}, "note": strings.Repeat("wrapped as a present, ", 4)})
	}
	data, err := library.Encode(map[string]any{
		"event_id": "8c3ff6e2-58a6-4b0a-93d5-7e6a1c1d2e3f", "type": "OrderPlaced",
		"metadata": map[string]any{"correlation_id": "5a1b7d2e-4c3f-4a2b-8d1e-0f9a8b7c6d5e", "causation_id": nil, "at": int64(1790000000000000)},
		"tags":     map[string]any{"channel": "web", "country": "DE"}, "items": items,
		"order": map[string]any{"total": 129.9, "order_id": "ord-1009"},
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return parsed(t, event), data
}

// telling wants four members, the last of them in the last field.
func telling(object int, name []byte) (int, bool, bool) {
	switch string(name) {
	case "event_id", "type", "correlation_id", "order_id":
		return object + 1, true, false
	case "metadata", "order":
		return object + 1, false, true
	}
	return 0, false, false
}

func TestReadingAllocatesNothing(t *testing.T) {
	schema, data := eventOf(t)
	plan, err := NewPlan(schema, 0, telling)
	if err != nil {
		t.Fatal(err)
	}
	told, scratch := 0, make([]byte, 0, 256)
	found := func(encoded.Found[int]) bool { told++; return false }
	if n := testing.AllocsPerRun(100, func() { _, err = plan.Read(data, scratch, found) }); n != 0 || err != nil || told != 101*4 {
		t.Errorf("%v allocations, %v, %d", n, err, told)
	}
}

func BenchmarkPlan(b *testing.B) {
	schema, data := eventOf(b)
	plan, err := NewPlan(schema, 0, telling)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	scratch := make([]byte, 0, 256)
	found := func(encoded.Found[int]) bool { return false }
	for b.Loop() {
		if _, err := plan.Read(data, scratch, found); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	schema, data := eventOf(b)
	b.SetBytes(int64(len(data)))
	var text []byte
	for b.Loop() {
		var err error
		if text, err = schema.AppendJSON(text[:0], data, 0); err != nil {
			b.Fatal(err)
		}
	}
}
