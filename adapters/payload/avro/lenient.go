package avro

import (
	"encoding/json"
	"strings"
)

// withoutInvalid is a schema without the logical types that cannot be: readers must ignore
// those (Avro 1.12, "Logical Types"), Java's does, and the library refuses the whole schema.
func withoutInvalid(text string) (string, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // default values keep their digits
	var schema any
	if err := decoder.Decode(&schema); err != nil {
		return "", false
	}
	if !dropInvalid(schema, 0) {
		return "", false
	}
	lenient, err := json.Marshal(schema)
	return string(lenient), err == nil
}

// dropInvalid removes them from a part of a schema, and says whether there were any.
func dropInvalid(part any, depth int) (dropped bool) {
	if depth > maxSchemaDepth {
		return false
	}
	switch part := part.(type) {
	case []any:
		for _, inner := range part {
			dropped = dropInvalid(inner, depth+1) || dropped
		}
	case map[string]any:
		if part["logicalType"] == "decimal" && !validDecimal(part) {
			delete(part, "logicalType")
			dropped = true
		}
		for _, inner := range part {
			dropped = dropInvalid(inner, depth+1) || dropped
		}
	}
	return dropped
}

// validDecimal reports whether a decimal has digits, and no more of them behind its point than
// there are.
func validDecimal(part map[string]any) bool {
	precision, _ := part["precision"].(json.Number)
	scale, _ := part["scale"].(json.Number)
	digits, err := precision.Int64()
	behind, scaleErr := scale.Int64()
	if scale == "" {
		behind, scaleErr = 0, nil
	}
	return err == nil && scaleErr == nil && digits > 0 && behind >= 0 && behind <= digits
}
