package query

import (
	"testing"

	"eventscope/adapters"
	"eventscope/adapters/payload/avro"
	"eventscope/adapters/schemas"
)

// oneSchema is a registry of one schema, which counts how often it is asked.
type oneSchema struct {
	schema *schemas.Schema
	asked  int
}

func (o *oneSchema) Registry() string { return "registry" }

func (o *oneSchema) Find(string, schemas.Ref) (*schemas.Schema, error) {
	o.asked++
	return o.schema, nil
}

// TestAFilterDecodesAValueOnce, whatever it asks about it.
func TestAFilterDecodesAValueOnce(t *testing.T) {
	reader, err := avro.Parse(`{"type":"record","name":"Note","fields":[{"name":"text","type":"string"},{"name":"n","type":"long"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`schema == 7`: true, `format == "avro"`: true, `decoded == true`: true, `schema == 8 || format == "json"`: false,
		`json("n") == 1`: true, `schema == 7 && json("n") == 1 && json("text") == "abc"`: true, `decoded && value contains "abc"`: true, `format == "avro" && has("n")`: true,
	} {
		registry := &oneSchema{schema: &schemas.Schema{Ref: schemas.Ref{By: schemas.ByID, ID: 7}, Format: "AVRO", Name: reader.Name(), Reader: reader}}
		m := &adapters.Message{Value: []byte("\x00\x00\x00\x00\x07\x06abc\x02"), Schemas: registry}
		got, err := compile(t, text).Match(&Subject{Message: m})
		if got != want || err != nil || registry.asked != 1 {
			t.Errorf("%s: %v, %v, and the schema was looked for %d times", text, got, err, registry.asked)
		}
	}
}
