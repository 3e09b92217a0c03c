package rabbitmq

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

func TestBindingsOf(t *testing.T) {
	known := &catalog{bindings: []rabbithole.BindingInfo{
		{Source: "x", RoutingKey: "b"}, {Source: "x", RoutingKey: "a"}, {Source: "y", RoutingKey: "c"}, {Source: "x", RoutingKey: "b", Destination: "other"},
	}}
	for _, test := range []struct {
		kind, key string
		known     *catalog
		want      []binding
		problem   string // what the sentence says
		fatal     bool
	}{
		{"topic", "", nil, []binding{{exchange: "x", key: "#"}}, "", false},
		{"topic", "a.*", known, []binding{{exchange: "x", key: "a.*"}}, "", false},
		{"fanout", "", nil, []binding{{exchange: "x", key: "#"}}, "", false},
		{"direct", "a", nil, []binding{{exchange: "x", key: "a"}}, "", false},
		{"direct", "", known, []binding{{exchange: "x", key: "b"}, {exchange: "x", key: "a"}}, "", false},
		{"direct", "", nil, nil, "no key for everything", true},
		{"headers", "", nil, []binding{{exchange: "x"}}, "", false},
		{"headers", "#", nil, []binding{{exchange: "x"}}, "", false},
		{"headers", "a", nil, nil, "does not look at keys", true},
		{"", "a", nil, []binding{{exchange: "x", key: "a"}}, "", false},
		{"", "", nil, []binding{{exchange: "x", key: "#"}}, "cannot be found out", false},
		{"x-consistent-hash", "1", known, nil, "would take messages away", true},
		{"x-local-random", "", nil, nil, "would take messages away", true},
	} {
		got, err := bindingsOf(Tap{Exchange: "x", BindingKey: test.key}, nature{kind: test.kind}, test.known)
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(binding{})); diff != "" {
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
	known := &catalog{exchanges: map[string]exchangeInfo{
		"later": {Type: "x-delayed-message", Arguments: map[string]any{"x-delayed-type": "direct"}}, "now": {Type: "topic"},
	}}
	for name, want := range map[string]string{"later": "direct", "now": "topic", "none": ""} {
		if got := known.typeOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestArgumentsFromJSON: a binding that is copied must match what the original does.
func TestArgumentsFromJSON(t *testing.T) {
	got := fromJSON(map[string]any{"n": 5.0, "half": 0.5, "text": "t", "yes": true, "table": map[string]any{"n": 1e3}})
	want := amqp.Table{"n": int64(5), "half": 0.5, "text": "t", "yes": true, "table": amqp.Table{"n": int64(1000)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

// TestEveryExchange: what cannot be tapped without harm is left out and explained.
func TestEveryExchange(t *testing.T) {
	known := &catalog{exchanges: map[string]exchangeInfo{
		"": {Type: "direct"}, "trace": {Type: "topic", Internal: true}, "orders": {Type: "topic"}, "unused": {Type: "direct"}, "hash": {Type: "x-consistent-hash"},
		"diverting": {Type: "topic", alternate: "orders"}, "passing": {Type: "topic", alternate: "orders"},
	}, taps: map[string]bool{"tap": true}, bindings: []rabbithole.BindingInfo{
		{Source: "diverting", RoutingKey: "a.*", Destination: "queue"}, {Source: "passing", RoutingKey: "#", Destination: "tap"},
	}}
	var p plan
	got := everyExchange(known, &p)
	if diff := cmp.Diff([]binding{{exchange: "diverting", key: "a.*"}, {exchange: "orders", key: "#"}}, got, cmp.AllowUnexported(binding{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(p.problems) != 1 || !strings.Contains(p.problems[0].Error(), `"hash"`) {
		t.Errorf("problems %v", p.problems)
	}
	p.exchanges = got
	if err := p.fatal(&Config{}); err != nil {
		t.Errorf("what nobody named is fatal: %v", err)
	}
}
