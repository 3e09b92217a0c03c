package demo

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
	"eventscope/tracing"
)

// observe watches the demonstration through the eyes of the observatory: the Kafka adapter and
// the store of flows. The function it returns ends the watching.
func (s *stage) observe(system *System) (*tracing.Store, func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	if err := system.prepareKafka(ctx); err != nil {
		s.t.Fatal(err)
	}
	adapter, err := kafka.Open(ctx, kafka.Config{Brokers: s.config.Kafka, Topics: system.Topics(), Options: s.config.KafkaOptions})
	if err != nil {
		s.t.Fatal(err)
	}
	store := tracing.New(tracing.Config{Memory: 64 << 20, Settle: 10 * time.Second})
	wait := watch(ctx, s.t, store, adapter.Source())
	return store, func() {
		cancel()
		wait()
	}
}

// watch attaches adapters to a store and runs everything until ctx ends; the function
// it returns waits for that.
func watch(ctx context.Context, t *testing.T, store *tracing.Store, sources ...*driver.Source) func() {
	var running sync.WaitGroup
	running.Go(func() { store.Run(ctx) })
	for _, source := range sources {
		attached := tracing.Source{Name: source.Name, Broker: source.Broker}
		if source.Fetcher != nil {
			attached.Fetch = source.Fetcher
		}
		intake := store.Attach(attached)
		start := adapters.Beginning
		if source.Scanner == nil {
			start = adapters.End // a tap has no past
		}
		running.Go(func() {
			if err := source.Run(ctx, start, intake); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	return func() {
		running.Wait()
		for _, source := range sources {
			source.Close()
		}
	}
}

// flowOf returns the flow of an order as the observatory has it; an order must not be
// in two.
func (s *stage) flowOf(store *tracing.Store, order string) *tracing.Flow {
	s.t.Helper()
	found, err := store.Find(s.t.Context(), order)
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%s: found %v, %v", order, found, err)
	}
	flow, err := store.Flow(s.t.Context(), found[0].Key)
	if err != nil {
		s.t.Fatal(err)
	}
	return flow
}

func TestObservatoryUnderstandsHealthyFlows(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		system := New(s.config)
		store, stop := s.observe(system)
		defer stop()
		s.play(system, 40*time.Second)
		after(time.Minute)
		checked := 0
		for order := range flows(s.history(orders), time.Now().Add(-70*time.Second)) {
			flow := s.flowOf(store, order)
			seen := slices.DeleteFunc(slices.Clone(flow.Types), func(eventType string) bool { return eventType == "InventoryRestockRecommended" })
			if flow.Status != tracing.Complete || !slices.Equal(seen, happy) || !slices.Contains(flow.Services, "shipping") {
				t.Errorf("%s is %s: %v by %v", order, flow.Status, flow.Types, flow.Services)
			}
			if !strings.Contains(flow.From, "correlation_id") || !strings.HasPrefix(flow.ID, "flow-") {
				t.Errorf("%s: flow %s from %s", order, flow.ID, flow.From)
			}
			checked++
		}
		if checked < 60 {
			t.Errorf("%d orders", checked)
		}
	})
}

