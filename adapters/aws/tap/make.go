package tap

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
)

const (
	// keepFor is how long the queue keeps what is not taken: the least that SQS allows.
	keepFor = time.Minute
	// hideFor is how long what was received is hidden: what an answer that was lost had comes again.
	hideFor = 20 * time.Second
	// renewEvery is how often the queue is said to be in use, and until then how long it lasts.
	renewEvery = time.Minute
	lastsFor   = 10 * time.Minute
	// endTime is how long removing may take, and answerTime how long each question of it.
	endTime    = 10 * time.Second
	answerTime = time.Second
)

// Tags of the queue.
const (
	tagKind  = "eventscope"
	tagOwner = "eventscope-owner"
	tagUntil = "eventscope-until" // seconds since 1970
)

// made is the queue of a run with its subscriptions.
type made struct {
	client        *client.Client
	queue         *client.Queue
	subscriptions []string // ARNs
}

// owner is the process, as a tag can have it.
func owner() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s-%d", legal(host), os.Getpid())
}

func legal(text string) string {
	const longest = 30
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, text)
	return text[:min(len(text), longest)]
}

func until() string { return strconv.FormatInt(time.Now().Add(lastsFor).Unix(), 10) }

// policyFor lets SNS send to the queue what these topics publish, and nobody else anything.
func policyFor(topics []Topic) string {
	var arns []string
	for _, topic := range topics {
		arns = append(arns, topic.String())
	}
	text, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]string{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*",
			"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": arns}},
		}},
	})
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(text)
}

// make makes the queue and subscribes it. What was made before something failed is removed.
func (t *Tailer) make(ctx context.Context) (*made, error) {
	name := client.TapPrefix + owner() + "-" + strings.ToLower(rand.Text()[:12])
	limited, cancel := client.Limit(ctx)
	defer cancel()
	out, err := t.Client.SQS.CreateQueue(limited, &sqs.CreateQueueInput{
		QueueName: &name,
		Attributes: map[string]string{
			"MessageRetentionPeriod": strconv.Itoa(int(keepFor / time.Second)), "VisibilityTimeout": strconv.Itoa(int(hideFor / time.Second)),
			"ReceiveMessageWaitTimeSeconds": "20", "Policy": policyFor(t.Topics),
		},
		Tags: map[string]string{tagKind: "tap", tagOwner: owner(), tagUntil: until()},
	})
	if err != nil {
		return nil, t.Client.Problem(ctx, "make a queue for the tap", err)
	}
	m := &made{client: t.Client}
	if m.queue, err = t.Client.QueueAt(ctx, aws.ToString(out.QueueUrl)); err != nil {
		m.queue = &client.Queue{URL: aws.ToString(out.QueueUrl)}
		m.remove(ctx)
		return nil, err
	}
	for _, topic := range t.Topics {
		if err := m.subscribe(ctx, &topic); err != nil {
			m.remove(ctx)
			return nil, err
		}
	}
	return m, nil
}

func (m *made) subscribe(ctx context.Context, topic *Topic) error {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	input := &sns.SubscribeInput{
		TopicArn: aws.String(topic.String()), Protocol: aws.String("sqs"), Endpoint: aws.String(m.queue.ARN.String()), ReturnSubscriptionArn: true, Attributes: map[string]string{},
	}
	if topic.Filter != "" {
		input.Attributes["FilterPolicy"] = topic.Filter
		if topic.Scope != "" {
			input.Attributes["FilterPolicyScope"] = topic.Scope
		}
	}
	out, err := m.client.SNS.Subscribe(ctx, input)
	if err != nil {
		return m.client.Problem(ctx, "subscribe to topic "+topic.Name, err)
	}
	m.subscriptions = append(m.subscriptions, aws.ToString(out.SubscriptionArn))
	return nil
}

// renew tells others that the queue is in use.
func (m *made) renew(ctx context.Context) error {
	ctx, cancel := client.Limit(ctx)
	defer cancel()
	_, err := m.client.SQS.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &m.queue.URL, Tags: map[string]string{tagUntil: until()}})
	return m.client.Problem(ctx, "renew the queue of the tap", err)
}

// remove removes the subscriptions first, so that nothing is sent to a queue that is gone. It goes
// on when ctx has ended, for a while, as long as each question is answered. What is left the next run
// sweeps.
func (m *made) remove(ctx context.Context) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	answered := func(ask func(ctx context.Context)) bool {
		limited, done := context.WithTimeout(ending, answerTime)
		defer done()
		ask(limited)
		return limited.Err() == nil
	}
	for _, arn := range m.subscriptions {
		if !answered(func(ctx context.Context) {
			_, _ = m.client.SNS.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &arn})
		}) {
			return
		}
	}
	answered(func(ctx context.Context) {
		_, _ = m.client.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &m.queue.URL})
	})
}

// Topic is a topic that is tapped.
type Topic struct {
	client.ARN

	// As is the destination of its messages: its name, or the queue that it feeds.
	As adapters.Endpoint

	// Filter is a filter policy, or empty, and Scope what it is about: MessageAttributes or MessageBody.
	Filter, Scope string
}
