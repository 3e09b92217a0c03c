package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// takePrefetch is how many letters may be on their way or held by one consumer.
	takePrefetch = 1000

	// holdLimit is how long letters are held. The broker takes them back from consumers that have
	// not acknowledged them within consumer_timeout, which is 30 minutes unless somebody has set
	// it and sensibly no less than one.
	holdLimit = 30 * time.Second
	// holdQuorum is the same where giving back is counted or costs much: half of the 30 minutes.
	holdQuorum = 15 * time.Minute

	// takeLinger is how long letters are collected after the first, and takeIdle how long
	// nothing comes before the queue is asked whether it is empty.
	takeLinger = 10 * time.Millisecond
	takeIdle   = 100 * time.Millisecond
)

// letterConsumer takes letters from a queue, by an exclusive consumer on one channel (a peek by a
// shared one), and acknowledges them or gives them back. Letters that stay unacknowledged use up the consumer's credit; it is
// then replaced by a new one, while they stay held by the channel.
type letterConsumer struct {
	channel    *connection.Channel
	queue      string
	consumers  int  // so far
	consumer   bool // there is one
	deliveries <-chan amqp.Delivery
	backlog    []amqp.Delivery // delivered and not looked at
	timer      *time.Timer
	shared     bool // others may consume too: it is only a peek
	prefetch   int

	first    uint64 // the first delivery tag of the present consumer
	consumed uint64 // the last one of any consumer
	credit   int    // its letters that are not acknowledged
	read     int    // letters handed on
	lastTag  uint64 // of the last delivery
	fresh    bool   // that was never handed out before
	whole    bool   // the queue was found empty

	seen         []sighting      // when letters came that are not acknowledged, oldest first
	lowest       uint64          // delivery tag that is not acknowledged
	acknowledged map[uint64]bool // above it
}

// takeLetters begins to take letters.
func takeLetters(l *connection.Conn, queue string, prefetch int) (*letterConsumer, error) {
	channel, err := l.OpenChannel("take letters from queue " + wording.Quoted(queue))
	if err != nil {
		return nil, err
	}
	t := newLetterConsumer(channel, queue)
	t.prefetch = prefetch
	return t, t.consume()
}

func newLetterConsumer(channel *connection.Channel, queue string) *letterConsumer {
	return &letterConsumer{channel: channel, queue: queue, timer: time.NewTimer(time.Hour), prefetch: takePrefetch, lowest: 1, acknowledged: map[uint64]bool{}}
}

func (c *letterConsumer) doing() string { return "take letters from queue " + wording.Quoted(c.queue) }

func (c *letterConsumer) consume() error {
	if err := c.alone(); err != nil {
		return err
	}
	c.consumers++ // by a new name, or a quorum queue would take it for the one before
	err := c.channel.Qos(c.prefetch, 0, false)
	if err == nil {
		c.deliveries, err = c.channel.Consume(c.queue, c.tag(), false, !c.shared, false, false, nil)
	}
	var refusal *amqp.Error
	if errors.As(err, &refusal) && refusal.Code == amqp.AccessRefused && strings.Contains(refusal.Reason, "exclusive") {
		return c.busy()
	}
	if err != nil {
		return c.channel.Problem(c.doing(), err)
	}
	c.consumer, c.first, c.credit = true, c.lastTag+1, 0
	return c.alone()
}

// alone checks that the queue has no other consumers than ours, since quorum queues grant
// exclusive consumers to everybody. They also count those of ours that have ended and
// still hold letters.
func (c *letterConsumer) alone() error {
	if c.shared {
		return nil
	}
	state, err := c.channel.QueueDeclarePassive(c.queue, true, false, false, false, nil)
	if err != nil {
		return c.channel.Problem(c.doing(), err)
	}
	if state.Consumers > c.consumers {
		return c.busy()
	}
	return nil
}

func (c *letterConsumer) busy() error { return busy(c.doing(), adapters.ErrBusy) }

func busy(doing string, kind error) error {
	return wording.Problem(doing, "somebody else consumes or redrives this queue", "wait for them, or stop them", kind)
}

// tag is the name of the present consumer. Names are in order, since a quorum queue sorts
// by them what is given back.
func (c *letterConsumer) tag() string {
	return fmt.Sprintf("%s-%06d", connection.ConsumerTag, c.consumers)
}

// stop ends the consumer. What it was sent by then is in the backlog.
func (c *letterConsumer) stop() error {
	if !c.consumer {
		return nil
	}
	c.consumer = false
	c.timer.Stop()
	if err := c.channel.Cancel(c.tag(), false); err != nil {
		return c.channel.Problem(c.doing(), err)
	}
	for d := range c.deliveries {
		c.note(&d)
		c.backlog = append(c.backlog, d)
	}
	c.consumed = c.lastTag
	return nil
}

// note takes account of a delivery.
func (c *letterConsumer) note(d *amqp.Delivery) {
	if now := time.Now(); len(c.seen) == 0 || now.Sub(c.seen[len(c.seen)-1].at) > time.Second {
		c.seen = append(c.seen, sighting{d.DeliveryTag, now})
	}
	c.lastTag, c.fresh = d.DeliveryTag, !d.Redelivered
	c.credit++
}

