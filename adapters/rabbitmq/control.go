package rabbitmq

import (
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// control is the channel for declarations and questions of one connection. It is used
// by one goroutine. What the broker refuses closes the channel, so the next operation
// gets a new one.
type control struct {
	config     *Config
	connection *amqp.Connection
	channel    *amqp.Channel
}

// do runs an operation and puts a refusal into words.
func (c *control) do(doing string, operation func(*amqp.Channel) error) error {
	if c.channel == nil || c.channel.IsClosed() {
		channel, err := c.connection.Channel()
		if err != nil {
			return c.config.operationProblem(doing, err)
		}
		c.channel = channel
	}
	if err := operation(c.channel); err != nil {
		return c.config.operationProblem(doing, err)
	}
	return nil
}

// close ends the channel of a connection that lives on.
func (c *control) close() {
	if c.channel != nil {
		_ = c.channel.Close() // nothing waits on it
	}
}

// exchangeType says of which type an exchange is, or "" where the user may not know.
//
// AMQP has no question for it. So the exchange is declared as what it certainly is
// not, which the broker refuses and says why. No exchange can come into being by that:
// its existence is checked before, and the alternate exchange is not a name, which the
// broker refuses where it would have to create one. The argument is looked at before
// anything else when the exchange is missing, and after the type when it is there.
func (c *control) exchangeType(name string) (string, error) {
	doing := "read exchange " + quoted(name)
	err := c.do(doing, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(name, "", false, false, false, false, nil)
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return "", adapters.UnknownDestination(adapters.RabbitMQ, c.config.Address, adapters.Exchange, name)
	}
	if err != nil {
		return "", err
	}
	err = c.do(doing, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare(name, amqp.ExchangeHeaders, false, true, false, false,
			amqp.Table{"alternate-exchange": int32(0)})
	})
	if err != nil && errors.Is(err, adapters.ErrNotConnected) {
		return "", err
	}
	var problem *adapters.Problem
	if errors.As(err, &problem) {
		return typeFromRefusal(problem.Cause), nil
	}
	return "", nil
}

// typeFromRefusal reads the type out of "inequivalent arg 'type' for exchange 'x' in
// vhost '/': received 'headers' but current is 'topic'". Types of plugins come in two
// pairs of quotes. Another argument being inequivalent means that the type was right.
func typeFromRefusal(said string) string {
	_, rest, found := strings.Cut(said, "inequivalent arg '")
	if !found {
		return ""
	}
	argument, _, _ := strings.Cut(rest, "'")
	if argument != "type" {
		return amqp.ExchangeHeaders
	}
	at := strings.LastIndex(rest, " but current is ")
	if at < 0 {
		return ""
	}
	return strings.Trim(rest[at+len(" but current is "):], "'")
}
