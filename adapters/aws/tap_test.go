package aws

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/aws/client"
	"eventscope/adapters/consumer"
	"eventscope/adapters/driver"
)

// listening is a run in the background, and what came of it.
type listening struct {
	source *driver.Source
	cancel context.CancelFunc
	done   chan error

	mu   sync.Mutex
	came []adapters.Message
}

func listen(t *testing.T, source *driver.Source) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &listening{source: source, cancel: cancel, done: make(chan error, 1)}
	go func() {
		l.done <- source.Run(ctx, adapters.End, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			for i := range batch.Messages {
				l.came = append(l.came, batch.Messages[i].Clone())
			}
			batch.Release()
			return nil
		}))
	}()
	t.Cleanup(func() { cancel(); _ = source.Close() })
	adaptertest.Await(t, "a tap", func() bool { return source.Status().Connection == adapters.Live })
	return l
}

func (l *listening) values() (values []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.came {
		values = append(values, string(l.came[i].Value))
	}
	slices.Sort(values)
	return values
}

// ends stops the run, which returns what is wanted.
func (l *listening) ends(t *testing.T) error {
	t.Helper()
	l.cancel()
	return adaptertest.Received(t, "the end of a run", l.done)
}

// taps are the queues of taps, and subscribed the subscriptions that lead to some.
func (p *place) taps(t testing.TB) (urls []string, subscribed int) {
	t.Helper()
	urls, err := p.client.QueueURLs(t.Context(), client.TapPrefix)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.client.Subscriptions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if client.IsTap(s.Queue.Name) {
			subscribed++
		}
	}
	return urls, subscribed
}

// TestATapLeavesNothingBehind: what it makes carries tags and a policy, and goes with it.
func TestATapLeavesNothingBehind(t *testing.T) {
	p := localStack(t)
	topic := p.topic(t, p.name("-topic"))
	l := listen(t, p.open(t, func(c *Config) { c.Topics, c.Names, c.Create = true, []string{topic.Name}, true }))
	urls, subscribed := p.taps(t)
	if len(urls) != 1 || subscribed != 1 {
		t.Fatalf("there are the queues %v and %d subscriptions", urls, subscribed)
	}
	tags, err := p.client.SQS.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: &urls[0]})
	if err != nil || tags.Tags["eventscope"] != "tap" || tags.Tags["eventscope-until"] == "" || tags.Tags["eventscope-owner"] == "" {
		t.Errorf("its tags are %v, %v", tags, err)
	}
	attributes, err := p.client.SQS.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &urls[0], AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil || attributes.Attributes["MessageRetentionPeriod"] != "60" || !strings.Contains(attributes.Attributes["Policy"], topic.String()) {
		t.Errorf("it is %v, %v", attributes, err)
	}
	if err := l.ends(t); err != nil {
		t.Error(err)
	}
	if urls, subscribed := p.taps(t); len(urls) != 0 || subscribed != 0 {
		t.Errorf("left are the queues %v and %d subscriptions", urls, subscribed)
	}
}

// TestWhatAKilledTapLeftIsSwept, and no queue that is in use or of somebody else.
func TestWhatAKilledTapLeftIsSwept(t *testing.T) {
	p := localStack(t)
	topic := p.topic(t, p.name("-topic"))
	tagged := func(name, until string) {
		url := p.queue(t, name, nil)
		if _, err := p.client.SQS.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"eventscope": "tap", "eventscope-until": until}}); err != nil {
			t.Fatal(err)
		}
		p.subscribe(t, topic, name, nil)
	}
	past, ahead := strconv.FormatInt(time.Now().Add(-time.Minute).Unix(), 10), strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	tagged(client.TapPrefix+"left", past)
	tagged(client.TapPrefix+"used", ahead)
	tagged(client.TapPrefix+"odd", "tomorrow")
	p.queue(t, client.TapPrefix+"untagged", nil)
	l := listen(t, p.open(t, func(c *Config) { c.Topics, c.Names, c.Create = true, []string{topic.Name}, true }))
	if err := l.ends(t); err != nil {
		t.Fatal(err)
	}
	urls, subscribed := p.taps(t)
	for i := range urls {
		urls[i] = urls[i][strings.LastIndexByte(urls[i], '/')+1:]
	}
	slices.Sort(urls)
	if want := []string{client.TapPrefix + "odd", client.TapPrefix + "untagged", client.TapPrefix + "used"}; !slices.Equal(urls, want) || subscribed != 2 {
		t.Errorf("left are %v with %d subscriptions, want %v with 2", urls, subscribed, want)
	}
}

