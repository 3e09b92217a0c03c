package servicebus

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/adaptertest"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

func TestConformanceOfDeadLetters(t *testing.T) {
	p := bus(t)
	adaptertest.RunDeadLetters(t, adaptertest.DeadLetterBroker{
		Kind: adapters.Queue, Properties: true, Distinct: true, Shared: true, Unmarked: true, OneWay: true,
		Make: func(t testing.TB) adaptertest.DeadLetterPlace {
			queue, target := p.queue(t, p.name("-queue"), nil), p.queue(t, p.name("-target"), nil)
			dead := queue + string(client.Dead)
			return adaptertest.DeadLetterPlace{
				Name: dead, Target: deadletter.Target(target), Nowhere: deadletter.Target(p.name("-nowhere")), TargetOf: Driver.TargetOf,
				Bury: func(t testing.TB, letters ...adapters.Message) {
					p.publish(t, queue, letters...)
					p.bury(t, queue, len(letters), "timeout", "")
				},
				Open: func(t testing.TB, write bool) deadletter.Queues {
					source := p.open(t, func(c *Config) { c.Names, c.Write, c.Purpose = []string{dead}, write, driver.ToInspect })
					t.Cleanup(func() { _ = source.Close() })
					return source.DeadLetters
				},
				Received: func(t testing.TB) (copies []adapters.Message) {
					for _, m := range p.takeAll(t, target) {
						copies = append(copies, message.From(m, client.Entity{Name: target}))
					}
					return copies
				},
			}
		},
	})
}

// takeAll takes all that lies in a queue.
func (p *place) takeAll(t testing.TB, queue string) []*amqp.Message {
	t.Helper()
	counts, err := p.client.Counts(t.Context(), client.Entity{Name: queue})
	if err != nil {
		t.Fatal(err)
	}
	return p.take(t, queue, int(counts.Active))
}

