package source

import (
	"strconv"
	"strings"
)

// Redact is a URL as it may be shown although it was not understood. Everything
// between the first colon behind the scheme and the last at sign is left out. Without
// an at sign, everything behind that colon is, unless it is a list of ports, since a
// password can stand there by mistake.
func Redact(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found || strings.ContainsAny(scheme, ":@") {
		if at := strings.LastIndexByte(text, '@'); at >= 0 {
			return "***" + text[at:]
		}
		return text
	}
	colon := strings.IndexByte(rest, ':')
	if colon < 0 {
		return text
	}
	if at := strings.LastIndexByte(rest, '@'); at > colon {
		return scheme + "://" + rest[:colon] + ":***" + rest[at:]
	}
	authority, _ := cutAuthority(rest)
	for host := range strings.SplitSeq(authority, ",") {
		if _, err := hostPort(host, "1"); err != nil {
			return scheme + "://" + rest[:colon] + ":***"
		}
	}
	return text
}

// cutAuthority splits what follows the scheme into user and hosts, and the rest, which
// begins with a slash or a question mark unless it is empty.
func cutAuthority(text string) (authority, rest string) {
	if end := strings.IndexAny(text, "/?"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// portNumber reads a port.
func portNumber(text string) (int, bool) {
	port, err := strconv.ParseUint(text, 10, 16)
	return int(port), err == nil && port > 0 && text[0] != '+'
}
