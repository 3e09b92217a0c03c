package protobuf

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"eventscope/adapters/payload/encoded"
)

// TestValuesAreWrittenAsTheyWereSent encodes by the library and reads by this package.
func TestValuesAreWrittenAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := samples(t, true)
		want, err := s.byLibrary()
		if err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
		whole, err := s.message.AppendJSON([]byte("before"), s.data, 0)
		text, cut := strings.CutPrefix(string(whole), "before")
		if err != nil || !cut {
			t.Fatalf("%s: %x is %s, %v", s.text, s.data, text, err)
		}
		if wrong := differs(decodedJSON(t, text), want); wrong != "" {
			t.Fatalf("%s: %x is %s: %s", s.text, s.data, text, wrong)
		}
		if unknown, err := s.message.Check(s.data); err != nil || unknown > 0 != (len(want.GetUnknown()) > 0) {
			t.Fatalf("%s: %x has %d unknown fields, %v", s.text, s.data, unknown, err)
		}
		limit := rapid.IntRange(1, len(text)+1).Draw(t, "limit")
		some, err := s.message.AppendJSON(nil, s.data, limit)
		if errors.Is(err, encoded.ErrTooLong) != (limit < len(text)) || !strings.HasPrefix(text, string(some)) {
			t.Fatalf("%s within %d of %d bytes: %s, %v", text, limit, len(text), some, err)
		}
	})
}

// TestWhatDoesNotFitIsRefusedByBoth damages values.
func TestWhatDoesNotFitIsRefusedByBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := samples(t, false)
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			if len(s.data) > 0 {
				s.data[rapid.IntRange(0, len(s.data)-1).Draw(t, "at")] ^= byte(1) << rapid.IntRange(0, 7).Draw(t, "bit")
			}
		}
		s.data = s.data[:rapid.IntRange(0, len(s.data)).Draw(t, "cut")]
		damaged(t, &s)
	})
}

// damaged compares what the library and this package make of a value that may not fit.
func damaged(t fatal, s *sample) {
	want, wrong := s.byLibrary()
	text, err := s.message.AppendJSON(nil, s.data, 0)
	if !jsontext.Value(text).IsValid() {
		t.Fatalf("%s: %x is %s, %v, which is no JSON", s.text, s.data, text, err)
	}
	misfit := (*encoded.Misfit)(nil)
	if err != nil && (!errors.As(err, &misfit) || misfit.At < 0 || misfit.At > len(s.data)) {
		t.Fatalf("%s: %x: %v", s.text, s.data, err)
	}
	_, checked := s.message.Check(s.data)
	if checked == nil && err != nil {
		t.Fatalf("%s: %x: checked it is %v, written %v", s.text, s.data, checked, err)
	}
	if checked != nil && err == nil {
		return // what is wrong counts no more, since the same field comes again
	}
	switch {
	case err != nil && wrong == nil: // which the library takes for an unknown field
		if !strings.Contains(err.Error(), "and has") {
			t.Fatalf("%s: %x: %v, and the library takes it", s.text, s.data, err)
		}
	case err == nil && wrong != nil:
		if !strings.Contains(wrong.Error(), "UTF-8") {
			t.Fatalf("%s: %x is %s; the library says %v", s.text, s.data, text, wrong)
		}
	case err == nil:
		if differ := differs(decodedJSON(t, string(text)), want); differ != "" {
			t.Fatalf("%s: %x is %s: %s", s.text, s.data, text, differ)
		}
	}
}

