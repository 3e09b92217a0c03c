package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"eventscope/cmd/internal/exit"
)

// acting finds the first thing in what a terminal got that is not a printable character,
// the end of a line, or our own emptying of a line.
func acting(seen string) (at int, is bool) {
	for _, own := range []string{"\r\x1b[K", "\r\n"} {
		seen = strings.ReplaceAll(seen, own, strings.Repeat(" ", len(own)))
	}
	for i := 0; i < len(seen); {
		r, size := utf8.DecodeRuneInString(seen[i:])
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			return i, true
		}
		i += size
	}
	return 0, false
}

// painted is text in a colour of our own: the style, the text, and the end of the style.
var painted = regexp.MustCompile(`\x1b\[[0-9;]+m([^\x1b]*)\x1b\[m`)

// actingBesideColours is acting of a terminal that got colours.
func actingBesideColours(seen string) (at int, is bool) {
	return acting(painted.ReplaceAllStringFunc(seen, func(cell string) string {
		content := painted.FindStringSubmatch(cell)[1]
		return strings.Repeat(" ", len(cell)-len(content)-len("\x1b[m")) + content + "   "
	}))
}

// Nothing that a message says acts on a terminal, whichever command prints it, as text or
// as JSON, in a key, a header, a value, or in what is read from them.
func TestNothingRawReachesATerminal(t *testing.T) {
	t.Parallel()
	url := hostileTopic(t)
	for _, args := range [][]string{
		{"tail", url, "--exit"}, {"tail", url, "--exit", "-o", "json", "--filter", "offset != 6"}, {"flows", url, "--exit"}, {"flows", url, "--exit", "-o", "json"},
		{"trace", "ord-bad", url}, {"trace", "ord-bad", url, "-o", "json"}, {"trace", "x" + attack[:len(attack)-1], url},
		{"tail", "kafka://127.0.0.1:1/orders?name=" + "%1b%5b2J%0d"}, {"tail", "kafka://127.0.0.1:1/%1b%5b2J"}, {"tail", attack[:len(attack)-1]},
		{"tail", "kafka://127.0.0.1:1/a", "--filter", attack[:len(attack)-1] + " =="}, {"tail", "--config", "\x1b[2J\r"}, {"tail", "--context", "\x1b[2J\r", "--config", "/dev/null"},
	} {
		for colour, finds := range map[string]func(string) (int, bool){"never": acting, "always": actingBesideColours} {
			screen := inTerminal(t, process(t, append(args, "--color", colour)...))
			code := screen.end()
			seen := screen.seen.String()
			if at, is := finds(seen); is {
				t.Errorf("%.100q: %q", args, seen[max(0, at-60):min(len(seen), at+60)])
			}
			if seen == "" {
				t.Errorf("%.100q says nothing, exit code %d", args, code)
			}
		}
	}
}

// Nor does what a broker says in an error: RabbitMQ repeats the names that it was given.
func TestNothingRawReachesATerminalFromRabbitMQ(t *testing.T) {
	t.Parallel()
	url, exchange, publish := realExchange(t, rabbitMQ4Variable)
	screen := inTerminal(t, process(t, "tail", url+"?tap=no%1b%5b2J%0d%c2%9b31m"))
	if code := screen.end(); code == exit.Done || screen.seen.Len() == 0 {
		t.Errorf("exit code %d", code)
	}
	if at, is := actingBesideColours(screen.seen.String()); is {
		t.Errorf("%q from %d", screen.seen.String(), at)
	}
	for _, form := range []string{"text", "json"} {
		screen := inTerminal(t, process(t, "tail", url+"?tap="+exchange, "--limit", "2", "-o", form))
		done := make(chan struct{})
		go func() { defer close(done); screen.end() }()
		publishUntil(done, func(int) {
			m := shipment(1, "ord-1"+attack)
			m.Type, m.AppId, m.CorrelationId, m.ContentType = "Shipped"+attack, "app"+attack, "flow"+attack, attack
			m.Headers = map[string]any{"h" + attack: attack, "n": []any{attack, []byte(attack)}}
			publish(m)
		})
		if at, is := actingBesideColours(screen.seen.String()); is || screen.seen.Len() == 0 {
			t.Errorf("-o %s: %q from %d", form, screen.seen.String(), at)
		}
	}
}
