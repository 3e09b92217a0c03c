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
	// not settled them within consumer_timeout, which is 30 minutes unless somebody has set
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
// shared one), and settles them or gives them back. Letters that stay unsettled use up the consumer's credit; it is
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
	credit   int    // its letters that are not settled
	read     int    // letters handed on
	lastTag  uint64 // of the last delivery
	fresh    bool   // that was never handed out before
	whole    bool   // the queue was found empty

	seen    []sighting      // when letters came that are not settled, oldest first
	lowest  uint64          // delivery tag that is not settled
	settled map[uint64]bool // above it
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
	return &letterConsumer{channel: channel, queue: queue, timer: time.NewTimer(time.Hour), prefetch: takePrefetch, lowest: 1, settled: map[uint64]bool{}}
}

func (t *letterConsumer) doing() string { return "take letters from queue " + wording.Quoted(t.queue) }

func (t *letterConsumer) consume() error {
	if err := t.alone(); err != nil {
		return err
	}
	t.consumers++ // by a new name, or a quorum queue would take it for the one before
	err := t.channel.Qos(t.prefetch, 0, false)
	if err == nil {
		t.deliveries, err = t.channel.Consume(t.queue, t.tag(), false, !t.shared, false, false, nil)
	}
	var refusal *amqp.Error
	if errors.As(err, &refusal) && refusal.Code == amqp.AccessRefused && strings.Contains(refusal.Reason, "exclusive") {
		return t.busy()
	}
	if err != nil {
		return t.channel.Problem(t.doing(), err)
	}
	t.consumer, t.first, t.credit = true, t.lastTag+1, 0
	return t.alone()
}

// alone checks that the queue has no other consumers than ours, since quorum queues grant
// exclusive consumers to everybody. They also count those of ours that have ended and
// still hold letters.
func (t *letterConsumer) alone() error {
	if t.shared {
		return nil
	}
	state, err := t.channel.QueueDeclarePassive(t.queue, true, false, false, false, nil)
	if err != nil {
		return t.channel.Problem(t.doing(), err)
	}
	if state.Consumers > t.consumers {
		return t.busy()
	}
	return nil
}

func (t *letterConsumer) busy() error { return busy(t.doing(), adapters.ErrBusy) }

func busy(doing string, kind error) error {
	return wording.Problem(doing, "somebody else consumes or redrives this queue", "wait for them, or stop them", kind)
}

// tag is the name of the present consumer. Names are in order, since a quorum queue sorts
// by them what is given back.
func (t *letterConsumer) tag() string {
	return fmt.Sprintf("%s-%06d", connection.ConsumerTag, t.consumers)
}

// stop ends the consumer. What it was sent by then is in the backlog.
func (t *letterConsumer) stop() error {
	if !t.consumer {
		return nil
	}
	t.consumer = false
	t.timer.Stop()
	if err := t.channel.Cancel(t.tag(), false); err != nil {
		return t.channel.Problem(t.doing(), err)
	}
	for d := range t.deliveries {
		t.note(&d)
		t.backlog = append(t.backlog, d)
	}
	t.consumed = t.lastTag
	return nil
}

// note takes account of a delivery.
func (t *letterConsumer) note(d *amqp.Delivery) {
	if now := time.Now(); len(t.seen) == 0 || now.Sub(t.seen[len(t.seen)-1].at) > time.Second {
		t.seen = append(t.seen, sighting{d.DeliveryTag, now})
	}
	t.lastTag, t.fresh = d.DeliveryTag, !d.Redelivered
	t.credit++
}

// sighting is when a letter came, and those after it up to the next sighting.
type sighting struct {
	tag uint64
	at  time.Time
}

// heldFor is how long the letter that was taken first is held.
func (t *letterConsumer) heldFor() time.Duration {
	if t.lowest > t.lastTag {
		return 0
	}
	for len(t.seen) > 1 && t.seen[1].tag <= t.lowest {
		t.seen = t.seen[1:]
	}
	return time.Since(t.seen[0].at)
}

