package text

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Link is an address that a terminal may open by a click. It is printable ASCII. The zero value is
// none.
type Link struct{ address string }

// String is the address.
func (l Link) String() string { return l.address }

// longestLink is the most that terminals take.
const longestLink = 2000

// Template is an address with names in braces, in whose places come values: https://host/{topic}.
// The zero value gives no links.
type Template struct {
	literals []string // before each name, and behind the last
	names    []string
}

// ParseTemplate reads an address, in which only these names may stand, and only behind the host.
func ParseTemplate(address string, names []string) (t Template, err error) {
	scheme, rest, found := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case !found || scheme != "http" && scheme != "https":
		return t, errors.New("it begins with http:// or https://")
	case !isPlain(address) || strings.Contains(address, " "):
		return t, errors.New("an address has only printable ASCII, without spaces")
	case host == "" || strings.ContainsAny(host, "{}@"):
		return t, errors.New("a host stands before the first slash, without names in braces and without a password")
	}
	for rest = address; ; {
		before, behind, opens := strings.Cut(rest, "{")
		if t.literals = append(t.literals, before); strings.Contains(before, "}") {
			return Template{}, errors.New("a brace closes that was not opened")
		}
		if !opens {
			return t, nil
		}
		name, after, closes := strings.Cut(behind, "}")
		if !closes || !slices.Contains(names, name) {
			return Template{}, fmt.Errorf("what stands in braces is one of %s", strings.Join(names, ", "))
		}
		t.names, rest = append(t.names, name), after
	}
}

// Link is the address with the values of all its names; none where one has no value. Whatever the
// values are, they cannot lead to another host, or be more than one part of the address.
func (t Template) Link(value func(name string) string) Link {
	if len(t.literals) == 0 {
		return Link{}
	}
	var b strings.Builder
	for i, name := range t.names {
		v := value(name)
		if strings.Trim(v, ".") == "" { // nothing, or a way up
			return Link{}
		}
		b.WriteString(t.literals[i])
		escapePart(&b, v)
	}
	b.WriteString(t.literals[len(t.names)])
	if b.Len() > longestLink {
		return Link{}
	}
	return Link{b.String()}
}

// escapePart writes a value as one part of an address: all but what RFC 3986 never gives a meaning
// is escaped.
func escapePart(b *strings.Builder, value string) {
	for i := range len(value) {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(b, "%%%02X", c)
		}
	}
}