// sighting is when a letter came, and those after it up to the next sighting.
type sighting struct {
	tag uint64
	at  time.Time
}

// heldFor is how long the letter that was taken first is held.
func (c *letterConsumer) heldFor() time.Duration {
	if c.lowest > c.lastTag {
		return 0
	}
	for len(c.seen) > 1 && c.seen[1].tag <= c.lowest {
		c.seen = c.seen[1:]
	}
	return time.Since(c.seen[0].at)
}

// next is the next letter, or nil when the queue is empty. If some were taken already, it
// waits only a moment, and nil says no more.
func (c *letterConsumer) next(ctx context.Context, some bool) (*amqp.Delivery, error) {
	for empty := 0; empty < 2; { // twice, for letters that are on their way
		if len(c.backlog) > 0 {
			d := c.backlog[0]
			c.backlog = c.backlog[1:]
			c.read++
			return &d, nil
		}
		if c.credit >= c.prefetch || !c.consumer {
			if some {
				return nil, nil
			}
			if err := c.renew(); err != nil {
				return nil, err
			}
			continue
		}
		d, err := c.wait(ctx, some)
		if err != nil || some || d != nil {
			return d, err
		}
		state, err := c.channel.QueueDeclarePassive(c.queue, true, false, false, false, nil)
		if err != nil {
			return nil, c.channel.Problem(c.doing(), err)
		}
		if empty++; state.Messages > 0 {
			empty = 0
		}
	}
	c.whole = true
	return nil, nil
}

// wait waits for a delivery, for a moment.
func (c *letterConsumer) wait(ctx context.Context, some bool) (*amqp.Delivery, error) {
	patience := takeIdle
	if some {
		patience = takeLinger
	}
	c.timer.Reset(patience)
	select {
	case d, open := <-c.deliveries:
		if !open {
			c.consumer = false
			return nil, c.gone()
		}
		c.note(&d)
		c.read++
		return &d, nil
	case <-c.timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// gone is why the deliveries ended.
func (c *letterConsumer) gone() error {
	if c.channel.IsClosed() {
		return c.channel.Lost(c.doing())
	}
	return wording.Problem(c.doing(), "the broker has ended the consumer, as it does when the queue is deleted", "check the queue", adapters.ErrUnknownDestination)
}

// renew replaces a consumer whose credit is used up.
func (c *letterConsumer) renew() error {
	if err := c.stop(); err != nil {
		return err
	}
	return c.consume()
}

// acknowledge removes letters from the queue, by delivery tag, and waits until the broker's
// channel has heard it: an acknowledgement has no answer of its own, and what a killed
// process has only written to its socket may never be read there.
func (c *letterConsumer) acknowledge(tags []uint64) error {
	slices.Sort(tags)
	through := uint64(0) // all up to this one
	for _, tag := range tags {
		if tag >= c.first {
			c.credit--
		}
		c.acknowledged[tag] = true
		for c.acknowledged[c.lowest] {
			delete(c.acknowledged, c.lowest)
			through = tag // and not one that was acknowledged before, which the broker does not know any more
			c.lowest++
		}
	}
	var err error
	if through > 0 {
		err = c.channel.Ack(through, true)
	}
	for _, tag := range tags {
		if err == nil && tag > through {
			err = c.channel.Ack(tag, false)
		}
	}
	if err == nil && len(tags) > 0 {
		err = c.channel.Qos(c.prefetch, 0, false) // changes nothing, and is answered in turn
	}
	if err != nil {
		return c.channel.Problem("settle letters of queue "+wording.Quoted(c.queue), err)
	}
	return nil
}

// complete takes what has to be taken so that giving back keeps the order. It does nothing
// where nothing has to be given back.
func (c *letterConsumer) complete(handling handling, take func(*amqp.Delivery)) error {
	if c.lowest > c.lastTag {
		return nil
	}
	for !c.whole && (handling == wholly || handling == inOrder && !c.fresh) {
		d, ok, err := c.channel.Get(c.queue, false)
		if err != nil {
			return c.channel.Problem(c.doing(), err)
		}
		if c.whole = !ok; ok {
			c.note(&d)
			take(&d)
		}
	}
	return nil
}

// requeue gives everything back that is not acknowledged, in the order in which it came.
func (c *letterConsumer) requeue(f *queueInfo) error {
	if err := c.flush(); err != nil {
		return err
	}
	var consumed, got []uint64
	for tag := c.lowest; tag <= c.lastTag; tag++ {
		switch {
		case c.acknowledged[tag]:
		case tag <= c.consumed:
			consumed = append(consumed, tag)
		default:
			got = append(got, tag)
		}
	}
	if err := requeue(c.channel, f, consumed, backTogether); err != nil {
		return err
	}
	return requeue(c.channel, f, got, 1)
}

// flush waits until the broker has seen what was acknowledged.
func (c *letterConsumer) flush() error {
	if _, err := c.channel.QueueDeclarePassive(c.queue, true, false, false, false, nil); err != nil {
		return c.channel.Problem("settle letters of queue "+wording.Quoted(c.queue), err)
	}
	return nil
}
