package pattern

import (
	"errors"
	"regexp"
	"strings"
)

// Compile reads the name of a destination, a pattern with * and ?, or ~ and a regular
// expression.
func Compile(text string) (*regexp.Regexp, error) {
	if text == "" || text == "~" {
		return nil, errors.New("it is empty; write a name, a pattern with * and ?, or ~ and a regular expression")
	}
	if expression, ok := strings.CutPrefix(text, "~"); ok {
		return regexp.Compile("^(?:" + expression + ")$")
	}
	quoted := regexp.QuoteMeta(text)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
	return regexp.Compile("(?s)^" + quoted + "$")
}
