package lag

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters/consumer"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/wording"
)

// withoutManagement says what is missing.
func (s *sweep) withoutManagement() error {
	return wording.Problem("tell all lags of "+s.Broker.String(),
		"without its management API, only what is ready in named queues is known, and how many consumers they have",
		"add management=http://HOST:15672", errors.ErrUnsupported)
}

// depths tells of the queues that are named what AMQP tells, which changes nothing.
func (s *sweep) depths(ctx context.Context) {
	if len(s.named) == 0 {
		return
	}
	l, err := s.Broker.Shared(ctx)
	if err != nil {
		s.tell(consumer.Lag{}, err)
		return
	}
	control := l.Control(ctx)
	defer control.Close()
	for _, name := range s.named {
		if ctx.Err() != nil {
			s.tell(consumer.Lag{}, ctx.Err())
			return
		}
		if s.told[name] {
			continue
		}
		if !s.tell(s.depth(control, name)) {
			return
		}
	}
}

// depth is how the consumers of one queue stand, as far as AMQP tells.
func (s *sweep) depth(control *connection.Control, name string) (consumer.Lag, error) {
	log := logOf(name)
	lag := consumer.Lag{Kind: consumer.QueueConsumers, Group: name, At: time.Now()}
	kind, _, err := control.QueueType(name)
	if err == nil && (kind == amqp.QueueTypeStream || s.History.Has(name)) {
		lag.Kind = consumer.StreamConsumer
		log.Why = "AMQP tells nothing of the readers of a stream"
		lag.Logs = []consumer.LogLag{log}
		return lag, nil
	}
	var queue amqp.Queue
	if err == nil {
		queue, err = control.LookUpQueue(name)
	}
	if err != nil {
		return lag, err
	}
	lag.Members, lag.MembersKnown = make([]consumer.Member, queue.Consumers), true
	if queue.Consumers > 0 {
		log.Member = 0
	}
	lag.Queue = &consumer.QueueDepth{Ready: int64(queue.Messages), Unacked: -1, Consumers: queue.Consumers, Capacity: -1}
	log.Lag = lag.Queue.Ready
	log.State, log.Why = consumer.LagBehind, "without what is delivered and not acknowledged, which AMQP does not tell"
	switch {
	case log.Lag > 0 && queue.Consumers == 0:
		log.State, log.Why = consumer.LagStop, fmt.Sprintf("%s ready, and no consumer", figure.Count(log.Lag))
	case log.Lag == 0:
		log.State = consumer.LagOK
	}
	lag.Logs = []consumer.LogLag{log}
	return lag, nil
}