// TestATopicKeepsNothing: nobody is behind in it, and nothing lies dead there.
func TestATopicKeepsNothing(t *testing.T) {
	p := localStack(t)
	topic := p.topic(t, p.name("-topic"))
	p.buried(t, "", 3)
	source := p.open(t, func(c *Config) { c.Topics, c.Names = true, []string{topic.Name} })
	t.Cleanup(func() { _ = source.Close() })
	if dlqs, err := source.DeadLetters.DLQs(t.Context()); err != nil || len(dlqs) > 0 {
		t.Errorf("%v, %v", dlqs, err)
	}
	for lag, err := range source.Lag.Lag(t.Context(), consumer.LagQuery{}) {
		t.Errorf("%+v, %v", lag, err)
	}
}

// TestAQueueIsMirrored: a copy comes of what SNS sends to it, by the same filter, and nothing is
// taken from it; that the rest is not seen is said.
func TestAQueueIsMirrored(t *testing.T) {
	p := localStack(t)
	topic, other := p.topic(t, p.name("-topic")), p.topic(t, p.name("-other"))
	name := p.name("-queue")
	url := p.queue(t, name, nil)
	p.subscribe(t, topic, name, map[string]string{"FilterPolicy": `{"kind":["wanted"]}`})
	p.subscribe(t, other, name, map[string]string{"RawMessageDelivery": "true"})
	l := listen(t, p.open(t, func(c *Config) { c.Names, c.Create = []string{name}, true }))
	kind := func(of string) []adapters.Header { return []adapters.Header{{Name: "kind", Value: []byte(of)}} }
	p.publish(t, topic.Name, adapters.Message{Value: []byte("unwanted"), Headers: kind("unwanted")}, adapters.Message{Value: []byte("wanted"), Headers: kind("wanted")})
	p.publish(t, other.Name, adapters.Message{Value: []byte("other")})
	p.send(t, name, adapters.Message{Value: []byte("direct")})
	adaptertest.Await(t, "two copies", func() bool { return len(l.values()) >= 2 })
	if got := l.values(); !slices.Equal(got, []string{"other", "wanted"}) {
		t.Errorf("there came %q", got)
	}
	if at := l.came[0].Position.Destination; at != name {
		t.Errorf("a copy is said to be of %q", at)
	}
	if problems := l.source.Status().Problems; len(problems) != 1 || !strings.Contains(problems[0], "sent to it directly is not seen") {
		t.Errorf("the problems are %q", problems)
	}
	if err := l.ends(t); err != nil {
		t.Error(err)
	}
	if left := p.receive(t, url, 0, 10); len(left) != 3 || sdk.ToString(left[0].MessageId) == "" {
		t.Errorf("%d messages are left of 3", len(left))
	}
}

