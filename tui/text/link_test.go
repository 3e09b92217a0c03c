package text_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"eventscope/tui/text"
)

var linkNames = []string{"destination", "offset"}

func link(t interface{ Fatal(...any) }, address, destination string) string {
	template, err := text.ParseTemplate(address, linkNames)
	if err != nil {
		t.Fatal(err)
	}
	return template.Link(func(name string) string { return map[string]string{"destination": destination, "offset": "7"}[name] }).String()
}

func TestAddressesWithNames(t *testing.T) {
	for _, c := range []struct{ address, destination, want string }{
		{"https://ui/topics/{destination}/messages?at={offset}", "orders", "https://ui/topics/orders/messages?at=7"},
		{"http://mq:15672/#/queues/%2F/{destination}", "a b/c?d=e&f#g", "http://mq:15672/#/queues/%2F/a%20b%2Fc%3Fd%3De%26f%23g"},
		{"https://ui/", "orders", "https://ui/"},
		{"https://ui/{destination}/x", "..", ""},
		{"https://ui/{destination}/x", "", ""},
		{"https://ui/{destination}/x", strings.Repeat("x", 3000), ""},
	} {
		if got := link(t, c.address, c.destination); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.address, c.destination, got, c.want)
		}
	}
	if got := (text.Template{}).Link(nil).String(); got != "" {
		t.Errorf("no template gives %q", got)
	}
	for _, wrong := range []string{"", "ui/{destination}", "javascript://ui/x", "https://{destination}/x", "https://ui/{topic}", "https://ui/{offset", "https://ui/offset}", "https://ui/\x1b\\", "https://u:p@ui/", "https:///x"} {
		if _, err := text.ParseTemplate(wrong, linkNames); err == nil {
			t.Errorf("%q is taken for an address", wrong)
		}
	}
}

// A name of a stranger stays within its part of the address.
func TestNoNameBreaksOutOfAnAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := string(rapid.SliceOf(rapid.Byte()).Draw(t, "name"))
		got := link(t, "https://ui/topics/{destination}/end", name)
		if got == "" {
			return
		}
		part := strings.TrimSuffix(strings.TrimPrefix(got, "https://ui/topics/"), "/end")
		if strings.ContainsFunc(part, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/?#&=+@:;\\", r) }) {
			t.Fatalf("%q becomes %q", name, got)
		}
	})
}
