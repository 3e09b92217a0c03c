package connection

import (
	"context"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// blockedLimit is how long the broker may block a connection that publishes.
	blockedLimit = 3 * time.Second

	// hurryLimit is how long somebody who wants an end waits for a broker that is silent:
	// it sends a heartbeat every second.
	hurryLimit = 1500 * time.Millisecond

	// closeReasonLimit is how long after a call has failed its channel may take to say why.
	closeReasonLimit = time.Second

	// mutedLimit is how long a broker that owes an answer may send nothing but heartbeats, where
	// letters are held that should go back in order.
	mutedLimit = 10 * time.Second
)

// Conn is a connection on which every wait has an end. The client waits for the broker's
// answers without a limit; whoever owns a connection can end it, which ends every wait on it.
//
// What publishes has a connection of its own: the broker stops reading one that publishes while
// it is low on memory or disk, and what has to be said about letters must get through.
type Conn struct {
	*amqp.Connection
	Broker *Broker
	wire   *wire

	mu    sync.Mutex
	cause error // why it was ended from here
}

// Dial makes a connection of its own. Its errors are of type *[adapters.Problem], or ctx's.
func (b *Broker) Dial(ctx context.Context) (*Conn, error) {
	connection, wire, err := b.dialWired(ctx)
	if err != nil {
		return nil, err
	}
	c := &Conn{Connection: connection, Broker: b, wire: wire}
	go c.watchBlocking(connection.NotifyBlocked(make(chan amqp.Blocking, 1)))
	return c, nil
}

// Abort ends the connection without a goodbye. The first cause is the one that is told.
func (c *Conn) Abort(cause error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = cause
	}
	c.mu.Unlock()
	_ = c.wire.Close()
}

func (c *Conn) aborted() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// watchBlocking ends the connection when the broker has blocked it for too long. It returns when the
// connection has ended.
func (c *Conn) watchBlocking(notices <-chan amqp.Blocking) {
	limit := time.NewTimer(time.Hour)
	limit.Stop()
	defer limit.Stop()
	reason := ""
	for {
		select {
		case notice, open := <-notices:
			switch limit.Stop(); {
			case !open:
				return
			case notice.Active:
				reason = notice.Reason
				limit.Reset(blockedLimit)
			}
		case <-limit.C:
			c.Abort(wording.Problem("publish to "+c.Broker.String(), fmt.Sprintf("the broker blocks publishers: it is %s", reason),
				"free memory or disk there (rabbitmqctl status shows alarms), then resume", adapters.ErrNotConnected))
		}
	}
}

// LimitWaits cuts waits on the connection short. When somebody wants an end, the connection is ended once the
// broker is silent for hurryLimit; when waits take longer than an answer may, once nothing but
// heartbeats has come for mutedLimit, or what the config has instead. Data says that to who wants
// an end heartbeats are no sign of life. The caller stops it when its waits are over.
func (c *Conn) LimitWaits(hurry context.Context, data bool) (stop func()) {
	over := make(chan struct{})
	bounded, cancel := context.WithTimeout(hurry, c.Broker.Timeouts.Answer)
	unlink := context.AfterFunc(bounded, func() {
		again := time.NewTicker(hurryLimit / 15)
		defer again.Stop()
		for {
			if hurry.Err() != nil && c.wire.silence(data) >= hurryLimit || c.wire.silence(true) >= c.Broker.Timeouts.Silence {
				c.Abort(c.unanswered(hurry))
				return
			}
			select {
			case <-again.C:
			case <-over:
				return
			}
		}
	})
	return func() {
		unlink()
		close(over)
		cancel()
	}
}

// LimitAnswer bounds the wait for one answer: the connection is ended when the broker owes it for too
// long, or does not give it soon after hurry has ended.
func (c *Conn) LimitAnswer(hurry context.Context) (stop func()) {
	over := make(chan struct{})
	bounded, cancel := context.WithTimeout(hurry, c.Broker.Timeouts.Answer)
	unlink := context.AfterFunc(bounded, func() {
		if hurry.Err() != nil {
			soon := time.NewTimer(hurryLimit)
			defer soon.Stop()
			select {
			case <-soon.C:
			case <-over:
				return
			}
		}
		c.Abort(c.unanswered(hurry))
	})
	return func() {
		unlink()
		close(over)
		cancel()
	}
}

// unanswered is the cause when a connection is ended that the broker does not answer on.
func (c *Conn) unanswered(hurry context.Context) error {
	cause := fmt.Sprintf("it does not answer, and an end was asked for %v ago", hurryLimit)
	if hurry.Err() == nil {
		cause = fmt.Sprintf("it owes an answer for %v", c.Broker.Timeouts.Answer)
	}
	return wording.Problem("wait for "+c.Broker.String(), cause, "check the broker, and try again or resume", adapters.ErrNotConnected)
}

// Loss is why deliveries ended together with the connection.
func (c *Conn) Loss() error { return c.LossOf(nil) }

// LossOf is the same with what the client says of it.
func (c *Conn) LossOf(answer *amqp.Error) error {
	if cause := c.aborted(); cause != nil {
		return cause
	}
	if answer == nil { // and not an error that holds a nil
		return c.Broker.lossProblem(nil)
	}
	return c.Broker.lossProblem(answer)
}

// CloseChannel closes a channel of a connection that lives on.
func (c *Conn) CloseChannel(hurry context.Context, channel *amqp.Channel) {
	defer c.LimitAnswer(hurry)()
	_ = channel.Close() // nothing waits on it
}

// HangUp closes the connection, with a goodbye if the broker answers in time. The client has a limit of
// its own, which each heartbeat puts off.
func (c *Conn) HangUp() {
	limit := time.AfterFunc(closeLimit, func() { _ = c.wire.Close() })
	defer limit.Stop()
	_ = c.Close() // it is closed whatever the error
}

// OpenChannel opens a channel, for what is being done.
func (c *Conn) OpenChannel(doing string) (*Channel, error) {
	channel, err := c.Channel()
	if err != nil {
		return nil, c.Problem(doing, err)
	}
	return &Channel{Channel: channel, conn: c, closes: channel.NotifyClose(make(chan *amqp.Error, 1))}, nil
}

// Problem says why an operation failed: what ended the connection from here, or else the broker's
// reason.
func (c *Conn) Problem(doing string, err error) error {
	if cause := c.aborted(); cause != nil {
		return cause
	}
	return c.Broker.operationProblem(doing, err)
}

// HoldWrites holds writes back until FlushWrites, or until there are enough of them.
func (c *Conn) HoldWrites() { c.wire.hold() }

// FlushWrites writes what was held back. Nothing may be waited for before.
func (c *Conn) FlushWrites() { c.wire.release() }

// LastHeard is since when nothing was heard on a connection that is lost now.
func (c *Conn) LastHeard() time.Time { return c.wire.pulse.lost(time.Now()) }