// TestNothingIsReadThatNobodyAskedFor: without create, a queue is no source of events.
func TestNothingIsReadThatNobodyAskedFor(t *testing.T) {
	p := localStack(t)
	topic, name := p.topic(t, p.name("-topic")), p.name("-queue")
	p.queue(t, name, nil)
	for _, change := range []func(*Config){
		func(c *Config) { c.Topics, c.Names = true, []string{topic.Name} },
		func(c *Config) { c.Names = []string{name} },
		func(c *Config) { c.Names, c.Create = []string{name}, true }, // no topic feeds it
		func(c *Config) { c.Create = true },
	} {
		source := p.open(t, change)
		err := source.Run(t.Context(), adapters.End, nil)
		if !errors.Is(err, errors.ErrUnsupported) || source.Status().Connection != adapters.Failed {
			t.Errorf("a run ends with %v", err)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
	if urls, subscribed := p.taps(t); len(urls)+subscribed > 0 {
		t.Errorf("made were %v and %d subscriptions", urls, subscribed)
	}
}

// TestADeletedQueueOfATapIsMadeAgain, and the time between is a gap.
func TestADeletedQueueOfATapIsMadeAgain(t *testing.T) {
	p := localStack(t)
	topic := p.topic(t, p.name("-topic"))
	l := listen(t, p.open(t, func(c *Config) { c.Topics, c.Names, c.Create = true, []string{topic.Name}, true }))
	urls, _ := p.taps(t)
	if _, err := p.client.SQS.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: &urls[0]}); err != nil {
		t.Fatal(err)
	}
	adaptertest.Await(t, "another queue", func() bool {
		again, _ := p.taps(t)
		return l.source.Status().Connection == adapters.Live && len(again) == 1 && again[0] != urls[0] && len(l.source.Status().Gaps) == 1
	})
	p.publish(t, topic.Name, adapters.Message{Value: []byte("after")})
	adaptertest.Await(t, "what comes after", func() bool { return slices.Equal(l.values(), []string{"after"}) })
	if s := l.source.Status(); !s.DroppedUnknown || s.Gaps[0].Missed != -1 {
		t.Errorf("the status is %+v", s)
	}
	if err := l.ends(t); err != nil {
		t.Error(err)
	}
}

// TestADeletedTopicEndsItsTap in a sentence, as nothing can come any more.
func TestADeletedTopicEndsItsTap(t *testing.T) {
	p := localStack(t)
	topic := p.topic(t, p.name("-topic"))
	l := listen(t, p.open(t, func(c *Config) {
		c.Topics, c.Names, c.Create, c.every = true, []string{topic.Name}, true, 50*time.Millisecond
	}))
	if _, err := p.client.SNS.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: sdk.String(topic.String())}); err != nil {
		t.Fatal(err)
	}
	err := adaptertest.Received(t, "the end of a run", l.done)
	if !errors.Is(err, adapters.ErrUnknownDestination) || !strings.Contains(err.Error(), "topic "+topic.Name+": it was deleted") {
		t.Errorf("the run ends with %v", err)
	}
}

// TestATapSurvivesAnOutage: what was published meanwhile comes, each once.
func TestATapSurvivesAnOutage(t *testing.T) {
	real := localStack(t)
	p, faults := real.throughFaults(t)
	topic := real.topic(t, real.name("-topic"))
	l := listen(t, p.open(t, func(c *Config) { c.Topics, c.Names, c.Create = true, []string{topic.Name}, true }))
	real.publish(t, topic.Name, adapters.Message{Value: []byte("before")})
	adaptertest.Await(t, "what comes before", func() bool { return len(l.values()) == 1 })
	faults.set(func(_ string, w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, 500, "InternalError")
		return true
	})
	faults.CloseClientConnections()
	adaptertest.Await(t, "an outage", func() bool { return l.source.Status().Connection == adapters.Lost })
	if err := l.source.Status().Err; !errors.Is(err, adapters.ErrNotConnected) {
		t.Errorf("it is lost by %v", err)
	}
	real.publish(t, topic.Name, adapters.Message{Value: []byte("during")})
	faults.set(func(string, http.ResponseWriter, *http.Request) bool { return false })
	adaptertest.Await(t, "what came meanwhile", func() bool { return slices.Equal(l.values(), []string{"before", "during"}) })
	if s := l.source.Status(); s.Connection != adapters.Live || len(s.Gaps) > 0 {
		t.Errorf("the status is %+v", s)
	}
	if err := l.ends(t); err != nil {
		t.Error(err)
	}
}
