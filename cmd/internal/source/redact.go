package source

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const hidden = "***"

// Redact is an argument as it may be shown although it was not understood, so that a
// password can stand anywhere in it. Only scheme, hosts and path are shown, and of these
// only what holds none of the characters that part a password from what is around it.
func Redact(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found || strings.ContainsAny(scheme, ":@=/?") {
		return redactWord(text)
	}
	user := ""
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, rest = hidden+"@", rest[at+1:]
	}
	return scheme + "://" + user + redactPlace(rest)
}

// redactPlace is Redact of hosts and what follows them.
func redactPlace(text string) string {
	text, _, asks := strings.Cut(text, "?")
	authority, path := cutAuthority(text)
	if mark := strings.IndexAny(authority, ":=;&"); mark >= 0 && !hostList(authority) {
		authority, path = authority[:mark+1]+hidden, ""
	}
	if mark := strings.IndexAny(path, ":=;&"); mark >= 0 {
		path = path[:mark+1] + hidden
	}
	if asks {
		path += "?" + hidden
	}
	return authority + path
}

// redactWord is Redact of what is no URL.
func redactWord(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return redactPlace(text)
	}
	user := text[:at]
	if strings.ContainsAny(user, ":=;,?&") || strings.Contains(user, "//") {
		user = hidden
	}
	return user + "@" + redactPlace(text[at+1:])
}

// hostList reports whether text is host:port, or several with commas between them.
func hostList(text string) bool {
	for host := range strings.SplitSeq(text, ",") {
		if _, err := hostPort(host, "1"); err != nil {
			return false
		}
	}
	return true
}

// Address reports whether text is host:port, or several with commas between them, to which only
// the scheme is missing, and returns it with its path.
func Address(text string) (address string, ok bool) {
	authority, path := cutAuthority(text[strings.LastIndexByte(text, '@')+1:])
	path, _, _ = strings.Cut(path, "?")
	return authority + path, strings.Contains(authority, ":") && hostList(authority)
}

// Mistyped reports whether an argument that has no :// was meant as a URL.
func (d Drivers) Mistyped(text string) bool {
	for _, scheme := range d.schemes() {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) && strings.IndexByte(":;/", text[len(scheme)]) >= 0 {
			return !strings.Contains(text, "://")
		}
	}
	return false
}

// NewMask returns what takes the secrets of a command line out of anything that is said
// about it: a URL may stand where another thing belongs, and be repeated by whatever
// refuses it there. A URL that is understood is shown without its parameters; of one that
// is not, everything in which a password could stand is hidden.
func (d Drivers) NewMask(arguments []string) *strings.Replacer {
	shown := map[string]string{}
	add := func(text, as string) {
		if text != as {
			shown[text] = as
			quoted := strconv.Quote(text)
			shown[quoted[1:len(quoted)-1]] = as
		}
	}
	for _, argument := range arguments {
		if len(argument) > 2 && argument[0] == '-' && argument[1] != '-' { // -pSECRET
			add("in "+argument, "in "+argument[:2]+hidden)
			argument = argument[2:]
		} else if strings.HasPrefix(argument, "--") {
			_, argument, _ = strings.Cut(argument, "=")
		}
		words := strings.ContainsAny(argument, " \t\n") // an expression, or a reason
		if words && !strings.Contains(argument, "//") && !d.Mistyped(argument) {
			continue
		}
		if source, err := d.Parse(argument); err == nil {
			add(argument, source.place())
			continue
		}
		if redacted := Redact(argument); redacted != argument && (strings.ContainsAny(argument, "@=") || strings.Contains(argument, "://") || d.Mistyped(argument)) {
			add(argument, redacted)
			for _, suspect := range suspects(argument) {
				if !words {
					add(suspect, hidden)
				}
			}
		}
	}
	longest := slices.SortedFunc(maps.Keys(shown), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, text := range longest {
		pairs = append(pairs, text, shown[text])
	}
	return strings.NewReplacer(pairs...)
}

// suspects are the parts of a URL that was not understood in which its password could be:
// what stands between a colon and an at sign, and behind an equals sign.
func suspects(text string) (found []string) {
	const most, shortest = 200, 4 // shorter ones are part of any word
	add := func(part string) {
		if len(part) >= shortest && len(found) < most && !strings.HasPrefix(part, "//") {
			found = append(found, part)
		}
	}
	for at := range len(text) {
		switch text[at] {
		case '@':
			for colon := range at {
				if text[colon] == ':' {
					add(text[colon+1 : at])
				}
			}
		case '=':
			value, _, _ := strings.Cut(text[at+1:], "&")
			add(value)
		}
	}
	return found
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
