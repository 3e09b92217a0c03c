package tuitest

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
	"eventscope/tui"
)

// Source is a broker in memory.
type Source struct {
	Name   string
	Broker adapters.Broker

	intake adapters.Intake
	mutex  sync.Mutex
	kept   map[adapters.Position]adapters.Message
	next   map[adapters.Log]int64
	status adapters.Status
	slow   chan struct{} // while set, Fetch waits for it
}

// Status is what the source says of itself.
func (s *Source) Status() adapters.Status {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.status
}

// Set changes what the source says of itself.
func (s *Source) Set(change func(status *adapters.Status)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(&s.status)
}

// Hold makes reads by position wait until the returned function is called.
func (s *Source) Hold() (release func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	slow := make(chan struct{})
	s.slow = slow
	return func() { close(slow) }
}

// Forget drops what was kept, as a broker does when retention passed.
func (s *Source) Forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	clear(s.kept)
}

// Fetch implements adapters.Fetcher.
func (s *Source) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		s.mutex.Lock()
		slow := s.slow
		s.mutex.Unlock()
		if slow != nil {
			select {
			case <-slow:
			case <-ctx.Done():
				yield(adapters.Message{}, ctx.Err())
				return
			}
		}
		for _, position := range positions {
			if err := ctx.Err(); err != nil {
				yield(adapters.Message{}, err)
				return
			}
			s.mutex.Lock()
			m, ok := s.kept[position]
			s.mutex.Unlock()
			err := error(nil)
			if !ok {
				err = fmt.Errorf("%s: %w", position, adapters.ErrGone)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// System is a store with the sources "kafka" and "rabbitmq".
type System struct {
	Store           *tracing.Store
	Kafka, RabbitMQ *Source
}

// NewSystem runs a store until ctx ends; stopped is closed after it has.
func NewSystem(ctx context.Context, config tracing.Config) (system *System, stopped <-chan struct{}) {
	s := &System{Store: tracing.New(config)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Store.Run(ctx); err != nil {
			panic(err) // it is only ever run once
		}
	}()
	s.Kafka, s.RabbitMQ = s.attach("kafka", "kafka", 4), s.attach("rabbitmq", "rabbitmq", 2)
	return s, done
}

// Story runs a test in virtual time over a system of two brokers.
func Story(t *testing.T, tell func(t *testing.T, s *System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		s, stopped := NewSystem(ctx, tracing.Config{KeepRecent: true, Memory: 8 << 20})
		t.Cleanup(func() { cancel(); <-stopped })
		tell(t, s)
	})
}

// Tell puts events into the store, in their order, or fails.
func (s *System) Tell(t *testing.T, events ...Event) {
	t.Helper()
	if err := s.Put(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func (s *System) attach(name string, broker adapters.Broker, destinations int) *Source {
	source := &Source{Name: name, Broker: broker, kept: map[adapters.Position]adapters.Message{}, next: map[adapters.Log]int64{}}
	source.status = adapters.Status{Connection: adapters.Live, Destinations: destinations, BehindBy: 0}
	if broker == "rabbitmq" {
		source.status.BehindBy = -1
	}
	source.intake = s.Store.Attach(tracing.Source{Name: name, Broker: broker, Fetch: source, Gaps: func() []adapters.Gap { return source.Status().Gaps }})
	return source
}

// Options are those of a screen over the system.
func (s *System) Options() tui.Options {
	return tui.Options{
		Querier: s.Store, Title: "test", ReadOnly: "READ-ONLY", Theme: "dark",
		Sources: []tui.Source{
			{Name: "kafka", Broker: "kafka", Status: s.Kafka.Status},
			{Name: "rabbitmq", Broker: "rabbitmq", Status: s.RabbitMQ.Status},
		},
		Words: map[adapters.Broker]driver.Words{
			"kafka":    {Product: "Kafka", Read: "topic", ReadMany: "topics", Target: "a topic", Seen: adapters.Topic},
			"rabbitmq": {Product: "RabbitMQ", Read: "tap", ReadMany: "taps", Target: "a queue, or exchange:routing-key", Seen: adapters.Exchange},
		},
	}
}

// Event is a message as a story tells it.
type Event struct {
	Source  *Source
	To      string // topic or exchange
	Key     string // none when empty, unless it is said to be there
	Keyed   bool
	At      time.Time
	AtRaw   int64 // what is no time
	Type    string
	Service string
	Flow    string // correlation id, none when empty
	ID      string // event id
	Cause   string // id of the event that led to it
	Value   string // body; one that says the same when empty
	Deleted bool   // a tombstone: no value at all
	Past    bool   // it was there before the reading began
	Headers []adapters.Header

	Properties *adapters.Properties // of a message of RabbitMQ
}

// Put puts events into the store, in their order, and returns when they are indexed.
func (s *System) Put(ctx context.Context, events ...Event) error {
	for _, e := range events {
		m := e.Source.message(e)
		if err := e.Source.intake.Put(ctx, &adapters.Batch{Messages: []adapters.Message{m}, Past: e.Past}); err != nil {
			return err
		}
		if err := s.Store.Sync(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Flood puts n copies of an event with different ids, as one batch.
func (s *System) Flood(ctx context.Context, e Event, n int) error {
	batch := &adapters.Batch{Messages: make([]adapters.Message, n)}
	for i := range batch.Messages {
		each := e
		each.Flow = fmt.Sprintf("%s-%d", e.Flow, i)
		each.ID = fmt.Sprintf("%s-%d", e.ID, i)
		batch.Messages[i] = e.Source.message(each)
	}
	if err := e.Source.intake.Put(ctx, batch); err != nil {
		return err
	}
	return s.Store.Sync(ctx)
}

// Swell puts n events of one flow that are alike but for their ids, as one batch.
func (s *System) Swell(ctx context.Context, e Event, n int) error {
	batch := &adapters.Batch{Messages: make([]adapters.Message, n)}
	for i := range batch.Messages {
		each := e
		each.ID = fmt.Sprintf("%s-%d", e.ID, i)
		batch.Messages[i] = e.Source.message(each)
	}
	if err := e.Source.intake.Put(ctx, batch); err != nil {
		return err
	}
	return s.Store.Sync(ctx)
}

// message is the event on the wire, kept so that it can be fetched.
func (s *Source) message(e Event) adapters.Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	log := adapters.Log{Destination: e.To}
	position := adapters.Position{Destination: e.To, Offset: s.next[log]}
	if s.Broker == "rabbitmq" {
		position = adapters.DigestPosition(e.To, uint64(s.next[log])*0x9e3779b97f4a7c15)
	}
	s.next[log]++
	m := adapters.Message{Position: position, Time: e.At, TimeRaw: e.AtRaw, Value: []byte(e.Value), Headers: e.Headers, Properties: e.Properties}
	if e.Key != "" || e.Keyed {
		m.Key = []byte(e.Key)
	}
	if e.Value == "" {
		m.Value = fmt.Appendf(nil, `{"type":%q,"payload":{"order_id":%q,"event_id":%q}}`, e.Type, e.Flow, e.ID)
	}
	if e.Deleted {
		m.Value = nil
	}
	for _, h := range [][2]string{{"correlation_id", e.Flow}, {"event_id", e.ID}, {"causation_id", e.Cause}, {"event_type", e.Type}, {"service", e.Service}} {
		if h[1] != "" {
			m.Headers = append(m.Headers, adapters.Header{Name: h[0], Value: []byte(h[1])})
		}
	}
	s.kept[position] = m
	s.status.Messages++
	s.status.Bytes += int64(m.Size())
	return m
}

// Order is the story of one order that goes well, as far as steps of its five events.
func (s *System) Order(number int, at time.Time, steps int) []Event {
	flow := fmt.Sprintf("ord-%d", 1000+number)
	id := func(step int) string { return fmt.Sprintf("e-%d-%d", number, step) }
	all := []Event{
		{Source: s.Kafka, To: "orders", Key: flow, At: at, Type: "OrderPlaced", Service: "order", Flow: flow, ID: id(1)},
		{Source: s.Kafka, To: "payments", Key: flow, At: at.Add(173 * time.Millisecond), Type: "PaymentProcessed", Service: "payment", Flow: flow, ID: id(2), Cause: id(1)},
		{Source: s.Kafka, To: "payments", Key: flow, At: at.Add(201 * time.Millisecond), Type: "PaymentApprovedByFraudAgent", Service: "fraud", Flow: flow, ID: id(3), Cause: id(2)},
		{Source: s.RabbitMQ, To: "inventory", At: at.Add(420 * time.Millisecond), Type: "InventoryReserved", Service: "inventory", Flow: flow, ID: id(4), Cause: id(2)},
		{Source: s.Kafka, To: "shipping", Key: flow, At: at.Add(655 * time.Millisecond), Type: "ShipmentPrepared", Service: "shipping", Flow: flow, ID: id(5), Cause: id(4)},
	}
	return all[:min(steps, len(all))]
}

// Compensated is the story of an order that was out of stock and refunded.
func (s *System) Compensated(number int, at time.Time) []Event {
	all := s.Order(number, at, 4)
	all[3].Type = "InventoryFailed"
	all[3].Value = fmt.Sprintf(`{"type":"InventoryFailed","payload":{"order_id":%q,"reason":"Out of stock","event_id":%q}}`, all[3].Flow, all[3].ID)
	refund := all[1]
	refund.Type, refund.ID, refund.Cause, refund.At = "PaymentRefunded", refund.ID+"r", all[3].ID, at.Add(655*time.Millisecond)
	return append(all, refund)
}
