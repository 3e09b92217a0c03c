package mask

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

func compile(t *testing.T, rules ...Rule) *Rules {
	t.Helper()
	made, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestPathsAreMasked, and everything else is spelled as it was.
func TestPathsAreMasked(t *testing.T) {
	for _, c := range []struct{ path, in, want string }{
		{"/a", `{"a":1,"b":1.50}`, `{"a":"***","b":1.50}`},
		{"/a", `{"a":{"b":1},"b":"\u00e9"}`, `{"a":"***","b":"\u00e9"}`},
		{"/a", `{"a":null,"a":1}`, `{"a":null,"a":"***"}`},
		{"/a/b", `{"a":{"b":1,"c":2},"b":1}`, `{"a":{"b":"***","c":2},"b":1}`},
		{"/a/*/b", `{"a":[{"b":1},{"b":2,"c":3}]}`, `{"a":[{"b":"***"},{"b":"***","c":3}]}`},
		{"/a/1", `{"a":[1,2,3]}`, `{"a":[1,"***",3]}`},
		{"/**/b", `{"b":1,"a":[{"b":{"b":1}}]}`, `{"b":"***","a":[{"b":"***"}]}`},
		{"/a/**/b", `{"b":1,"a":{"b":1,"c":{"b":1}}}`, `{"b":1,"a":{"b":"***","c":{"b":"***"}}}`},
		{"/a/**", `{"b":1,"a":{"c":1}}`, `{"b":1,"a":{"c":"***"}}`},
		{"/**/**/b", `{"b":1,"a":{"b":1}}`, `{"b":"***","a":{"b":"***"}}`},
		{"/**/*/b", `{"b":1,"a":{"b":1}}`, `{"b":1,"a":{"b":"***"}}`},
		{"/a~1b/c~0d", `{"a/b":{"c~d":1}}`, `{"a/b":{"c~d":"***"}}`},
		{"/é", `{"\u00e9":1}`, `{"\u00e9":"***"}`},
		{"/a", `[1]`, `[1]`},
		{"/a", `"a"`, `"a"`},
	} {
		got, masked, err := compile(t, Rule{Destination: "*", Paths: []string{c.path}}).Of("orders").JSON([]byte(c.in), nil)
		if err != nil || string(got) != c.want || masked != (c.in != c.want) {
			t.Errorf("%s in %s: %s, %v, %v", c.path, c.in, got, masked, err)
		}
	}
	if _, _, err := compile(t, Rule{Destination: "*", Paths: []string{"/a"}}).Of("x").JSON([]byte(`{"a":1`), nil); err == nil {
		t.Error("half of a value is taken")
	}
	deep := strings.Repeat(`{"a":`, 2*maxDepth) + `{"b":"secret"}` + strings.Repeat("}", 2*maxDepth)
	if got, _, err := compile(t, Rule{Destination: "*", Paths: []string{"/**/b"}}).Of("x").JSON([]byte(deep), nil); err != nil || strings.Contains(string(got), "secret") {
		t.Errorf("what lies deep: %s, %v", got, err)
	}
}

// TestPlacesOfAPathAreCountedOnce: those of a path with several ** would else be more at every level.
func TestPlacesOfAPathAreCountedOnce(t *testing.T) {
	w := writer{paths: [][]string{segments("/**/*/**/*/**/secret"), segments("/**/**/*/a")}}
	at := []place{{path: 0}, {path: 1}}
	for depth := range 20 {
		if at, _ = w.step(at, "x"); len(at) > len(w.paths[0])+len(w.paths[1]) {
			t.Fatalf("%d places at a depth of %d", len(at), depth)
		}
	}
	deep := strings.Repeat(`{"x":`, maxDepth) + `{"secret":"s3cret"}` + strings.Repeat("}", maxDepth)
	got, masked, err := compile(t, Rule{Destination: "*", Paths: []string{"/**/*/**/*/**/secret"}}).Of("x").JSON([]byte(deep), nil)
	if err != nil || !masked || strings.Contains(string(got), "s3cret") {
		t.Errorf("%v, %v", masked, err)
	}
}

// TestNothingOfAMaskedNameIsLeft, wherever it is in whatever JSON.
func TestNothingOfAMaskedNameIsLeft(t *testing.T) {
	hidden := compile(t, Rule{Destination: "*", Paths: []string{"/**/secret"}}).Of("x")
	rapid.Check(t, func(t *rapid.T) {
		n := 0
		var value func(depth int) any
		value = func(depth int) any {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind < 2 && depth > 0:
				object := map[string]any{}
				for range rapid.IntRange(0, 4).Draw(t, "members") {
					name := rapid.SampledFrom([]string{"a", "b", "secret", "*", "**", "0"}).Draw(t, "name")
					if object[name] = value(depth - 1); name == "secret" {
						n++
						object[name] = map[string]any{"x": fmt.Sprintf("HIDE%d", n), "a": []any{"HIDE"}}
					}
				}
				return object
			case kind < 3 && depth > 0:
				return []any{value(depth - 1), value(depth - 1)}
			}
			return rapid.SampledFrom([]any{nil, true, 1.5, "text"}).Draw(t, "scalar")
		}
		in, err := json.Marshal(value(6))
		if err != nil {
			t.Fatal(err)
		}
		out, masked, err := hidden.JSON(in, nil)
		if err != nil || !json.Valid(out) || strings.Contains(string(out), "HIDE") || masked != strings.Contains(string(in), "HIDE") {
			t.Fatalf("%s: %s, %v, %v", in, out, masked, err)
		}
	})
}

