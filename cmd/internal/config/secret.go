package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"eventscope/cmd/internal/source"
)

// reference is ${env:NAME} or ${file:path}, or what was meant to be one.
var reference = regexp.MustCompile(`\$\{[^}]*\}?`)

// expand replaces references by what they refer to. Errors name the reference, never
// what it holds.
func expand(text string, getenv func(string) string, escape func(string) string) (string, error) {
	var failed error
	result := reference.ReplaceAllStringFunc(text, func(ref string) string {
		value, err := lookUp(ref, getenv)
		if err != nil && failed == nil {
			failed = err
		}
		return escape(value)
	})
	return result, failed
}

func lookUp(ref string, getenv func(string) string) (string, error) {
	inner, closed := strings.CutSuffix(strings.TrimPrefix(ref, "${"), "}")
	kind, name, _ := strings.Cut(inner, ":")
	switch {
	case closed && kind == "env" && name != "":
		value := getenv(name)
		if value == "" {
			return "", fmt.Errorf("the environment variable %s is not set; export it, or use ${file:path}", name)
		}
		return value, nil
	case closed && kind == "file" && name != "":
		return source.ReadSecretFile(name)
	}
	return "", errors.New("a reference is written ${env:NAME} or ${file:path}")
}

// literal reports whether there is more in text than references, so that text itself is
// the secret.
func literal(text string) bool { return reference.ReplaceAllString(text, "") != "" }

// asIs is the escape of fields that hold one value.
func asIs(value string) string { return value }

// inURL escapes a value that stands for a part of a URL, so that no password can be
// taken for a host. Colons and commas stay, for lists of hosts.
func inURL(value string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%@/?#&=", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
