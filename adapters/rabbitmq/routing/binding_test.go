package routing

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/management"
)

func TestBindingsOf(t *testing.T) {
	known := &Catalog{Bindings: []management.Binding{
		{Source: "x", RoutingKey: "b"}, {Source: "x", RoutingKey: "a"}, {Source: "y", RoutingKey: "c"}, {Source: "x", RoutingKey: "b", Destination: "other"},
	}}
	for _, test := range []struct {
		kind, key string
		known     *Catalog
		want      []Binding
		problem   string // what the sentence says
		fatal     bool
	}{
		{"topic", "", nil, []Binding{{Exchange: "x", Key: "#"}}, "", false},
		{"topic", "a.*", known, []Binding{{Exchange: "x", Key: "a.*"}}, "", false},
		{"fanout", "", nil, []Binding{{Exchange: "x", Key: "#"}}, "", false},
		{"direct", "a", nil, []Binding{{Exchange: "x", Key: "a"}}, "", false},
		{"direct", "", known, []Binding{{Exchange: "x", Key: "b"}, {Exchange: "x", Key: "a"}}, "", false},
		{"direct", "", nil, nil, "no key for everything", true},
		{"direct", "#", known, []Binding{{Exchange: "x", Key: "b"}, {Exchange: "x", Key: "a"}}, "", false},
		{"direct", "#", nil, nil, "no key for everything", true},
		{"direct", "a.*", nil, nil, "knows no patterns", true},
		{"direct", "a.#", known, nil, "knows no patterns", true},
		{"direct", "d.*", &Catalog{Bindings: []management.Binding{{Source: "x", RoutingKey: "d.*"}}}, []Binding{{Exchange: "x", Key: "d.*"}}, "", false},
		{"fanout", "#", nil, []Binding{{Exchange: "x", Key: "#"}}, "", false},
		{"fanout", "a", nil, nil, "it is a fanout exchange, which does not look at keys", true},
		{"x-delayed-message", "a", nil, nil, "it delays messages", true},
		{"", "a.#", nil, []Binding{{Exchange: "x", Key: "a.#"}}, "cannot be found out", false},
		{"headers", "", nil, []Binding{{Exchange: "x"}}, "", false},
		{"headers", "#", nil, []Binding{{Exchange: "x"}}, "", false},
		{"headers", "a", nil, nil, "does not look at keys", true},
		{"", "a", nil, []Binding{{Exchange: "x", Key: "a"}}, "", false},
		{"", "", nil, []Binding{{Exchange: "x", Key: "#"}}, "cannot be found out", false},
		{"x-consistent-hash", "1", known, nil, "would take messages away", true},
		{"x-local-random", "", nil, nil, "would take messages away", true},
	} {
		got, err := BindingsOf(Tap{Exchange: "x", BindingKey: test.key}, ExchangeType{Kind: test.kind}, test.known)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(Binding{})); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", test.kind, test.key, diff)
		}
		if (err != nil) != (test.problem != "") || err != nil && !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s %q: %v, want %q", test.kind, test.key, err, test.problem)
		}
		if fatal := errors.Is(err, adapters.ErrUsage); fatal != test.fatal {
			t.Errorf("%s %q: a usage error: %v, want %v", test.kind, test.key, fatal, test.fatal)
		}
	}
}

func TestTypeBehindADelay(t *testing.T) {
	known := &Catalog{Exchanges: map[string]management.Exchange{
		"later": {Type: "x-delayed-message", Arguments: map[string]any{"x-delayed-type": "direct"}}, "now": {Type: "topic"},
	}}
	for name, want := range map[string]string{"later": "direct", "now": "topic", "none": ""} {
		if got := known.TypeOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