// TestTagsOfSchemas mask what has them; where nobody can tell what has, nothing is shown.
func TestTagsOfSchemas(t *testing.T) {
	hidden := compile(t, Rule{Destination: "*", Tags: []string{"PII"}}).Of("x")
	ofJSON := func(text string) *schemas.Schema { return &schemas.Schema{Format: "JSON", Text: text} }
	ofAvro := func(text string) *schemas.Schema { return &schemas.Schema{Format: "AVRO", Text: text} }
	for name, c := range map[string]struct {
		schema *schemas.Schema
		want   string // "" is hidden whole
	}{
		"Avro":                               {&schemas.Schema{Format: "AVRO", Text: `{"type":"record","name":"A","fields":[{"name":"card","type":"string","confluent:tags":["PII"]},{"name":"note","type":"string"}]}`}, `{"card":"***","note":"n"}`},
		"a reference":                        {&schemas.Schema{Format: "AVRO", Text: `"B"`, References: []string{`{"type":"record","name":"B","fields":[{"name":"note","type":"string","confluent:tags":["X","PII"]}]}`}}, `{"card":"c","note":"***"}`},
		"another tag":                        {&schemas.Schema{Format: "AVRO", Text: `{"type":"record","name":"A","fields":[{"name":"card","type":"string","confluent:tags":["PUBLIC"]}]}`}, `{"card":"c","note":"n"}`},
		"JSON Schema":                        {&schemas.Schema{Format: "JSON", Text: `{"properties":{"card":{"type":"string","confluent:tags":["PII"]},"note":{}}}`}, `{"card":"***","note":"n"}`},
		"Protobuf":                           {&schemas.Schema{Format: "PROTOBUF", Text: "syntax = \"proto3\";\nmessage A { string card = 1 [(confluent.field_meta) = { tags: [\"PII\"] }];\n string note = 2; }"}, `{"card":"***","note":"n"}`},
		"Protobuf with the tag of a message": {&schemas.Schema{Format: "PROTOBUF", Text: "syntax = \"proto3\";\nmessage A { option (confluent.message_meta).tags = \"PII\"; string card = 1; }"}, ""},
		"a descriptor":                       {&schemas.Schema{Format: "PROTOBUF", Text: "ChFzaG9w"}, ""},
		"the tag of a whole schema":          {&schemas.Schema{Format: "JSON", Text: `{"confluent:tags":["PII"]}`}, ""},
		"of elements":                        {ofJSON(`{"properties":{"cards":{"type":"array","items":{"type":"string","confluent:tags":["PII"]}}}}`), ""},
		"of a definition":                    {ofJSON(`{"properties":{"contact":{"$ref":"#/$defs/Email"}},"$defs":{"Email":{"confluent:tags":["PII"]}}}`), ""},
		"of a definition of such a name":     {ofJSON(`{"$defs":{"properties":{"items":{"confluent:tags":["PII"]}}}}`), ""},
		"of a member of a definition":        {ofJSON(`{"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"properties":{"card":{"confluent:tags":["PII"]}}}}}`), `{"card":"***","note":"n"}`},
		"of a member of such a name":         {ofJSON(`{"properties":{"properties":{"properties":{"card":{"confluent:tags":["PII"]}}}}}`), `{"card":"***","note":"n"}`},
		"of one of several":                  {ofJSON(`{"properties":{"card":{"oneOf":[{"type":"null"},{"confluent:tags":["PII"]}]}}}`), ""},
		"of further members":                 {ofJSON(`{"additionalProperties":{"confluent:tags":["PII"]}}`), ""},
		"of members by a pattern":            {ofJSON(`{"patternProperties":{"^c":{"confluent:tags":["PII"]}}}`), ""},
		"of properties":                      {ofJSON(`{"properties":{"card":{}},"allOf":{"properties":{"confluent:tags":{"confluent:tags":["PII"]}}}}`), `{"card":"c","note":"n"}`},
		"spelled otherwise":                  {ofJSON(`{"properties":{"card":{"confluent:tags":["P\u0049I"]}}}`), `{"card":"***","note":"n"}`},
		"one tag, and no list":               {ofJSON(`{"properties":{"card":{"confluent:tags":"PII"}}}`), `{"card":"***","note":"n"}`},
		"of a record of Avro":                {ofAvro(`{"type":"record","name":"A","fields":[{"name":"card","type":{"type":"record","name":"Email","confluent:tags":["PII"],"fields":[]}}]}`), ""},
		"of a type of Avro":                  {ofAvro(`{"type":"record","name":"A","fields":[{"name":"card","type":{"type":"string","confluent:tags":["PII"]}}]}`), ""},
		"of elements of Avro":                {ofAvro(`{"type":"record","name":"A","fields":[{"name":"card","type":{"type":"array","items":{"type":"string","confluent:tags":["PII"]}}}]}`), ""},
		"of a field of a field":              {ofAvro(`{"type":"record","name":"A","fields":[{"name":"a","type":["null",{"type":"record","name":"B","fields":[{"name":"card","type":"string","confluent:tags":["PII"]}]}]}]}`), `{"card":"***","note":"n"}`},
		"beside the schema":                  {&schemas.Schema{Format: "AVRO", Text: `"string"`, Tags: []string{"PII"}}, ""},
		"another beside the schema":          {&schemas.Schema{Format: "AVRO", Text: `"string"`, Tags: []string{"PUBLIC"}}, `{"card":"c","note":"n"}`},
	} {
		for range 2 { // the second time it is remembered
			got, _, err := hidden.JSON([]byte(`{"card":"c","note":"n"}`), c.schema)
			if string(got) != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%s: %s, %v", name, got, err)
			}
		}
	}
}

