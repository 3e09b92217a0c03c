package dlq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"eventscope/adapters/aws/client"
)

// fake is a service with one queue for dead letters, asked without a network, so that its clock is
// that of the test.
type fake struct {
	mu       sync.Mutex
	messages []*fakeMessage
	asked    map[string]int
	receipts int
	late     bool   // what is in flight is counted as visible still
	free     bool   // nothing is hidden from anybody
	mute     string // the action that is not answered, and all after it; or empty

	// instead is what answerInstead was given.
	instead func(action string, body map[string]any) (status int, text string, answers bool)
}

type fakeMessage struct {
	id, body, receipt string
	receives          int
	hidden            time.Time // until then it is
}

const fakeAccount = "111122223333"

// newFake has a queue, orders-dlq, with so many letters. Another dead-letters to it.
func newFake(letters int) *fake {
	f := &fake{asked: map[string]int{}}
	for i := range letters {
		f.messages = append(f.messages, &fakeMessage{id: "id-" + strconv.Itoa(i), body: "letter " + strconv.Itoa(i)})
	}
	return f
}

// open is what is said about the dead letters of the fake.
func (f *fake) open(testing.TB) *DeadLetters {
	asked := sqs.New(sqs.Options{
		Region: "us-east-1", HTTPClient: f, DisableMessageChecksumValidation: true,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	return &DeadLetters{Client: &client.Client{SQS: asked, Region: "us-east-1"}, Named: []string{"orders-dlq"}, LettersOnly: true, Write: true, Empties: 1}
}

// Do implements the SDK's HTTPClient.
func (f *fake) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, err
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f.mu.Lock()
	f.asked[action]++
	instead, mute := f.instead, f.mute
	f.mu.Unlock()
	if mute == "*" || mute == action {
		f.silent("*")
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status, answer := http.StatusOK, ""
	answered := false
	if instead != nil {
		status, answer, answered = instead(action, body)
	}
	if !answered {
		if action == "ReceiveMessage" && f.visible() == 0 {
			select {
			case <-time.After(time.Second): // as it is asked to wait
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		status, answer = http.StatusOK, f.answer(action, body)
	}
	return &http.Response{
		StatusCode: status, Request: r, ContentLength: int64(len(answer)), ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(bytes.NewReader([]byte(answer))),
	}, nil
}

// fail makes questions of one kind fail, or none of any.
func (f *fake) fail(which string) {
	f.answerInstead(func(action string, _ map[string]any) (int, string, bool) {
		return http.StatusServiceUnavailable, "", action == which
	})
}

// silent has nothing answered from an action on, or from now on.
func (f *fake) silent(from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mute = from
}

// answerInstead has something else answer in its place, where it answers at all. Nil has it answer
// itself again.
func (f *fake) answerInstead(instead func(action string, body map[string]any) (status int, text string, answers bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instead = instead
}

func (f *fake) count(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[action]
}

// left is how many messages there are, hidden ones too.
func (f *fake) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.messages)
}

// takeElsewhere has somebody else receive messages.
func (f *fake) takeElsewhere(most int, hold time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.receive(most, hold)
}

func (f *fake) visible() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if !m.hidden.After(time.Now()) || f.free {
			n++
		}
	}
	return n
}

func (f *fake) answer(action string, body map[string]any) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var answer any
	switch action {
	case "GetQueueUrl":
		answer = map[string]any{"QueueUrl": "https://sqs.us-east-1.amazonaws.com/" + fakeAccount + "/" + body["QueueName"].(string)}
	case "GetQueueAttributes":
		answer = map[string]any{"Attributes": f.attributes(body["QueueUrl"].(string))}
	case "ListQueues":
		answer = map[string]any{"QueueUrls": []string{"https://sqs.us-east-1.amazonaws.com/" + fakeAccount + "/orders-dlq"}}
	case "ListDeadLetterSourceQueues":
		answer = map[string]any{"queueUrls": []string{"https://sqs.us-east-1.amazonaws.com/" + fakeAccount + "/orders"}}
	case "ReceiveMessage":
		answer = map[string]any{"Messages": f.receive(int(body["MaxNumberOfMessages"].(float64)), time.Duration(body["VisibilityTimeout"].(float64))*time.Second)}
	case "ChangeMessageVisibilityBatch", "DeleteMessageBatch", "SendMessageBatch":
		answer = f.batch(action, body["Entries"].([]any))
	default:
		answer = map[string]any{}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (f *fake) attributes(url string) map[string]string {
	name := url[strings.LastIndexByte(url, '/')+1:]
	attributes := map[string]string{
		"QueueArn":                              "arn:aws:sqs:us-east-1:" + fakeAccount + ":" + name,
		"ApproximateNumberOfMessages":           "0",
		"ApproximateNumberOfMessagesNotVisible": "0",
		"ApproximateNumberOfMessagesDelayed":    "0",
	}
	if !strings.HasPrefix(name, "orders-dlq") {
		return attributes
	}
	hidden := 0
	for _, m := range f.messages {
		if m.hidden.After(time.Now()) {
			hidden++
		}
	}
	if f.late {
		hidden = 0
	}
	attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(len(f.messages)-hidden), strconv.Itoa(hidden)
	return attributes
}

func (f *fake) receive(most int, hold time.Duration) (messages []any) {
	for _, m := range f.messages {
		if len(messages) == most {
			break
		}
		if m.hidden.After(time.Now()) && !f.free {
			continue
		}
		f.receipts++
		m.receives, m.hidden, m.receipt = m.receives+1, time.Now().Add(hold), fmt.Sprint(m.id, "-", f.receipts)
		messages = append(messages, map[string]any{
			"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body,
			"Attributes": map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.receives), "SentTimestamp": "1700000000000"},
		})
	}
	return messages
}

// batch does as a standard queue: who deletes by a receipt that is not the last is told that it is
// done, and nothing is deleted.
func (f *fake) batch(action string, entries []any) any {
	var done []any
	for _, e := range entries {
		e := e.(map[string]any)
		done = append(done, map[string]any{"Id": e["Id"], "MessageId": "new", "MD5OfMessageBody": ""})
		for i, m := range f.messages {
			if m.receipt == "" || m.receipt != e["ReceiptHandle"] {
				continue
			}
			if action == "DeleteMessageBatch" {
				f.messages = append(f.messages[:i:i], f.messages[i+1:]...)
			} else {
				m.hidden = time.Now().Add(time.Duration(e["VisibilityTimeout"].(float64)) * time.Second)
			}
			break
		}
	}
	return map[string]any{"Successful": done, "Failed": []any{}}
}
