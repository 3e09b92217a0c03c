package files

import (
	"cmp"
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

const (
	// maxFile bounds one file, and maxImports how many files beside a .proto are looked at for
	// what it imports.
	maxFile    = 4 << 20
	maxImports = 1024
)

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
		made.Format = "AVRO"
		return made, payload.Compile(made, nil)
	case ".proto":
		made.Format = "PROTOBUF"
		imports, err := importsBeside(r.Path)
		if err != nil {
			return nil, err
		}
		if err := payload.Compile(made, imports); err != nil {
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

// importsBeside are the .proto files below the directory of one, by their paths from there: what
// a file imports is named from one of the directories above it.
func importsBeside(path string) (map[string]string, error) {
	root := filepath.Dir(path)
	imports := map[string]string{}
	err := filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(at) != ".proto" || at == path {
			return nil
		}
		if len(imports) >= maxImports {
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
	return imports, err
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
