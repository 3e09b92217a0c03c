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

// exchangeNature says of which type an exchange is, which stays "" where the user may not
// know, and whether it was declared with an alternate exchange. One that a policy gives it
// cannot be found out.
//
// AMQP has no question for it. So the exchange is declared with an alternate exchange that
// is not a name. The broker refuses that whatever the exchange is, and says what is wrong
// first: type, durability, auto-deletion, use by clients, and then arguments. No exchange
// can come into being by that: its existence is checked before, and the broker refuses such
// an argument before anything else where it would have to create one.
func (c *control) exchangeNature(name string) (nature, error) {
	doing := "read exchange " + quoted(name)
	err := c.do(doing, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(name, "", false, false, false, false, nil)
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return nature{}, adapters.UnknownDestination(adapters.RabbitMQ, c.config.Address, adapters.Exchange, name)
	}
	if err != nil {
		return nature{}, err
	}
	guess := guess{kind: amqp.ExchangeTopic, durable: true}
	for range guesses {
		err := c.do(doing, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(name, guess.kind, guess.durable, guess.autoDelete, guess.internal, false, amqp.Table{alternateExchange: int32(0)})
		})
		if errors.Is(err, adapters.ErrNotConnected) {
			return nature{}, err
		}
		var problem *adapters.Problem
		if !errors.As(err, &problem) {
			break // cannot be: see above
		}
		if known, done := guess.learn(problem.Cause); done {
			return known, nil
		}
	}
	return guess.nature, nil
}

// guesses is how many it takes at most to guess an exchange right: one wrong in each point.
const guesses = 5

// guess is what an exchange may be declared as, and what is known of it.
type guess struct {
	kind                          string
	durable, autoDelete, internal bool
	nature                        nature
}

// learn reads a refusal such as "inequivalent arg 'type' for exchange 'x' in vhost '/':
// received 'headers' but current is 'topic'" and guesses better. Types of plugins come in
// two pairs of quotes. It is done when everything but the alternate exchange is right, or
// the refusal is of another kind.
func (g *guess) learn(said string) (known nature, done bool) {
	_, rest, found := strings.Cut(said, "inequivalent arg '")
	argument, _, _ := strings.Cut(rest, "'")
	at := strings.LastIndex(rest, butCurrent)
	if !found || at < 0 {
		return g.nature, true
	}
	is := strings.Trim(rest[at+len(butCurrent):], "'")
	if argument == "type" {
		g.kind, g.nature.kind = is, is
		return g.nature, false
	}
	g.nature.kind = g.kind // which is looked at first
	switch argument {
	case "durable":
		g.durable = !g.durable
	case "auto_delete":
		g.autoDelete = !g.autoDelete
	case "internal":
		g.internal = !g.internal
	default:
		g.nature.diverts = argument == alternateExchange && !strings.HasPrefix(is, "none")
		return g.nature, true
	}
	return g.nature, false
}

const butCurrent = " but current is "
