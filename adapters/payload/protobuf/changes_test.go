package protobuf

import (
	"eventscope/adapters/payload/encoded"
	"fmt"
	"strings"
	"testing"
)

// TestWhatBecameOfASchema has a row for each kind of change, as Confluent's registry judges it.
func TestWhatBecameOfASchema(t *testing.T) {
	seen := map[ChangeKind]bool{}
	m := func(fields string) string { return `syntax = "proto2"; package x; message M {` + fields + `}` }
	for _, c := range []struct {
		from, to string
		want     string // breaking ones with a sign
	}{
		{m(`optional int32 a = 1;`), m(`optional int32 a = 1;`), ""},
		{m(""), `syntax = "proto2"; package y; message M {}`, "!PACKAGE_CHANGED : package x → y"},
		{m("") + "message N {}", m(""), "!MESSAGE_REMOVED N: - message N"},
		{m(""), m("message In {}"), "MESSAGE_ADDED M.In: + message M.In"},
		{m("") + "message N {}", "syntax = \"proto2\"; package x; message N {} message M {}", "MESSAGE_MOVED M: message M is number 1, and was 0|MESSAGE_MOVED N: message N is number 0, and was 1"},
		{m(`optional int32 a = 1;`), m(`optional M a = 1;`), "!FIELD_KIND_CHANGED M.a: a: int32 → M"},
		{m(`map<string, M> a = 1;`), m(`optional string a = 1;`), "!FIELD_KIND_CHANGED M.a: a: map<string, M> → string"},
		{m(`optional int32 a = 1;`), m(`optional string a = 1;`), "!FIELD_SCALAR_KIND_CHANGED M.a: a: int32 → string"},
		{m(`optional int32 a = 1;`), m(`optional sint32 a = 1;`), "!FIELD_SCALAR_KIND_CHANGED M.a: a: int32 → sint32"},
		{m(`optional int32 a = 1;`), m(`optional int64 a = 1;`), ""},
		{m(`optional string a = 1;`), m(`optional bytes a = 1;`), ""},
		{m(`map<string, int32> a = 1;`), m(`map<string, string> a = 1;`), "!FIELD_SCALAR_KIND_CHANGED M.a: a: int32 → string"},
		{m(`optional In a = 1; message In {} message Out {}`), m(`optional Out a = 1; message In {} message Out {}`), "!FIELD_NAMED_TYPE_CHANGED M.a: a: M.In → M.Out"},
		{m(`optional int32 a = 1;`), m(`repeated int32 a = 1;`), "!FIELD_NUMERIC_LABEL_CHANGED M.a: a: int32 → repeated int32"},
		{m(`optional string a = 1;`), m(`repeated string a = 1;`), "FIELD_STRING_OR_BYTES_LABEL_CHANGED M.a: a: string → repeated string"},
		{m(`optional M a = 1;`), m(`repeated M a = 1;`), "MESSAGE_LABEL_CHANGED M.a: a: M → repeated M"},
		{m(``), m(`required int32 a = 1;`), "!REQUIRED_FIELD_ADDED M.a: + a int32 = 1"},
		{m(`required int32 a = 1;`), m(``), "!REQUIRED_FIELD_REMOVED M.a: - a int32 = 1"},
		{m(``), m(`optional int32 a = 1;`), "FIELD_ADDED M.a: + a int32 = 1"},
		{m(`optional int32 a = 1; optional string b = 2;`), m(`optional string b = 2;`), "FIELD_REMOVED M.a: - a int32 = 1"},
		{m(`optional int32 a = 1;`), m(`optional int32 b = 1;`), "FIELD_NAME_CHANGED M.b: a → b, number 1: the same on the wire, another name in JSON"},
		{m(`oneof o { int32 a = 1; int32 b = 2; }`), m(`oneof o { int32 a = 1; }`), "!ONEOF_FIELD_REMOVED M.b: - b int32 = 2"},
		{m(`oneof o { int32 a = 1; int32 b = 2; }`), m(`optional int32 a = 1;`), "ONEOF_REMOVED M.o: - oneof o|ONEOF_FIELD_MOVED_TO_TOP_LEVEL M.a: a is no more in oneof o|!ONEOF_FIELD_REMOVED M.b: - b int32 = 2"},
		{m(`oneof o { int32 a = 1; }`), m(``), "ONEOF_REMOVED M.o: - oneof o|FIELD_REMOVED M.a: - a int32 = 1"},
		{m(`oneof o { int32 a = 1; }`), m(`oneof o { int32 a = 1; int32 b = 2; }`), "ONEOF_FIELD_ADDED M.b: + b int32 = 2"},
		{m(`optional int32 a = 1;`), m(`oneof o { int32 a = 1; }`), "ONEOF_ADDED M.o: + oneof o"},
		{m(`optional int32 a = 1; optional int32 b = 2;`), m(`oneof o { int32 a = 1; int32 b = 2; }`), "!MULTIPLE_FIELDS_MOVED_TO_ONEOF M.o: 2 fields exclude each other now in oneof o|ONEOF_ADDED M.o: + oneof o"},
		{m(`optional int32 a = 1; oneof o { int32 b = 2; }`), m(`oneof o { int32 a = 1; int32 b = 2; }`), "!FIELD_MOVED_TO_EXISTING_ONEOF M.o: fields that did not exclude each other do so in oneof o"},
		{m(`enum E { A = 0; B = 1; C = 2; }`), m(`enum E { A = 0; X = 1; D = 3; }`), "ENUM_CONST_CHANGED M.E.X: B → X, number 1|ENUM_CONST_REMOVED M.E.C: - C = 2|ENUM_CONST_ADDED M.E.D: + D = 3"},
		{m(``) + "enum E { A = 0; }", m(``), "ENUM_REMOVED E: - enum E"},
		{m(``), m(`enum E { A = 0; }`), "ENUM_ADDED M.E: + enum M.E"},
	} {
		var got []string
		for _, change := range Changes(parsed(t, c.from), parsed(t, c.to)) {
			seen[change.Kind] = true
			got = append(got, fmt.Sprintf("%s%s %s: %s", map[bool]string{true: "!"}[change.Breaking], change.Kind, change.Path, change.Text))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s → %s:\n%s\nwant %s", c.from, c.to, strings.Join(got, "|"), c.want)
		}
	}
	if len(seen) != 27 {
		t.Errorf("%d kinds were seen", len(seen))
	}
}

