package jsonschema

import (
	"cmp"
	"errors"
	"eventscope/adapters/payload/encoded"
	"fmt"
	"slices"
	"strings"

	library "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Misfit says where a value is not what its schema asks for. It has nothing of the value but names
// of members.
type Misfit struct {
	// Path leads there: names of members and numbers of elements, empty for the whole value.
	Path []string
	// Why says what is wrong, in one clause.
	Why string
}

// longestPath bounds a path in words, in bytes.
const longestPath = 200

// Error tells place and reason, in some hundreds of bytes at most.
func (m *Misfit) Error() string {
	if len(m.Path) == 0 {
		return m.Why
	}
	return m.Why + " at " + encoded.Cut(strings.Join(m.Path, "."), longestPath)
}

// Samples: the first so many values of a schema, and one in so many then, of those that are not large.
const (
	firstSamples  = 32
	oneIn         = 64
	largestSample = 16 << 10
)

// Sample is [Schema.Check] of some values, for those who see many: it is nil for the others, and for
// those that would take long.
func (s *Schema) Sample(value []byte) error {
	if len(value) > largestSample || s.why != nil {
		return nil
	}
	if n := s.seen.Add(1); n > firstSamples && n%oneIn != 0 {
		return nil
	}
	if !s.mu.TryLock() {
		return nil // somebody waits for a check that is longer
	}
	defer s.mu.Unlock()
	if err := s.check(value, mostOfSample); !errors.Is(err, ErrUnchecked) {
		return err
	}
	return nil
}

// Check is nil for a value that fits, a [*Misfit] for one that does not, and else [ErrUnchecked] with
// a reason.
func (s *Schema) Check(value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(value, mostWork)
}

// check checks a value with the lock held.
func (s *Schema) check(value []byte, work int) (err error) {
	if s.why != nil {
		return s.why
	}
	decoded, err := decode(value, maxNodes)
	if broken, ok := errors.AsType[*noJSON](err); ok {
		return &Misfit{Why: "it " + broken.what}
	}
	if err != nil {
		return unchecked("it %w", err)
	}
	defer func() {
		switch wrong := recover(); {
		case wrong == nil:
		case wrong == errTooMuchWork:
			err = unchecked("it takes too long")
		default:
			err = unchecked("the check failed: %v", wrong)
		}
	}()
	s.budget.left = work
	if found, ok := errors.AsType[*library.ValidationError](s.root.Validate(decoded)); ok {
		return told(found)
	}
	return nil
}

// mostReasons bounds how many reasons are looked at for the one that is told.
const mostReasons = 1000

// mostWorded bounds how many are put in words: a schema may have long lists in its own.
const mostWorded = 8

// told is the one of the reasons with the shortest path.
func told(found *library.ValidationError) *Misfit {
	var all []*library.ValidationError
	for next := []*library.ValidationError{found}; len(next) > 0 && len(all) < mostReasons; {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		if leads(at.ErrorKind) && len(at.Causes) > 0 {
			next = append(next, at.Causes...)
			continue
		}
		if asked, ok := at.ErrorKind.(*kind.Format); ok {
			if before, ok := errors.AsType[*early](asked.Err); ok {
				at.ErrorKind = before.kind
			}
		}
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b *library.ValidationError) int {
		return cmp.Or(cmp.Compare(len(a.InstanceLocation), len(b.InstanceLocation)), slices.Compare(a.InstanceLocation, b.InstanceLocation),
			slices.Compare(a.ErrorKind.KeywordPath(), b.ErrorKind.KeywordPath()))
	})
	best := &Misfit{Why: "it does not fit"}
	for i, at := range all[:min(len(all), mostWorded)] {
		if i > 0 && !slices.Equal(at.InstanceLocation, best.Path) {
			break
		}
		if text := why(at.ErrorKind); i == 0 || text < best.Why {
			best.Path, best.Why = at.InstanceLocation, text
		}
	}
	return best
}

// leads reports whether a reason is only the way to others, rather than a choice among them.
func leads(reason library.ErrorKind) bool {
	switch reason.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not:
		return false
	}
	return true
}

// words are the library's own.
var words = message.NewPrinter(language.English)

// longestWhy bounds a reason, in bytes: names of members are as long as their writers like.
const longestWhy = 200

// why is a reason in words that hold no value.
func why(reason library.ErrorKind) string {
	text := ""
	switch reason := reason.(type) {
	case *kind.Type, *kind.Required, *kind.Dependency, *kind.DependentRequired, *kind.AdditionalProperties, *kind.AdditionalItems, *kind.UniqueItems,
		*kind.MinProperties, *kind.MaxProperties, *kind.MinItems, *kind.MaxItems, *kind.MinLength, *kind.MaxLength, *kind.Enum, *kind.Const:
		text = reason.LocalizedString(words)
	case *kind.AnyOf, *kind.OneOf:
		text = "it is not one of the alternatives"
	case *kind.Not:
		text = "it is what it must not be"
	case *kind.FalseSchema:
		text = "nothing may be there"
	case *kind.Format:
		text = "it is no " + reason.Want
	default:
		if path := reason.KeywordPath(); len(path) > 0 {
			text = fmt.Sprintf("it is not what %s asks for", path[len(path)-1])
		} else {
			text = "it does not fit"
		}
	}
	return encoded.Cut(text, longestWhy)
}
