package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// brokers are real ones, watched from outside while the demonstration runs on them.
type brokers struct {
	t        *testing.T
	config   Config
	messages chan told
}

// onBrokers prepares a demonstration of its own names on the Kafka of EVENTSCOPE_TEST_KAFKA and
// on the RabbitMQ that a variable names, unless that is empty.
func onBrokers(t *testing.T, rabbit string) *brokers {
	kafka := os.Getenv("EVENTSCOPE_TEST_KAFKA")
	if kafka == "" {
		t.Skip("EVENTSCOPE_TEST_KAFKA names no broker")
	}
	config := Config{Kafka: []string{kafka}, Prefix: "shop-" + strings.ToLower(rand.Text()[:8]) + ".", Seed: 3, Rate: 20, Faults: map[Kind]float64{}}
	if rabbit != "" {
		if config.RabbitMQ = os.Getenv(rabbit); config.RabbitMQ == "" {
			t.Skip(rabbit + " names no broker")
		}
	}
	b := &brokers{t: t, config: config, messages: make(chan told, 10_000)}
	t.Cleanup(b.remove)
	return b
}

// remove deletes what the demonstration has made.
func (b *brokers) remove() {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.config.Kafka...))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	admin, system := kadm.NewClient(client), New(b.config)
	groups := []string{}
	for _, service := range system.services {
		groups = append(groups, b.config.Prefix+service.name)
	}
	_, groupError := admin.DeleteGroups(context.Background(), groups...)
	_, topicError := admin.DeleteTopics(context.Background(), system.Topics()...)
	if err := errors.Join(groupError, topicError); err != nil {
		b.t.Error(err)
	}
	if b.config.RabbitMQ == "" {
		return
	}
	link, err := amqp.Dial(b.config.RabbitMQ)
	if err != nil {
		b.t.Fatal(err)
	}
	defer link.Close()
	channel, err := link.Channel()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, destination := range []string{inventory, shipping} {
		names := []string{b.config.Prefix + destination, b.config.Prefix + destination + deadSuffix}
		for _, service := range system.services {
			channel.QueueDelete(system.queue(service, destination), false, false, false)
		}
		channel.QueueDelete(names[1], false, false, false)
		for _, exchange := range names {
			channel.ExchangeDelete(exchange, false, false)
		}
	}
}

// run starts the demonstration and watches everything it publishes until watch is content.
func (b *brokers) run(system *System, watch func(told) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
	defer cancel()
	if err := errors.Join(system.prepareKafka(ctx), b.prepareTaps(ctx, system)); err != nil {
		b.t.Fatal(err)
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(b.config.Kafka...), kgo.ConsumeTopics(system.Topics()...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		b.t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for ctx.Err() == nil {
			reader.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
				m := tell(record)
				m.topic = strings.TrimPrefix(m.topic, b.config.Prefix)
				b.messages <- m
			})
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- system.Run(ctx) }()
	for content := false; !content; {
		select {
		case m := <-b.messages:
			content = watch(m)
		case <-ctx.Done():
			b.t.Errorf("not seen what was to be seen; stats %+v", system.Stats())
			content = true
		}
	}
	cancel()
	if err := <-ended; err != nil {
		b.t.Error(err)
	}
	<-read
	reader.Close()
}

