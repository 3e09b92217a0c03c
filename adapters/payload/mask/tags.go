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
	for _, text := range append([]string{s.Text}, s.References...) {
		if !slices.ContainsFunc(tags, func(tag string) bool { return strings.Contains(text, tag) }) && s.Format != "PROTOBUF" {
			continue
		}
		var found []string
		if s.Format == "PROTOBUF" {
			found, ok = taggedFields(text, tags)
		} else {
			found, ok = taggedMembers(text, tags)
		}
		if !ok {
			return nil, false
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// taggedMembers are those of a schema that is JSON: fields of Avro, or properties.
func taggedMembers(text string, tags []string) (names []string, ok bool) {
	var schema any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return nil, false
	}
	ok = true
	var walk func(value any, name string)
	walk = func(value any, name string) {
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				walk(item, name)
			}
		case map[string]any:
			if called, is := value["name"].(string); is {
				name = called
			}
			if has, _ := value[tagProperty].([]any); slices.ContainsFunc(has, func(tag any) bool { text, is := tag.(string); return is && slices.Contains(tags, text) }) {
				names, ok = append(names, name), ok && name != ""
			}
			for member, inner := range value {
				walk(inner, member)
			}
		}
	}
	walk(schema, "")
	return names, ok
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
