package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
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

// link is a connection on which every wait has an end. The client waits for the broker's
// answers without a limit; whoever owns a link can end it, which ends every wait on it.
//
// What publishes has a link of its own: the broker stops reading one that publishes while
// it is low on memory or disk, and what has to be said about letters must get through.
type link struct {
	*amqp.Connection
	config *Config
	wire   *wire

	mu    sync.Mutex
	cause error // why it was ended from here
}

func (c *Config) dialLink(ctx context.Context) (*link, error) {
	connection, wire, err := c.dialWired(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{Connection: connection, config: c, wire: wire}
	go l.watchBlocking(connection.NotifyBlocked(make(chan amqp.Blocking, 1)))
	return l, nil
}

// end ends the link without a goodbye. The first cause is the one that is told.
func (l *link) end(cause error) {
	l.mu.Lock()
	if l.cause == nil {
		l.cause = cause
	}
	l.mu.Unlock()
	_ = l.wire.Close()
}

func (l *link) ended() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// watchBlocking ends the link when the broker has blocked it for too long. It returns when the
// connection has ended.
func (l *link) watchBlocking(notices <-chan amqp.Blocking) {
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
			l.end(l.config.problem("publish to "+l.config.broker(), fmt.Sprintf("the broker blocks publishers: it is %s", reason),
				"free memory or disk there (rabbitmqctl status shows alarms), then resume", adapters.ErrNotConnected))
		}
	}
}

// attend cuts waits on the link short. When somebody wants an end, the link is ended once the
// broker is silent for hurryLimit; when waits take longer than an answer may, once nothing but
// heartbeats has come for mutedLimit, or what the config has instead. Data says that to who wants
// an end heartbeats are no sign of life. The caller stops it when its waits are over.
func (l *link) attend(hurry context.Context, data bool) (stop func()) {
	over := make(chan struct{})
	bounded, cancel := context.WithTimeout(hurry, l.config.patience.answer)
	unlink := context.AfterFunc(bounded, func() {
		again := time.NewTicker(hurryLimit / 15)
		defer again.Stop()
		for {
			if hurry.Err() != nil && l.wire.silence(data) >= hurryLimit || l.wire.silence(true) >= l.config.patience.unmuted {
				l.end(l.unanswered(hurry))
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

// expect bounds the wait for one answer: the link is ended when the broker owes it for too
// long, or does not give it soon after hurry has ended.
func (l *link) expect(hurry context.Context) (stop func()) {
	over := make(chan struct{})
	bounded, cancel := context.WithTimeout(hurry, l.config.patience.answer)
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
		l.end(l.unanswered(hurry))
	})
	return func() {
		unlink()
		close(over)
		cancel()
	}
}

// unanswered is the cause when a link is ended that the broker does not answer on.
func (l *link) unanswered(hurry context.Context) error {
	cause := fmt.Sprintf("it does not answer, and an end was asked for %v ago", hurryLimit)
	if hurry.Err() == nil {
		cause = fmt.Sprintf("it owes an answer for %v", l.config.patience.answer)
	}
	return l.config.problem("wait for "+l.config.broker(), cause, "check the broker, and try again or resume", adapters.ErrNotConnected)
}

// loss is why deliveries ended together with the link.
func (l *link) loss() error { return l.lossOf(nil) }

// lossOf is the same with what the client says of it.
func (l *link) lossOf(answer *amqp.Error) error {
	if cause := l.ended(); cause != nil {
		return cause
	}
	if answer == nil { // and not an error that holds a nil
		return l.config.lossProblem(nil)
	}
	return l.config.lossProblem(answer)
}

// closeChannel closes a channel of a link that lives on.
func (l *link) closeChannel(hurry context.Context, channel *amqp.Channel) {
	defer l.expect(hurry)()
	_ = channel.Close() // nothing waits on it
}

// hangUp closes the link, with a goodbye if the broker answers in time. The client has a limit of
// its own, which each heartbeat puts off.
func (l *link) hangUp() {
	limit := time.AfterFunc(closeLimit, func() { _ = l.wire.Close() })
	defer limit.Stop()
	_ = l.Close() // it is closed whatever the error
}

// amqpChannel is a channel that remembers why the broker has closed it: the client's calls
// say only that it is closed.
type amqpChannel struct {
	*amqp.Channel
	link   *link
	closes chan *amqp.Error
	reason *amqp.Error
}

func (l *link) open(doing string) (*amqpChannel, error) {
	channel, err := l.Channel()
	if err != nil {
		return nil, l.problem(doing, err)
	}
	return &amqpChannel{Channel: channel, link: l, closes: channel.NotifyClose(make(chan *amqp.Error, 1))}, nil
}

// problem says why an operation failed: what ended the link from here, or else the broker's
// reason.
func (l *link) problem(doing string, err error) error {
	if cause := l.ended(); cause != nil {
		return cause
	}
	return l.config.operationProblem(doing, err)
}

// problem is link's, with the broker's reason for closing the channel.
func (ch *amqpChannel) problem(doing string, err error) error {
	return ch.link.problem(doing, ch.why(err))
}

// why is the broker's reason for closing the channel, if that is what err comes of.
func (ch *amqpChannel) why(err error) error {
	var answer *amqp.Error
	if err != nil && !errors.Is(err, amqp.ErrClosed) && errors.As(err, &answer) {
		return err
	}
	if ch.reason == nil && ch.IsClosed() {
		limit := time.NewTimer(closeReasonLimit)
		defer limit.Stop()
		select {
		case ch.reason = <-ch.closes:
		case <-limit.C:
		}
	}
	if ch.reason != nil {
		return ch.reason
	}
	return err
}

// lost says why the deliveries of a channel ended that held letters.
func (ch *amqpChannel) lost(doing string) error {
	if cause := ch.link.ended(); cause != nil {
		return cause
	}
	cause := "the connection ended"
	var answer *amqp.Error
	if errors.As(ch.why(amqp.ErrClosed), &answer) {
		cause = lossWords(answer)
	}
	remedy := "check the broker, and resume: it has given back what was not settled"
	if answer != nil && tookBack(answer) {
		remedy = takenBack
	}
	return ch.link.config.problem(doing, cause, remedy, adapters.ErrNotConnected)
}