// prepareTaps binds a queue to each of the demonstration's taps.
func (b *brokers) prepareTaps(ctx context.Context, system *System) error {
	if b.config.RabbitMQ == "" {
		return nil
	}
	if err := system.prepareRabbitMQ(); err != nil {
		return err
	}
	link, err := amqp.Dial(b.config.RabbitMQ)
	if err != nil {
		return err
	}
	b.t.Cleanup(func() { link.Close() })
	channel, err := link.Channel()
	if err != nil {
		return err
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	for _, tap := range system.Taps() {
		err = errors.Join(err, channel.QueueBind(queue.Name, tap.Key, tap.Exchange, false, nil))
	}
	if err != nil {
		return err
	}
	deliveries, err := channel.ConsumeWithContext(context.WithoutCancel(ctx), queue.Name, "", true, true, false, false, nil)
	go func() {
		for d := range deliveries {
			m := told{topic: strings.TrimPrefix(d.Exchange, b.config.Prefix), eventType: d.Type, id: d.MessageId, flow: d.CorrelationId, service: d.AppId, body: d.Body, at: time.Now(), headers: map[string]string{}}
			if death, dead := d.Headers["x-death"].([]any); dead {
				m.headers["x-death"], _ = death[0].(amqp.Table)["reason"].(string)
			}
			var p body
			if e, err := decode(&message{body: d.Body}, true); err == nil {
				p.Payload = e.payload
			}
			m.key = p.Payload.OrderID
			b.messages <- m
		}
	}()
	return err
}

// everyBroker runs test on Kafka alone and with each RabbitMQ.
func everyBroker(t *testing.T, test func(t *testing.T, b *brokers)) {
	for _, rabbit := range []string{"", "EVENTSCOPE_TEST_RABBITMQ3", "EVENTSCOPE_TEST_RABBITMQ4"} {
		t.Run("kafka"+strings.ToLower(strings.TrimPrefix(rabbit, "EVENTSCOPE_TEST")), func(t *testing.T) { test(t, onBrokers(t, rabbit)) })
	}
}

func TestStoryOnRealBrokers(t *testing.T) {
	everyBroker(t, func(t *testing.T, b *brokers) {
		system := New(b.config)
		steps := map[string][]string{}
		complete := 0
		b.run(system, func(m told) bool {
			if !slices.Contains(happy, m.eventType) {
				return false
			}
			if onRabbit := b.config.RabbitMQ != "" && (m.topic == inventory || m.topic == shipping); onRabbit && m.service == "" {
				t.Errorf("%s: no service in its properties", m.id)
			}
			if forgot := m.service == "shipping"; forgot != (m.flow == "") {
				t.Errorf("%s of %s: flow %q", m.eventType, m.service, m.flow)
			}
			steps[m.key] = append(steps[m.key], m.eventType)
			if len(steps[m.key]) == len(happy) {
				complete++
				if diff := cmp.Diff(slices.Sorted(slices.Values(happy)), slices.Sorted(slices.Values(steps[m.key]))); diff != "" {
					t.Errorf("%s: %s", m.key, diff)
				}
			}
			return complete >= 40
		})
		if stats := system.Stats(); len(stats.DeadLetters) > 0 || stats.Restarts > 0 || stats.Duplicates > 0 {
			t.Errorf("stats %+v", stats)
		}
	})
}

// A crash of a service that reads from the second broker, a dead letter there, and a
// compensation that crosses from one broker to the other.
func TestTroubleOnRealBrokers(t *testing.T) {
	everyBroker(t, func(t *testing.T, b *brokers) {
		system := New(b.config)
		for _, fault := range []struct {
			service string
			kind    Kind
		}{{"shipping", Crash}, {"shipping", Timeout}, {"inventory", OutOfStock}, {"inventory", Duplicate}} {
			if err := system.Fault(fault.service, string(fault.kind)); err != nil {
				t.Fatal(err)
			}
		}
		waiting, settled := map[string]bool{}, map[string]bool{} // orders that are reserved; shipped or dead
		copies, dead, refunded, restarted := map[string]int{}, 0, 0, false
		b.run(system, func(m told) bool {
			switch {
			case m.topic == inventory+deadSuffix:
				dead++
				settled[m.key] = true
				if m.headers["x-death"] != "rejected" && m.headers["dlq-error-class"] != "ProviderTimeout" {
					t.Errorf("dead letter with %v", m.headers)
				}
			case m.eventType == "InventoryReserved" && !restarted:
				waiting[m.key] = true
			case m.eventType == "ShipmentPrepared":
				settled[m.key] = true
				copies[m.id]++
			case m.eventType == "PaymentRefunded":
				refunded++
			}
			restarted = restarted || system.Stats().Restarts > 0
			return restarted && dead == 1 && refunded == 1 && len(waiting) > 20 && !slices.ContainsFunc(keys(waiting), func(key string) bool { return !settled[key] })
		})
		for id, count := range copies {
			if count > 2 {
				t.Errorf("%s was published %d times", id, count)
			}
		}
	})
}

func keys(set map[string]bool) []string { return slices.Collect(maps.Keys(set)) }

func TestUnreachableBrokersAreNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	err = New(Config{Kafka: []string{address}}).Run(t.Context())
	if !errors.Is(err, adapters.ErrNotConnected) || !strings.Contains(err.Error(), address) {
		t.Errorf("kafka: %v", err)
	}
	if rabbit, known := os.LookupEnv("EVENTSCOPE_TEST_RABBITMQ4"); known {
		where, err := url.Parse(rabbit)
		if err != nil {
			t.Fatal(err)
		}
		where.User = url.UserPassword("nobody", "hush-hush")
		err = New(Config{RabbitMQ: where.String()}).prepareRabbitMQ()
		if !errors.Is(err, adapters.ErrNotAuthenticated) || strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("rabbitmq: %v", err)
		}
	}
	for _, test := range []struct{ url, names string }{
		{"amqp://guest:hush-hush@" + address + "/", address}, {"amqp://guest:hush-hush@%%/", "amqp://user@host:5672/"},
	} {
		err := New(Config{RabbitMQ: test.url}).prepareRabbitMQ()
		if !errors.Is(err, adapters.ErrNotConnected) || !strings.Contains(err.Error(), test.names) || strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("rabbitmq: %v", err)
		}
	}
}
