package rabbitmq

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"eventscope/adapters"
)

// Unroutable implements [adapters.UnroutableCounter] for the virtual host, since the broker
// started. It answers [errors.ErrUnsupported] without a management API.
func (a *Adapter) Unroutable(ctx context.Context) (adapters.Unroutable, error) {
	const doing = "count messages that led to no queue"
	if a.management == nil {
		return adapters.Unroutable{Dropped: -1, Returned: -1}, a.config.problem(doing, "only the management API tells, and the URL names none",
			"add management=http://HOST:15672", errors.ErrUnsupported)
	}
	var host struct {
		Stats json.RawMessage `json:"message_stats"`
	}
	err := a.management.read(ctx, doing, "vhosts/"+url.PathEscape(a.config.VirtualHost), &host)
	var stats struct {
		Dropped      figure `json:"drop_unroutable"`
		Returned     figure `json:"return_unroutable"`
		DroppedPace  pace   `json:"drop_unroutable_details"`
		ReturnedPace pace   `json:"return_unroutable_details"`
	}
	_ = json.Unmarshal(host.Stats, &stats) // absent, or an empty list, before there was traffic
	return adapters.Unroutable{
		Dropped: stats.Dropped.count(), Returned: stats.Returned.count(),
		DroppedRate: stats.DroppedPace.Now.rate(), ReturnedRate: stats.ReturnedPace.Now.rate(),
	}, err
}
