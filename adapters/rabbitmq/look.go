package rabbitmq

import (
	"context"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// Look implements adapters.DeadLetters. A stream is read by offset, a classic queue by a
// consumer (lookclassic.go), any other queue by basic.get; what was read is given back by basic.nack in the order in which it
// came; whether that is harmless is the policy's to say (lookpolicy.go). Where order needs
// it, or the whole queue has to be held, more letters are read than look asks for; they
// are handed over too.
//
// How often a letter was handed out is known only once it is read. A look stops at the
// first that comes too near to its limit, and is refused the next time before it reads
// anything. A letter found at its very limit, as other programs may leave it, is handed
// over, and the broker may drop it when it is given back.
func (a *Adapter) Look(ctx context.Context, look adapters.Look, keep func([]adapters.Held) error) error {
	connection, err := a.config.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp(connection)
	facts, err := a.facts(ctx, &control{config: &a.config, connection: connection}, look.Grave)
	if err != nil {
		return err
	}
	if facts.kind == amqp.QueueTypeStream {
		return a.lookStream(ctx, connection, look, keep)
	}
	l := &queueLook{adapter: a, facts: &facts, verdict: facts.verdict(), connection: connection, queue: look.Grave, most: look.Most, keep: keep}
	return l.run(ctx)
}

// queueLook is one look at a queue. All letters are held on one channel of their own,
// whose delivery tags count from 1, so that their number is all there is to remember.
type queueLook struct {
	adapter    *Adapter
	facts      *facts
	verdict    verdict
	connection *amqp.Connection
	channel    *amqp.Channel
	queue      string
	most       int
	keep       func([]adapters.Held) error

	read    int   // letters
	whole   bool  // the end of the queue was reached
	fresh   bool  // the last letter was never handed out before
	highest int64 // x-delivery-count
	low     bool  // a letter has less headroom than the margin
}

func (l *queueLook) doing() string { return "look at queue " + quoted(l.queue) }

func (l *queueLook) run(ctx context.Context) error {
	c := &l.adapter.config
	if err := l.verdict.refusal(c, l.doing()); err != nil {
		return err
	}
	channel, err := l.connection.Channel()
	if err != nil {
		return c.operationProblem(l.doing(), err)
	}
	l.channel = channel
	state, err := channel.QueueDeclarePassive(l.queue, true, false, false, false, nil)
	if err != nil {
		return c.operationProblem(l.doing(), err)
	}
	if err := l.refuse(state.Messages); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, adapters.LookTime)
	defer cancel()
	if l.facts.kind == amqp.QueueTypeClassic && l.facts.lasting {
		err = l.readByConsumer(limited, state.Messages)
	} else {
		err = l.readOn(limited, keepEach)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = c.problem(l.doing(), fmt.Sprintf("after %v, as long as letters are held, %d of %d were read", adapters.LookTime, l.read, state.Messages),
			"look at fewer", adapters.ErrTooLarge)
	}
	return both(err, l.giveBack())
}

// refuse says no before anything is read, where that can be known.
func (l *queueLook) refuse(depth int) error {
	if l.verdict.care == wholly && depth > whollyMost {
		return l.adapter.config.problem(l.doing(), fmt.Sprintf("letters given back go to its end, so that all %d would have to be held to keep their order, and at most %d are", depth, whollyMost),
			doInstead, adapters.ErrUnsafePeek)
	}
	if depth == 0 {
		l.adapter.counted.forget(l.queue)
		return nil
	}
	if count := l.adapter.counted.highest(l.queue); l.verdict.margin > 0 && l.facts.headroom(count) < int64(l.verdict.margin) {
		return l.tooLow(count, "an earlier look saw a letter that was")
	}
	return nil
}

// tooLow is the refusal for letters that were handed out too often already.
func (l *queueLook) tooLow(count int64, saw string) error {
	return l.adapter.config.problem(l.doing(), fmt.Sprintf("%s handed out %d times, and its delivery limit is %d", saw, count, l.facts.limit),
		raiseLimit, adapters.ErrUnsafePeek)
}

// readOn reads and keeps letters until enough are read for the order to be kept.
func (l *queueLook) readOn(ctx context.Context, hand func(*queueLook, []amqp.Delivery) error) error {
	for !l.enough() {
		part := make([]amqp.Delivery, 0, lookPart)
		var failed error
		for len(part) < lookPart && !l.enough() && failed == nil {
			if failed = ctx.Err(); failed != nil {
				break
			}
			d, ok, err := l.channel.Get(l.queue, false)
			switch {
			case err != nil:
				failed = l.adapter.config.operationProblem(l.doing(), err)
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

// keepEach hands a part over.
func keepEach(l *queueLook, part []amqp.Delivery) error {
	if len(part) == 0 {
		return nil
	}
	held, holding := make([]adapters.Held, len(part)), holding{letters: &l.adapter.letters}
	for i := range part {
		held[i] = holding.fromQueue(&part[i], l.queue)
	}
	handles := handlesOf(held) // keep owns what it is handed
	defer l.adapter.letters.drop(handles)
	return l.keep(held)
}

// take notes what a letter tells about those that are held.
func (l *queueLook) take(d *amqp.Delivery) {
	l.read++
	l.fresh = !d.Redelivered
	if l.verdict.margin == 0 {
		return
	}
	count := countOf(d)
	if l.facts.headroom(count) < int64(l.facts.limit) {
		l.highest = max(l.highest, count)
	}
	l.low = l.low || l.facts.headroom(count) < int64(l.verdict.margin)
}

// enough says that the letters read can be given back in order.
func (l *queueLook) enough() bool {
	switch {
	case l.whole:
		return true
	case l.low:
		return true // each further one would come nearer to its limit
	case l.verdict.care == wholly:
		return false
	case l.most == 0 || l.read < l.most:
		return false
	}
	return l.verdict.care == free || l.fresh
}

// giveBack gives all letters back, in the order in which they were read. After it the
// broker has them all where they were.
func (l *queueLook) giveBack() error {
	if l.read == 0 {
		return nil
	}
	if l.verdict.margin > 0 && l.facts.era != era43 {
		if err := l.adapter.counted.add(l.queue, l.highest+1); err != nil {
			return both(err, l.adapter.config.giveBack(l.channel, l.facts, l.tags(), 1))
		}
	}
	if counted := l.verdict.margin > 0 && l.facts.era != era43; !counted && !l.whole && !l.fresh && l.verdict.care != free {
		l.rest()
	}
	if err := l.adapter.config.giveBack(l.channel, l.facts, l.tags(), 1); err != nil {
		return err
	}
	_ = l.channel.Close()
	return nil
}

// tags are the delivery tags of what was read.
func (l *queueLook) tags() []uint64 {
	tags := make([]uint64, l.read)
	for i := range tags {
		tags[i] = uint64(i) + 1
	}
	return tags
}

// restTime bounds how long a look that was interrupted reads on for the order's sake.
const restTime = 10 * time.Second

// rest reads on, after an interruption, until the letters can be given back in order,
// where reading more of them costs them nothing.
func (l *queueLook) rest() {
	limited, cancel := context.WithTimeout(context.Background(), restTime)
	defer cancel()
	l.most, l.low = 1, false
	_ = l.readOn(limited, func(*queueLook, []amqp.Delivery) error { return nil })
}
