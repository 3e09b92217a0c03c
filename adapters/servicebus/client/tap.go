package client

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
)

// TapKeeps is how long the subscription of a tap keeps messages.
const TapKeeps = time.Minute

// MakeTap makes a subscription of our own. It keeps messages for a minute, so that it never fills its
// topic, and the service removes it when nobody has read it for five.
func (c *Client) MakeTap(ctx context.Context, topic, name, filter string) error {
	if err := c.unasked(); err != nil {
		return err
	}
	keeps, idle, never, deliveries, marked := "PT1M", "PT5M", false, int32(2000), "made by eventscope, to be removed when it has ended"
	rule := &admin.RuleProperties{Name: "eventscope", Filter: &admin.TrueFilter{}}
	if filter != "" {
		rule.Filter = &admin.SQLFilter{Expression: filter}
	}
	_, err := c.admin.CreateSubscription(ctx, topic, name, &admin.CreateSubscriptionOptions{Properties: &admin.SubscriptionProperties{
		AutoDeleteOnIdle: &idle, DefaultMessageTimeToLive: &keeps, DeadLetteringOnMessageExpiration: &never,
		EnableDeadLetteringOnFilterEvaluationExceptions: &never, MaxDeliveryCount: &deliveries, UserMetadata: &marked, DefaultRule: rule,
	}})
	return c.Problem(ctx, "make a subscription of topic "+topic, err)
}

// RemoveTap removes it.
func (c *Client) RemoveTap(ctx context.Context, topic, name string) error {
	_, err := c.admin.DeleteSubscription(ctx, topic, name, nil)
	return c.Problem(ctx, "remove the subscription "+name+" of topic "+topic, err)
}
