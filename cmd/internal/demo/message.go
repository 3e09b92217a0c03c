package demo

import (
	"context"
	"time"
)

// message is one event on its way, in the terms that both brokers share: headers on
// Kafka, properties and headers on RabbitMQ.
type message struct {
	destination string
	key         string // the order or the user
	eventType   string
	id          string
	correlation string
	causation   string
	service     string
	schema      string
	contentType string
	body        []byte
}

// delivery is a message that a service was handed and has to settle: by ack once it
// is handled, or by bury when it cannot be.
type delivery struct {
	message
	at       time.Time // when it reached the destination, or this program
	replayed bool      // a dead letter that somebody sent again
	ack      func() error
	bury     func(context.Context, death) error
}

// death is what a dead letter says about its end.
type death struct {
	service  string
	failure  failure
	attempts int
	at       time.Time
}

// connection is one service's link to one broker. It is used by the service's own
// goroutine, but for receive, which has a goroutine of its own.
type connection interface {
	// publish returns once the broker has confirmed m.
	publish(ctx context.Context, m *message) error
	// receive hands over deliveries until ctx ends, which is no error, or the
	// connection is lost.
	receive(ctx context.Context, inbox chan<- delivery) error
	// close gives everything back that has not been settled.
	close()
}

// Names of the headers, after the aliases that plain code commonly uses.
const (
	headerID          = "event_id"
	headerType        = "event_type"
	headerCorrelation = "correlation_id"
	headerCausation   = "causation_id"
	headerService     = "source"
	headerSchema      = "schema_version"
	headerReplay      = "x-replay-id"
)