// TestDuplicateDetectionSwallowsNoReplay: a target that has seen the id of a letter takes its copy all the
// same, and a copy that is sent twice under one replay id once.
func TestDuplicateDetectionSwallowsNoReplay(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	target := p.queue(t, p.name(""), func(q *admin.QueueProperties) { q.RequiresDuplicateDetection = ptr(true) })
	letter := func() *amqp.Message {
		return &amqp.Message{Data: [][]byte{[]byte("letter")}, Properties: &amqp.MessageProperties{MessageID: "seen"}}
	}
	p.send(t, target, letter())
	p.take(t, target, 1)
	p.send(t, queue, letter())
	p.bury(t, queue, 1, "test", "")
	d := p.open(t, func(c *Config) { c.Names, c.Write, c.Purpose = []string{queue}, true, driver.ToInspect })
	defer d.Close()
	reached, err := d.DeadLetters.Recipients(t.Context(), []deadletter.Target{deadletter.Target(target)})
	if err != nil || !strings.Contains(strings.Join(reached[0].Warnings, ";"), "replay id as its id") {
		t.Errorf("nobody is told: %+v, %v", reached, err)
	}
	err = d.DeadLetters.Peek(t.Context(), deadletter.Peek{DLQ: queue + string(client.Dead)}, func(part []deadletter.Delivery) error {
		publisher, err := d.DeadLetters.Publisher(t.Context())
		if err != nil {
			return err
		}
		defer publisher.Close()
		for range 2 {
			outcomes, err := publisher.Send(t.Context(), []deadletter.Copy{{Of: &part[0], To: deadletter.Target(target), Add: []adapters.Header{{Name: "x-replay-id", Value: []byte("r-1")}}}}, nil)(t.Context())
			if err := errors.Join(err, errors.Join(outcomes...)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	copies := p.takeAll(t, target)
	if len(copies) != 1 || copies[0].Properties.MessageID != "r-1" || copies[0].ApplicationProperties["x-replay-of"] != "seen" {
		t.Errorf("there came %d copies", len(copies))
	}
}

// TestWhereNothingIsSent: what could lose a copy is no target, whoever names it.
func TestWhereNothingIsSent(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	nobody, all := p.topic(t, p.name("")), p.topic(t, p.name(""), "audit", "billing")
	only := p.topic(t, p.name(""))
	if _, err := p.admin.CreateSubscription(t.Context(), only, "red", &admin.CreateSubscriptionOptions{Properties: &admin.SubscriptionProperties{DefaultRule: &admin.RuleProperties{Name: "red", Filter: &admin.SQLFilter{Expression: "color = 'red'"}}}}); err != nil {
		t.Fatal(err)
	}
	source := p.open(t, func(c *Config) { c.Names, c.Purpose = []string{queue}, driver.ToInspect })
	defer source.Close()
	for target, says := range map[string]string{
		queue: "", all: "", queue + "/$DeadLetterQueue": "the service alone", all + "/audit": "other subscriptions receive it as well",
		nobody: "what none takes is lost", only: "what none takes is lost",
	} {
		reached, err := source.DeadLetters.Recipients(t.Context(), []deadletter.Target{deadletter.Target(target)})
		if err != nil || (reached[0].Forbidden == "") != (says == "") || !strings.Contains(reached[0].Forbidden, says) || says == "" && !reached[0].Exists {
			t.Errorf("%s is %+v, %v", target, reached, err)
		}
		if target == all && (len(reached[0].Readers) != 2 || reached[0].Kind != adapters.Topic || len(reached[0].Warnings) != 1) {
			t.Errorf("a topic is %+v", reached[0])
		}
	}
	reader := p.open(t, func(c *Config) {
		c.Names, c.Secret = []string{queue}, &client.Secret{Host: p.secret.Host, KeyName: "listener", Key: "listener-secret"}
	})
	defer reader.Close()
	if reached, err := reader.DeadLetters.Recipients(t.Context(), []deadletter.Target{deadletter.Target(queue)}); err != nil || !strings.Contains(reached[0].Denied, "Send") {
		t.Errorf("without the right it is %+v, %v", reached, err)
	}
}

// TestForwardedLettersAreFound where they lie, with where they died.
func TestForwardedLettersAreFound(t *testing.T) {
	p := bus(t)
	grave := p.queue(t, p.name("-grave"), nil)
	queue := p.queue(t, p.name(""), func(q *admin.QueueProperties) { q.ForwardDeadLetteredMessagesTo = &grave })
	p.send(t, queue, amqp.NewMessage([]byte("letter")))
	p.bury(t, queue, 1, "PaymentDeclined", "card expired")
	source := p.open(t, func(c *Config) { c.Names, c.Purpose = []string{grave}, driver.ToInspect })
	defer source.Close()
	dlqs, err := source.DeadLetters.DLQs(t.Context())
	if err != nil || len(dlqs) != 2 || dlqs[0].Name != grave || dlqs[0].Messages != 1 || !slices.Equal(dlqs[0].Sources, []string{queue}) {
		t.Fatalf("%+v, %v", dlqs, err)
	}
	if err := source.DeadLetters.Peek(t.Context(), deadletter.Peek{DLQ: grave}, func(part []deadletter.Delivery) error {
		death, dead := deadheader.Read(&part[0].Message)
		if !dead || death.Origin != queue || death.Reason != "PaymentDeclined" || death.Message != "card expired" {
			t.Errorf("it tells %+v", death)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestLocksAreKept for longer than they last, and what a redrive holds comes to nobody else meanwhile.
func TestLocksAreKept(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), func(q *admin.QueueProperties) { q.LockDuration = ptr("PT2S") })
	p.send(t, queue, amqp.NewMessage([]byte("letter")))
	p.bury(t, queue, 1, "test", "")
	source := p.open(t, func(c *Config) { c.Names, c.Write, c.Purpose = []string{queue}, true, driver.ToInspect })
	defer source.Close()
	dead := queue + string(client.Dead)
	at := adapters.Position{Destination: dead, Partition: adapters.NoPartition, Offset: 1}
	r, err := source.DeadLetters.Redrive(t.Context(), deadletter.Order{DLQ: dead, Run: "r", Letters: []adapters.Position{at}})
	if err != nil {
		t.Fatal(err)
	}
	held, err := r.Next(t.Context(), 1)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); { // which asks all the time
		if _, err := source.DeadLetters.DLQs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r.Overdue() {
		t.Error("the lock was not kept")
	}
	if err := errors.Join(r.Acknowledge(t.Context(), held), r.Close()); err != nil {
		t.Error(err)
	}
}
