package demo

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go" // the AMQP 0-9-1 client of RabbitMQ's own team
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo" // the Kafka client of the whole program

	"eventscope/adapters"
)

// Config says what the demonstration runs on, and how.
type Config struct {
	// Kafka are the addresses of brokers, host:port. They are needed.
	Kafka []string
	// KafkaOptions go to every Kafka client: a dialer, TLS, credentials.
	KafkaOptions []kgo.Opt
	// RabbitMQ is an AMQP URL. If set, inventory and shipping talk over RabbitMQ,
	// and the rest over Kafka. It is never printed.
	RabbitMQ string
	// Registry, if set, is where sign-ups have their schema: they are then written in Avro.
	Registry *Registry
	// Prefix goes before the name of every topic, group, exchange and queue.
	Prefix string
	// Seed makes orders, contents and faults what they are.
	Seed uint64
	// Rate is how many orders are placed in a second; 3 when 0.
	Rate float64
	// Faults is the share, from 0 to 1, of events that meet a fault by themselves.
	// Nil is [DefaultFaults]; an empty map is none.
	Faults map[Kind]float64
	// Log is told when a service loses its broker; nil is nobody.
	Log *slog.Logger
}

// System is the demonstration system. Its methods may be called from several
// goroutines at once, but Run only once.
type System struct {
	config   Config
	seed     uint64
	rate     float64
	faults   map[Kind]float64
	consumed map[string]bool // event types that somebody reacts to
	services []*service
	log      *slog.Logger
	first    int // number of the first order
	wanted   wanted
	signUps  signUps
	stats    stats
}

// New returns a demonstration that does nothing yet.
func New(config Config) *System {
	s := &System{
		config: config, seed: config.Seed, rate: config.Rate, faults: config.Faults, log: config.Log,
		consumed: map[string]bool{}, services: services(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.rate <= 0 {
		s.rate = 3
	}
	if s.faults == nil {
		s.faults = DefaultFaults
	}
	for _, service := range s.services {
		service.system = s
		for _, reaction := range service.reactions {
			s.consumed[reaction.eventType] = true
		}
	}
	s.stats.Stats = Stats{Events: map[string]int64{}, DeadLetters: map[string]int64{}, Faults: map[Kind]int64{}}
	return s
}

// Run opens the demonstration: it makes topics, exchanges and queues where there are none, and
// runs the services until ctx ends, which is no error. Brokers that go away later are
// waited for. An error wraps one of the sentinels of package adapters. When Run
// returns, every event that a service had in hand is either handled and settled, or
// left to the broker; no goroutine and no connection remains.
func (s *System) Run(ctx context.Context) error {
	if err := s.prepareKafka(ctx); err != nil {
		return s.ending(ctx, err)
	}
	if s.config.RabbitMQ != "" {
		if err := s.prepareRabbitMQ(); err != nil {
			return s.ending(ctx, err)
		}
	}
	var running sync.WaitGroup
	for _, service := range s.services {
		running.Go(func() { service.run(ctx) })
	}
	running.Wait()
	return nil
}

// ending is nil when an error only comes from being told to stop.
func (s *System) ending(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Topics names the Kafka topics that the demonstration writes, dead letters included.
func (s *System) Topics() []string {
	topics := []string{}
	for _, destination := range destinations {
		if !s.onRabbitMQ(destination) {
			topics = append(topics, s.config.Prefix+destination, s.config.Prefix+destination+deadSuffix)
		}
	}
	return topics
}

// Tap is a binding that shows what an exchange routes.
type Tap struct {
	Exchange, Key string
}

// Taps lists what to bind to see all that the demonstration publishes over RabbitMQ, dead
// letters included. It is empty without RabbitMQ.
func (s *System) Taps() []Tap {
	taps := []Tap{}
	for _, destination := range destinations {
		if s.onRabbitMQ(destination) {
			taps = append(taps, Tap{s.config.Prefix + destination, "#"}, Tap{s.config.Prefix + destination + deadSuffix, "#"})
		}
	}
	return taps
}

// deadSuffix ends the names of dead-letter topics, exchanges and queues.
const deadSuffix = ".dlq"

// onRabbitMQ says which broker carries a destination.
func (s *System) onRabbitMQ(destination string) bool {
	return s.config.RabbitMQ != "" && (destination == inventory || destination == shipping)
}

// links are the connections of one life of a service.
type links struct {
	all    []connection
	kafka  connection
	rabbit connection // nil where the service does not need it
	system *System
}

// connect makes the connections that a service needs.
func (s *System) connect(ctx context.Context, service *service) (*links, error) {
	l := &links{system: s}
	var err error
	if l.kafka, err = s.connectKafka(service); err != nil {
		return nil, err
	}
	l.all = []connection{l.kafka}
	if !service.needsRabbitMQ() {
		return l, nil
	}
	if l.rabbit, err = s.connectRabbitMQ(ctx, service); err != nil {
		l.close()
		return nil, err
	}
	l.all = append(l.all, l.rabbit)
	return l, nil
}

// needsRabbitMQ says whether the service reads from RabbitMQ or publishes there.
func (s *service) needsRabbitMQ() bool {
	for _, r := range s.reactions {
		if s.system.onRabbitMQ(r.destination) {
			return true
		}
	}
	return s.system.onRabbitMQ(s.home)
}

// to returns the connection that leads to a destination.
func (l *links) to(destination string) connection {
	if l.system.onRabbitMQ(destination) {
		return l.rabbit
	}
	return l.kafka
}

func (l *links) close() {
	for _, link := range l.all {
		link.close()
	}
}

// unreachable is the problem of a broker that does not answer as it should.
func unreachable(broker adapters.Broker, address string, cause error) error {
	problem := &adapters.Problem{
		Doing: "open the demonstration on " + string(broker) + " " + address, Cause: cause.Error(),
		Remedy: "check that the broker runs there", Kind: adapters.ErrNotConnected,
	}
	var refused *amqp.Error
	switch {
	case errors.Is(cause, amqp.ErrCredentials), errors.Is(cause, kerr.SaslAuthenticationFailed):
		problem.Remedy, problem.Kind = "check user and password", adapters.ErrNotAuthenticated
	case errors.Is(cause, kerr.TopicAuthorizationFailed), errors.Is(cause, kerr.ClusterAuthorizationFailed),
		errors.As(cause, &refused) && refused.Code == amqp.AccessRefused:
		problem.Remedy, problem.Kind = "allow the user to create topics, exchanges and queues", adapters.ErrNotAuthorized
	}
	return problem
}