// next is the next letter, or nil when the queue is empty. If some were taken already, it
// waits only a moment, and nil says no more.
func (t *letterConsumer) next(ctx context.Context, some bool) (*amqp.Delivery, error) {
	for empty := 0; empty < 2; { // twice, for letters that are on their way
		if len(t.backlog) > 0 {
			d := t.backlog[0]
			t.backlog = t.backlog[1:]
			t.read++
			return &d, nil
		}
		if t.credit >= t.prefetch || !t.consumer {
			if some {
				return nil, nil
			}
			if err := t.renew(); err != nil {
				return nil, err
			}
			continue
		}
		d, err := t.wait(ctx, some)
		if err != nil || some || d != nil {
			return d, err
		}
		state, err := t.channel.QueueDeclarePassive(t.queue, true, false, false, false, nil)
		if err != nil {
			return nil, t.channel.Problem(t.doing(), err)
		}
		if empty++; state.Messages > 0 {
			empty = 0
		}
	}
	t.whole = true
	return nil, nil
}

// wait waits for a delivery, for a moment.
func (t *letterConsumer) wait(ctx context.Context, some bool) (*amqp.Delivery, error) {
	patience := takeIdle
	if some {
		patience = takeLinger
	}
	t.timer.Reset(patience)
	select {
	case d, open := <-t.deliveries:
		if !open {
			t.consumer = false
			return nil, t.gone()
		}
		t.note(&d)
		t.read++
		return &d, nil
	case <-t.timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// gone is why the deliveries ended.
func (t *letterConsumer) gone() error {
	if t.channel.IsClosed() {
		return t.channel.Lost(t.doing())
	}
	return wording.Problem(t.doing(), "the broker has ended the consumer, as it does when the queue is deleted", "check the queue", adapters.ErrUnknownDestination)
}

// renew replaces a consumer whose credit is used up.
func (t *letterConsumer) renew() error {
	if err := t.stop(); err != nil {
		return err
	}
	return t.consume()
}

// settle removes letters from the queue, by delivery tag, and waits until the broker's
// channel has heard it: an acknowledgement has no answer of its own, and what a killed
// process has only written to its socket may never be read there.
func (t *letterConsumer) settle(tags []uint64) error {
	slices.Sort(tags)
	through := uint64(0) // all up to this one
	for _, tag := range tags {
		if tag >= t.first {
			t.credit--
		}
		t.settled[tag] = true
		for t.settled[t.lowest] {
			delete(t.settled, t.lowest)
			through = tag // and not one that was settled before, which the broker does not know any more
			t.lowest++
		}
	}
	var err error
	if through > 0 {
		err = t.channel.Ack(through, true)
	}
	for _, tag := range tags {
		if err == nil && tag > through {
			err = t.channel.Ack(tag, false)
		}
	}
	if err == nil && len(tags) > 0 {
		err = t.channel.Qos(t.prefetch, 0, false) // changes nothing, and is answered in turn
	}
	if err != nil {
		return t.channel.Problem("settle letters of queue "+wording.Quoted(t.queue), err)
	}
	return nil
}

// complete takes what has to be taken so that giving back keeps the order. It does nothing
// where nothing has to be given back.
func (t *letterConsumer) complete(handling handling, take func(*amqp.Delivery)) error {
	if t.lowest > t.lastTag {
		return nil
	}
	for !t.whole && (handling == wholly || handling == inOrder && !t.fresh) {
		d, ok, err := t.channel.Get(t.queue, false)
		if err != nil {
			return t.channel.Problem(t.doing(), err)
		}
		if t.whole = !ok; ok {
			t.note(&d)
			take(&d)
		}
	}
	return nil
}

// requeue gives everything back that is not settled, in the order in which it came.
func (t *letterConsumer) requeue(f *queueInfo) error {
	if err := t.flush(); err != nil {
		return err
	}
	var consumed, got []uint64
	for tag := t.lowest; tag <= t.lastTag; tag++ {
		switch {
		case t.settled[tag]:
		case tag <= t.consumed:
			consumed = append(consumed, tag)
		default:
			got = append(got, tag)
		}
	}
	if err := requeue(t.channel, f, consumed, backTogether); err != nil {
		return err
	}
	return requeue(t.channel, f, got, 1)
}

// flush waits until the broker has seen what was settled.
func (t *letterConsumer) flush() error {
	if _, err := t.channel.QueueDeclarePassive(t.queue, true, false, false, false, nil); err != nil {
		return t.channel.Problem("settle letters of queue "+wording.Quoted(t.queue), err)
	}
	return nil
}
