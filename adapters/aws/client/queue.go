package client

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queue is what SQS tells of one.
type Queue struct {
	ARN
	URL string

	// Visible, InFlight and Delayed are approximate counts, -1 where the service does not tell.
	Visible, InFlight, Delayed int64

	Retention time.Duration

	// DeadLetters is the queue that its letters go to after so many receives, if it has one.
	DeadLetters ARN
	MaxReceives int
}

// Messages is how many it holds, or -1.
func (q *Queue) Messages() int64 {
	if q.Visible < 0 || q.InFlight < 0 {
		return -1
	}
	return q.Visible + q.InFlight + max(0, q.Delayed)
}

// HasDeadLetters reports whether messages which are received too often go to another queue.
func (q *Queue) HasDeadLetters() bool { return q.DeadLetters.Name != "" }

// QueueURL is what requests name a queue by.
func (c *Client) QueueURL(ctx context.Context, name string) (string, error) {
	ctx, cancel := Limit(ctx)
	defer cancel()
	input := &sqs.GetQueueUrlInput{QueueName: &name}
	if c.Account != "" {
		input.QueueOwnerAWSAccountId = &c.Account
	}
	out, err := c.SQS.GetQueueUrl(ctx, input)
	if err != nil {
		return "", c.Problem(ctx, "find queue "+name, err)
	}
	return aws.ToString(out.QueueUrl), nil
}

// Queue asks for one by its name.
func (c *Client) Queue(ctx context.Context, name string) (*Queue, error) {
	url, err := c.QueueURL(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.QueueAt(ctx, url)
}

// QueueAt asks for one by its URL.
func (c *Client) QueueAt(ctx context.Context, url string) (*Queue, error) {
	ctx, cancel := Limit(ctx)
	defer cancel()
	out, err := c.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, c.Problem(ctx, "read the attributes of queue "+nameOf(url), err)
	}
	q := &Queue{URL: url, Visible: -1, InFlight: -1, Delayed: -1}
	q.read(out.Attributes)
	if q.Name == "" { // the service names it by its URL alone
		q.ARN = ARN{"aws", "sqs", c.Region, accountOf(url), nameOf(url)}
	}
	return q, nil
}

func (q *Queue) read(attributes map[string]string) {
	q.ARN, _ = ParseARN(attributes["QueueArn"])
	for name, count := range map[types.QueueAttributeName]*int64{
		types.QueueAttributeNameApproximateNumberOfMessages:           &q.Visible,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &q.InFlight,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    &q.Delayed,
	} {
		if n, err := strconv.ParseInt(attributes[string(name)], 10, 64); err == nil && n >= 0 {
			*count = n
		}
	}
	if seconds, err := strconv.Atoi(attributes["MessageRetentionPeriod"]); err == nil {
		q.Retention = time.Duration(seconds) * time.Second
	}
	q.DeadLetters, q.MaxReceives = readRedrivePolicy(attributes["RedrivePolicy"])
}

// readRedrivePolicy reads the JSON of a redrive policy, in which the number may be a text.
func readRedrivePolicy(text string) (to ARN, receives int) {
	var policy struct {
		To       string          `json:"deadLetterTargetArn"`
		Receives json.RawMessage `json:"maxReceiveCount"`
	}
	if text == "" || json.Unmarshal([]byte(text), &policy) != nil {
		return ARN{}, 0
	}
	to, _ = ParseARN(policy.To)
	receives, _ = strconv.Atoi(strings.Trim(string(policy.Receives), `"`))
	return to, receives
}

// nameOf is the last part of the URL of a queue, and accountOf the one before.
func nameOf(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

func accountOf(url string) string {
	parts := strings.Split(url, "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[len(parts)-2]
}

const (
	// pageSize is how many names one answer may have.
	pageSize = 1000
	// atOnce is how many questions are under way.
	atOnce = 8
)

// QueueURLs lists the queues whose names begin so.
func (c *Client) QueueURLs(ctx context.Context, prefix string) (urls []string, err error) {
	input := &sqs.ListQueuesInput{MaxResults: aws.Int32(pageSize)}
	if prefix != "" {
		input.QueueNamePrefix = &prefix
	}
	err = eachPage(ctx, c, "list queues", sqs.NewListQueuesPaginator(c.SQS, input), func(page *sqs.ListQueuesOutput) int {
		urls = append(urls, page.QueueUrls...)
		return len(urls)
	})
	return urls, err
}

// SourcesOf lists the queues that dead-letter to one, by their names in order.
func (c *Client) SourcesOf(ctx context.Context, q *Queue) (sources []string, err error) {
	pages := sqs.NewListDeadLetterSourceQueuesPaginator(c.SQS, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &q.URL, MaxResults: aws.Int32(pageSize)})
	err = eachPage(ctx, c, "find what dead-letters to queue "+q.Name, pages, func(page *sqs.ListDeadLetterSourceQueuesOutput) int {
		for _, url := range page.QueueUrls {
			if name := nameOf(url); CheckName(name) == nil {
				sources = append(sources, name)
			}
		}
		return len(sources)
	})
	slices.Sort(sources)
	return sources, err
}

// Delete deletes up to ten messages by their receipts, and says which were refused.
func (c *Client) Delete(ctx context.Context, url, doing string, receipts []string) (refused []types.BatchResultErrorEntry, err error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(receipts))
	for i := range receipts {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &receipts[i]}
	}
	limited, cancel := Limit(ctx)
	defer cancel()
	out, err := c.SQS.DeleteMessageBatch(limited, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: entries})
	if err != nil {
		return nil, c.Problem(ctx, doing, err)
	}
	return out.Failed, nil
}

// AllNames lists the queues that are not of taps.
func (c *Client) AllNames(ctx context.Context) (names []string, err error) {
	urls, err := c.QueueURLs(ctx, "")
	for _, url := range urls {
		if name := nameOf(url); !IsTap(name) {
			names = append(names, name)
		}
	}
	return names, err
}

// Answer is what is told of one queue.
type Answer struct {
	Name  string
	Queue *Queue
	Err   error
}

// Queues asks for several, some at once, and answers in their order. A channel that is not read
// on must be ended by its ctx.
func (c *Client) Queues(ctx context.Context, names []string) <-chan Answer {
	answers := make(chan Answer)
	waiting := make([]chan Answer, len(names))
	for i := range waiting {
		waiting[i] = make(chan Answer, 1)
	}
	var asking sync.WaitGroup
	next := make(chan int)
	for range min(atOnce, len(names)) {
		asking.Go(func() {
			for i := range next {
				q, err := c.Queue(ctx, names[i])
				waiting[i] <- Answer{names[i], q, err}
			}
		})
	}
	asking.Go(func() {
		defer close(next)
		for i := range names {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	go func() {
		defer close(answers)
		defer asking.Wait()
		for i := range waiting {
			var a Answer
			select {
			case a = <-waiting[i]:
			case <-ctx.Done():
				return
			}
			select {
			case answers <- a:
			case <-ctx.Done():
				return
			}
		}
	}()
	return answers
}
