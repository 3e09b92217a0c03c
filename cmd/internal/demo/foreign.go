package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/twmb/franz-go/pkg/kadm"

	"eventscope/adapters"
)

// foreign is the refusal to mix the demonstration's events into what belongs to somebody else.
func foreign(broker adapters.Broker, address, what string) error {
	return &adapters.Problem{
		Doing: fmt.Sprintf("run the demonstration on %s %s", broker, address), Cause: what + " is there already and was not made by the demonstration",
		Remedy: "give it names of its own with --prefix demo.", Kind: adapters.ErrReadOnly,
	}
}

// lookAtTopics fails if one of the topics holds messages and is not the demonstration's, which is
// told by the settings that the demonstration makes its topics with. Orders are numbered on from
// those in the demonstration's own topic.
func (s *System) lookAtTopics(ctx context.Context, admin *kadm.Client, address string) error {
	s.first = firstOrder
	there, err := admin.ListTopics(ctx, s.Topics()...)
	if err != nil {
		return unreachable("kafka", address, err)
	}
	names := slices.DeleteFunc(s.Topics(), func(topic string) bool { return !there.Has(topic) })
	if len(names) == 0 {
		return nil
	}
	ends, err := admin.ListEndOffsets(ctx, names...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return unreachable("kafka", address, err)
	}
	settings, err := admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return unreachable("kafka", address, err)
	}
	for _, topic := range settings {
		written := 0
		for _, end := range ends[topic.Name] {
			written += int(end.Offset)
		}
		if written > 0 && !madeHere(topic) {
			return foreign("kafka", address, "the topic "+topic.Name)
		}
		if topic.Name == s.config.Prefix+orders {
			s.first += written
		}
	}
	return nil
}

// madeHere reports whether a topic has the demonstration's own settings.
func madeHere(topic kadm.ResourceConfig) bool {
	wanted := map[string]string{"retention.bytes": retentionBytes, "segment.bytes": segmentBytes}
	for _, setting := range topic.Configs {
		if setting.Value != nil && wanted[setting.Key] == *setting.Value {
			delete(wanted, setting.Key)
		}
	}
	return topic.Err == nil && len(wanted) == 0
}

// refuseForeignExchange fails if an exchange is there without the dead-letter queue that
// the demonstration makes with it.
func (s *System) refuseForeignExchange(link *amqp.Connection, destination string) error {
	const durable, autoDelete, exclusive, internal, noWait = true, false, false, false, false
	exchange := s.config.Prefix + destination
	is, err := isThere(link, func(channel *amqp.Channel) error {
		return channel.ExchangeDeclarePassive(exchange, amqp.ExchangeTopic, durable, autoDelete, internal, noWait, nil)
	})
	ours := false
	if err == nil && is {
		ours, err = isThere(link, func(channel *amqp.Channel) error {
			_, err := channel.QueueDeclarePassive(exchange+deadSuffix, durable, autoDelete, exclusive, noWait, nil)
			return err
		})
	}
	switch {
	case err != nil:
		return unreachable("rabbitmq", link.RemoteAddr().String(), err)
	case is && !ours:
		return foreign("rabbitmq", link.RemoteAddr().String(), "the exchange "+exchange)
	}
	return nil
}

// isThere asks for something on a channel of its own, since the broker closes it to say no.
func isThere(link *amqp.Connection, ask func(*amqp.Channel) error) (bool, error) {
	channel, err := link.Channel()
	if err != nil {
		return false, err
	}
	err = ask(channel)
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Code == amqp.NotFound {
		return false, nil
	}
	if err == nil {
		err = channel.Close()
	}
	return true, err
}
