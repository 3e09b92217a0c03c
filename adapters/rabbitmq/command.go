package rabbitmq

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/rabbitmq/delivery"
)

// Commands ask the management API, where one is given, about what a message was read of: a
// queue or stream as it is now, or where an exchange leads. No message is taken.
func (a *Adapter) Commands(p adapters.Position) []driver.Command {
	api, err := url.Parse(a.config.Management)
	if err != nil || a.config.Management == "" || p.Destination == delivery.DefaultExchange {
		return nil
	}
	user := cmp.Or(api.User.Username(), a.config.User, "guest")
	api.User = nil // with its password
	kind, about := "/api/exchanges/", "/bindings/source"
	if p.Partition == adapters.NoPartition || slices.Contains(a.config.Queues, p.Destination) {
		kind, about = "/api/queues/", ""
	}
	at := strings.TrimSuffix(api.String(), "/") + kind + url.PathEscape(cmp.Or(a.config.VirtualHost, "/")) + "/" + url.PathEscape(p.Destination) + about
	return []driver.Command{{Tool: "curl", Line: driver.ShellWords("curl", "--user", user, at)}}
}
