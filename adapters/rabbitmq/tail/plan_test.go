package tail

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
)

// TestEveryExchange: what cannot be tapped without harm is left out and explained.
func TestEveryExchange(t *testing.T) {
	known := &routing.Catalog{Exchanges: map[string]management.Exchange{
		"": {Type: "direct"}, "trace": {Type: "topic", Internal: true}, "orders": {Type: "topic"}, "unused": {Type: "direct"}, "hash": {Type: "x-consistent-hash"},
		"diverting": {Type: "topic", Alternate: "orders"}, "passing": {Type: "topic", Alternate: "orders"},
	}, Taps: map[string]bool{"tap": true}, Bindings: []management.Binding{
		{Source: "diverting", RoutingKey: "a.*", Destination: "queue"}, {Source: "passing", RoutingKey: "#", Destination: "tap"},
	}}
	var p plan
	got := everyExchange(known, &p)
	if diff := cmp.Diff([]routing.Binding{{Exchange: "diverting", Key: "a.*"}, {Exchange: "orders", Key: "#"}}, got, cmp.AllowUnexported(routing.Binding{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(p.problems) != 1 || !strings.Contains(p.problems[0].Error(), `"hash"`) {
		t.Errorf("problems %v", p.problems)
	}
	p.exchanges = got
	if err := p.fatal(&Tailer{}); err != nil {
		t.Errorf("what nobody named is fatal: %v", err)
	}
}
