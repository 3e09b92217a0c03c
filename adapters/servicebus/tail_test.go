package servicebus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus/admin"
	"github.com/Azure/go-amqp"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/servicebus/message"
)

// seen collects what a run delivers.
type seen struct {
	mu   sync.Mutex
	all  []adapters.Message
	came chan struct{}
}

func (s *seen) Put(_ context.Context, batch *adapters.Batch) error {
	s.mu.Lock()
	for i := range batch.Messages {
		s.all = append(s.all, batch.Messages[i].Clone())
	}
	s.mu.Unlock()
	batch.Release()
	select {
	case s.came <- struct{}{}:
	default:
	}
	return nil
}

func (s *seen) messages() []adapters.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// await waits until what was seen is as wanted.
func (s *seen) await(t *testing.T, wanted func([]adapters.Message) bool) []adapters.Message {
	t.Helper()
	limit := time.After(time.Minute)
	for !wanted(s.messages()) {
		select {
		case <-s.came:
		case <-limit:
			t.Fatalf("there came only %d messages", len(s.messages()))
		}
	}
	return s.messages()
}

func atLeast(n int) func([]adapters.Message) bool {
	return func(all []adapters.Message) bool { return len(all) >= n }
}

// run runs a source until the end of the test, and waits until it is live.
func run(t *testing.T, source *driver.Source, start adapters.Start) *seen {
	t.Helper()
	s := &seen{came: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx, start, s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !adapters.IsPermanent(err) {
			t.Error(err)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
	awaitStatus(t, source, func(s adapters.Status) bool { return s.Connection >= adapters.Live })
	return s
}

func awaitStatus(t *testing.T, source *driver.Source, wanted func(adapters.Status) bool) adapters.Status {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(time.Minute); ; <-tick.C {
		status := source.Status()
		if wanted(status) {
			return status
		}
		if time.Now().After(limit) {
			t.Fatalf("the status stays %+v", status)
		}
	}
}

// TestWhatWasConsumedIsCounted: what a consumer takes before it was seen is missing, and the status
// says exactly how many they are.
func TestWhatWasConsumedIsCounted(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	p.send(t, queue, amqp.NewMessage([]byte("first")))
	source := p.open(t, func(c *Config) { c.Names = []string{queue} })
	s := run(t, source, adapters.Beginning)
	s.await(t, atLeast(1))
	p.take(t, queue, 1)
	sent, consumed := 1, 0
	for range 20 { // beside the reading, so that some of it is seen and some is not
		for range 7 {
			p.send(t, queue, amqp.NewMessage(fmt.Append(nil, sent)))
			sent++
		}
		consumed += len(p.take(t, queue, 7))
	}
	p.send(t, queue, amqp.NewMessage([]byte("last")))
	sent++
	got := s.await(t, func(all []adapters.Message) bool { return len(all) > 0 && string(all[len(all)-1].Value) == "last" })
	status := source.Status()
	if status.Dropped != int64(sent-len(got)) || status.DroppedUnknown || status.Dropped == 0 {
		t.Errorf("of %d messages %d were seen and %d consumed, and %d are said to be missed", sent, len(got), consumed, status.Dropped)
	}
	sum := int64(0)
	for _, gap := range status.Gaps {
		sum += gap.Missed
	}
	if sum > status.Dropped || sum == 0 {
		t.Errorf("the gaps are %+v", status.Gaps)
	}
}

// TestNothingIsTaken by reading: no receiver, no lock, no delivery is counted.
func TestNothingIsTaken(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	p.send(t, queue, amqp.NewMessage([]byte("stays")))
	for range 25 {
		source := p.open(t, func(c *Config) { c.Names = []string{queue} })
		if got := scanned(t, source); len(got) != 1 || got[0].Redelivered {
			t.Fatalf("seen are %d", len(got))
		}
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if m := p.take(t, queue, 1)[0]; m.Header.DeliveryCount != 0 || string(m.GetData()) != "stays" {
		t.Errorf("it was delivered %d times before", m.Header.DeliveryCount)
	}
}

func scanned(t *testing.T, source *driver.Source) []adapters.Message {
	t.Helper()
	s := &seen{came: make(chan struct{}, 1)}
	if err := source.Scan(t.Context(), adapters.Range{From: adapters.Beginning}, s); err != nil {
		t.Fatal(err)
	}
	return s.messages()
}

// TestEverythingThatKeepsMessagesIsRead: subscriptions by name or by their topic, sessions, what is
// scheduled, and dead letters.
func TestEverythingThatKeepsMessagesIsRead(t *testing.T) {
	p := bus(t)
	topic := p.topic(t, p.name(""), "audit", "billing")
	sessions := p.queue(t, p.name(""), func(q *admin.QueueProperties) { q.RequiresSession = ptr(true) })
	queue := p.queue(t, p.name(""), func(q *admin.QueueProperties) { q.DefaultMessageTimeToLive = ptr("PT1H") })
	p.send(t, topic, amqp.NewMessage([]byte("event")))
	p.send(t, sessions, &amqp.Message{Data: [][]byte{[]byte("of a session")}, Properties: &amqp.MessageProperties{GroupID: ptr("s-1")}})
	p.send(t, queue, &amqp.Message{Data: [][]byte{[]byte("later")}, Annotations: amqp.Annotations{"x-opt-scheduled-enqueue-time": time.Now().Add(time.Hour)}})
	for names, want := range map[string]string{
		topic: topic + "/audit event, " + topic + "/billing event", topic + "/audit": topic + "/audit event", topic + "/Subscriptions/billing": topic + "/billing event",
		sessions: sessions + " s-1 of a session", queue: queue + " later MessageState=scheduled",
	} {
		source := p.open(t, func(c *Config) { c.Names = []string{names} })
		var got []string
		for _, m := range scanned(t, source) {
			text := m.Position.Destination
			if m.Key != nil {
				text += " " + string(m.Key)
			}
			text += " " + string(m.Value)
			if state, ok := m.Header(message.State); ok {
				text += " " + message.State + "=" + string(state)
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s is read as %s, want %s", names, text, want)
		}
		_ = source.Close()
	}
}

// TestARunOutlivesItsConnection: it goes on where it was, and nothing comes twice.
func TestARunOutlivesItsConnection(t *testing.T) {
	p := bus(t)
	queue := p.queue(t, p.name(""), nil)
	source := p.open(t, func(c *Config) { c.Names = []string{queue} })
	s := run(t, source, adapters.End)
	p.send(t, queue, amqp.NewMessage([]byte("before")))
	s.await(t, atLeast(1))
	p.double(t, "detach?entity="+queue)
	p.forget(queue)
	awaitStatus(t, source, func(s adapters.Status) bool { return s.Connection == adapters.Lost && s.Err != nil })
	p.send(t, queue, amqp.NewMessage([]byte("after")))
	got := s.await(t, atLeast(2))
	if len(got) != 2 || string(got[1].Value) != "after" || source.Status().Dropped != 0 {
		t.Errorf("there came %d messages, %d are missed", len(got), source.Status().Dropped)
	}
}
