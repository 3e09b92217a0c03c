package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// mostWork is how many visits of subschemas, of members and of elements a check may take: some
	// tens of milliseconds. mostOfSample is that of a check that nobody waits for.
	mostWork     = 50_000
	mostOfSample = 5_000
	// longestPattern bounds an expression, in bytes, and mostSteps all of a schema, in instructions
	// of the machine that they are compiled for.
	longestPattern = 512
	mostSteps      = 20_000
	// stepsOfVisit is how many instructions of an expression take as long as a visit does, and
	// bytesOfVisit how many bytes of a text.
	stepsOfVisit = 32
	bytesOfVisit = 64
	// digitsOfVisit is the same of a number, which may be compared with bounds.
	digitsOfVisit = 8
)

// errTooMuchWork ends a check.
var errTooMuchWork = errors.New("it takes too long")

// budget is what is left of the work of the check under way.
type budget struct{ left int }

func (b *budget) spend(n int) {
	if b.left -= n; b.left < 0 {
		panic(errTooMuchWork)
	}
}

// watch counts the visits of a schema and of all below it, in the place of its format, which is asked
// before anything below.
func (b *budget) watch(root *library.Schema) error {
	known := map[*library.Schema]bool{}
	for next := []*library.Schema{root}; len(next) > 0; {
		s := next[len(next)-1]
		if next = next[:len(next)-1]; known[s] {
			continue
		}
		known[s] = true
		if s.DynamicRef != nil || s.RecursiveRef != nil {
			return unchecked("references that are dynamic are not followed")
		}
		below := subschemas(s)
		next = append(next, below...)
		b.count(s, 1+len(below)+names(s))
	}
	return nil
}

// names is how many names of members are looked up with each visit.
func names(s *library.Schema) int {
	n := len(s.Required)
	for _, required := range s.DependentRequired {
		n += len(required)
	}
	for _, several := range s.Dependencies {
		if required, ok := several.([]string); ok {
			n += len(required)
		}
	}
	return n
}

// count lets a schema spend that much with each visit, and more for a large value. What the library
// would ask before the format is asked here, so that it is counted, too.
func (b *budget) count(s *library.Schema, fixed int) {
	first, format, patterns := takeFirst(s, b), s.Format, len(s.PatternProperties)
	if format != nil && format.Name == "regex" {
		format = nil // an expression of ECMA, of which Go's parser knows a part
	}
	counting := &library.Format{Validate: func(value any) error {
		n := fixed
		switch value := value.(type) {
		case map[string]any:
			n += len(value) * (1 + patterns)
		case []any:
			n += len(value)
		case string:
			n += len(value) / bytesOfVisit
		case json.Number:
			n += len(value) / digitsOfVisit
		}
		b.spend(n)
		if wrong := first.ask(value); wrong != nil {
			return &early{wrong}
		}
		if format == nil {
			return nil
		}
		return format.Validate(value)
	}}
	if format != nil {
		counting.Name = format.Name
	}
	s.Format = counting
}

// subschemas are all that a schema may ask in turn.
func subschemas(s *library.Schema) (all []*library.Schema) {
	add := func(schemas ...*library.Schema) {
		for _, schema := range schemas {
			if schema != nil {
				all = append(all, schema)
			}
		}
	}
	add(s.Ref, s.Not, s.If, s.Then, s.Else, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema)
	add(s.AllOf...)
	add(s.AnyOf...)
	add(s.OneOf...)
	add(s.PrefixItems...)
	for _, schema := range s.Properties {
		add(schema)
	}
	for _, schema := range s.PatternProperties {
		add(schema)
	}
	for _, schema := range s.DependentSchemas {
		add(schema)
	}
	for _, several := range s.Dependencies {
		add(eachOf(several)...)
	}
	for _, several := range [...]any{s.AdditionalProperties, s.Items, s.AdditionalItems} {
		add(eachOf(several)...)
	}
	return all
}

// eachOf are the schemas of a keyword that may have one, several or none.
func eachOf(several any) []*library.Schema {
	switch several := several.(type) {
	case *library.Schema:
		return []*library.Schema{several}
	case []*library.Schema:
		return several
	}
	return nil
}

// patterns compiles the expressions of one schema.
type patterns struct {
	budget *budget
	steps  int
}

// compile implements the library's engine for expressions: Go's, which takes a time that grows with
// the length of a text alone.
func (p *patterns) compile(pattern string) (library.Regexp, error) {
	if len(pattern) > longestPattern {
		return nil, fmt.Errorf("a pattern is longer than %d bytes", longestPattern)
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if p.steps += len(program.Inst); p.steps > mostSteps {
		return nil, errors.New("its patterns are too large")
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return &counted{expression, len(program.Inst), p.budget}, nil
}

// counted is an expression whose work is counted.
type counted struct {
	*regexp.Regexp
	steps  int
	budget *budget
}

// MatchString implements the library's expression.
func (c *counted) MatchString(text string) bool {
	c.budget.spend(1 + len(text)*c.steps/stepsOfVisit)
	return c.Regexp.MatchString(text)
}
