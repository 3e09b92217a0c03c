package lag

import (
	"context"
	"encoding/json"
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/wording"
)

// Unroutable implements [adapters.UnroutableCounter] for the virtual host, since the broker
// started. It answers [errors.ErrUnsupported] without a management API.
func (r *Reader) Unroutable(ctx context.Context) (adapters.Unroutable, error) {
	const doing = "count messages that led to no queue"
	if r.Management == nil {
		return adapters.Unroutable{Dropped: -1, Returned: -1}, wording.Problem(doing, "only the management API tells, and the URL names none",
			"add management=http://HOST:15672", errors.ErrUnsupported)
	}
	host, err := r.Management.Host(ctx, doing)
	if err != nil {
		return adapters.Unroutable{Dropped: -1, Returned: -1}, err
	}
	var stats struct {
		Dropped      management.Figure `json:"drop_unroutable"`
		Returned     management.Figure `json:"return_unroutable"`
		DroppedPace  management.Pace   `json:"drop_unroutable_details"`
		ReturnedPace management.Pace   `json:"return_unroutable_details"`
	}
	_ = json.Unmarshal(host.Stats, &stats) // absent, or an empty list, before there was traffic
	return adapters.Unroutable{
		Dropped: stats.Dropped.Count(), Returned: stats.Returned.Count(),
		DroppedRate: stats.DroppedPace.Now.Rate(), ReturnedRate: stats.ReturnedPace.Now.Rate(),
	}, nil
}