func decodedJSON(t fatal, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil || decoder.More() || !jsontext.Value(text).IsValid() {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// differs says where JSON is not what the library read.
func differs(got any, want protoreflect.Message) string {
	if wrong, meant := differsMeant(got, want); meant {
		return wrong
	}
	members, ok := got.(map[string]any)
	if !ok {
		return fmt.Sprintf("%v is no object", got)
	}
	fields := want.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		value, there := members[string(f.Name())]
		switch {
		case !there && want.Has(f):
			return string(f.Name()) + " is missing"
		case there && !want.Has(f) && (f.HasPresence() || !unsent(value, f)):
			return fmt.Sprintf("%s is %v, and should not be there", f.Name(), value)
		case there && want.Has(f):
			if wrong := differsField(value, f, want.Get(f)); wrong != "" {
				return string(f.Name()) + ": " + wrong
			}
		}
	}
	for name := range members {
		if fields.ByName(protoreflect.Name(name)) == nil && !strings.HasPrefix(name, "#") {
			return name + " is too much"
		}
	}
	if len(want.GetUnknown()) > 0 != slices.ContainsFunc(keys(members), func(name string) bool { return name[0] == '#' }) {
		return fmt.Sprintf("unknown fields %x", want.GetUnknown())
	}
	return ""
}

func keys(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

// unsent reports whether a value is the one that is not sent.
func unsent(value any, f protoreflect.FieldDescriptor) bool {
	if f.IsList() {
		return len(value.([]any)) == 0
	}
	return differsValue(value, f, f.Default()) == ""
}

func differsMeant(got any, want protoreflect.Message) (wrong string, meant bool) {
	if len(want.GetUnknown()) > 0 {
		return "", false
	}
	one := func(i int) protoreflect.Value { return want.Get(want.Descriptor().Fields().Get(i)) }
	text := ""
	switch want.Descriptor().FullName() {
	case "google.protobuf.Timestamp":
		seconds, nanos := one(0).Int(), one(1).Int()
		at := time.Unix(seconds, nanos).UTC()
		if nanos < 0 || nanos > 999999999 || at.Year() < 1 || at.Year() > 9999 {
			return "", false
		}
		text = at.Format(time.RFC3339Nano)
	case "google.protobuf.Duration":
		seconds, nanos := one(0).Int(), one(1).Int()
		if seconds < -315576000000 || seconds > 315576000000 || nanos <= -1e9 || nanos >= 1e9 || seconds < 0 && nanos > 0 || seconds > 0 && nanos < 0 {
			return "", false
		}
		sign := ""
		if seconds < 0 || nanos < 0 {
			sign, seconds, nanos = "-", -seconds, -nanos
		}
		text = strings.TrimRight(fmt.Sprintf("%s%d.%09d", sign, seconds, nanos), "0")
		text = strings.TrimSuffix(text, ".") + "s"
	case "google.protobuf.StringValue", "google.protobuf.Int64Value":
		return differsValue(got, want.Descriptor().Fields().Get(0), one(0)), true
	case "google.protobuf.Struct":
		if f := want.Descriptor().Fields().Get(0); want.Has(f) {
			return differsField(got, f, one(0)), true
		}
		text = "map[]"
	case "google.protobuf.ListValue":
		if f := want.Descriptor().Fields().Get(0); want.Has(f) {
			return differsField(got, f, one(0)), true
		}
		text = "[]"
	case "google.protobuf.Any", "google.protobuf.FieldMask", "google.type.Money", "confluent.type.Decimal":
		return "", true // by tables of their own
	case "google.protobuf.Value":
		f := want.WhichOneof(want.Descriptor().Oneofs().Get(0))
		if f != nil && f.Number() != 1 {
			return differsField(got, f, want.Get(f)), true
		}
		text = "<nil>"
	default:
		return "", false
	}
	if fmt.Sprint(got) != text {
		return fmt.Sprintf("%v, want %s", got, text), true
	}
	return "", true
}

func differsField(got any, f protoreflect.FieldDescriptor, want protoreflect.Value) string {
	switch {
	case f.IsMap():
		members, _ := got.(map[string]any)
		if len(members) != want.Map().Len() {
			return fmt.Sprintf("%v has not %d entries", got, want.Map().Len())
		}
		wrong := ""
		want.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			wrong = differsValue(members[string([]rune(key.String()))], f.MapValue(), value)
			return wrong == ""
		})
		return wrong
	case f.IsList():
		items, _ := got.([]any)
		if len(items) != want.List().Len() {
			return fmt.Sprintf("%v has not %d items", got, want.List().Len())
		}
		for i := range items {
			if wrong := differsValue(items[i], f, want.List().Get(i)); wrong != "" {
				return wrong
			}
		}
		return ""
	}
	return differsValue(got, f, want)
}

func differsValue(got any, f protoreflect.FieldDescriptor, want protoreflect.Value) string {
	text := ""
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return differs(got, want.Message())
	case protoreflect.EnumKind:
		text = strconv.Itoa(int(want.Enum()))
		if symbol := f.Enum().Values().ByNumber(want.Enum()); symbol != nil {
			text = string(symbol.Name())
		}
	case protoreflect.BytesKind:
		text = base64.StdEncoding.EncodeToString(want.Bytes())
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		number, err := strconv.ParseFloat(strings.ReplaceAll(fmt.Sprint(got), "Infinity", "Inf"), 64)
		if f.Kind() == protoreflect.FloatKind {
			number = float64(float32(number))
		}
		if err != nil && !errors.Is(err, strconv.ErrRange) || number != want.Float() && !(math.IsNaN(number) && math.IsNaN(want.Float())) {
			return fmt.Sprintf("%v, want %v", got, want.Float())
		}
		return ""
	case protoreflect.StringKind:
		text = string([]rune(want.String())) // what is not UTF-8 is replaced
	default:
		text = fmt.Sprint(want.Interface())
	}
	if fmt.Sprint(got) != text {
		return fmt.Sprintf("%v, want %s", got, text)
	}
	return ""
}
