package client

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"eventscope/adapters"
)

// Subscription is a queue that a topic feeds.
type Subscription struct {
	ARN   string
	Topic ARN
	Queue ARN
}

// Topics lists the topics of the caller's account.
func (c *Client) Topics(ctx context.Context) (topics []ARN, err error) {
	err = eachPage(ctx, c, "list topics", sns.NewListTopicsPaginator(c.SNS, &sns.ListTopicsInput{}), func(page *sns.ListTopicsOutput) int {
		for _, t := range page.Topics {
			if arn, ok := ParseARN(aws.ToString(t.TopicArn)); ok {
				topics = append(topics, arn)
			}
		}
		return len(topics)
	})
	return topics, err
}

// TopicsNamed finds topics by their names.
func (c *Client) TopicsNamed(ctx context.Context, names []string) ([]ARN, error) {
	known := map[string]ARN{}
	if c.Account == "" { // only the list tells whose they are
		all, err := c.Topics(ctx)
		if err != nil {
			return nil, err
		}
		for _, arn := range all {
			known[arn.Name] = arn
		}
	}
	var found []ARN
	for _, name := range names {
		arn, ok := known[name]
		if c.Account != "" {
			arn, ok = ARN{partitionOf(c.Region), "sns", c.Region, c.Account, name}, true
		}
		if !ok {
			return nil, adapters.UnknownDestination("sns", c.Place(), adapters.Topic, name)
		}
		if c.Account != "" {
			if err := c.CheckTopic(ctx, arn); err != nil {
				return nil, err
			}
		}
		found = append(found, arn)
	}
	return found, nil
}

// partitionOf is the part of the service's world that a region is in.
func partitionOf(region string) string {
	switch {
	case len(region) > 3 && region[:3] == "cn-":
		return "aws-cn"
	case len(region) > 7 && region[:7] == "us-gov-":
		return "aws-us-gov"
	}
	return "aws"
}

// CheckTopic says whether a topic is there.
func (c *Client) CheckTopic(ctx context.Context, topic ARN) error {
	ctx, cancel := Limit(ctx)
	defer cancel()
	_, err := c.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(topic.String())})
	return c.Problem(ctx, "read topic "+topic.Name, err)
}

// Subscriptions lists the queues that topics feed.
func (c *Client) Subscriptions(ctx context.Context) (all []Subscription, err error) {
	err = eachPage(ctx, c, "list subscriptions", sns.NewListSubscriptionsPaginator(c.SNS, &sns.ListSubscriptionsInput{}), func(page *sns.ListSubscriptionsOutput) int {
		for _, s := range page.Subscriptions {
			topic, isTopic := ParseARN(aws.ToString(s.TopicArn))
			queue, isQueue := ParseARN(aws.ToString(s.Endpoint))
			if isTopic && isQueue && aws.ToString(s.Protocol) == "sqs" {
				all = append(all, Subscription{aws.ToString(s.SubscriptionArn), topic, queue})
			}
		}
		return len(all)
	})
	return all, err
}
