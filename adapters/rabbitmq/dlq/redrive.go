package dlq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/wording"
)

// redrive implements deadletter.Redrive for a queue. Letters are taken on one connection and
// copies sent on another, so that a copy which the broker takes amiss, and closes the
// channel for, does not cost the letters that are held, and neither does a broker that
// blocks publishers: they still go back in order.
//
// A crash gives back what is held, which costs each such letter one of the times that a
// quorum queue with a limit allows. So little is held: at most takePrefetch letters that
// were not handed over, and those that nobody acknowledges; one at a time while that one could be
// the last.
type redrive struct {
	publish.Sender
	counted        *PeekCounts
	conn           *connection.Conn // on which letters are taken; the sender has its own
	letterConsumer *letterConsumer
	info           queueInfo
	policy         policy
	queue          string

	wanted map[adapters.Position]int // ordered and not handed over yet
	left   int                       // how many those are
	most   int                       // letters that lie before what came after the beginning

	tags      map[uint64]uint64           // handle to delivery tag, of what is not acknowledged
	others    []uint64                    // handles of what the last Next handed over though nobody ordered it
	overLimit map[uint64]publish.Outgoing // by tag: what is lost when it is given back
	partly    bool                        // not all letters are ordered
	wide      int                         // how many letters are taken in advance, once that is known to be safe
	refused   error                       // no more can be taken
}

// Redrive implements deadletter.Queues. The letters of a queue are taken by an exclusive
// consumer, which the broker grants to one at a time and only where nobody else consumes.
// An order of fewer letters than the queue holds is checked like a peek, since what is not
// acknowledged is given back; an order of all only against a crash.
func (d *DeadLetters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	doing := "take letters from queue " + wording.Quoted(order.DLQ)
	if err := d.MayWrite(doing); err != nil {
		return nil, err
	}
	return awaitQueue(ctx, func() (deadletter.Redrive, error) {
		l, err := d.Broker.Dial(ctx)
		if err != nil {
			return nil, err
		}
		defer l.LimitWaits(ctx, false)()
		r, err := d.redrive(ctx, l, order, doing)
		if err != nil {
			l.HangUp()
			return nil, err
		}
		return r, nil
	})
}

func (d *DeadLetters) redrive(ctx context.Context, l *connection.Conn, order deadletter.Order, doing string) (deadletter.Redrive, error) {
	control := l.Control(ctx)
	info, err := d.info(ctx, control, order.DLQ)
	if err != nil {
		return nil, err
	}
	if info.kind == amqp.QueueTypeStream {
		return d.redriveStream(ctx, l, order)
	}
	if info.kind == amqp.QueueTypeClassic && !info.lasting {
		return nil, wording.Problem(doing, "it is an auto-delete queue, or may be one: the broker deletes it with what it holds when its consumer leaves",
			"move its letters to a queue that stays; management=http://HOST:15672 tells which queues do", deadletter.ErrUnsafePeek)
	}
	if err := lock(ctx, control, doing, order.DLQ); err != nil {
		return nil, err
	}
	depth, err := control.Depth(order.DLQ)
	if err == nil && depth == 0 && len(order.Letters) > 0 && info.kind == amqp.QueueTypeQuorum {
		depth, err = depthUnderLeader(ctx, control, order.DLQ)
	}
	if err != nil {
		return nil, err
	}
	partly := depth > len(order.Letters)
	r := &redrive{
		Sender: publish.Sender{Copier: d.Copier}, counted: d.Counts, conn: l, info: info, policy: info.redrivePolicy(partly), queue: order.DLQ,
		wanted: map[adapters.Position]int{}, left: len(order.Letters), most: max(depth, len(order.Letters)) + takePrefetch, // letters may still be on their way back
		tags: map[uint64]uint64{}, overLimit: map[uint64]publish.Outgoing{}, partly: partly, wide: prefetchFor(order.Rate, partly),
	}
	for _, position := range order.Letters {
		r.wanted[position]++
	}
	if err := r.policy.refusal(doing); err != nil {
		return nil, err
	}
	if partly && r.policy.handling == wholly && depth > whollyMost {
		return nil, wording.Problem(doing, fmt.Sprintf("letters given back go to its end, so that all %s would have to be held to keep their order, and at most %s are", figure.Count(depth), figure.Count(whollyMost)),
			"redrive all of them, or "+doInstead, deadletter.ErrUnsafePeek)
	}
	first := r.wide
	if r.policy.margin > 0 && !partly {
		first = 1 // the next shows whether more are safe
	}
	if r.letterConsumer, err = takeLetters(l, order.DLQ, first); err != nil {
		return nil, both(info.passing(doing, err), r.end())
	}
	if r.Channel, err = d.OpenChannel(ctx); err != nil {
		return nil, both(err, r.end())
	}
	return r, nil
}

