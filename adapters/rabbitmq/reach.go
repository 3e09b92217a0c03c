package rabbitmq

import (
	"context"
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// Reach implements adapters.DeadLetters. The queue of a tap is no reader. Without a management API only a queue that is
// named by the default exchange is sure to be the only one.
func (a *Adapter) Reach(ctx context.Context, target adapters.Target) (adapters.Reach, error) {
	if target.Topic != "" || target.IsZero() {
		return adapters.Reach{}, a.config.problem("look for the readers of "+target.String(), "rabbitmq has exchanges and queues, no topics",
			"name a queue or exchange:key", adapters.ErrUsage)
	}
	if a.management == nil {
		return a.reachByAMQP(ctx, target)
	}
	known, err := a.management.catalog(ctx, true)
	if err != nil {
		return adapters.Reach{}, err
	}
	r := known.route(target.Exchange, routed{key: &target.RoutingKey})
	reach := adapters.Reach{Exists: len(r.queues) > 0, Readers: sortedKeys(r.queues), Unknown: strings.Join(r.why, "; ")}
	if !reach.Exists && len(r.may) > 0 {
		_, reach.Exists = known.exchanges[target.Exchange]
	}
	if len(r.may) > 0 {
		reach.Unknown += ", so these may too: " + strings.Join(sortedKeys(r.may), ", ")
	}
	return reach, nil
}

func (a *Adapter) reachByAMQP(ctx context.Context, target adapters.Target) (adapters.Reach, error) {
	connection, err := a.config.dial(ctx)
	if err != nil {
		return adapters.Reach{}, err
	}
	defer hangUp(connection)
	control := &control{config: &a.config, connection: connection}
	reach := adapters.Reach{}
	if target.Exchange == "" {
		_, err = control.depth(target.RoutingKey)
		reach.Readers = []string{target.RoutingKey}
	} else {
		err = control.do("read exchange "+quoted(target.Exchange), func(ch *amqp.Channel) error {
			return ch.ExchangeDeclarePassive(target.Exchange, "", false, false, false, false, nil)
		})
		reach.Unknown = "only the management API tells which queues are bound, and management= is not given; nothing is sent there while eventscope taps this virtual host"
	}
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return adapters.Reach{}, nil
	}
	reach.Exists = err == nil
	return reach, err
}

// Ledger implements adapters.DeadLetters: RabbitMQ has nowhere to keep one.
func (a *Adapter) Ledger(context.Context, func([]byte) bool, func(adapters.Entry) error) error {
	return a.config.problem("read a ledger on "+a.config.broker(), "rabbitmq has nowhere to keep one", "the journal says what was done", errors.ErrUnsupported)
}