// Each fault looks to the observatory like what it is.
func TestObservatoryRecognisesEachFault(t *testing.T) {
	for _, test := range []struct {
		service string
		kind    Kind
		mark    tracing.Marks // that one of the flow's events has
		is      func(flow *tracing.Flow) bool
	}{
		{"payment", Declined, tracing.Failure, func(f *tracing.Flow) bool { return f.Status == tracing.Failed && f.FailedAt == "PaymentFailed" }},
		{"fraud-agent", Fraud, tracing.Compensation, func(f *tracing.Flow) bool { return f.Status == tracing.Compensated }},
		{"inventory", OutOfStock, tracing.Compensation, func(f *tracing.Flow) bool { return f.Status == tracing.Compensated && f.FailedAt == "InventoryFailed" }},
		{"payment", Timeout, tracing.DeadLetter, func(f *tracing.Flow) bool { return f.Status == tracing.Failed && f.DeadLetters == 1 }},
		{"inventory", Timeout, tracing.DeadLetter, func(f *tracing.Flow) bool { return f.Status == tracing.Failed && f.DeadLetters == 1 }},
		{"order", Poison, tracing.DeadLetter, func(f *tracing.Flow) bool { return f.Status == tracing.Failed && f.DeadLetters == 1 }},
		{"payment", Duplicate, tracing.Duplicate, func(f *tracing.Flow) bool { return f.Status == tracing.Complete && f.Duplicates == 1 }},
		{"payment", ReusedID, tracing.IDReused, func(f *tracing.Flow) bool { return f.Status == tracing.Complete && f.Duplicates == 1 }},
		{"inventory", Lost, 0, func(f *tracing.Flow) bool {
			return f.Status == tracing.Stuck && f.LastType == "PaymentApprovedByFraudAgent"
		}},
	} {
		t.Run(test.service+" "+string(test.kind), func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				system := New(s.config)
				store, stop := s.observe(system)
				defer stop()
				s.play(system, 50*time.Second, func() { after(25 * time.Second) }, ask(t, system, test.service, test.kind))
				after(10 * time.Minute)
				struckAt := 0
				for order := range flows(s.history(orders), time.Now().Add(-10*time.Minute-10*time.Second)) {
					flow := s.flowOf(store, order)
					if !test.is(flow) {
						continue
					}
					struckAt++
					if !slices.ContainsFunc(flow.Steps, func(step tracing.Step) bool { return step.Marks.Has(test.mark) }) {
						t.Errorf("%s: no event is marked %v", order, test.mark.Names())
					}
				}
				if struckAt != 1 {
					page, _ := store.Flows(t.Context(), tracing.FlowQuery{Sort: tracing.ByTrouble, Limit: 5})
					t.Errorf("%d flows look like it; the worst are %+v", struckAt, page.Flows)
				}
			})
		})
	}
}

// One order over two brokers is one flow, though the second broker's last event names
// it by its order id only.
func TestObservatoryJoinsBothBrokers(t *testing.T) {
	for _, variable := range []string{"EVENTSCOPE_TEST_RABBITMQ3", "EVENTSCOPE_TEST_RABBITMQ4"} {
		t.Run(strings.ToLower(strings.TrimPrefix(variable, "EVENTSCOPE_TEST_")), func(t *testing.T) {
			b := onBrokers(t, variable)
			system := New(b.config)
			ctx, cancel := context.WithCancel(t.Context())
			if err := errors.Join(system.prepareKafka(ctx), system.prepareRabbitMQ()); err != nil {
				t.Fatal(err)
			}
			topics, err := kafka.Open(ctx, kafka.Config{Brokers: b.config.Kafka, Topics: system.Topics()})
			if err != nil {
				t.Fatal(err)
			}
			where, err := amqp.ParseURI(b.config.RabbitMQ)
			if err != nil {
				t.Fatal(err)
			}
			config := rabbitmq.Config{Address: net.JoinHostPort(where.Host, strconv.Itoa(where.Port)), User: where.Username, Password: where.Password}
			for _, tap := range system.Taps() {
				config.Taps = append(config.Taps, rabbitmq.Tap{Exchange: tap.Exchange, BindingKey: tap.Key})
			}
			taps, err := rabbitmq.Open(ctx, config)
			if err != nil {
				t.Fatal(err)
			}
			store := tracing.New(tracing.Config{Memory: 64 << 20})
			wait := watch(ctx, t, store, topics.Source(), taps.Source())
			both := map[string]bool{}
			b.run(system, func(m told) bool {
				if m.eventType == "ShipmentPrepared" {
					both[m.key] = false
				}
				whole := 0
				for order := range both {
					both[order] = both[order] || wholeOn(ctx, store, order)
					if both[order] {
						whole++
					}
				}
				return whole >= 20
			})
			cancel()
			wait()
		})
	}
}

// wholeOn says whether the store has all steps of an order in one flow over two brokers.
func wholeOn(ctx context.Context, store *tracing.Store, order string) bool {
	found, err := store.Find(ctx, order)
	if err != nil || len(found) != 1 {
		return false
	}
	flow, err := store.Flow(ctx, found[0].Key)
	return err == nil && len(flow.Brokers) == 2 && !slices.ContainsFunc(happy, func(step string) bool { return !slices.Contains(flow.Types, step) })
}