// prefetchFor is how many letters are taken in advance: no more than are acknowledged within
// holdLimit, unless others must be passed over, which are held in any case.
func prefetchFor(rate float64, partly bool) int {
	if rate <= 0 || partly {
		return takePrefetch
	}
	return max(1, int(min(rate*holdLimit.Seconds(), takePrefetch)))
}

// Overdue implements deadletter.Redrive.
func (r *redrive) Overdue() bool {
	limit := holdLimit
	if r.info.kind == amqp.QueueTypeQuorum {
		limit = holdQuorum
	}
	if r.info.timeout > 0 {
		limit = min(limit, r.info.timeout/2)
	}
	return r.letterConsumer.heldFor() > limit
}

// both joins errors where there are two.
func both(first, second error) error {
	if first == nil || second == nil {
		return cmp.Or(first, second)
	}
	return errors.Join(first, second)
}

// Guarantee implements deadletter.Redrive.
func (r *redrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Next implements deadletter.Redrive. Letters that nobody ordered are handed over on the way;
// they can be preserved and copied until the next call only, so that their bodies need
// no memory. No more than a third of the credit is handed over, so that there is some for
// the next letters before these and those before them are acknowledged.
func (r *redrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	r.Hurry = deadletter.Hurry(ctx)
	defer r.conn.LimitWaits(r.Hurry, false)()
	r.Copier.Letters.Drop(r.others)
	r.others = r.others[:0]
	var held []deadletter.Delivery
	holding := publish.Holding{Letters: r.Copier.Letters}
	for len(held) < max(1, min(most, r.letterConsumer.prefetch/3)) && r.left > 0 && r.letterConsumer.read < r.most && r.refused == nil {
		d, err := r.letterConsumer.next(ctx, len(held) > 0)
		if err != nil {
			return held, err
		}
		if d == nil {
			break
		}
		held = append(held, r.hold(&holding, d))
		if err := r.widen(d); err != nil {
			return held, err
		}
	}
	if r.refused != nil {
		return nil, r.refused
	}
	if r.left == 0 || len(held) == 0 {
		return held, r.letterConsumer.stop()
	}
	return held, nil
}

// hold makes a letter of a delivery and notes what has to be known about it.
func (r *redrive) hold(holding *publish.Holding, d *amqp.Delivery) deadletter.Delivery {
	held := holding.FromQueue(d, r.queue)
	r.tags[held.Handle] = d.DeliveryTag
	ordered := r.wanted[held.Position] > 0
	if ordered {
		r.wanted[held.Position]--
		r.left--
	} else {
		r.others = append(r.others, held.Handle)
	}
	if r.policy.margin == 0 {
		return held
	}
	r.judge(d)
	if r.partly && !ordered && r.info.headroom(countOf(d)) < int64(r.policy.margin) {
		r.refused = wording.Problem("take letters from queue "+wording.Quoted(r.queue),
			fmt.Sprintf("a letter that would be given back was handed out %d times, and the delivery limit is %d", countOf(d), r.info.limit),
			"redrive it too, or "+raiseLimit, deadletter.ErrUnsafePeek)
	}
	return held
}

// widen takes more letters in advance when one comes that survives a crash. Those with the highest
// counts come first, since a quorum queue serves what was given back before the rest. While a
// crash would cost letters, no more of them are held than are being acknowledged.
func (r *redrive) widen(d *amqp.Delivery) error {
	if r.letterConsumer.prefetch == r.wide || r.info.headroom(countOf(d)) < crashMargin {
		return nil
	}
	r.letterConsumer.prefetch = r.wide
	return r.letterConsumer.renew()
}

// judge remembers a letter that would be lost if it were given back, as it is sent to the
// queue anew instead.
func (r *redrive) judge(d *amqp.Delivery) {
	if r.policy.margin == 0 || r.info.headroom(countOf(d)) > 0 {
		return
	}
	again := publish.Outgoing{Address: publish.Address{Key: r.queue}, Publishing: publish.Republish(d)}
	again.Change(&deadletter.Copy{Remove: []string{"x-delivery-count", "x-acquired-count"}})
	again.Publishing.DeliveryMode = d.DeliveryMode
	r.overLimit[d.DeliveryTag] = again
}

// Acknowledge implements deadletter.Redrive.
func (r *redrive) Acknowledge(ctx context.Context, letters []deadletter.Delivery) error {
	r.Hurry = deadletter.Hurry(ctx)
	defer r.conn.LimitWaits(r.Hurry, false)()
	tags := make([]uint64, 0, len(letters))
	for i := range letters {
		tag, ok := r.tags[letters[i].Handle]
		if !ok {
			return deadletter.NotHeld("settle", &letters[i])
		}
		tags = append(tags, tag)
	}
	if err := r.letterConsumer.acknowledge(tags); err != nil {
		return err
	}
	r.counted.forget(r.queue)
	for _, tag := range tags {
		delete(r.overLimit, tag)
	}
	handles := deadletter.HandlesOf(letters)
	for _, handle := range handles {
		delete(r.tags, handle)
	}
	r.Copier.Letters.Drop(handles)
	return nil
}

// Close implements deadletter.Redrive.
func (r *redrive) Close() error {
	defer r.conn.LimitWaits(r.Hurried(), false)()
	defer r.conn.HangUp()
	defer r.HangUp()
	r.Copier.Letters.Drop(slices.Collect(maps.Keys(r.tags)))
	return r.end()
}

// end gives everything back that is not acknowledged.
func (r *redrive) end() error {
	if r.letterConsumer == nil {
		return nil
	}
	err := r.letterConsumer.stop()
	if r.letterConsumer.lastTag == 0 {
		return err // nothing was taken
	}
	for i := range r.letterConsumer.backlog {
		r.judge(&r.letterConsumer.backlog[i])
	}
	r.letterConsumer.backlog = nil
	if err == nil {
		err = r.letterConsumer.complete(r.policy.handling, r.judge)
	}
	if len(r.overLimit) > 0 && err == nil {
		err = r.republish()
	}
	if err != nil {
		return err // the end of the connection gives them back
	}
	return r.letterConsumer.requeue(&r.info)
}

// republish sends to the queue anew what would be lost if it were given back, and acknowledges it.
func (r *redrive) republish() error {
	ctx, cancel := context.WithTimeout(context.Background(), publish.ConfirmLimit)
	defer cancel()
	tags := slices.Sorted(maps.Keys(r.overLimit))
	sender := r.Channel
	if sender == nil || sender.Broken != nil {
		fresh, err := r.Copier.OpenChannel(ctx)
		if err != nil {
			return err
		}
		defer fresh.Conn.HangUp()
		sender = fresh
	}
	out, outcomes := make([]publish.Outgoing, len(tags)), make([]error, len(tags))
	for i, tag := range tags {
		out[i] = r.overLimit[tag]
	}
	err := sender.Send(ctx, out, outcomes)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		return err
	}
	return r.letterConsumer.acknowledge(tags)
}
