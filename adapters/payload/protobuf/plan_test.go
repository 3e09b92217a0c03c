package protobuf

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"eventscope/adapters/payload/encoded"
)

// TestAPlanFindsWhatIsWanted compares what a plan finds with a search in what the library
// makes of the same value. A member is known by its path.
func TestAPlanFindsWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := samples(t, true)
		kept := rapid.SliceOf(rapid.SampledFrom([]string{"f_0", "f_1", "f_2", "f3", "f4", "g_5", "h1", "a", "b", "seconds"})).Draw(t, "kept")
		deep := rapid.IntRange(0, 2).Draw(t, "deep")
		wanted := func(object string, name []byte) (string, bool, bool) {
			member := object + "/" + string(name)
			camel := strings.HasPrefix(string(name), "f") && !strings.Contains(string(name), "_")
			return member, slices.Contains(kept, string(name)), strings.Count(member, "/") <= deep && !camel
		}
		plan, err := NewPlan(s.message, "", wanted)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.byLibrary()
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		search(m, "", wanted, &want)
		most := rapid.IntRange(0, len(want)+1).Draw(t, "most")
		var got []string
		scratch, err := plan.Read(s.data, []byte("before"), func(f encoded.Found[string]) bool {
			got = append(got, fmt.Sprintf("%s=%s", f.Member, f.Value))
			if f.Member != f.Object+"/"+string(f.Name) || !strings.HasSuffix(f.Object, string(f.Parent)) {
				t.Fatalf("%+v", f)
			}
			return len(got) == most
		})
		whole := got
		if len(got) == most {
			whole = nil
			if _, err := plan.Read(s.data, nil, func(f encoded.Found[string]) bool {
				whole = append(whole, fmt.Sprintf("%s=%s", f.Member, f.Value))
				return false
			}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, whole[:len(got)]) {
				t.Fatalf("%q, and of all %q", got, whole)
			}
		}
		slices.Sort(whole)
		slices.Sort(want)
		if err != nil || !slices.Equal(whole, want) || len(got) != len(want) && len(got) != max(1, most) || !bytes.HasPrefix(scratch, []byte("before")) {
			t.Fatalf("%s: of %v there are %q, %v; want %q", s.text, m, whole, err, want)
		}
	})
}

// search finds what is wanted in a message.
func search(m protoreflect.Message, object string, wanted encoded.Wanted[string], found *[]string) {
	m.Range(func(f protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		member, keep, enter := wanted(object, []byte(f.Name()))
		if !keep && !enter {
			member, keep, enter = wanted(object, []byte(f.JSONName()))
		}
		switch {
		case f.IsList():
		case f.IsMap():
			if enter && f.MapKey().Kind() == protoreflect.StringKind {
				entries(value.Map(), f.MapValue(), member, wanted, found)
			}
		case f.Message() != nil && f.Message().FullName() == "google.protobuf.Struct":
			if enter {
				fields := f.Message().Fields().Get(0)
				entries(value.Message().Get(fields).Map(), fields.MapValue(), member, wanted, found)
			}
		case f.Message() != nil && meanings[string(f.Message().FullName())].meaning == noMeaning:
			if enter {
				search(value.Message(), member, wanted, found)
			}
		case keep:
			keepText(f, value, member, found)
		}
		return true
	})
}

func entries(m protoreflect.Map, f protoreflect.FieldDescriptor, object string, wanted encoded.Wanted[string], found *[]string) {
	m.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		if member, keep, _ := wanted(object, []byte(key.String())); keep {
			keepText(f, value, member, found)
		}
		return true
	})
}

// keepText keeps what is one text: as JSON it is no object and no array.
func keepText(f protoreflect.FieldDescriptor, value protoreflect.Value, member string, found *[]string) {
	text := ""
	switch f.Kind() {
	case protoreflect.EnumKind:
		text = fmt.Sprint(value.Enum())
		if symbol := f.Enum().Values().ByNumber(value.Enum()); symbol != nil {
			text = string(symbol.Name())
		}
	case protoreflect.BytesKind:
		text = base64.StdEncoding.EncodeToString(value.Bytes())
	case protoreflect.FloatKind:
		made, _ := appendFloat(nil, value.Float(), 32)
		text = string(made)
	case protoreflect.DoubleKind:
		made, _ := appendFloat(nil, value.Float(), 64)
		text = string(made)
	case protoreflect.MessageKind:
		data, _ := proto.Marshal(value.Message().Interface())
		made, err := newCompiler().message(f.Message()).AppendJSON(nil, data, 0)
		if err != nil || made[0] == '{' || made[0] == '[' || string(made) == "null" {
			return
		}
		if text = string(made); made[0] == '"' {
			plain, _ := jsontext.AppendUnquote(nil, made)
			text = string(plain)
		}
	default:
		text = fmt.Sprint(value.Interface())
	}
	*found = append(*found, member+"="+text)
}

// event is a schema like those of orders: nested, with a map, items, and an id at its end.
const event = `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto";
message OrderPlaced {
	string event_id = 1; string type = 2; Metadata metadata = 3; map<string, string> tags = 4; repeated Item items = 5; Order order = 6;
	message Metadata { string correlation_id = 1; optional string causation_id = 2; google.protobuf.Timestamp at = 3; }
	message Item { string sku = 1; int32 quantity = 2; int64 price_in_cents = 3; optional string note = 4; }
	message Order { double total = 1; string order_id = 2; }
}`

func eventOf(t fatal) (m *Message, data []byte) {
	library := described(t, event).Messages().Get(0)
	items := make([]string, 7)
	for i := range items {
		items[i] = fmt.Sprintf(`{"sku":"sku-%08d","quantity":2,"price_in_cents":"13002","note":"%s"}`, i, strings.Repeat("wrapped as a present, ", 4))
	}
	value := dynamicpb.NewMessage(library)
	err := protojson.Unmarshal(fmt.Appendf(nil, `{"event_id":"8c3ff6e2-58a6-4b0a-93d5-7e6a1c1d2e3f","type":"OrderPlaced",
		"metadata":{"correlation_id":"5a1b7d2e-4c3f-4a2b-8d1e-0f9a8b7c6d5e","at":"2026-11-20T10:00:00Z"},
		"tags":{"channel":"web","country":"DE"},"items":[%s],"order":{"total":129.9,"order_id":"ord-1009"}}`, strings.Join(items, ",")), value)
	if err == nil {
		data, err = proto.MarshalOptions{Deterministic: true}.Marshal(value)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return parsed(t, event).At(0), data
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
	m, data := eventOf(t)
	for name, wanted := range map[string]encoded.Wanted[int]{
		"four members":      telling,
		"entries and times": func(_ int, name []byte) (int, bool, bool) { return 0, string(name) != "type", true },
	} {
		plan, err := NewPlan(m, 0, wanted)
		if err != nil {
			t.Fatal(err)
		}
		told, scratch := 0, make([]byte, 0, 256)
		found := func(encoded.Found[int]) bool { told++; return false }
		if n := testing.AllocsPerRun(100, func() { _, err = plan.Read(data, scratch, found) }); n != 0 || err != nil || told < 101*4 {
			t.Errorf("%s: %v allocations, %v, %d", name, n, err, told)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	m, data := eventOf(b)
	plan, err := NewPlan(m, 0, telling)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	scratch := make([]byte, 0, 256)
	found := func(encoded.Found[int]) bool { return false }
	for b.Loop() {
		if _, err := plan.Read(data, scratch, found); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	m, data := eventOf(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var text []byte
	for b.Loop() {
		var err error
		if text, err = m.AppendJSON(text[:0], data, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		parsed(b, event)
	}
}
