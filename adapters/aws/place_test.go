package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/goleak"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/driver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a service with an account that nobody else uses, or a server without accounts.
type place struct {
	endpoint string
	account  string
	client   *client.Client
	made     atomic.Int64
	prefix   string
}

// localStack is the double that has topics too; elasticMQ is strict, and hands standard queues out
// in any order.
func localStack(t testing.TB) *place { return newPlace(t, "EVENTSCOPE_TEST_AWS") }
func elasticMQ(t testing.TB) *place  { return newPlace(t, "EVENTSCOPE_TEST_SQS") }

func newPlace(t testing.TB, variable string) *place {
	t.Helper()
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		t.Skipf("%s names no server", variable)
	}
	p := &place{endpoint: endpoint, account: fmt.Sprintf("%012d", rand.Int64N(1e12)), prefix: fmt.Sprintf("t%d-", rand.Int64N(1e9))}
	var err error
	if p.client, err = client.Open(t.Context(), p.config().Config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.client.Close)
	return p
}

// config is how the place is opened. One answer without messages proves that a double is empty.
func (p *place) config() Config {
	return Config{Config: client.Config{
		Region: "us-east-1", Endpoint: p.endpoint, Credentials: credentials.NewStaticCredentialsProvider(p.account, "secret-of-the-test", ""),
	}, empties: 1, hold: 4 * time.Second}
}

func (p *place) open(t testing.TB, change func(*Config)) *driver.Source {
	t.Helper()
	config := p.config()
	change(&config)
	a, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return a.Source()
}

func (p *place) name(end string) string { return fmt.Sprint(p.prefix, p.made.Add(1), end) }

// queue makes a queue. It goes with the test.
func (p *place) queue(t testing.TB, name string, attributes map[string]string) string {
	t.Helper()
	if client.IsFIFO(name) {
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	out, err := p.client.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = p.client.SQS.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
	})
	return sdk.ToString(out.QueueUrl)
}

// buried makes a queue whose letters go to another, which is made too, and returns the names.
func (p *place) buried(t testing.TB, end string, receives int) (origin, dead string) {
	t.Helper()
	dead = p.name("-dlq" + end)
	p.queue(t, dead, nil)
	q, err := p.client.Queue(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	origin = strings.TrimSuffix(dead, "-dlq"+end) + end
	p.queue(t, origin, map[string]string{"RedrivePolicy": redrivePolicy(q.ARN, receives)})
	return origin, dead
}

func redrivePolicy(to client.ARN, receives int) string {
	text, _ := json.Marshal(map[string]any{"deadLetterTargetArn": to.String(), "maxReceiveCount": receives})
	return string(text)
}

// send sends messages to a queue, each in a group of its own where the queue keeps order.
func (p *place) send(t testing.TB, name string, messages ...adapters.Message) {
	t.Helper()
	url, err := p.client.QueueURL(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for first := 0; first < len(messages); first += 10 {
		var entries []types.SendMessageBatchRequestEntry
		for i := first; i < min(first+10, len(messages)); i++ {
			m := &messages[i]
			e := types.SendMessageBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), MessageBody: sdk.String(string(m.Value)), MessageAttributes: map[string]types.MessageAttributeValue{}}
			for _, h := range m.Headers {
				e.MessageAttributes[h.Name] = types.MessageAttributeValue{DataType: sdk.String("String"), StringValue: sdk.String(string(h.Value))}
			}
			if client.IsFIFO(name) {
				e.MessageGroupId, e.MessageDeduplicationId = sdk.String(fmt.Sprintf("g%06d", p.made.Add(1))), sdk.String(fmt.Sprint("d", rand.Uint64()))
			}
			if m.Key != nil {
				e.MessageGroupId = sdk.String(string(m.Key))
			}
			entries = append(entries, e)
		}
		out, err := p.client.SQS.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
		if err != nil || len(out.Failed) > 0 {
			t.Fatal(err, out)
		}
	}
}

