package payload_test

import (
	"fmt"
	"strings"
	"testing"

	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

// TestSchemasOfAnyLengthAreCompared: each value and each name is looked for once, not among all
// others, which would take minutes.
func TestSchemasOfAnyLengthAreCompared(t *testing.T) {
	schema := func(prefix string) *schemas.Schema {
		var values, members strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&values, `,"%s%d"`, prefix, i)
			fmt.Fprintf(&members, `,"%s%d":{}`, prefix, i)
		}
		return &schemas.Schema{Format: "JSON", Text: `{"enum":["a"` + values.String() + `],"properties":{"a":{}` + members.String() + `},"required":["a"` + values.String() + `]}`}
	}
	if changes, compared := payload.Changes(schema("b"), schema("c")); !compared || len(changes) != 256 {
		t.Errorf("%d changes, %v", len(changes), compared)
	}
}

// TestChangesOfJSONSchemas says what values look like before and after, and what of that breaks.
func TestChangesOfJSONSchemas(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`{"type":"object","properties":{"a":{"type":"string"}}}`, `{"type":"object","properties":{"a":{"type":"string"}}}`, ``},
		{`{"type":"object","properties":{"a":{"type":"string"}}}`, `{"type":"object","properties":{"a":{"type":"integer"}}}`, `a: string → integer!`},
		{`{"properties":{}}`, `{"properties":{"a":{"type":"string"}}}`, `+ a string`},
		{`{"properties":{}}`, `{"properties":{"a":{"type":"string"}},"required":["a"]}`, `+ a string, required: older values may not have it!`},
		{`{"properties":{"a":{"type":"string"}},"required":["a"]}`, `{"properties":{}}`, `- a string!`},
		{`{"properties":{"a":{"type":["string","null"]}}}`, `{"properties":{}}`, `- a null or string`},
		{`{"properties":{"a":{"type":"string"}},"required":["a"]}`, `{"properties":{"a":{"type":"string"}}}`, `a: required → optional!`},
		{`{"properties":{"a":{"enum":["x","y"]}}}`, `{"properties":{"a":{"enum":["x","z"]}}}`, `a: + value z!|a: - value y!`},
		{`{"properties":{"o":{"type":"object","properties":{"a":{"type":"string"}}}}}`, `{"properties":{"o":{"type":"object","properties":{"a":{"type":"number"}}}}}`, `o.a: string → number!`},
		{`{"properties":{"l":{"items":{"type":"string"}}}}`, `{"properties":{"l":{"items":{"type":"number"}}}}`, `l[]: string → number!`},
		{`{"items":true,"properties":{"l":null}}`, `{"items":[{}],"properties":{"l":{"type":"string"}}}`, `+ l string`},
	} {
		changes, compared := payload.Changes(&schemas.Schema{Format: "JSON", Text: c.from}, &schemas.Schema{Format: "JSON", Text: c.to})
		var said []string
		for _, change := range changes {
			text := change.Text
			if change.Breaking {
				text += "!"
			}
			said = append(said, text)
		}
		if got := strings.Join(said, "|"); got != c.want || !compared {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if _, compared := payload.Changes(&schemas.Schema{Format: "JSON", Text: "{"}, &schemas.Schema{Format: "JSON", Text: "{}"}); compared {
		t.Error("what is no JSON was compared")
	}
	if _, compared := payload.Changes(&schemas.Schema{Format: "AVRO"}, &schemas.Schema{Format: "AVRO"}); compared {
		t.Error("what nothing reads was compared")
	}
	if changes, compared := payload.Changes(&schemas.Schema{Format: "AVRO"}, &schemas.Schema{Format: "JSON"}); !compared || len(changes) != 1 || !changes[0].Breaking {
		t.Errorf("another format: %+v", changes)
	}
}
