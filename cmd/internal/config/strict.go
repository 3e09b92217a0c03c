package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"eventscope/cmd/internal/spelling"
)

// strict compares a document with the structure of shape and lists every difference
// with its line and column. The YAML reader can refuse unknown fields itself, but
// tells no column, stops at the wrong word, and names Go types.
func strict(node *yaml.Node, shape any) []string {
	return difference(node, reflect.TypeOf(shape))
}

var textType = reflect.TypeFor[Text]()

func difference(node *yaml.Node, shape reflect.Type) []string {
	if node.Kind == yaml.AliasNode { // an alias cannot be recursive in a decoded document
		node = node.Alias
	}
	if node.Tag == "!!null" {
		return nil
	}
	switch {
	case shape == textType || shape.Kind() == reflect.String:
		return expect(node, yaml.ScalarNode, "a text")
	case shape.Kind() == reflect.Bool:
		if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
			return []string{at(node, "true or false belongs here")}
		}
	case shape.Kind() == reflect.Slice:
		return each(node, shape.Elem())
	case shape.Kind() == reflect.Map:
		return fields(node, func(key *yaml.Node) (reflect.Type, string) { return shape.Elem(), "" })
	case shape.Kind() == reflect.Struct:
		return fields(node, func(key *yaml.Node) (reflect.Type, string) { return field(shape, key.Value) })
	}
	return nil
}

func expect(node *yaml.Node, kind yaml.Kind, what string) []string {
	if node.Kind != kind {
		return []string{at(node, what+" belongs here")}
	}
	return nil
}

func each(node *yaml.Node, shape reflect.Type) []string {
	problems := expect(node, yaml.SequenceNode, "a list (lines that begin with -)")
	if problems != nil {
		return problems
	}
	for _, item := range node.Content {
		problems = append(problems, difference(item, shape)...)
	}
	return problems
}

// fields checks a mapping. find gives the shape of a field, or says why there is none.
func fields(node *yaml.Node, find func(key *yaml.Node) (reflect.Type, string)) []string {
	problems := expect(node, yaml.MappingNode, "fields (name: value)")
	if problems != nil {
		return problems
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if shape, why := find(key); why != "" {
			problems = append(problems, at(key, why))
		} else {
			problems = append(problems, difference(value, shape)...)
		}
	}
	return problems
}

func field(shape reflect.Type, name string) (reflect.Type, string) {
	var known []string
	for f := range shape.Fields() {
		tag := f.Tag.Get("yaml")
		if tag == "" || tag == "-" {
			continue
		}
		if tag == name {
			return f.Type, ""
		}
		known = append(known, tag)
	}
	if guess := spelling.Nearest(name, known); guess != "" {
		return nil, fmt.Sprintf("there is no field %q, did you mean %s?", name, guess)
	}
	slices.Sort(known)
	return nil, fmt.Sprintf("there is no field %q among %s", name, strings.Join(known, ", "))
}

func at(node *yaml.Node, text string) string {
	return fmt.Sprintf("%d:%d: %s", node.Line, node.Column, text)
}
