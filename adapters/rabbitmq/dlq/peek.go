package dlq

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/publish"
	"eventscope/adapters/rabbitmq/wording"
)

// peekPart is how many letters a peek hands over at a time.
const peekPart = 256

// Redelivered is what is left of a peek into a queue, whatever its type.
var Redelivered = deadletter.Cost{Marked: "marked as redelivered", Says: "the broker marks it as redelivered"}

// Peek implements deadletter.Queues. A stream is read by offset, a classic queue by a
// consumer (peekclassic.go), any other queue by basic.get; what was read is given back by basic.nack in the order in which it
// came; whether that is harmless is the policy's to say (policy.go). Where order needs
// it, or the whole queue has to be held, more letters are read than peek asks for; they
// are handed over too.
//
// How often a letter was handed out is known only once it is read. A peek stops at the
// first that comes too near to its limit, and is refused the next time before it reads
// anything. A letter found at its very limit, as other programs may leave it, is handed
// over, and the broker may drop it when it is given back.
func (d *DeadLetters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	l, err := d.Broker.Dial(ctx)
	if err != nil {
		return err
	}
	defer l.LimitWaits(ctx, false)()
	defer l.HangUp()
	control := l.Control(ctx)
	info, err := d.info(ctx, control, peek.DLQ)
	if err != nil {
		return err
	}
	if info.kind == amqp.QueueTypeStream {
		return d.peekStream(ctx, l, peek, keep)
	}
	q := &queuePeek{DeadLetters: d, info: &info, policy: info.peekPolicy(), control: control, conn: l, queue: peek.DLQ, most: peek.Most, keep: keep}
	return q.run(ctx)
}

// queuePeek is one peek at a queue. All letters are held on one channel of their own,
// whose delivery tags count from 1, so that their number is all there is to remember.
type queuePeek struct {
	DeadLetters *DeadLetters
	info        *queueInfo
	policy      policy
	conn        *connection.Conn
	control     *connection.Control
	channel     *connection.Channel
	queue       string
	most        int
	keep        func([]deadletter.Delivery) error

	read    int   // letters
	whole   bool  // the end of the queue was reached
	fresh   bool  // the last letter was never handed out before
	highest int64 // x-delivery-count
	low     bool  // a letter has less headroom than the margin
}

func (p *queuePeek) doing() string { return "look at queue " + wording.Quoted(p.queue) }

func (p *queuePeek) run(ctx context.Context) error {
	if err := p.policy.refusal(p.doing()); err != nil {
		return err
	}
	state, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, deadletter.PeekTime)
	defer cancel()
	if p.info.kind == amqp.QueueTypeClassic && p.info.lasting {
		err = p.readByConsumer(limited, state.Messages)
	} else {
		err = p.readOn(limited, keepEach)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = wording.Problem(p.doing(), fmt.Sprintf("after %s, as long as letters are held, %s of %s were read", figure.Span(deadletter.PeekTime), figure.Count(p.read), figure.Count(state.Messages)),
			"look at fewer", adapters.ErrTooLarge)
	}
	if err = both(err, p.requeue()); err != nil {
		return err
	}
	return p.complete(state)
}

// prepare keeps others away and refuses before anything is taken, where that can be known. A
// quorum queue without a leader says that it is empty.
func (p *queuePeek) prepare(ctx context.Context) (state amqp.Queue, err error) {
	if err := lock(ctx, p.control, p.doing(), p.queue); err != nil {
		return state, err
	}
	if p.channel, err = p.conn.OpenChannel(p.doing()); err != nil {
		return state, err
	}
	if state, err = p.unshared(ctx); err != nil {
		return state, err
	}
	if p.info.kind == amqp.QueueTypeQuorum && state.Messages == 0 && p.info.messages > 0 {
		if state.Messages, err = depthUnderLeader(ctx, p.control, p.queue); err != nil {
			return state, err
		}
	}
	if err := p.refuse(state.Messages); err != nil {
		return state, err
	}
	if p.counts() && state.Messages > 0 { // also if this process is killed while it holds letters
		err = p.DeadLetters.Counts.add(p.queue, p.DeadLetters.Counts.highest(p.queue)+1)
	}
	return state, err
}

// counts reports whether the broker counts what this peek gives back.
func (p *queuePeek) counts() bool { return p.policy.margin > 0 && p.info.series != series43 }

// refuse says no before anything is read, where that can be known.
func (p *queuePeek) refuse(depth int) error {
	if p.policy.handling == wholly && depth > whollyMost {
		return wording.Problem(p.doing(), fmt.Sprintf("letters given back go to its end, so that all %s would have to be held to keep their order, and at most %s are", figure.Count(depth), figure.Count(whollyMost)),
			doInstead, deadletter.ErrUnsafePeek)
	}
	if depth == 0 {
		p.DeadLetters.Counts.forget(p.queue)
		return nil
	}
	if count := p.DeadLetters.Counts.highest(p.queue); p.policy.margin > 0 && p.info.headroom(count) < int64(p.policy.margin) {
		return p.tooLow(count, "an earlier look saw a letter that was")
	}
	return nil
}

