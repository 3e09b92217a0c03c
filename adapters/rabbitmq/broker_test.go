package rabbitmq

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak" // finds goroutines that outlive the tests

	"eventscope/adapters"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// testBroker is a real broker.
type testBroker struct {
	name    string
	amqp    string // URL
	address string
	user    *url.Userinfo
	host    string // virtual host, or empty for the default
}

func brokerAt(name, at string) (*testBroker, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	return &testBroker{name: name, amqp: at, address: u.Host, user: u.User}, nil
}

// newestBroker names a broker that is tested where there is one: no released system has it.
const newestBroker = variablePrefix + "RABBITMQ43"

const variablePrefix = "EVENTSCOPE_TEST_"

var brokerVariables = []string{variablePrefix + "RABBITMQ3", variablePrefix + "RABBITMQ4", newestBroker}

// onEachBroker runs a test on every broker that the environment names, side by side and beside
// other tests, since most of them wait. One that minds what others have in the virtual host, or
// changes what holds for all of it, takes one for itself (alone).
func onEachBroker(t *testing.T, test func(t *testing.T, b *testBroker)) {
	t.Helper()
	t.Parallel()
	onEachBrokerInTurn(t, func(t *testing.T, b *testBroker) {
		t.Parallel()
		test(t, b)
	})
}

// onEachBrokerInTurn is for tests that peek at the whole process, as for goroutines that are left.
// No other test runs beside them.
func onEachBrokerInTurn(t *testing.T, test func(t *testing.T, b *testBroker)) {
	t.Helper()
	for _, variable := range brokerVariables {
		at := os.Getenv(variable)
		if at == "" && variable == newestBroker {
			continue
		}
		t.Run(strings.TrimPrefix(variable, variablePrefix), func(t *testing.T) {
			if at == "" {
				t.Skipf("%s does not name a broker", variable)
			}
			b, err := brokerAt(t.Name(), at)
			if err != nil {
				t.Fatal(err)
			}
			test(t, b)
		})
	}
}

// config reads the broker as its administrator.
func (b *testBroker) config() Config {
	password, _ := b.user.Password()
	return Config{Name: "test", Address: b.address, User: b.user.Username(), Password: password, VirtualHost: b.host}
}

// alone is the same broker with a virtual host of its own, where nobody else taps.
func (b *testBroker) alone(t testing.TB) *testBroker {
	t.Helper()
	name, client := unique("host"), b.client(t)
	_, err := client.PutVhost(name, rabbithole.VhostSettings{})
	if err == nil {
		_, err = client.UpdatePermissionsIn(name, b.user.Username(), rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.DeleteVhost(name) })
	there := *b
	there.host, there.amqp = name, strings.TrimSuffix(b.amqp, "/")+"/"+name
	return &there
}

// managementURL is where the scripts that start brokers put the API: 10000 above.
func (b *testBroker) managementURL() string {
	host, port, _ := strings.Cut(b.address, ":")
	n, _ := strconv.Atoi(port)
	return fmt.Sprintf("http://%s:%d", host, n+10000)
}

func (b *testBroker) managed() Config {
	c := b.config()
	c.Management = b.managementURL()
	return c
}

// channel is a channel of a connection of its own.
func (b *testBroker) channel(t testing.TB) *amqp.Channel {
	t.Helper()
	connection, err := amqp.Dial(b.amqp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}

func unique(kind string) string { return "eventscope-test-" + kind + "-" + rand.Text()[:8] }

// exchange declares a durable exchange and deletes it after the test.
func (b *testBroker) exchange(t testing.TB, kind string) string {
	t.Helper()
	name := unique(kind)
	if err := b.channel(t).ExchangeDeclare(name, kind, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.channel(t).ExchangeDelete(name, false, false) })
	return name
}

// queue declares a durable queue of a type and deletes it after the test.
func (b *testBroker) queue(t testing.TB, kind string, arguments amqp.Table) string {
	t.Helper()
	name := unique(kind)
	all := amqp.Table{amqp.QueueTypeArg: kind}
	for k, v := range arguments {
		all[k] = v
	}
	if _, err := b.channel(t).QueueDeclare(name, true, false, false, false, all); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.channel(t).QueueDelete(name, false, false, false) })
	return name
}

