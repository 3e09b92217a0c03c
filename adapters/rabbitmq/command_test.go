package rabbitmq

import (
	"testing"

	"eventscope/adapters"
)

// The management API is asked about a queue, a stream or an exchange, by a user and never with a
// password, and where there is none nothing is asked.
func TestCommandsOfTheManagementAPI(t *testing.T) {
	tap, stream := adapters.DigestPosition("orders", 1), adapters.Position{Destination: "audit", Partition: adapters.NoPartition}
	own := Config{User: "ann", Password: "hunter2", VirtualHost: "shop", Management: "http://rabbit:15672", Queues: []string{"in/voices $(x)'"}}
	other := Config{Management: "https://bob:hunter2@other:15671/"}
	for _, c := range []struct {
		config Config
		at     adapters.Position
		want   string
	}{
		{own, tap, "curl --user ann http://rabbit:15672/api/exchanges/shop/orders/bindings/source"},
		{own, stream, "curl --user ann http://rabbit:15672/api/queues/shop/audit"},
		{own, adapters.DigestPosition("in/voices $(x)'", 1), "curl --user ann 'http://rabbit:15672/api/queues/shop/in%2Fvoices%20$%28x%29%27'"},
		{other, stream, "curl --user bob https://other:15671/api/queues/%2F/audit"},
		{Config{User: "ann"}, tap, ""},
		{own, adapters.DigestPosition("(default)", 1), ""},
	} {
		got := ""
		for _, command := range (&Adapter{config: c.config}).Commands(c.at) {
			got += command.Line
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.at, got, c.want)
		}
	}
}
