package client

import (
	"strings"
	"testing"
	"time"
)

func TestNamesOfEntities(t *testing.T) {
	for text, want := range map[string][2]string{ // as people write it, and as the service does
		"orders":                     {"orders", "orders"},
		"a/b/c":                      {"a/b/c", "a/b/c"},
		"events/audit":               {"events/audit", "events/Subscriptions/audit"},
		"events/SUBSCRIPTIONS/audit": {"events/audit", "events/Subscriptions/audit"},
		"a/b/Subscriptions/audit":    {"a/b/audit", "a/b/Subscriptions/audit"},
		"orders/$deadletterqueue":    {"orders/$DeadLetterQueue", "orders/$DeadLetterQueue"},
		"events/audit/$Transfer/$DeadLetterQueue": {"events/audit/$Transfer/$DeadLetterQueue", "events/Subscriptions/audit/$Transfer/$DeadLetterQueue"},
	} {
		if e, err := Parse(text); err != nil || e.String() != want[0] || e.Path() != want[1] {
			t.Errorf("%s is %s, %s: %v", text, e, e.Path(), err)
		}
	}
	for _, text := range []string{"", "/", "a b", "-a", "events/", "/audit", "$DeadLetterQueue", "a\x00", strings.Repeat("a", 300), "secret=1"} {
		if e, err := Parse(text); err == nil || len(text) > 2 && strings.Contains(err.Error(), text) {
			t.Errorf("%q is %v, %v", text, e, err)
		}
	}
}

func TestConnectionStrings(t *testing.T) {
	for text, want := range map[string]Secret{
		"Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=a+b/c=":    {Host: "ns.servicebus.windows.net", KeyName: "root", Key: "a+b/c="},
		"endpoint=sb://h:1;sharedaccesskeyname=n;sharedaccesskey=k;UseDevelopmentEmulator=true;":      {Host: "h:1", KeyName: "n", Key: "k", Emulator: true},
		"Endpoint=sb://ns;SharedAccessSignature=SharedAccessSignature sr=x&sig=y;EntityPath=orders\n": {Host: "ns", Signature: "SharedAccessSignature sr=x&sig=y"},
	} {
		if got, err := ParseConnectionString(text); err != nil || got != want {
			t.Errorf("%s is read as %#v, %v", text, got.Host, err)
		}
	}
	for _, text := range []string{"", "key", "Endpoint=sb://ns", "SharedAccessKeyName=n;SharedAccessKey=k", "Endpoint=%;SharedAccessKeyName=n;SharedAccessKey=k-secret"} {
		if _, err := ParseConnectionString(text); err == nil || strings.Contains(err.Error(), "k-secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestASignatureIsForItsAudience, and is no key.
func TestASignatureIsForItsAudience(t *testing.T) {
	s := Secret{KeyName: "root", Key: "root-secret"}
	now := time.Unix(1700000000, 0)
	a, b := s.sign("amqp://ns/orders", now), s.sign("amqp://ns/other", now)
	if a.text == b.text || strings.Contains(a.text, s.Key) || !strings.Contains(a.text, "sr=amqp%3a%2f%2fns%2forders&") || !strings.Contains(a.text, "&se=1700007200&skn=root") {
		t.Errorf("%s", a.text)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"PT5S": 5 * time.Second, "PT1M": time.Minute, "P1DT2H3M4.5S": 26*time.Hour + 3*time.Minute + 4500*time.Millisecond, "": 0, "5": 0, "P10675199DT2H": 2 * time.Hour} {
		if got := duration(&text); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
	if duration(nil) != 0 {
		t.Error("nothing is something")
	}
}
