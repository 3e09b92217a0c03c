package rabbitmq

import (
	"context"
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// control is the channel for declarations and questions of one connection. It is used
// by one goroutine. What the broker refuses closes the channel, so the next operation
// gets a new one.
type control struct {
	config  *Config
	link    *link
	hurry   context.Context // whose end cuts waits short
	channel *amqp.Channel
}

func (l *link) control(hurry context.Context) *control {
	return &control{config: l.config, link: l, hurry: hurry}
}

// do runs an operation and puts a refusal into words.
func (c *control) do(doing string, operation func(*amqp.Channel) error) error {
	defer c.link.expect(c.hurry)()
	if c.channel == nil || c.channel.IsClosed() {
		channel, err := c.link.Channel()
		if err != nil {
			return c.link.problem(doing, err)
		}
		c.channel = channel
	}
	if err := operation(c.channel); err != nil {
		return c.link.problem(doing, err)
	}
	return nil
}

// close ends the channel of a connection that lives on.
func (c *control) close() {
	if c.channel != nil {
		c.link.closeChannel(c.hurry, c.channel)
	}
}

// exchangeThere is nil if there is an exchange of a name.
func (c *control) exchangeThere(name string) error {
	err := c.do("read exchange "+wording.Quoted(name), func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(name, "", false, false, false, false, nil)
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return adapters.UnknownDestination("rabbitmq", c.config.Address, adapters.Exchange, name)
	}
	return err
}

// askExchangeType says of which type an exchange is, which stays "" where the user may not
// know, and whether it was declared with an alternate exchange. One that a policy gives it
// cannot be found out.
//
// AMQP has no question for it. So the exchange is declared with an alternate exchange that
// is not a name. The broker refuses that whatever the exchange is, and says what is wrong
// first: type, durability, auto-deletion, use by clients, and then arguments. No exchange
// can come into being by that: its existence is checked before, and the broker refuses such
// an argument before anything else where it would have to create one.
func (c *control) askExchangeType(name string) (routing.ExchangeType, error) {
	doing := "read exchange " + wording.Quoted(name)
	if err := c.exchangeThere(name); err != nil {
		return routing.ExchangeType{}, err
	}
	guess := guess{kind: amqp.ExchangeTopic, durable: true}
	for range guesses {
		err := c.do(doing, func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(name, guess.kind, guess.durable, guess.autoDelete, guess.internal, false, amqp.Table{management.AlternateExchange: int32(0)})
		})
		if errors.Is(err, adapters.ErrNotConnected) {
			return routing.ExchangeType{}, err
		}
		var problem *adapters.Problem
		if !errors.As(err, &problem) {
			break // cannot be: see above
		}
		if known, done := guess.learn(problem.Cause); done {
			return known, nil
		}
	}
	return guess.exchangeType, nil
}

// guesses is how many it takes at most to guess an exchange right: one wrong in each point.
const guesses = 5

// guess is what an exchange may be declared as, and what is known of it.
type guess struct {
	kind                          string
	durable, autoDelete, internal bool
	exchangeType                  routing.ExchangeType
}

// learn reads a refusal such as "inequivalent arg 'type' for exchange 'x' in vhost '/':
// received 'headers' but current is 'topic'" and guesses better. Types of plugins come in
// two pairs of quotes. It is done when everything but the alternate exchange is right, or
// the refusal is of another kind.
func (g *guess) learn(said string) (known routing.ExchangeType, done bool) {
	_, rest, found := strings.Cut(said, "inequivalent arg '")
	argument, _, _ := strings.Cut(rest, "'")
	at := strings.LastIndex(rest, butCurrent)
	if !found || at < 0 {
		return g.exchangeType, true
	}
	is := strings.Trim(rest[at+len(butCurrent):], "'")
	if argument == "type" {
		g.kind, g.exchangeType.Kind = is, is
		return g.exchangeType, false
	}
	g.exchangeType.Kind = g.kind // which is looked at first
	switch argument {
	case "durable":
		g.durable = !g.durable
	case "auto_delete":
		g.autoDelete = !g.autoDelete
	case "internal":
		g.internal = !g.internal
	default:
		g.exchangeType.Diverts = argument == management.AlternateExchange && !strings.HasPrefix(is, "none")
		return g.exchangeType, true
	}
	return g.exchangeType, false
}

const butCurrent = " but current is "
