package connection

import (
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

// Channel is a channel that remembers why the broker has closed it: the client's calls
// say only that it is closed.
type Channel struct {
	*amqp.Channel
	conn   *Conn
	closes chan *amqp.Error
	reason *amqp.Error
}

// Problem is connection's, with the broker's reason for closing the channel.
func (c *Channel) Problem(doing string, err error) error {
	return c.conn.Problem(doing, c.CloseReason(err))
}

// CloseReason is the broker's reason for closing the channel, if that is what err comes of.
func (c *Channel) CloseReason(err error) error {
	var answer *amqp.Error
	if err != nil && !errors.Is(err, amqp.ErrClosed) && errors.As(err, &answer) {
		return err
	}
	if c.reason == nil && c.IsClosed() {
		limit := time.NewTimer(closeReasonLimit)
		defer limit.Stop()
		select {
		case c.reason = <-c.closes:
		case <-limit.C:
		}
	}
	if c.reason != nil {
		return c.reason
	}
	return err
}

// Lost says why the deliveries of a channel ended that held letters.
func (c *Channel) Lost(doing string) error {
	if cause := c.conn.aborted(); cause != nil {
		return cause
	}
	cause := "the connection ended"
	var answer *amqp.Error
	if errors.As(c.CloseReason(amqp.ErrClosed), &answer) {
		cause = lossWords(answer)
	}
	remedy := "check the broker, and resume: it has given back what was not settled"
	if answer != nil && tookBack(answer) {
		remedy = takenBack
	}
	return wording.Problem(doing, cause, remedy, adapters.ErrNotConnected)
}