// TestHeadersAreMasked in a copy.
func TestHeadersAreMasked(t *testing.T) {
	hidden := compile(t, Rule{Destination: "orders*", Headers: []string{"Authorization"}}, Rule{Destination: "orders.eu", Key: true})
	all := []adapters.Header{{Name: "authorization", Value: []byte("Bearer x")}, {Name: "tenant", Value: []byte("a")}}
	got := hidden.Of("orders.eu").Headers(all)
	if string(got[0].Value) != Shown || string(got[1].Value) != "a" || string(all[0].Value) != "Bearer x" {
		t.Errorf("%s, of %s", got, all)
	}
	all[0].Structured = []any{map[string]any{"reason": "x"}}
	if got := hidden.Of("orders.eu").Headers(all); got[0].Structured != nil || all[0].Structured == nil {
		t.Errorf("%v is left, of %v", got[0].Structured, all[0].Structured)
	}
	if !hidden.Of("orders.eu").Key || hidden.Of("orders").Key || hidden.Of("payments") != nil {
		t.Error("rules of other destinations count")
	}
	for _, wrong := range []Rule{{Destination: "a"}, {Destination: "~(", Key: true}, {Destination: "a", Paths: []string{"a.b"}}, {Key: true}} {
		if _, err := Compile([]Rule{wrong}); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

// TestPropertiesAreMasked in a copy, but for those by which a message was routed or is read.
func TestPropertiesAreMasked(t *testing.T) {
	hidden := compile(t, Rule{Destination: "*", Headers: []string{"Correlation-ID", "message_id", "user-id", "app-id", "reply-to", "type", "expiration", "routing-key", "content-type"}}).Of("orders")
	all := adapters.Properties{RoutingKey: "r", ContentType: "c", CorrelationID: "s1", MessageID: "s2", UserID: "s3", AppID: "s4", ReplyTo: "s5", Type: "s6"}
	own := all
	want := adapters.Properties{RoutingKey: "r", ContentType: "c", CorrelationID: Shown, MessageID: Shown, UserID: Shown, AppID: Shown, ReplyTo: Shown, Type: Shown}
	if got := hidden.Properties(&all); *got != want || all != own {
		t.Errorf("%+v, of %+v", got, all)
	}
	other := &adapters.Properties{RoutingKey: "r"}
	if hidden.Properties(other) != other || hidden.Properties(nil) != nil {
		t.Error("what has nothing masked is copied")
	}
}
