package connection

import (
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

// ExchangeType says of which type an exchange is, which stays "" where the user may not
// know, and whether it was declared with an alternate exchange. One that a policy gives it
// cannot be found out.
//
// AMQP has no question for it. So the exchange is declared with an alternate exchange that
// is not a name. The broker refuses that whatever the exchange is, and says what is wrong
// first: type, durability, auto-deletion, use by clients, and then arguments. No exchange
// can come into being by that: its existence is checked before, and the broker refuses such
// an argument before anything else where it would have to create one.
func (c *Control) ExchangeType(name string) (routing.ExchangeType, error) {
	doing := "read exchange " + wording.Quoted(name)
	if err := c.LookUpExchange(name); err != nil {
		return routing.ExchangeType{}, err
	}
	guess := guess{kind: amqp.ExchangeTopic, durable: true}
	for range guesses {
		err := c.Do(doing, func(ch *amqp.Channel) error {
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