func (b *testBroker) bind(t testing.TB, queue, key, exchange string, arguments amqp.Table) {
	t.Helper()
	if err := b.channel(t).QueueBind(queue, key, exchange, false, arguments); err != nil {
		t.Fatal(err)
	}
}

// publish publishes with confirms.
func (b *testBroker) publish(t testing.TB, exchange, key string, messages ...amqp.Publishing) {
	t.Helper()
	connection, err := amqp.Dial(b.amqp)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	channel, err := connection.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	var waiting []*amqp.DeferredConfirmation
	settle := func() {
		for _, confirmation := range waiting {
			if !confirmation.Wait() {
				t.Fatal("the broker did not confirm a message")
			}
		}
		waiting = waiting[:0]
	}
	for _, m := range messages {
		confirmation, err := channel.PublishWithDeferredConfirm(exchange, key, false, false, m)
		if err != nil {
			t.Fatal(err)
		}
		if waiting = append(waiting, confirmation); len(waiting) == 500 {
			settle()
		}
	}
	settle()
}

func bodies(prefix string, n int) []amqp.Publishing {
	messages := make([]amqp.Publishing, n)
	for i := range messages {
		messages[i] = amqp.Publishing{Body: fmt.Appendf(nil, "%s %d", prefix, i)}
	}
	return messages
}

// open opens an adapter and closes it after the test.
func open(t testing.TB, c Config) *Adapter {
	t.Helper()
	a, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// tailed is a Run in the background that copies what comes.
type tailed struct {
	adapter  *Adapter
	messages chan adapters.Message
	stop     func()
}

// tailing starts Run and waits until it is live.
func tailing(t testing.TB, a *Adapter, start adapters.Start) *tailed {
	t.Helper()
	tl := &tailed{adapter: a, messages: make(chan adapters.Message, 100_000)}
	tl.stop = running(t, a, start, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			tl.messages <- batch.Messages[i].Clone()
		}
		batch.Release()
		return nil
	}))
	return tl
}

// running starts Run, waits until it is live, and ends it with the test at the latest.
func running(t testing.TB, a *Adapter, start adapters.Start, intake adapters.Intake) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, start, intake) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	awaitStatus(t, a, func(s adapters.Status) bool {
		return s.Connection == adapters.Live || s.Connection == adapters.CatchingUp || len(done) > 0
	})
	return stop
}

const patience = time.Minute // only so that a broken adapter fails rather than hangs

// awaitStatus looks until the status is as wanted.
func awaitStatus(t testing.TB, a *Adapter, wanted func(adapters.Status) bool) adapters.Status {
	t.Helper()
	limit := time.After(patience)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if s := a.Status(); wanted(s) {
			return s
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("the status stays %+v", a.Status())
		}
	}
}

// take waits for n messages.
func (tl *tailed) take(t testing.TB, n int) []adapters.Message {
	t.Helper()
	var got []adapters.Message
	limit := time.After(patience)
	for len(got) < n {
		select {
		case m := <-tl.messages:
			got = append(got, m)
		case <-limit:
			t.Fatalf("got %d messages of %d; status %+v", len(got), n, tl.adapter.Status())
		}
	}
	return got
}

// nothingMore requires that no message waits, after one that was published as the
// last has come.
func (tl *tailed) nothingMore(t testing.TB) {
	t.Helper()
	select {
	case m := <-tl.messages:
		t.Errorf("%q came too", m.Value)
	default:
	}
}

// restricted is a user that may read some exchanges only, and have queues of its own
// as far as a tap needs that.
func (b *testBroker) restricted(t testing.TB, read string) Config {
	t.Helper()
	return b.allowed(t, rabbithole.Permissions{Configure: `^amq\.gen.*`, Write: `^amq\.gen.*`, Read: read})
}

// allowed is a user of these permissions.
func (b *testBroker) allowed(t testing.TB, permissions rabbithole.Permissions) Config {
	t.Helper()
	name, client := unique("user"), b.client(t)
	_, err := client.PutUser(name, rabbithole.UserSettings{Name: name, Password: secret})
	if err == nil {
		_, err = client.UpdatePermissionsIn(cmp.Or(b.host, "/"), name, permissions)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.DeleteUser(name) })
	c := b.config()
	c.User, c.Password = name, secret
	return c
}
