package jsonschema

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	library "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// first is what a schema asks of a value before anything else: its type, whether it is one of some
// values, and that no two of its elements are equal. The library would compare these with each visit,
// to their last part, and tell nobody how long that takes.
type first struct {
	budget         *budget
	types          []string
	constant, enum *among
	unique         bool
}

// takeFirst takes it out of a schema.
func takeFirst(s *library.Schema, b *budget) first {
	f := first{budget: b, unique: s.UniqueItems}
	if s.Types != nil {
		f.types = s.Types.ToStrings()
	}
	if s.Const != nil {
		f.constant = newAmong(*s.Const)
	}
	if s.Enum != nil {
		f.enum = newAmong(s.Enum.Values...)
	}
	s.Types, s.Const, s.Enum, s.UniqueItems = nil, nil, nil, false
	return f
}

// early is what is wrong with a value, as the error of a format.
type early struct{ kind library.ErrorKind }

// Error names the keyword alone.
func (e *early) Error() string { return strings.Join(e.kind.KeywordPath(), "/") }

// ask is what is wrong with a value, or nil.
func (f *first) ask(value any) library.ErrorKind {
	if len(f.types) > 0 {
		got := typeOf(value)
		if !slices.Contains(f.types, got) && (got != "number" || !slices.Contains(f.types, "integer") || !integer(value)) {
			return &kind.Type{Got: got, Want: f.types}
		}
	}
	if f.constant != nil && !f.constant.has(value, f.budget) {
		return &kind.Const{Want: f.constant.values[0]}
	}
	if f.enum != nil && !f.enum.has(value, f.budget) {
		return &kind.Enum{Want: f.enum.values}
	}
	if all, ok := value.([]any); ok && f.unique {
		if i, j, twice := twice(all, f.budget); twice {
			return &kind.UniqueItems{Duplicates: [2]int{i, j}}
		}
	}
	return nil
}

// typeOf is the name of the type of a value that was decoded.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// integer reports whether a number has no fraction, however it is written.
func integer(value any) bool {
	number, ok := value.(json.Number)
	_, _, exponent := parts(string(number))
	return ok && exponent >= 0
}

// among are the values of a constant or of an enumeration.
type among struct {
	values []any
	shapes map[shape]bool
	spelt  map[string]bool
}

// shape is what tells most values apart soon: the type, and how many parts or bytes there are.
type shape struct {
	kind   string
	length int
}

func shapeOf(value any) shape {
	of := shape{kind: typeOf(value)}
	switch value := value.(type) {
	case string:
		of.length = len(value)
	case []any:
		of.length = len(value)
	case map[string]any:
		of.length = len(value)
	}
	return of
}

func newAmong(values ...any) *among {
	a := &among{values: values, shapes: map[shape]bool{}, spelt: map[string]bool{}}
	free := &budget{left: math.MaxInt}
	for _, value := range values {
		a.shapes[shapeOf(value)] = true
		a.spelt[string(free.spell(nil, value))] = true
	}
	return a
}

// has reports whether a value is one of them.
func (a *among) has(value any, b *budget) bool {
	return a.shapes[shapeOf(value)] && a.spelt[string(b.spell(nil, value))]
}

// twice finds two elements that are equal.
func twice(all []any, b *budget) (first, second int, found bool) {
	known := make(map[string]int, len(all))
	for i, element := range all {
		spelt := string(b.spell(nil, element))
		if before, there := known[spelt]; there {
			return before, i, true
		}
		known[spelt] = i
	}
	return 0, 0, false
}

// spell writes a value so that it is spelt as all that are equal to it, and as no other. It spends a
// visit for each part.
func (b *budget) spell(to []byte, value any) []byte {
	b.spend(1)
	switch value := value.(type) {
	case nil:
		return append(to, '0')
	case bool:
		return strconv.AppendBool(to, value)
	case string:
		return b.spellText(append(to, '"'), value)
	case json.Number:
		b.spend(len(value) / digitsOfVisit)
		negative, digits, exponent := parts(string(value))
		if negative {
			to = append(to, '-')
		}
		return append(strconv.AppendInt(append(append(append(to, '#'), digits...), 'e'), int64(exponent), 10), ';')
	case []any:
		to = append(to, '[')
		for _, element := range value {
			to = b.spell(to, element)
		}
		return append(to, ']')
	case map[string]any:
		to = append(to, '{')
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			to = b.spell(b.spellText(to, name), value[name])
		}
		return append(to, '}')
	}
	return to
}

// spellText writes a text behind its length.
func (b *budget) spellText(to []byte, text string) []byte {
	b.spend(len(text) / bytesOfVisit)
	return append(append(strconv.AppendInt(to, int64(len(text)), 10), ':'), text...)
}

// parts are those of a number of JSON: its digits without zeros at both ends, and the power of ten by
// which they are to be multiplied.
func parts(number string) (negative bool, digits string, exponent int) {
	number, negative = strings.CutPrefix(number, "-")
	if at := strings.IndexAny(number, "eE"); at >= 0 {
		exponent, _ = strconv.Atoi(number[at+1:]) // which is bounded
		number = number[:at]
	}
	whole, fraction, _ := strings.Cut(number, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return false, "", 0
	}
	short := strings.TrimRight(digits, "0")
	return negative, short, exponent - len(fraction) + len(digits) - len(short)
}
