package protobuf

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	// Parse and link .proto files. The compiler around them is not used: it works on
	// goroutines of its own, and only those that run it know how long it may take. Values are
	// read by code of our own, since one of which four fields are wanted must not be decoded
	// whole. With the descriptors of Go's library they add 3.9 MB to the binary.
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/options"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// patience is how long a schema may take to compile. Those of a million bytes take a
// second; only a hostile one takes longer.
const patience = 5 * time.Second

// Parse reads a schema: the text of a .proto file, or its descriptor in base64, as clients
// in Python and JavaScript register it. References are the schemas that it imports, by the
// path in the import; those that everyone knows need none (google/protobuf, google/type,
// confluent). An import that is missing is an error only where something of it is used.
func Parse(text string, references map[string]string) (*Schema, error) {
	return guarded(func() (*Schema, error) {
		p, err := newFiles(references)
		if err != nil {
			return nil, err
		}
		file, err := p.source("", text)
		if err != nil {
			return nil, err
		}
		return newCompiler().compile(file)
	})
}

// ParseSet reads a set of descriptors, as protoc --include_imports -o and buf build -o
// write it: one schema for each of its files, by path.
func ParseSet(data []byte) (map[string]*Schema, error) {
	if len(data) > maxTogether {
		return nil, fmt.Errorf("the set is longer than %d MiB", maxTogether>>20)
	}
	if counted := (&files{}).count(data); counted != nil {
		return nil, counted
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil || len(set.File) == 0 {
		return nil, errors.New("it is no set of descriptors")
	}
	schemas := map[string]*Schema{}
	_, err := guarded(func() (*Schema, error) {
		p := files{given: map[string]given{}, known: map[string]linker.File{}, symbols: &linker.Symbols{}}
		for _, file := range set.File {
			p.given[file.GetName()] = given{descriptor: file}
		}
		if len(p.given) > maxFiles {
			return nil, fmt.Errorf("the set has more than %d files", maxFiles)
		}
		c := newCompiler()
		for _, file := range set.File {
			linked, err := p.load(file.GetName())
			if err != nil {
				return nil, err
			}
			if schemas[file.GetName()], err = c.compile(linked); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return schemas, nil
}

// guarded bounds the time of what the libraries do, and ends their panics. Nothing can stop
// them, so what takes too long is left alone with its goroutine; bounds on the text and its
// nesting keep that short.
func guarded(do func() (*Schema, error)) (*Schema, error) {
	type outcome struct {
		schema *Schema
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if wrong := recover(); wrong != nil {
				o = outcome{err: fmt.Errorf("the parser of schemas failed: %v\n%s", wrong, debug.Stack())}
			}
			done <- o
		}()
		o.schema, o.err = do()
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.schema, o.err
	case <-timer.C:
		return nil, fmt.Errorf("the schema takes longer than %v to compile", patience)
	}
}

// given is a file that may be imported.
type given struct {
	text       string
	descriptor *descriptorpb.FileDescriptorProto
}

// files are those of one schema.
type files struct {
	given   map[string]given
	known   map[string]linker.File // nil while it is read
	depth   int
	symbols *linker.Symbols
	missing []string
	pieces  int // of all texts and descriptors until now
}

func newFiles(references map[string]string) (*files, error) {
	if len(references) > maxFiles {
		return nil, fmt.Errorf("the schema refers to more than %d others", maxFiles)
	}
	p := &files{given: map[string]given{}, known: map[string]linker.File{}, symbols: &linker.Symbols{}}
	together := 0
	for name, text := range references {
		if together += len(text); together > maxTogether {
			return nil, fmt.Errorf("the schema with what it refers to is longer than %d MiB", maxTogether>>20)
		}
		p.given[name] = given{text: text}
	}
	return p, nil
}

// source reads a file from its text, or from its descriptor in base64.
func (p *files) source(path, text string) (linker.File, error) {
	if len(text) > MaxSchema {
		return nil, fmt.Errorf("the schema is longer than %d bytes", MaxSchema)
	}
	descriptor, err := p.decoded(text)
	switch {
	case err != nil:
		return nil, err
	case descriptor != nil:
		return p.link(path, parser.ResultWithoutAST(descriptor))
	}
	if err := p.scan(text); err != nil {
		return nil, err
	}
	if path == "" {
		path = "schema.proto"
	}
	handler := reporter.NewHandler(nil)
	tree, err := parser.Parse(path, strings.NewReader(text), handler)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ResultFromAST(tree, true, handler)
	if err != nil {
		return nil, err
	}
	return p.link(path, parsed)
}

// load reads what is imported by a path.
func (p *files) load(path string) (linker.File, error) {
	if file, ok := p.known[path]; ok {
		if file == nil {
			return nil, fmt.Errorf("%q imports itself", path)
		}
		return file, nil
	}
	p.known[path] = nil
	file, err := p.read(path)
	if err == nil {
		p.known[path] = file
	}
	return file, err
}

func (p *files) read(path string) (linker.File, error) {
	if file := wellKnown(path); file != nil {
		return linker.NewFileRecursive(file)
	}
	given, ok := p.given[path]
	switch {
	case given.descriptor != nil:
		return p.link(path, parser.ResultWithoutAST(given.descriptor))
	case ok:
		file, err := p.source(path, given.text)
		if err != nil {
			return nil, fmt.Errorf("%q, which it imports: %w", path, err)
		}
		return file, nil
	}
	if text, ok := confluent[path]; ok {
		return p.source(path, text)
	}
	p.missing = append(p.missing, path)
	return linker.NewFileRecursive(empty(path))
}

// link resolves the names in a file, and reads its imports before.
func (p *files) link(path string, parsed parser.Result) (linker.File, error) {
	if p.depth++; p.depth > maxImportDepth {
		return nil, fmt.Errorf("its imports are nested more than %d deep", maxImportDepth)
	}
	defer func() { p.depth-- }()
	descriptor := parsed.FileDescriptorProto()
	if path != "" {
		descriptor.Name = proto.String(path) // importers know it by that name, whatever it calls itself
	}
	if len(descriptor.Dependency)+len(p.known) > maxFiles {
		return nil, fmt.Errorf("the schema imports more than %d files", maxFiles)
	}
	if err := complete(descriptor); err != nil {
		return nil, err
	}
	var imported linker.Files
	for _, name := range slices.Compact(slices.Clone(descriptor.Dependency)) {
		file, err := p.load(name)
		if err != nil {
			return nil, err
		}
		imported = append(imported, file)
	}
	if len(p.missing) > 0 {
		dropOptions(descriptor.ProtoReflect())
	}
	linked, err := linker.Link(parsed, imported, p.symbols, reporter.NewHandler(nil))
	if err != nil {
		if len(p.missing) > 0 {
			err = fmt.Errorf("%w; nothing is known of %s, which it imports", err, strings.Join(p.missing, ", "))
		}
		return nil, err
	}
	if parsed.AST() == nil {
		if err := validate(descriptor, imported); err != nil {
			return nil, err
		}
	}
	// Options that are not known mean nothing here.
	if _, err := options.InterpretOptionsLenient(linked); err != nil {
		return nil, err
	}
	return linked, nil
}