// tooLow is the refusal for letters that were handed out too often already.
func (p *queuePeek) tooLow(count int64, saw string) error {
	return wording.Problem(p.doing(), fmt.Sprintf("%s handed out %d times, and its delivery limit is %d", saw, count, p.info.limit),
		raiseLimit, deadletter.ErrUnsafePeek)
}

// readOn reads and keeps letters until enough are read for the order to be kept.
func (p *queuePeek) readOn(ctx context.Context, hand func(*queuePeek, []amqp.Delivery) error) error {
	for !p.enough() {
		part := make([]amqp.Delivery, 0, peekPart)
		var failed error
		for len(part) < peekPart && !p.enough() && failed == nil {
			if failed = ctx.Err(); failed != nil {
				break
			}
			d, ok, err := p.channel.Get(p.queue, false)
			switch {
			case err != nil:
				failed = p.stuck(p.channel.Problem(p.doing(), err))
			case !ok:
				p.whole = true
			default:
				p.noteCounts(&d)
				part = append(part, d)
			}
		}
		if err := hand(p, part); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		if p.low {
			return p.tooLow(p.highest, "a letter that had to be given back was")
		}
	}
	return nil
}

// stuck tells of a letter that the broker itself cannot hand out, as those of AMQP 1.0 with
// properties that 0-9-1 has no type for: it breaks the connection of whoever gets it.
func (p *queuePeek) stuck(err error) error {
	if !errors.Is(err, connection.ErrInternal) {
		return err
	}
	return wording.Problem(p.doing(), fmt.Sprintf("the broker breaks the connection when it is to hand out letter %s, and what lies behind that cannot be seen", figure.Count(p.read+1)),
		"take this letter out with a client of AMQP 1.0, or upgrade the broker: 4.0 fails on some letters that were sent by AMQP 1.0", adapters.ErrIncomplete)
}

// keepEach hands a part over.
func keepEach(l *queuePeek, part []amqp.Delivery) error {
	if len(part) == 0 {
		return nil
	}
	held, holding := make([]deadletter.Delivery, len(part)), publish.Holding{Letters: l.DeadLetters.Letters}
	for i := range part {
		held[i] = holding.FromQueue(&part[i], l.queue)
	}
	handles := deadletter.HandlesOf(held) // keep owns what it is handed
	defer l.DeadLetters.Letters.Drop(handles)
	return l.keep(held)
}

// noteCounts notes what a letter tells about those that are held.
func (p *queuePeek) noteCounts(d *amqp.Delivery) {
	p.read++
	p.fresh = !d.Redelivered
	if p.policy.margin == 0 {
		return
	}
	count := countOf(d)
	if p.info.headroom(count) < int64(p.info.limit) {
		p.highest = max(p.highest, count)
	}
	p.low = p.low || p.info.headroom(count) < int64(p.policy.margin)
}

// enough reports whether the letters read can be given back in order.
func (p *queuePeek) enough() bool {
	switch {
	case p.whole:
		return true
	case p.low:
		return true // each further one would come nearer to its limit
	case p.policy.handling == wholly:
		return false
	case p.most == 0 || p.read < p.most:
		return false
	}
	return p.policy.handling == free || p.fresh
}

// requeue gives all letters back, in the order in which they were read. After it the
// broker has them all where they were.
func (p *queuePeek) requeue() error {
	if p.read == 0 {
		return nil
	}
	if p.counts() {
		if err := p.DeadLetters.Counts.add(p.queue, p.highest+1); err != nil {
			return both(err, requeue(p.channel, p.info, p.tags(), 1))
		}
	}
	if !p.counts() && !p.whole && !p.fresh && p.policy.handling != free {
		p.rest()
	}
	if err := requeue(p.channel, p.info, p.tags(), 1); err != nil {
		return err
	}
	_ = p.channel.Close()
	return nil
}

// tags are the delivery tags of what was read.
func (p *queuePeek) tags() []uint64 {
	tags := make([]uint64, p.read)
	for i := range tags {
		tags[i] = uint64(i) + 1
	}
	return tags
}

// restTime bounds how long a peek that was interrupted reads on for the order's sake.
const restTime = 10 * time.Second

// rest reads on, after an interruption, until the letters can be given back in order,
// where reading more of them costs them nothing.
func (p *queuePeek) rest() {
	limited, cancel := context.WithTimeout(context.Background(), restTime)
	defer cancel()
	p.most, p.low = 1, false
	_ = p.readOn(limited, func(*queuePeek, []amqp.Delivery) error { return nil })
}
