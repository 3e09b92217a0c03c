package connection

import (
	"context"
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// ConsumerTag names our consumers.
const ConsumerTag = "eventscope"

// Control is the channel for declarations and questions of one connection. It is used
// by one goroutine. What the broker refuses closes the channel, so the next operation
// gets a new one.
type Control struct {
	Conn    *Conn
	hurry   context.Context // whose end cuts waits short
	channel *amqp.Channel
}

func (c *Conn) Control(hurry context.Context) *Control {
	return &Control{Conn: c, hurry: hurry}
}

// Do runs an operation and puts a refusal into words.
func (c *Control) Do(doing string, operation func(*amqp.Channel) error) error {
	defer c.Conn.LimitAnswer(c.hurry)()
	if c.channel == nil || c.channel.IsClosed() {
		channel, err := c.Conn.Channel()
		if err != nil {
			return c.Conn.Problem(doing, err)
		}
		c.channel = channel
	}
	if err := operation(c.channel); err != nil {
		return c.Conn.Problem(doing, err)
	}
	return nil
}

// Close ends the channel of a connection that lives on.
func (c *Control) Close() {
	if c.channel != nil {
		c.Conn.CloseChannel(c.hurry, c.channel)
	}
}

// LookUpExchange is nil if there is an exchange of a name.
func (c *Control) LookUpExchange(name string) error {
	err := c.Do("read exchange "+wording.Quoted(name), func(ch *amqp.Channel) error {
		return ch.ExchangeDeclarePassive(name, "", false, false, false, false, nil)
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return adapters.UnknownDestination("rabbitmq", c.Conn.Broker.Address, adapters.Exchange, name)
	}
	return err
}

// Depth is how many messages of a queue are ready. It is never right for a stream.
func (c *Control) Depth(name string) (int, error) {
	queue, err := c.LookUpQueue(name)
	return queue.Messages, err
}

// LookUpQueue is what AMQP tells of a queue: how many messages are ready, and how many
// consumers it has.
func (c *Control) LookUpQueue(name string) (queue amqp.Queue, err error) {
	err = c.Do("read queue "+wording.Quoted(name), func(ch *amqp.Channel) error {
		queue, err = ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
	if errors.Is(err, adapters.ErrUnknownDestination) {
		err = adapters.UnknownDestination("rabbitmq", c.Conn.Broker.Address, adapters.Queue, name)
	}
	return queue, err
}

// IsLocked reports whether the broker refused to look at a queue that another connection has for itself.
func IsLocked(err error) bool {
	return err != nil && strings.Contains(err.Error(), "access to locked queue")
}
