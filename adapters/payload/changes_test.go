package payload_test

import (
	"strings"
	"testing"

	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

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