// take receives all messages of a queue and deletes them.
func (p *place) take(t testing.TB, name string) (messages []types.Message) {
	t.Helper()
	url, err := p.client.QueueURL(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for {
		part := p.receive(t, url, 60, 10)
		if len(part) == 0 {
			return messages
		}
		messages = append(messages, part...)
		for _, m := range part {
			if _, err := p.client.SQS.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (p *place) receive(t testing.TB, url string, hidden, most int32) []types.Message {
	t.Helper()
	out, err := p.client.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: most, VisibilityTimeout: hidden, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

// topic makes a topic.
func (p *place) topic(t testing.TB, name string) client.ARN {
	t.Helper()
	attributes := map[string]string{}
	if client.IsFIFO(name) {
		attributes["FifoTopic"] = "true"
	}
	out, err := p.client.SNS.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	arn, ok := client.ParseARN(sdk.ToString(out.TopicArn))
	if !ok {
		t.Fatal(sdk.ToString(out.TopicArn))
	}
	t.Cleanup(func() {
		_, _ = p.client.SNS.DeleteTopic(context.Background(), &sns.DeleteTopicInput{TopicArn: sdk.String(arn.String())})
	})
	return arn
}

// subscribe lets a topic feed a queue.
func (p *place) subscribe(t testing.TB, topic client.ARN, queue string, attributes map[string]string) {
	t.Helper()
	q, err := p.client.Queue(t.Context(), queue)
	if err == nil {
		_, err = p.client.SNS.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: sdk.String(topic.String()), Protocol: sdk.String("sqs"), Endpoint: sdk.String(q.ARN.String()), Attributes: attributes})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// publish publishes messages to a topic, as many at once as the service takes.
func (p *place) publish(t testing.TB, topic string, messages ...adapters.Message) {
	t.Helper()
	arn := client.ARN{Partition: "aws", Service: "sns", Region: "us-east-1", Account: p.account, Name: topic}
	var entries []snstypes.PublishBatchRequestEntry
	size := 0
	flush := func() {
		t.Helper()
		if len(entries) == 0 {
			return
		}
		out, err := p.client.SNS.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: sdk.String(arn.String()), PublishBatchRequestEntries: entries})
		if err != nil || len(out.Failed) > 0 {
			t.Fatal(err, out)
		}
		entries, size = nil, 0
	}
	for i := range messages {
		m := &messages[i]
		if len(entries) == 10 || size+len(m.Value) > 200<<10 {
			flush()
		}
		e := snstypes.PublishBatchRequestEntry{Id: sdk.String(strconv.Itoa(i)), Message: sdk.String(string(m.Value)), MessageAttributes: map[string]snstypes.MessageAttributeValue{}}
		for _, h := range m.Headers {
			if strings.ContainsFunc(string(h.Value), func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
				e.MessageAttributes[h.Name] = snstypes.MessageAttributeValue{DataType: sdk.String("Binary"), BinaryValue: h.Value}
			} else {
				e.MessageAttributes[h.Name] = snstypes.MessageAttributeValue{DataType: sdk.String("String"), StringValue: sdk.String(string(h.Value))}
			}
		}
		entries, size = append(entries, e), size+len(m.Value)
	}
	flush()
}

// faulty is a server before the service, which answers in its place what a test wants.
type faulty struct {
	*httptest.Server
	hook atomic.Pointer[func(action string, w http.ResponseWriter, r *http.Request) bool]
}

// throughFaults lets the place be asked through a server of its own.
func (p *place) throughFaults(t testing.TB) (*place, *faulty) {
	t.Helper()
	to, err := url.Parse(p.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{
		Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	f := &faulty{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if hook := f.hook.Load(); hook != nil && (*hook)(action, w, r) {
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
		transport.CloseIdleConnections()
	})
	through := &place{endpoint: f.URL, account: p.account, client: p.client, prefix: p.prefix}
	return through, f
}

func (f *faulty) set(hook func(action string, w http.ResponseWriter, r *http.Request) bool) {
	f.hook.Store(&hook)
}

// stop makes nobody answer any more.
func (f *faulty) stop() {
	f.Listener.Close()
	f.CloseClientConnections()
}

// refuse answers as SQS does with an error.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":"com.amazonaws.sqs#%s","message":"said by the test"}`, code)
}
