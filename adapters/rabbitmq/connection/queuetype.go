package connection

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// UnknownType is the type of a queue where the broker does not let the user find out.
const UnknownType = ""

// QueueType says of which type a queue is, or unknownType where the broker does not let
// the user find out. AMQP has no question for it.
//
// So the queue is declared as of a type that does not exist, which the broker refuses
// and says of which type it is. No queue can come into being by that: where there is
// none, the broker refuses the type itself. Another argument of the queue may be at odds
// first; it is then declared as the broker says it is.
//
// Lasting says that the queue is known not to be an auto-delete one.
func (c *Control) QueueType(name string) (kind string, lasting bool, err error) {
	doing := "read queue " + wording.Quoted(name)
	if _, err := c.Depth(name); err != nil {
		if errors.Is(err, adapters.ErrNotAuthorized) { // from 4.3 on the broker names another right first
			err = cmp.Or(c.readable(doing, name), err)
		}
		return "", false, err
	}
	arguments := amqp.Table{amqp.QueueTypeArg: "eventscope"}
	durable, autoDelete := true, false
	for range 20 { // more arguments than there are
		err := c.Do(doing, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(name, durable, autoDelete, false, false, arguments)
			return err
		})
		var problem *adapters.Problem
		if !errors.As(err, &problem) || !errors.Is(err, adapters.ErrUsage) {
			if errors.Is(err, adapters.ErrNotConnected) {
				return "", false, err
			}
			return UnknownType, false, c.readable(doing, name)
		}
		argument, current, ok := inequivalent(problem.Cause)
		switch {
		case !ok:
			return UnknownType, false, nil
		case argument == amqp.QueueTypeArg && current == nil:
			return amqp.QueueTypeClassic, !autoDelete, nil // as before there was a choice
		case argument == amqp.QueueTypeArg:
			kind, _ := current.(string)
			return kind, !autoDelete, nil
		case argument == "durable" && durable:
			return amqp.QueueTypeClassic, false, nil // the others are always durable
		case argument == "auto_delete" && !autoDelete:
			autoDelete = true
		case current == nil || arguments[argument] != nil:
			return UnknownType, false, nil
		default:
			arguments[argument] = current
		}
	}
	return UnknownType, false, nil
}

// readable is an error if the user may not read a queue. AMQP has no question for that
// either: so it is consumed with a priority that is no number, which the broker refuses, after
// it has looked at the permission.
func (c *Control) readable(doing, name string) error {
	err := c.Do(doing, func(ch *amqp.Channel) error {
		_, err := ch.Consume(name, ConsumerTag, false, false, false, false, amqp.Table{"x-priority": "none"})
		if err == nil {
			err = ch.Close() // should a broker take that for a number
		}
		return err
	})
	if errors.Is(err, adapters.ErrNotAuthorized) || errors.Is(err, adapters.ErrNotConnected) {
		return err
	}
	return nil
}

// inequivalent reads "inequivalent arg 'x-queue-type' for queue 'q' in vhost '/':
// received the value 'eventscope' of type 'longstr' but current is the value 'quorum' of
// type 'longstr'". Where the queue has no such argument, it ends in "current is none".
func inequivalent(said string) (argument string, current any, ok bool) {
	_, rest, found := strings.Cut(said, "inequivalent arg '")
	if !found {
		return "", nil, false
	}
	argument, _, _ = strings.Cut(rest, "'")
	at := strings.LastIndex(rest, " but current is ")
	if at < 0 {
		return "", nil, false
	}
	rest = strings.TrimPrefix(rest[at+len(" but current is "):], "the value ")
	if rest == "none" {
		return argument, nil, true
	}
	value, kind, typed := strings.Cut(rest, " of type ")
	value = strings.Trim(value, "'")
	if !typed || strings.Trim(kind, "'") == "longstr" {
		return argument, value, true
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return argument, n, true
	}
	return argument, nil, true
}
