package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"eventscope/adapters/pattern"
	"eventscope/adapters/registry/files"
	"eventscope/adapters/schemas"
)

// Schema says by what the messages of some destinations are read that name no schema.
type Schema struct {
	Destination Text       `yaml:"destination"`
	Value       SchemaFile `yaml:"value"`
	Key         SchemaFile `yaml:"key"`
	// Framed is what stands before values: confluent, none or delimited.
	Framed Text `yaml:"framed"`
}

// SchemaFile is a file, or a format that needs none.
type SchemaFile struct {
	Avro     string `yaml:"avro"`
	Protobuf string `yaml:"protobuf"`
	Message  string `yaml:"message"`
	Format   string `yaml:"format"`
}

// SchemaFiles are the files that the config names. Their paths are from where the config is.
func (f *File) SchemaFiles() (rules []files.Rule) {
	for i := range f.Schemas {
		s := &f.Schemas[i]
		for part, file := range []SchemaFile{schemas.Value: s.Value, schemas.Key: s.Key} {
			if file == (SchemaFile{}) {
				continue
			}
			rule := files.Rule{Destination: s.Destination.Value, Part: schemas.Part(part), Path: file.Avro + file.Protobuf, Message: file.Message, Format: file.Format}
			if rule.Path != "" && !filepath.IsAbs(rule.Path) {
				rule.Path = filepath.Join(filepath.Dir(f.Path), rule.Path)
			}
			if rule.Part == schemas.Value {
				rule.Framing = files.Framings[s.Framed.Value]
			}
			rules = append(rules, rule)
		}
	}
	return rules
}

// checkSchemas finds what is wrong with the files that are named, without reading them.
func (f *File) checkSchemas() (problems []string) {
	for i := range f.Schemas {
		s := &f.Schemas[i]
		if _, err := pattern.Compile(s.Destination.Value); err != nil {
			problems = append(problems, s.Destination.wrong(fmt.Sprintf("schema %d: destination: %v", i+1, err)))
		}
		if _, known := files.Framings[s.Framed.Value]; !known {
			names := slices.DeleteFunc(slices.Sorted(maps.Keys(files.Framings)), func(name string) bool { return name == "" })
			problems = append(problems, s.Framed.wrong("framed is one of "+strings.Join(names, ", ")))
		}
		for part, file := range map[string]SchemaFile{"value": s.Value, "key": s.Key} {
			if n := len(slices.DeleteFunc([]string{file.Avro, file.Protobuf, file.Format}, func(text string) bool { return text == "" })); n > 1 || n == 0 && file.Message != "" {
				problems = append(problems, s.Destination.wrong(fmt.Sprintf("schema %d: %s is one of avro, protobuf and format", i+1, part)))
			}
		}
		if s.Value == (SchemaFile{}) && s.Key == (SchemaFile{}) {
			problems = append(problems, s.Destination.wrong(fmt.Sprintf("schema %d says nothing of value or key", i+1)))
		}
	}
	return problems
}
