package servicebus

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin" // which makes what is read here
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

// place is a namespace in which a test makes what it needs.
type place struct {
	secret     client.Secret
	management string // of an emulator
	admin      *admin.Client
	client     *client.Client

	mu      sync.Mutex
	senders map[string]*amqp.Sender
}

// bus is the namespace of EVENTSCOPE_TEST_SERVICEBUS, a connection string. Of an emulator the
// management API is at the next port.
func bus(t testing.TB) *place {
	t.Helper()
	text := os.Getenv("EVENTSCOPE_TEST_SERVICEBUS")
	if text == "" {
		t.Skip("EVENTSCOPE_TEST_SERVICEBUS names no Service Bus")
	}
	secret, err := client.ParseConnectionString(text)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{secret: secret, senders: map[string]*amqp.Sender{}}
	if secret.Emulator {
		host, port, _ := net.SplitHostPort(secret.Host)
		number, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		p.management = "http://" + net.JoinHostPort(host, strconv.Itoa(number+1))
	}
	if p.client, err = client.Open(p.config().Config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.client.Close)
	options := &admin.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: rewriting(strings.TrimPrefix(p.management, "http://"))}}
	if p.admin, err = admin.NewClientFromConnectionString(strings.ReplaceAll(text, ";UseDevelopmentEmulator=true", ""), options); err != nil {
		t.Fatal(err)
	}
	return p
}

// rewriting asks an emulator, without encryption.
type rewriting string

func (r rewriting) Do(request *http.Request) (*http.Response, error) {
	if r != "" {
		request.URL.Scheme, request.URL.Host = "http", string(r)
	}
	return http.DefaultClient.Do(request)
}

func (p *place) config() Config {
	return Config{Config: client.Config{Address: p.secret.Host, Management: p.management, Plain: p.secret.Emulator, Secret: &p.secret}}
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

// name is one that nothing else has.
func (p *place) name(end string) string { return "t-" + rand.Text()[:10] + end }

func ptr[T any](value T) *T { return &value }

// queue makes a queue until the end of the test.
func (p *place) queue(t testing.TB, name string, change func(*admin.QueueProperties)) string {
	t.Helper()
	properties := &admin.QueueProperties{}
	if p.secret.Emulator {
		properties.MaxMessageSizeInKilobytes = ptr(int64(100 << 10))
	}
	if change != nil {
		change(properties)
	}
	if _, err := p.admin.CreateQueue(t.Context(), name, &admin.CreateQueueOptions{Properties: properties}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.remove(t, name) })
	return name
}

// remove removes a queue or topic, if it is there.
func (p *place) remove(t testing.TB, name string) {
	_, _ = p.admin.DeleteQueue(context.WithoutCancel(t.Context()), name, nil) // which a test may have done
}

// topic makes a topic with subscriptions.
func (p *place) topic(t testing.TB, name string, subscriptions ...string) string {
	t.Helper()
	if _, err := p.admin.CreateTopic(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = p.admin.DeleteTopic(context.Background(), name, nil) })
	for _, one := range subscriptions {
		if _, err := p.admin.CreateSubscription(t.Context(), name, one, nil); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// send sends messages to a queue or topic in order, and waits until all were taken.
func (p *place) send(t testing.TB, entity string, messages ...*amqp.Message) {
	t.Helper()
	sender := p.sender(t, entity)
	receipts := make([]amqp.SendReceipt, len(messages))
	for i, m := range messages {
		var err error
		if receipts[i], err = sender.SendWithReceipt(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range receipts {
		state, err := receipts[i].Wait(t.Context())
		if _, accepted := state.(*amqp.StateAccepted); err != nil || !accepted {
			t.Fatalf("message %d: %v, %v", i, state, err)
		}
	}
}

func (p *place) sender(t testing.TB, entity string) *amqp.Sender {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.senders[entity] != nil {
		return p.senders[entity]
	}
	conn, err := p.client.Shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := client.Parse(entity)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := conn.Sender(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	p.senders[entity] = sender
	return sender
}

// forget has the sender of an entity made anew.
func (p *place) forget(entity string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.senders, entity)
}

// publish sends messages of the contract.
func (p *place) publish(t testing.TB, entity string, messages ...adapters.Message) {
	t.Helper()
	all := make([]*amqp.Message, len(messages))
	for i := range messages {
		all[i] = message.FromOther(&messages[i])
	}
	p.send(t, entity, all...)
}

// take receives messages of an entity and removes them.
func (p *place) take(t testing.TB, entity string, n int) (all []*amqp.Message) {
	t.Helper()
	p.receive(t, entity, true, n, func(_ *amqp.Receiver, m *amqp.Message) { all = append(all, m) })
	return all
}

// receive receives messages of an entity, which are removed by that or locked, and does something with
// each.
func (p *place) receive(t testing.TB, entity string, removed bool, n int, each func(*amqp.Receiver, *amqp.Message)) {
	t.Helper()
	conn, err := p.client.Shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := client.Parse(entity)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := conn.Receiver(t.Context(), e, removed)
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close(t.Context())
	if n == 0 {
		return
	}
	if err := receiver.IssueCredit(uint32(n)); err != nil {
		t.Fatal(err)
	}
	for range n {
		m, err := receiver.Receive(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		each(receiver, m)
	}
}

// double asks the emulator for something that only it can do.
func (p *place) double(t testing.TB, what string) {
	t.Helper()
	if p.management == "" {
		t.Skip("EVENTSCOPE_TEST_SERVICEBUS is no emulator")
	}
	response, err := http.Post(p.management+"/$double/"+what, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatal(fmt.Sprint(what, " is answered with ", response.Status))
	}
}
