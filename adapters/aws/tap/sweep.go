package tap

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"eventscope/adapters/aws/client"
)

// sweep removes queues of taps that nobody renews any more, with their subscriptions. Who may not
// look for them, or remove them, leaves them to others.
func (t *Tailer) sweep(ctx context.Context) {
	urls, err := t.Client.QueueURLs(ctx, client.TapPrefix)
	if err != nil {
		return
	}
	left := map[string]*client.Queue{} // by ARN
	for _, url := range urls {
		if t.isLeft(ctx, url) {
			if q, err := t.Client.QueueAt(ctx, url); err == nil {
				left[q.ARN.String()] = q
			}
		}
	}
	if len(left) == 0 {
		return
	}
	if subscriptions, err := t.Client.Subscriptions(ctx); err == nil {
		for _, s := range subscriptions {
			if left[s.Queue.String()] != nil {
				_, _ = t.Client.SNS.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &s.ARN})
			}
		}
	}
	for _, q := range left {
		_, _ = t.Client.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q.URL})
	}
}

// isLeft reports whether a queue was made by a tap, and its time is over.
func (t *Tailer) isLeft(ctx context.Context, url string) bool {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	out, err := t.Client.SQS.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if err != nil || out.Tags[tagKind] != "tap" {
		return false
	}
	seconds, err := strconv.ParseInt(out.Tags[tagUntil], 10, 64)
	return err == nil && time.Now().After(time.Unix(seconds, 0))
}
