package jsonschema

import (
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	// All drafts, tested with the official suite; refuses nothing by itself of what is below.
	library "github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// MaxSchema bounds a schema with all that it refers to, in bytes.
	MaxSchema = 256 << 10
	// patience is how long a schema may take to be compiled.
	patience = 2 * time.Second
	// base is where a schema is said to be that does not say so itself.
	base = "registry:///schema"
)

// Schema is a schema of JSON. One that cannot be used says so when it is asked.
type Schema struct {
	root   *library.Schema
	why    error // it cannot be used
	mu     sync.Mutex
	budget *budget
	seen   atomic.Int64
}

// ErrUnchecked is told where nobody can say whether a value fits.
var ErrUnchecked = errors.New("nobody can say whether it fits")

func unchecked(format string, values ...any) error {
	return fmt.Errorf("%w: %w", ErrUnchecked, fmt.Errorf(format, values...))
}

// Parse compiles a schema. References are the texts of those that it refers to, by the names by which
// it does.
func Parse(text string, references map[string]string) *Schema {
	s := &Schema{budget: &budget{}}
	length := len(text)
	for _, reference := range references {
		length += len(reference)
	}
	if length > MaxSchema {
		s.why = unchecked("the schema is longer than %d KiB", MaxSchema>>10)
		return s
	}
	type compiled struct {
		root *library.Schema
		err  error
	}
	done := make(chan compiled, 1)
	go func() { // which is left alone when it takes too long
		root, err := s.compile(text, references)
		done <- compiled{root, err}
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case c := <-done:
		s.root, s.why = c.root, c.err
	case <-late.C:
		s.why = unchecked("to compile the schema takes longer than %v", patience)
	}
	return s
}

func (s *Schema) compile(text string, references map[string]string) (root *library.Schema, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			root, err = nil, unchecked("its parser failed: %v\n%s", wrong, debug.Stack())
		}
	}()
	compiler := library.NewCompiler()
	compiler.UseLoader(nothing{})
	patterns := &patterns{budget: s.budget}
	compiler.UseRegexpEngine(patterns.compile)
	document, err := decode([]byte(text), mostOfSchema)
	if err != nil {
		return nil, unchecked("the schema %w", err)
	}
	if err := compiler.AddResource(base, document); err != nil {
		return nil, unchecked("%w", err)
	}
	for name, reference := range references {
		for _, at := range addresses(document, name) {
			referred, err := decode([]byte(reference), mostOfSchema)
			if err != nil {
				return nil, unchecked("the schema %s %w", name, err)
			}
			_ = compiler.AddResource(at, referred) // twice the same is refused
		}
	}
	if root, err = compiler.Compile(base); err != nil {
		return nil, unchecked("%w", short(err))
	}
	return root, s.budget.watch(root)
}

// short is the error of a compiler in one line.
func short(err error) error {
	if elsewhere, ok := errors.AsType[*library.LoadURLError](err); ok {
		return fmt.Errorf("it refers to %s, which is not loaded", elsewhere.URL)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

// addresses are those by which a schema may mean what it refers to by a name: seen from where it is
// said to be, and from where it says itself.
func addresses(document any, name string) (all []string) {
	reference, err := url.Parse(name)
	if err != nil {
		return nil
	}
	from := []string{base}
	if object, ok := document.(map[string]any); ok {
		for _, keyword := range [...]string{"$id", "id"} {
			if id, ok := object[keyword].(string); ok {
				from = append(from, id)
			}
		}
	}
	for _, at := range from {
		if place, err := url.Parse(at); err == nil && place.IsAbs() {
			all = append(all, place.ResolveReference(reference).String())
		}
	}
	return all
}

// nothing loads nothing, whatever is asked for.
type nothing struct{}

// Load implements the library's loader.
func (nothing) Load(string) (any, error) { return nil, errors.New("nothing is loaded") }
