package spelling

import (
	"slices"
	"strings"

	"eventscope/adapters"
)

// Fold writes name to dst in the form in which common names are compared: lower case,
// without - _ and full stops. It reports false when dst is too small.
func Fold[T string | []byte](dst []byte, name T) ([]byte, bool) {
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '-' || c == '_' || c == '.':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if len(dst) == cap(dst) {
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}

// Match reports whether a name in lower case is the pattern, or begins with it when the
// pattern ends in *.
func Match(pattern, lower string) bool {
	if suffix, open := strings.CutPrefix(pattern, "*"); open {
		return strings.HasSuffix(lower, suffix)
	}
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(lower, prefix)
	}
	return pattern == lower
}

// LongestName is the longest header or member name that is looked at, in bytes.
const LongestName = 128

// Headers are the headers that are looked at.
func Headers(m *adapters.Message) []adapters.Header {
	return m.Headers[:min(len(m.Headers), maxHeaders)]
}

// maxHeaders bounds how many headers of one message are looked at.
const maxHeaders = 256

// MatchesAny reports whether a name in lower case is one of some patterns, which may begin or end with *.
func MatchesAny(patterns []string, lower string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return Match(pattern, lower) })
}
