package files

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"eventscope/adapters/payload"
	"eventscope/adapters/payload/protobuf"
	"eventscope/adapters/schemas"
)

// maxFile bounds one file.
const maxFile = 4 << 20

// vicinity bounds what is looked at below the directory of a .proto for what it imports: files
// with their bytes, and entries of whatever kind.
type vicinity struct{ files, entries, bytes int }

var beside = vicinity{files: 1024, entries: 20_000, bytes: 32 << 20}

// read makes the schema of a rule.
func (r *Rule) read() (*schemas.Schema, error) {
	if r.Format != "" {
		made := payload.Schemaless(r.Format)
		if made == nil {
			return nil, fmt.Errorf("there is no format %q; it is %s or %s", r.Format, messagePack, cbor)
		}
		return made, nil
	}
	data, err := readFile(r.Path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(r.Path)
	made := &schemas.Schema{Ref: schemas.Ref{By: schemas.ByFile, Name: cmp.Or(strings.Trim(name+"#"+r.Message, "#"), name)}, Text: string(data)}
	switch filepath.Ext(r.Path) {
	case ".avsc", ".json":
		if made.Format = "AVRO"; isJSONSchema(data) {
			made.Format = "JSON"
		}
		return made, payload.Compile(made, nil)
	case ".proto":
		made.Format = "PROTOBUF"
		imports, all, err := beside.imports(r.Path)
		if err != nil {
			return nil, err
		}
		if err := payload.Compile(made, imports); err != nil {
			if !all {
				err = fmt.Errorf("%w; below its folder is more than is looked at (%d .proto files of %d MiB, among %d entries): put it into a folder with what it imports and little else",
					err, beside.files, beside.bytes>>20, beside.entries)
			}
			return nil, err
		}
		return made, r.choose(made, made.Reader.(*protobuf.Schema))
	}
	made.Format, made.Text = "PROTOBUF", "" // of descriptors, which are no text
	set, err := protobuf.ParseSet(data)
	if err != nil {
		return nil, err
	}
	return made, r.choose(made, slices.Collect(maps.Values(set))...)
}

// isJSONSchema reports whether a file is a schema of JSON, rather than of Avro, by names that one of Avro
// does not have.
func isJSONSchema(data []byte) bool {
	var names map[string]json.RawMessage
	if json.Unmarshal(data, &names) != nil {
		return false
	}
	for _, name := range [...]string{"$schema", "$id", "$ref", "$defs", "definitions", "properties", "allOf", "anyOf", "oneOf", "required"} {
		if _, there := names[name]; there {
			return true
		}
	}
	return false
}

// choose lets values be of one message, which is named or the only one.
func (r *Rule) choose(s *schemas.Schema, in ...*protobuf.Schema) error {
	for _, file := range in {
		m := file.Only()
		if r.Message != "" {
			m = file.Message(r.Message)
		} else if len(in) > 1 {
			m = nil
		}
		if m != nil {
			s.Reader, s.Name = m, m.Name()
			return nil
		}
	}
	if r.Message != "" {
		return fmt.Errorf("it has no message %s", r.Message)
	}
	return errors.New("it has several messages: name one, as in FILE#shop.v1.Order")
}

// imports are the .proto files below the directory of one, by their paths from there: what a file
// imports is named from one of the directories above it. It reports false where there are more.
func (v vicinity) imports(path string) (imports map[string]string, all bool, err error) {
	root := filepath.Dir(path)
	imports, all = map[string]string{}, true
	err = filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if v.entries--; v.entries < 0 {
			all = false
			return fs.SkipAll
		}
		if err != nil || entry.IsDir() || filepath.Ext(at) != ".proto" || at == path {
			return nil
		}
		info, err := os.Stat(at)
		if err != nil || !info.Mode().IsRegular() {
			return nil // which may be a pipe, at which to read would not end
		}
		if v.files, v.bytes = v.files-1, v.bytes-int(min(info.Size(), maxFile+1)); v.files < 0 || v.bytes < 0 {
			all = false
			return fs.SkipAll
		}
		text, err := readFile(at)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, at)
		if err == nil {
			imports[filepath.ToSlash(relative)] = string(text)
		}
		return err
	})
	return imports, all, err
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	if err != nil {
		return nil, plainly(err)
	}
	data, err := os.ReadFile(path)
	return data, plainly(err)
}

// plainly is an error of a file without the name of the call and the path.
func plainly(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}
