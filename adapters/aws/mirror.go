package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sns" // the vendor's client

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/aws/tap"
)

// mirror taps what feeds a queue, through the same filters.
func (a *Adapter) mirror(ctx context.Context, name string) error {
	q, err := a.client.Queue(ctx, name)
	if err != nil {
		return err
	}
	subscriptions, err := a.client.Subscriptions(ctx)
	if err != nil {
		return err
	}
	for _, s := range subscriptions {
		if s.Queue != q.ARN {
			continue
		}
		topic := tap.Topic{ARN: s.Topic, As: adapters.Endpoint{Name: name, Kind: adapters.Queue}}
		if topic.Filter, topic.Scope, err = a.filter(ctx, &s); err != nil {
			return err
		}
		a.Topics = append(a.Topics, topic)
	}
	a.SetDestinations(1)
	if len(a.Topics) == 0 {
		a.Refused = refused("read a copy of queue "+name, "no topic of SNS feeds it, and nothing else can be copied", "look at its lag, or at its dead letters")
		return nil
	}
	a.Notes = []string{"queue " + name + ": what is sent to it directly is not seen, only what SNS sends there"}
	return nil
}

// filter is the filter policy of a subscription, and what it is about.
func (a *Adapter) filter(ctx context.Context, s *client.Subscription) (policy, scope string, err error) {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	out, err := a.client.SNS.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &s.ARN})
	if err != nil {
		return "", "", a.client.Problem(ctx, "read the subscription of queue "+s.Queue.Name+" to topic "+s.Topic.Name, err)
	}
	return out.Attributes["FilterPolicy"], out.Attributes["FilterPolicyScope"], nil
}
