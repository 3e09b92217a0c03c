package mask

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"eventscope/adapters/schemas"
)

// tagProperty is what holds the tags of a field, in schemas of Avro and of JSON.
const tagProperty = "confluent:tags"

// Encrypted is JSON in which what rules of its schema encrypt has a text in place of its
// ciphertext. It is the value itself where nothing is.
func Encrypted(data []byte, s *schemas.Schema, text func(schemas.Encryption) string) []byte {
	for _, rule := range s.Encrypts {
		names, _ := taggedNames(s, rule.Tags)
		if len(names) == 0 {
			continue
		}
		var paths [][]string
		for _, name := range names {
			paths = append(paths, []string{"**", name})
		}
		if made, masked, err := hide(data, paths, text(rule)); err == nil && masked {
			data = made
		}
	}
	return data
}

// EncryptedNames are the names of the members that rules of a schema encrypt.
func EncryptedNames(s *schemas.Schema) (all []string) {
	for _, rule := range s.Encrypts {
		names, _ := taggedNames(s, rule.Tags)
		all = append(all, names...)
	}
	return all
}

// taggedNames are the names of the members that have one of the tags in a schema or in those
// that it refers to. It reports false where a tag is there and not whose it is.
func taggedNames(s *schemas.Schema, tags []string) (names []string, ok bool) {
	has := func(tag string) bool { return slices.Contains(tags, tag) }
	ok = !slices.ContainsFunc(s.Tags, has)
	for _, text := range append([]string{s.Text}, s.References...) {
		var found []string
		told := true
		switch {
		case s.Format == "PROTOBUF":
			found, told = taggedFields(text, tags)
		case mayName(text, tags):
			found, told = taggedMembers(text, has, s.Format == "AVRO")
		}
		names, ok = append(names, found...), ok && told
	}
	slices.Sort(names)
	return slices.Compact(names), ok
}

// mayName reports whether JSON may have one of the tags in it, in whatever spelling.
func mayName(text string, tags []string) bool {
	return strings.Contains(text, `\u`) || slices.ContainsFunc(tags, func(tag string) bool { return strings.Contains(text, tag) })
}

// taggedMembers are those of a schema that is JSON: fields of Avro, or properties. A tag of anything
// else, as of a type, of elements, or of one of several, is not known to be of members of one name.
func taggedMembers(text string, has func(tag string) bool, isAvro bool) (names []string, ok bool) {
	var schema any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return nil, false
	}
	w := tagWalk{has: has, isAvro: isAvro}
	w.anything(schema)
	return w.names, !w.elsewhere
}

// tagWalk collects the names of members that have a tag, and whether something else has one.
type tagWalk struct {
	has       func(tag string) bool
	isAvro    bool
	names     []string
	elsewhere bool
}

// named are the words of JSON Schema under which schemas have names that are no members'.
var named = []string{"$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"}

// member goes through the schema of a member, or of something without a name.
func (w *tagWalk) member(schema map[string]any, name string) {
	if w.isTagged(schema[tagProperty]) {
		w.names, w.elsewhere = append(w.names, name), w.elsewhere || name == ""
	}
	for word, inner := range schema {
		members, isMap := inner.(map[string]any)
		fields, isList := inner.([]any)
		switch {
		case word == tagProperty:
		case w.isAvro && word == "fields" && isList:
			for _, field := range fields {
				w.field(field)
			}
		case !w.isAvro && isMap && (word == "properties" || slices.Contains(named, word)):
			for name, member := range members {
				if word != "properties" {
					name = ""
				}
				if schema, is := member.(map[string]any); is {
					w.member(schema, name)
				} else {
					w.anything(member)
				}
			}
		default:
			w.anything(inner)
		}
	}
}

// field goes through what is among the fields of a record.
func (w *tagWalk) field(field any) {
	schema, is := field.(map[string]any)
	if !is {
		w.anything(field)
		return
	}
	name, _ := schema["name"].(string)
	w.member(schema, name)
}

// anything goes through what is no member.
func (w *tagWalk) anything(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			w.anything(item)
		}
	case map[string]any:
		w.member(value, "")
	}
}

// isTagged reports whether one of the tags is among those of something.
func (w *tagWalk) isTagged(said any) bool {
	if tag, is := said.(string); is {
		return w.has(tag)
	}
	tags, _ := said.([]any)
	return slices.ContainsFunc(tags, func(tag any) bool { text, is := tag.(string); return is && w.has(text) })
}

// protobufField finds fields of Protobuf with options, protobufTags the tags among these, and
// protobufSource tells a schema in text from a descriptor.
var (
	protobufField  = regexp.MustCompile(`(?s)(\w+)\s*=\s*\d+\s*\[([^\]]*field_meta.*?)\]\s*;`)
	protobufSource = regexp.MustCompile(`(?m)^\s*(syntax|edition|package|import|message|enum)\b`)
)

// taggedFields are those of a schema of Protobuf. What is a descriptor, or says a tag elsewhere, is
// not known to have none.
func taggedFields(text string, tags []string) (names []string, ok bool) {
	if !protobufSource.MatchString(text) {
		return nil, false
	}
	said, told := 0, 0
	quoted := func(in string) (n int) {
		for _, tag := range tags {
			n += strings.Count(in, `"`+tag+`"`) + strings.Count(in, `'`+tag+`'`)
		}
		return n
	}
	said = quoted(text)
	for _, field := range protobufField.FindAllStringSubmatch(text, -1) {
		if n := quoted(field[2]); n > 0 {
			names, told = append(names, field[1]), told+n
		}
	}
	return names, said == told
}
