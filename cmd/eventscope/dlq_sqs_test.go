package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sqsOfATest is a queue with a dead-letter queue, on a server in place of the service.
type sqsOfATest struct {
	*testing.T
	client       *sqs.Client
	origin, dead string // URLs
	name         string // of the dead-letter queue
	endpoint     string
}

func newSQSOfATest(t *testing.T) *sqsOfATest {
	t.Helper()
	endpoint := os.Getenv("EVENTSCOPE_TEST_AWS")
	if endpoint == "" {
		t.Skip("EVENTSCOPE_TEST_AWS names no server")
	}
	account := fmt.Sprintf("%012d", time.Now().UnixNano()%1e12)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "secret-of-the-test", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint} {
		t.Setenv(name, value)
	}
	settings, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{} // of its own, so that no connection outlives the test
	settings.HTTPClient = &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)
	s := &sqsOfATest{T: t, client: sqs.NewFromConfig(settings), name: "orders-dlq", endpoint: endpoint}
	s.dead = s.queue(s.name, nil)
	policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:" + account + ":" + s.name, "maxReceiveCount": 1})
	if err != nil {
		t.Fatal(err)
	}
	s.origin = s.queue("orders", map[string]string{"RedrivePolicy": string(policy)})
	return s
}

func (s *sqsOfATest) queue(name string, attributes map[string]string) string {
	s.Helper()
	out, err := s.client.CreateQueue(s.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_, _ = s.client.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
	})
	return aws.ToString(out.QueueUrl)
}

// bury sends letters, numbered, to the dead-letter queue.
func (s *sqsOfATest) bury(n int) {
	s.Helper()
	for first := 0; first < n; first += 10 {
		var entries []types.SendMessageBatchRequestEntry
		for i := first; i < min(first+10, n); i++ {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(fmt.Sprintf(`{"number":%d}`, i))})
		}
		if _, err := s.client.SendMessageBatch(s.Context(), &sqs.SendMessageBatchInput{QueueUrl: &s.dead, Entries: entries}); err != nil {
			s.Fatal(err)
		}
	}
}

// drain takes all messages that are to be seen in a queue.
func (s *sqsOfATest) drain(url string) (all []types.Message) {
	s.Helper()
	for {
		out, err := s.client.ReceiveMessage(s.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 600, MessageAttributeNames: []string{"All"}})
		if err != nil {
			s.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		all = append(all, out.Messages...)
	}
}

// TestAKilledReplayOfSQSLosesNothing: each letter is at its target, and one that came twice has one
// replay id.
func TestAKilledReplayOfSQSLosesNothing(t *testing.T) {
	const letters = 150
	s := newSQSOfATest(t)
	s.bury(letters)
	url := "sqs://us-east-1/" + s.name
	f := &fire{state: t.TempDir(), url: url, kills: 1, lines: func() int { return 4 }, fuse: 100 * time.Millisecond}
	f.run(t, "replay", url, "--write", "--to", "orders", "--window", "20", "--confirm", strconv.Itoa(letters))
	ids := map[string]map[string]int{} // by body
	for _, m := range s.drain(s.origin) {
		body := aws.ToString(m.Body)
		if ids[body] == nil {
			ids[body] = map[string]int{}
		}
		ids[body][aws.ToString(m.MessageAttributes["x-replay-id"].StringValue)]++
	}
	twice := 0
	for body, of := range ids {
		for id, times := range of {
			if len(of) > 1 || id == "" {
				t.Errorf("%s came under the ids %v", body, of)
			}
			twice += times - 1
		}
	}
	if left := s.drain(s.dead); len(ids) != letters || len(left) != 0 || twice > 2*20 {
		t.Errorf("%d of %d letters came, %d twice, and %d are left", len(ids), letters, twice, len(left))
	}
}
