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
func (a *DeadLetters) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	l, err := a.Broker.Dial(ctx)
	if err != nil {
		return err
	}
	defer l.LimitWaits(ctx, false)()
	defer l.HangUp()
	control := l.Control(ctx)
	info, err := a.info(ctx, control, peek.DLQ)
	if err != nil {
		return err
	}
	if info.kind == amqp.QueueTypeStream {
		return a.peekStream(ctx, l, peek, keep)
	}
	q := &queuePeek{DeadLetters: a, info: &info, policy: info.peekPolicy(), control: control, conn: l, queue: peek.DLQ, most: peek.Most, keep: keep}
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

func (l *queuePeek) doing() string { return "look at queue " + wording.Quoted(l.queue) }

func (l *queuePeek) run(ctx context.Context) error {
	if err := l.policy.refusal(l.doing()); err != nil {
		return err
	}
	state, err := l.begin(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, deadletter.PeekTime)
	defer cancel()
	if l.info.kind == amqp.QueueTypeClassic && l.info.lasting {
		err = l.readByConsumer(limited, state.Messages)
	} else {
		err = l.readOn(limited, keepEach)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = wording.Problem(l.doing(), fmt.Sprintf("after %s, as long as letters are held, %s of %s were read", figure.Span(deadletter.PeekTime), figure.Count(l.read), figure.Count(state.Messages)),
			"look at fewer", adapters.ErrTooLarge)
	}
	if err = both(err, l.requeue()); err != nil {
		return err
	}
	return l.complete(state)
}

// begin keeps others away and refuses before anything is taken, where that can be known. A
// quorum queue without a leader says that it is empty.
func (l *queuePeek) begin(ctx context.Context) (state amqp.Queue, err error) {
	if err := lock(ctx, l.control, l.doing(), l.queue); err != nil {
		return state, err
	}
	if l.channel, err = l.conn.OpenChannel(l.doing()); err != nil {
		return state, err
	}
	if state, err = l.unshared(ctx); err != nil {
		return state, err
	}
	if l.info.kind == amqp.QueueTypeQuorum && state.Messages == 0 && l.info.messages > 0 {
		if state.Messages, err = depthUnderLeader(ctx, l.control, l.queue); err != nil {
			return state, err
		}
	}
	if err := l.refuse(state.Messages); err != nil {
		return state, err
	}
	if l.counts() && state.Messages > 0 { // also if this process is killed while it holds letters
		err = l.DeadLetters.Counts.add(l.queue, l.DeadLetters.Counts.highest(l.queue)+1)
	}
	return state, err
}

// counts says that the broker counts what this peek gives back.
func (l *queuePeek) counts() bool { return l.policy.margin > 0 && l.info.series != series43 }

// refuse says no before anything is read, where that can be known.
func (l *queuePeek) refuse(depth int) error {
	if l.policy.handling == wholly && depth > whollyMost {
		return wording.Problem(l.doing(), fmt.Sprintf("letters given back go to its end, so that all %s would have to be held to keep their order, and at most %s are", figure.Count(depth), figure.Count(whollyMost)),
			doInstead, deadletter.ErrUnsafePeek)
	}
	if depth == 0 {
		l.DeadLetters.Counts.forget(l.queue)
		return nil
	}
	if count := l.DeadLetters.Counts.highest(l.queue); l.policy.margin > 0 && l.info.headroom(count) < int64(l.policy.margin) {
		return l.tooLow(count, "an earlier look saw a letter that was")
	}
	return nil
}

// tooLow is the refusal for letters that were handed out too often already.
func (l *queuePeek) tooLow(count int64, saw string) error {
	return wording.Problem(l.doing(), fmt.Sprintf("%s handed out %d times, and its delivery limit is %d", saw, count, l.info.limit),
		raiseLimit, deadletter.ErrUnsafePeek)
}

// readOn reads and keeps letters until enough are read for the order to be kept.
func (l *queuePeek) readOn(ctx context.Context, hand func(*queuePeek, []amqp.Delivery) error) error {
	for !l.enough() {
		part := make([]amqp.Delivery, 0, peekPart)
		var failed error
		for len(part) < peekPart && !l.enough() && failed == nil {
			if failed = ctx.Err(); failed != nil {
				break
			}
			d, ok, err := l.channel.Get(l.queue, false)
			switch {
			case err != nil:
				failed = l.stuck(l.channel.Problem(l.doing(), err))
			case !ok:
				l.whole = true
			default:
				l.take(&d)
				part = append(part, d)
			}
		}
		if err := hand(l, part); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		if l.low {
			return l.tooLow(l.highest, "a letter that had to be given back was")
		}
	}
	return nil
}

// stuck tells of a letter that the broker itself cannot hand out, as those of AMQP 1.0 with
// properties that 0-9-1 has no type for: it breaks the connection of whoever gets it.
func (l *queuePeek) stuck(err error) error {
	if !errors.Is(err, connection.ErrInternal) {
		return err
	}
	return wording.Problem(l.doing(), fmt.Sprintf("the broker breaks the connection when it is to hand out letter %s, and what lies behind that cannot be seen", figure.Count(l.read+1)),
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
	handles := publish.HandlesOf(held) // keep owns what it is handed
	defer l.DeadLetters.Letters.Drop(handles)
	return l.keep(held)
}

// take notes what a letter tells about those that are held.
func (l *queuePeek) take(d *amqp.Delivery) {
	l.read++
	l.fresh = !d.Redelivered
	if l.policy.margin == 0 {
		return
	}
	count := countOf(d)
	if l.info.headroom(count) < int64(l.info.limit) {
		l.highest = max(l.highest, count)
	}
	l.low = l.low || l.info.headroom(count) < int64(l.policy.margin)
}

// enough says that the letters read can be given back in order.
func (l *queuePeek) enough() bool {
	switch {
	case l.whole:
		return true
	case l.low:
		return true // each further one would come nearer to its limit
	case l.policy.handling == wholly:
		return false
	case l.most == 0 || l.read < l.most:
		return false
	}
	return l.policy.handling == free || l.fresh
}

// requeue gives all letters back, in the order in which they were read. After it the
// broker has them all where they were.
func (l *queuePeek) requeue() error {
	if l.read == 0 {
		return nil
	}
	if l.counts() {
		if err := l.DeadLetters.Counts.add(l.queue, l.highest+1); err != nil {
			return both(err, requeue(l.channel, l.info, l.tags(), 1))
		}
	}
	if !l.counts() && !l.whole && !l.fresh && l.policy.handling != free {
		l.rest()
	}
	if err := requeue(l.channel, l.info, l.tags(), 1); err != nil {
		return err
	}
	_ = l.channel.Close()
	return nil
}

// tags are the delivery tags of what was read.
func (l *queuePeek) tags() []uint64 {
	tags := make([]uint64, l.read)
	for i := range tags {
		tags[i] = uint64(i) + 1
	}
	return tags
}

// restTime bounds how long a peek that was interrupted reads on for the order's sake.
const restTime = 10 * time.Second

// rest reads on, after an interruption, until the letters can be given back in order,
// where reading more of them costs them nothing.
func (l *queuePeek) rest() {
	limited, cancel := context.WithTimeout(context.Background(), restTime)
	defer cancel()
	l.most, l.low = 1, false
	_ = l.readOn(limited, func(*queuePeek, []amqp.Delivery) error { return nil })
}
