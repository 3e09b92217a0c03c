package protobuf

import (
	"fmt"
	"math"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

type fatal interface {
	Helper()
	Fatalf(string, ...any)
}

// parsed compiles a schema that is right.
func parsed(t fatal, text string) *Schema {
	t.Helper()
	made, err := Parse(text, nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return made
}

// described is the file of a schema as the library describes it.
func described(t fatal, text string) protoreflect.FileDescriptor {
	t.Helper()
	p := files{given: map[string]given{}, known: map[string]linker.File{}, symbols: &linker.Symbols{}}
	file, err := p.source("", text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return file
}

var (
	scalars   = []string{"double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"}
	knownOnes = []string{"google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.StringValue", "google.protobuf.Int64Value", "google.protobuf.Struct", "google.protobuf.Value"}
)

// schemas draws the text of a file with messages M0, M1 … whose fields are f_1, f_2 …
func schemas(t *rapid.T) string {
	syntax := rapid.SampledFrom([]string{"proto2", "proto3"}).Draw(t, "syntax")
	var b strings.Builder
	fmt.Fprintf(&b, "syntax = %q;\npackage x;\n", syntax)
	for _, file := range []string{"timestamp", "duration", "wrappers", "struct"} {
		fmt.Fprintf(&b, "import \"google/protobuf/%s.proto\";\n", file)
	}
	b.WriteString("enum E { E_0 = 0; E_1 = 1; E_M = -1; E_M2 = 500; }\n")
	count := rapid.IntRange(1, 3).Draw(t, "messages")
	for i := range count {
		fmt.Fprintf(&b, "message M%d {\n", i)
		numbers := rapid.SliceOfNDistinct(rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(1, 3000), rapid.Just(maxNumber)), 0, 6, rapid.ID).Draw(t, "numbers")
		group := 0
		for j, number := range numbers {
			kinds := append(append([]string{"E", "E"}, scalars...), knownOnes...)
			for k := range count {
				kinds = append(kinds, fmt.Sprintf("M%d", k), fmt.Sprintf("M%d", k))
			}
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			label := ""
			if syntax == "proto2" {
				label = "optional "
			}
			switch rapid.IntRange(0, 9).Draw(t, "label") {
			case 0, 1:
				label = "repeated "
			case 2:
				label = "optional "
			case 3:
				label, kind = "", "map<string, "+kind+">"
			case 4:
				label, kind = "", "map<"+rapid.SampledFrom([]string{"int32", "uint64", "bool", "sint32"}).Draw(t, "key")+", "+kind+">"
			case 5:
				group++
				fmt.Fprintf(&b, "  oneof o%d { %s f_%d = %d; string g_%d = %d; int32 h_%d = %d; }\n", group, kind, j, number, j, 4000+3*j, j, 4001+3*j)
				continue
			}
			packed := ""
			if label == "repeated " && wiresOf(kind) && rapid.Bool().Draw(t, "packed") {
				packed = " [packed = " + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "is packed") + "]"
			}
			if syntax == "proto2" && label != "" && rapid.IntRange(0, 9).Draw(t, "group") == 0 {
				fmt.Fprintf(&b, "  %sgroup F_%d = %d { optional string f_1 = 1; repeated int32 f_2 = 2; }\n", label, j, number)
				continue
			}
			fmt.Fprintf(&b, "  %s%s f_%d = %d%s;\n", label, kind, j, number, packed)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// wiresOf reports whether a kind may be packed.
func wiresOf(kind string) bool {
	return kind == "E" || kind != "string" && kind != "bytes" && strings.ToLower(kind) == kind && !strings.ContainsAny(kind, ".<")
}

// message draws a message.
func message(t *rapid.T, d protoreflect.MessageDescriptor, depth int) *dynamicpb.Message {
	m := dynamicpb.NewMessage(d)
	switch d.FullName() {
	case "google.protobuf.Timestamp":
		setBoth(m, rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int32Range(0, 999999999).Draw(t, "nanos"))
		return m
	case "google.protobuf.Duration":
		seconds := rapid.Int64Range(-315576000000, 315576000000).Draw(t, "seconds")
		nanos := rapid.Int32Range(0, 999999999).Draw(t, "nanos")
		if seconds < 0 {
			nanos = -nanos
		}
		setBoth(m, seconds, nanos)
		return m
	}
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		switch {
		case rapid.IntRange(0, 3).Draw(t, "there") == 0 && f.Cardinality() != protoreflect.Required:
		case depth <= 0 && f.Message() != nil:
		case f.IsMap():
			for range rapid.IntRange(1, 3).Draw(t, "entries") {
				m.Mutable(f).Map().Set(scalar(t, f.MapKey(), depth).MapKey(), scalar(t, f.MapValue(), depth-1))
			}
		case f.IsList():
			for range rapid.IntRange(1, 3).Draw(t, "items") {
				m.Mutable(f).List().Append(scalar(t, f, depth-1))
			}
		default:
			m.Set(f, scalar(t, f, depth-1))
		}
	}
	return m
}

func setBoth(m *dynamicpb.Message, seconds int64, nanos int32) {
	m.Set(m.Descriptor().Fields().ByNumber(1), protoreflect.ValueOfInt64(seconds))
	m.Set(m.Descriptor().Fields().ByNumber(2), protoreflect.ValueOfInt32(nanos))
}

func scalar(t *rapid.T, f protoreflect.FieldDescriptor, depth int) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.SampledFrom([]int32{0, 1, -1, 500, 77}).Draw(t, "enum")))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, "uint32"))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, "uint64"))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(rapid.SampledFrom([]float32{0, 1.5, -3.25, 1e-9, 3e30, float32(math.Inf(-1))}).Draw(t, "float"))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.SampledFrom([]float64{0, 0.1, -2, 1e300, 1e-7}).Draw(t, "double"))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.OneOf(rapid.SampledFrom([]string{"a", "b"}), rapid.String()).Draw(t, "string"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	}
	return protoreflect.ValueOfMessage(message(t, f.Message(), depth))
}

// sample is a schema with a value of it.
type sample struct {
	text    string
	message *Message
	library protoreflect.MessageDescriptor
	data    []byte
}

// samples draws a schema and a value, which may be in several parts that merge, in any order,
// with fields that the schema does not have.
func samples(t *rapid.T, unknown bool) sample {
	s := sample{text: schemas(t)}
	s.message = parsed(t, s.text).At(0)
	s.library = described(t, s.text).Messages().Get(0)
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(message(t, s.library, 3))
		if err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
		if s.data = append(s.data, data...); unknown && rapid.Bool().Draw(t, "unknown") {
			s.data = protowire.AppendBytes(protowire.AppendTag(s.data, 9000, protowire.BytesType), rapid.SliceOf(rapid.Byte()).Draw(t, "of"))
		}
	}
	return s
}

// byLibrary is what the library makes of the value.
func (s *sample) byLibrary() (*dynamicpb.Message, error) {
	m := dynamicpb.NewMessage(s.library)
	return m, proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(s.data, m)
}
