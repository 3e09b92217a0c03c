package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
)

// faultOf puts a compiler's error into one sentence for whoever wrote the filter.
// Its column is that in the source which was compiled.
func faultOf(err error, of Of) *Error {
	fault := &Error{Column: 1, Reason: err.Error()}
	var where *file.Error
	if errors.As(err, &where) {
		fault.Column, fault.Reason = where.From+1, where.Message
	}
	fault.Reason, _, _ = strings.Cut(fault.Reason, "\n")
	fault.Reason = strings.ReplaceAll(fault.Reason, deadLetterName, deadLetterPart)
	if name, ok := strings.CutPrefix(fault.Reason, "unknown name "); ok {
		fault.Reason = unknownName(name, of)
		return fault
	}
	switch {
	case strings.Contains(fault.Reason, `Operator("=")`):
		fault.Reason = "use == to compare"
	case strings.Contains(fault.Reason, "unexpected token EOF"):
		fault.Reason = "incomplete expression"
	case strings.HasPrefix(fault.Reason, "unexpected token "):
		fault.Reason += "; to search for words with signs, put all of them in one pair of double quotes"
	case strings.HasPrefix(fault.Reason, "expected bool, but got "):
		fault.Reason = "the expression gives " + strings.TrimPrefix(fault.Reason, "expected bool, but got ") + ", and a filter must be true or false"
	}
	return fault
}

func unknownName(name string, of Of) string {
	var known, fields, functions []string
	for i := range Fields {
		if Fields[i].Of&of != 0 {
			fields = append(fields, Fields[i].Name)
		}
	}
	for _, function := range Functions {
		functions = append(functions, function[0])
		short, _, _ := strings.Cut(function[0], "(")
		known = append(known, short)
	}
	known = append(known, fields...)
	best, distance := "", 3
	if part := deadLetterPart + name; slices.Contains(fields, part) {
		best, distance = part, 0
	}
	for _, candidate := range known {
		if d := editDistance(strings.ToLower(name), candidate); d < distance && d < len(candidate) {
			best, distance = candidate, d
		}
	}
	hint := ""
	if best != "" {
		hint = fmt.Sprintf("; did you mean %s?", best)
	}
	return fmt.Sprintf("unknown field %s%s The fields are %s; the functions are %s; put text in quotes",
		name, orStop(hint), strings.Join(fields, ", "), strings.Join(functions, ", "))
}

func orStop(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

// editDistance is the least number of letters to insert, delete or change to make b of
// a (Levenshtein). Names are short.
func editDistance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			change := previous[j]
			if a[i] != b[j] {
				change++
			}
			current[j+1] = min(change, previous[j+1]+1, current[j]+1)
		}
		previous = current
	}
	return previous[len(b)]
}
