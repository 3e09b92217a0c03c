package dlq

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// lockPatience is how long somebody else's peek or redrive is waited for, and lockPause how
	// long until the next try.
	lockPatience = 3 * time.Second
	lockPause    = 100 * time.Millisecond

	lockSuffix = ".eventscope"
	mostName   = 255 // bytes, of a queue's name
)

// lockQueue is the name of the queue that whoever takes letters from a queue declares for as
// long: the broker grants an exclusive queue to one connection at a time and deletes it with
// that. It begins like the queue, so that a permission by prefix holds for it too.
func lockQueue(queue string) string {
	if len(queue)+len(lockSuffix) <= mostName {
		return queue + lockSuffix
	}
	sum := fnv.New128a()
	_, _ = sum.Write([]byte(queue))
	return fmt.Sprintf("eventscope-%x", sum.Sum(nil))
}

// lock keeps other eventscopes from taking letters of a queue until the connection ends: two
// at once would each see a part, and a quorum queue would lose its order. Where the user may
// not declare the lock, others are told by the consumers that the broker counts.
func lock(ctx context.Context, c *connection.Control, doing, queue string) error {
	for began := time.Now(); ; {
		var locked bool
		err := c.Do(doing, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(lockQueue(queue), false, false, true, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeClassic, routing.TapArgument: "lock"})
			var answer *amqp.Error
			locked = errors.As(err, &answer) && answer.Code == amqp.ResourceLocked
			return err
		})
		switch {
		case !locked && errors.Is(err, adapters.ErrNotAuthorized):
			return nil
		case !locked:
			return err
		case time.Since(began) >= lockPatience || !pause(ctx, lockPause):
			return wording.Problem(doing, "another eventscope looks at this queue or redrives it", "try again when it has ended", adapters.ErrBusy)
		}
	}
}

// unshared waits until nobody else has letters of a quorum queue: whoever gives some back
// beside a peek changes their order. The broker may count consumers that have died with it
// for a moment.
func (p *queuePeek) unshared(ctx context.Context) (state amqp.Queue, err error) {
	for began := time.Now(); ; {
		state, err = p.channel.QueueDeclarePassive(p.queue, true, false, false, false, nil)
		switch {
		case err != nil:
			return state, p.channel.Problem(p.doing(), err)
		case p.info.kind != amqp.QueueTypeQuorum || state.Consumers == 0:
			return state, nil
		case time.Since(began) >= deadLimit || !pause(ctx, queuePause):
			return state, wording.Problem(p.doing(), fmt.Sprintf("%d others consume it or hold letters of it, and what they give back beside a look comes back in another order", state.Consumers),
				"stop them, or try again when they have ended", adapters.ErrBusy)
		}
	}
}

// complete holds what was read against what the queue had: letters that others have taken or
// hold meanwhile were not seen.
func (p *queuePeek) complete(state amqp.Queue) error {
	wanted := state.Messages
	if p.most > 0 {
		wanted = min(wanted, p.most)
	}
	short := func(cause string) error {
		return wording.Problem(p.doing(), cause, "stop whatever else consumes it, and look again", adapters.ErrIncomplete)
	}
	switch {
	case p.read < wanted:
		return short(fmt.Sprintf("%s of its %s letters were seen: others have taken or hold the rest", figure.Count(p.read), figure.Count(state.Messages)))
	case p.most > 0 || state.Consumers == 0 || p.info.held == 0:
		return nil
	case p.info.held > 0:
		return short(fmt.Sprintf("%s letters were seen, and %s more are held by its %d consumers, as of some seconds ago", figure.Count(p.read), figure.Count(p.info.held), state.Consumers))
	}
	return short(fmt.Sprintf("%s letters were seen, and its %d consumers may hold more", figure.Count(p.read), state.Consumers))
}
