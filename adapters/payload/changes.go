package payload

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters/payload/avro"
	"eventscope/adapters/payload/encoded"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// Change is something that differs between two versions of what values look like.
type Change = encoded.Change

// Changes are what became of a schema in another one. It reports false where they cannot be
// compared, since they are of different formats, or of one that is not read.
func Changes(from, to *schemas.Schema) (changes []Change, compared bool) {
	if from.Format != to.Format {
		return []Change{{Text: FormatName(from.Format) + " → " + FormatName(to.Format), Breaking: true}}, true
	}
	switch was := from.Reader.(type) {
	case *avro.Schema:
		if is, ok := to.Reader.(*avro.Schema); ok {
			return avro.Changes(was, is), true
		}
	case *protobuf.Schema:
		if is, ok := to.Reader.(*protobuf.Schema); ok {
			for _, c := range protobuf.Changes(was, is) {
				changes = append(changes, c.Change)
			}
			return changes, true
		}
	}
	if from.Format != jsonSchema {
		return nil, false
	}
	var was, is jsonShape
	if json.Unmarshal([]byte(from.Text), &was) != nil || json.Unmarshal([]byte(to.Text), &is) != nil {
		return nil, false
	}
	c := jsonComparer{}
	c.compare("", &was, &is, 0)
	return c.changes, true
}

// jsonShape is what of a JSON Schema is compared: what values look like, not what they may be.
type jsonShape struct {
	Type       any                   `json:"type"` // a text, or several
	Ref        string                `json:"$ref"`
	Properties map[string]*jsonShape `json:"properties"`
	Required   []string              `json:"required"`
	Items      json.RawMessage       `json:"items"` // a schema, or true, or several
	Enum       []any                 `json:"enum"`
}

// types are the types as people write them.
func (s *jsonShape) types() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		names := make([]string, len(t))
		for i := range t {
			names[i] = fmt.Sprint(t[i])
		}
		slices.Sort(names)
		return strings.Join(names, " or ")
	}
	if s.Ref != "" {
		return s.Ref
	}
	return "anything"
}

// deepestSchema bounds how far properties are compared.
const deepestSchema = 32

// jsonComparer collects changes of JSON Schemas.
type jsonComparer struct{ changes encoded.Changes }

func (c *jsonComparer) compare(path string, was, is *jsonShape, depth int) {
	if depth > deepestSchema || was == nil || is == nil {
		return
	}
	if was.types() != is.types() {
		c.changes.Add(path, true, "%s: %s → %s", orWhole(path), was.types(), is.types())
	}
	c.enums(path, was, is)
	wasRequired, isRequired := encoded.SetOf(was.Required), encoded.SetOf(is.Required)
	for _, name := range slices.Sorted(maps.Keys(is.Properties)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		required := isRequired[name]
		switch old, now := was.Properties[name], is.Properties[name]; {
		case now == nil:
		case old == nil && required:
			c.changes.Add(at, true, "+ %s %s, required: older values may not have it", name, now.types())
		case old == nil:
			c.changes.Add(at, false, "+ %s %s", name, now.types())
		default:
			if before := wasRequired[name]; required != before {
				c.changes.Add(at, true, "%s: %s", name, map[bool]string{true: "optional → required", false: "required → optional"}[required])
			}
			c.compare(at, old, now, depth+1)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was.Properties)) {
		if old := was.Properties[name]; old != nil && is.Properties[name] == nil {
			c.changes.Add(strings.TrimPrefix(path+"."+name, "."), wasRequired[name], "- %s %s", name, old.types())
		}
	}
	var oldItems, items jsonShape
	if json.Unmarshal(was.Items, &oldItems) == nil && json.Unmarshal(is.Items, &items) == nil {
		c.compare(path+"[]", &oldItems, &items, depth+1)
	}
}

// enums compares the values that there may be.
func (c *jsonComparer) enums(path string, was, is *jsonShape) {
	if was.Enum == nil || is.Enum == nil {
		return
	}
	text := func(all []any) (texts []string) {
		for _, value := range all {
			texts = append(texts, fmt.Sprint(value))
		}
		return texts
	}
	before, now := text(was.Enum), text(is.Enum)
	had, has := encoded.SetOf(before), encoded.SetOf(now)
	for _, value := range now {
		if !had[value] {
			c.changes.Add(path, true, "%s: + value %s", orWhole(path), value)
		}
	}
	for _, value := range before {
		if !has[value] {
			c.changes.Add(path, true, "%s: - value %s", orWhole(path), value)
		}
	}
}

func orWhole(path string) string {
	if path == "" {
		return "the value"
	}
	return path
}
