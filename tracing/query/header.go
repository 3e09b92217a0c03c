package query

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"eventscope/adapters/payload"
)

// textual is a comparison of texts, false where one of the two is none.
func textual(holds func(text, part string) bool) func(values ...any) (any, error) {
	return func(values ...any) (any, error) {
		return anyOfBoth(values[0], values[1], func(a, b any) bool {
			text, isText := textOf(a).(string)
			part, isPart := textOf(b).(string)
			return isText && isPart && holds(text, part)
		}), nil
	}
}

// matching compares texts with regular expressions, which it compiles once. Only the
// first few are kept, for an expression that is read from messages can be any.
func matching() func(values ...any) (any, error) {
	const most = 16
	var compiled sync.Map // of *regexp.Regexp, by their text
	var kept atomic.Int32
	return textual(func(text, pattern string) bool {
		if known, ok := compiled.Load(pattern); ok {
			return known.(*regexp.Regexp).MatchString(text)
		}
		expression, err := regexp.Compile(pattern)
		if err != nil {
			return false
		}
		if kept.Add(1) <= most {
			compiled.Store(pattern, expression)
		}
		return expression.MatchString(text)
	})
}

// header is the header of that name, several if there are several, or nil. A value that is
// not text is in base64.
func (e *environment) header(name string) any {
	if e.subject.Message == nil {
		return nil
	}
	var first any
	var all several
	headers := payload.Headers(e.subject.Message)
	for i := range headers {
		h := &headers[i]
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		text := string(h.Value)
		if !utf8.Valid(h.Value) {
			text = base64.StdEncoding.EncodeToString(h.Value)
		}
		switch {
		case first == nil:
			first = text
		case all == nil:
			all = several{first, text}
		case len(all) < mostValues:
			all = append(all, text)
		}
	}
	if all != nil {
		return all
	}
	return first
}

// several are the values of a name that is there more than once: what holds for one of
// them holds for the name.
type several []any

const mostValues = 256

// anyOf reports whether something holds for a value, or for one of several.
func anyOf(value any, holds func(one any) bool) bool {
	all, ok := value.(several)
	if !ok {
		return holds(value)
	}
	return slices.ContainsFunc(all, holds)
}

// anyOfBoth is anyOf for two.
func anyOfBoth(a, b any, holds func(a, b any) bool) bool {
	return anyOf(a, func(one any) bool { return anyOf(b, func(other any) bool { return holds(one, other) }) })
}

// first is a value where only one will do, the first of several.
func first(value any) any {
	if all, ok := value.(several); ok {
		return all[0]
	}
	return value
}