// TestImportedMessagesAreCompared where a field is of them.
func TestImportedMessagesAreCompared(t *testing.T) {
	of := func(imported string) *Schema {
		made, err := Parse(proto3+`package x; import "m.proto"; message M { y.N n = 1; y.N again = 2; }`, map[string]string{"m.proto": proto3 + `package y; message N { ` + imported + ` N in = 9; }`})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	got := Changes(of("int32 a = 1;"), of("string a = 1;"))
	if len(got) != 1 || got[0].Path != "N.a" || !got[0].Breaking {
		t.Errorf("%+v", got)
	}
}

// TestChangesAreBounded in number and in length, whatever a schema calls its messages.
func TestChangesAreBounded(t *testing.T) {
	many := `syntax = "proto3"; message A {}`
	for i := range 500 {
		many += fmt.Sprintf(" message M%d%s {}", i, strings.Repeat("x", 1000))
	}
	from, err := Parse(many, nil)
	if err != nil {
		t.Fatal(err)
	}
	to, err := Parse(`syntax = "proto3"; message A {}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	changes := Changes(from, to)
	if len(changes) != encoded.MostChanges || len(changes[0].Text) > 600 || len(changes[0].Path) > 600 {
		t.Errorf("%d changes, the first of %d bytes", len(changes), len(changes[0].Text))
	}
}
