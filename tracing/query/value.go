package query

import (
	"cmp"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"eventscope/adapters/payload"
)

// dynamicFunctions are the functions of the language of filters. Those with a $ stand in
// for operators, see patcher. All that a patch puts in give any, whatever they
// give: the checker looks at a call twice only when its type is still open, and at the
// second look it reports what is wrong with the arguments.
func dynamicFunctions() []expr.Option {
	compare := func(name string, holds func(order int) bool) expr.Option {
		return expr.Function(name, func(values ...any) (any, error) {
			return anyOfBoth(values[0], values[1], func(a, b any) bool {
				order, ok := compareValues(a, b)
				return ok && holds(order)
			}), nil
		}, new(func(any, any) any))
	}
	calculate := func(name string, with func(a, b float64) float64) expr.Option {
		return expr.Function(name, func(values ...any) (any, error) { return calculated(first(values[0]), first(values[1]), with), nil }, new(func(any, any) any))
	}
	return []expr.Option{
		compare("$less", func(order int) bool { return order < 0 }),
		compare("$more", func(order int) bool { return order > 0 }),
		compare("$atMost", func(order int) bool { return order <= 0 }),
		compare("$atLeast", func(order int) bool { return order >= 0 }),
		expr.Function("$same", func(values ...any) (any, error) { return anyOfBoth(values[0], values[1], sameValue), nil }, new(func(any, any) any)),
		expr.Function("$other", func(values ...any) (any, error) { return !anyOfBoth(values[0], values[1], sameValue), nil }, new(func(any, any) any)),
		expr.Function("$in", func(values ...any) (any, error) {
			return anyOf(values[0], func(one any) bool { return isIn(one, values[1]) }), nil
		}, new(func(any, any) any)),
		expr.Function("$true", func(values ...any) (any, error) { return first(values[0]) == true, nil }, new(func(any) any)),
		expr.Function("$text", func(values ...any) (any, error) { return textOf(first(values[0])), nil }, new(func(any) any)),
		expr.Function("$contains", textual(strings.Contains), new(func(any, any) any)),
		expr.Function("$startsWith", textual(strings.HasPrefix), new(func(any, any) any)),
		expr.Function("$endsWith", textual(strings.HasSuffix), new(func(any, any) any)),
		expr.Function("$matches", matching(), new(func(any, any) any)),
		expr.Function("$len", func(values ...any) (any, error) { return lengthOf(first(values[0])), nil }, new(func(any) any)),
		expr.Function("$plus", func(values ...any) (any, error) { return plus(first(values[0]), first(values[1])), nil }, new(func(any, any) any)),
		calculate("$minus", func(a, b float64) float64 { return a - b }),
		calculate("$times", func(a, b float64) float64 { return a * b }),
		calculate("$over", func(a, b float64) float64 { return a / b }),
		calculate("$rest", math.Mod),
		expr.Function("json", func(values ...any) (any, error) { return values[0].(*environment).json(values[1].(string)), nil }, new(func(*environment, string) any)),
		expr.Function("header", func(values ...any) (any, error) { return values[0].(*environment).header(values[1].(string)), nil }, new(func(*environment, string) any)),
		expr.Function("has", func(values ...any) (any, error) {
			v, name := values[0].(*environment), values[1].(string)
			return v.header(name) != nil || payload.Lookup(v.parts(), name) != nil, nil
		}, new(func(*environment, string) any)),
		expr.Function("ago", func(values ...any) (any, error) {
			age, err := time.ParseDuration(values[0].(string))
			return time.Now().Add(-age), err
		}, new(func(string) time.Time)),
	}
}

// json is a part of the body, or nil.
func (e *environment) json(path string) any {
	raw := payload.Lookup(e.parts(), path)
	if len(raw) == 0 {
		return nil
	}
	switch raw.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, []byte(raw))
		if err != nil {
			return nil
		}
		return string(text)
	case '0':
		return numberOf(string(raw))
	case 't', 'f':
		return raw[0] == 't'
	case '{', '[':
		var value any
		if json.Unmarshal(raw, &value, jsontext.AllowDuplicateNames(true)) != nil {
			return nil
		}
		return value
	}
	return nil
}

// numberOf is the number that text says, whole where it can be, or nil.
func numberOf(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return n
	}
	return nil
}

// toFloat is a value as a number, if it is one.
func toFloat(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// asNumbers are two values as numbers when one is a number and the other is one too,
// or text that says one.
func asNumbers(a, b any) (x, y float64, ok bool) {
	x, isX := toFloat(a)
	y, isY := toFloat(b)
	if text, isText := a.(string); isY && isText {
		x, isX = toFloat(numberOf(text))
	}
	if text, isText := b.(string); isX && isText {
		y, isY = toFloat(numberOf(text))
	}
	return x, y, isX && isY
}

// compareValues orders two values, if they can be: whole numbers exactly, numbers,
// texts, times, lengths of time, and a time with a text that says one.
func compareValues(a, b any) (order int, ok bool) {
	if x, isInt := a.(int); isInt {
		if y, isInt := b.(int); isInt {
			return cmp.Compare(x, y), true
		}
	}
	if x, y, ok := asNumbers(a, b); ok {
		return cmp.Compare(x, y), true
	}
	if x, isText := a.(string); isText {
		if y, isText := b.(string); isText {
			return cmp.Compare(x, y), true
		}
	}
	if x, isLength := a.(time.Duration); isLength {
		if y, isLength := b.(time.Duration); isLength {
			return cmp.Compare(x, y), true
		}
	}
	x, isX := toTime(a)
	y, isY := toTime(b)
	return x.Compare(y), isX && isY
}

func toTime(value any) (time.Time, bool) {
	switch t := value.(type) {
	case time.Time:
		return t, true
	case string:
		moment, err := time.Parse(time.RFC3339Nano, t)
		return moment, err == nil
	}
	return time.Time{}, false
}

// sameValue reports whether two values are equal; nothing equals nil here, for what is
// missing is not equal to anything.
func sameValue(a, b any) bool {
	if a == nil || b == nil {
		return false
	}
	if order, ok := compareValues(a, b); ok {
		return order == 0
	}
	return reflect.DeepEqual(a, b)
}

// isIn reports whether a list has an element, or an object a member of that name.
func isIn(needle, haystack any) bool {
	switch all := haystack.(type) {
	case map[string]any:
		name, ok := needle.(string)
		if !ok {
			return false
		}
		_, ok = all[name]
		return ok
	case nil:
		return false
	}
	list := reflect.ValueOf(haystack)
	if list.Kind() != reflect.Slice && list.Kind() != reflect.Array {
		return false
	}
	for i := range list.Len() {
		if sameValue(needle, list.Index(i).Interface()) {
			return true
		}
	}
	return false
}

// textOf is a scalar as text, or nil.
func textOf(value any) any {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return nil
}

// lengthOf counts runes, elements or members, or is nil.
func lengthOf(value any) any {
	switch v := value.(type) {
	case string:
		return utf8.RuneCountInString(v)
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return nil
}

func calculated(a, b any, with func(a, b float64) float64) any {
	x, y, ok := asNumbers(a, b)
	if !ok {
		return nil
	}
	return with(x, y)
}

func plus(a, b any) any {
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return x + y
		}
	}
	return calculated(a, b, func(a, b float64) float64 { return a + b })
}
