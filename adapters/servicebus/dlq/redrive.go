package dlq

import (
	"context"
	"errors"
	"time"

	"github.com/Azure/go-amqp"
	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

const (
	// settledAtOnce is how many letters are settled side by side.
	settledAtOnce = 16
	// backTime is how long giving back may take. Behind it locks run out by themselves.
	backTime = 15 * time.Second
	// hurriedBack is how long it may take once somebody wants an end.
	hurriedBack = time.Second
)

// redrive acts on the letters of one entity.
type redrive struct {
	sender
	entity   client.Entity
	receiver *amqp.Receiver
	keeper   *keeper

	wanted map[int64]bool // numbers that were not handed over yet
	ready  []deadletter.Delivery
	mine   map[uint64]*amqp.Message // by handle: received and not completed
	others []*amqp.Message          // received and not ordered: they are held, or they would come again
	asked  time.Time                // when what comes next can have been locked, at the earliest
	credit int                      // how many were asked for and have not come
	done   []uint64                 // handles of what was completed
	hurry  context.Context          // its end says that somebody wants an end, as of the last call
}

// Redrive implements deadletter.Queues. Several redrives at once are given different letters, since
// what one has locked the others do not get.
func (d *DeadLetters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	if err := d.mayWrite("redrive letters of " + order.DLQ); err != nil {
		return nil, err
	}
	e, err := parse(order.DLQ)
	if err != nil {
		return nil, err
	}
	conn, err := d.Client.Dial(ctx)
	if err != nil {
		return nil, err
	}
	r := &redrive{sender: newSender(d, conn), entity: e, wanted: map[int64]bool{}, mine: map[uint64]*amqp.Message{}, hurry: deadletter.Hurry(ctx)}
	for _, position := range order.Letters {
		r.wanted[position.Offset] = true
	}
	if r.receiver, err = conn.Receiver(ctx, e, false); err != nil {
		conn.Close()
		return nil, err
	}
	whole := shortestLock
	if settings, err := d.Client.Settings(ctx, e.Of(client.Main)); err == nil && settings.Lock > 0 {
		whole = settings.Lock
	}
	r.keeper = startKeeper(conn, e, whole)
	return r, nil
}

// Guarantee implements deadletter.Redrive. That some targets drop the second of two copies for a while is
// no promise for a run that is resumed later.
func (r *redrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Overdue implements deadletter.Redrive.
func (r *redrive) Overdue() bool { return r.keeper.overdue() }

// Next implements deadletter.Redrive.
func (r *redrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	r.hurry = deadletter.Hurry(ctx)
	if len(r.wanted) == 0 && len(r.ready) == 0 {
		return nil, ctx.Err()
	}
	if err := r.conn.Renew(ctx); err != nil {
		return nil, r.letters.Client.Problem(ctx, "take letters of "+r.entity.String(), err)
	}
	if err := r.fill(ctx, most); err != nil {
		return nil, err
	}
	n := min(most, len(r.ready))
	handed := r.ready[:n:n]
	r.ready = r.ready[n:]
	return handed, nil
}

// take keeps a letter that was received.
func (r *redrive) take(m *amqp.Message) {
	r.keeper.add(m, r.asked)
	number := message.Number(m)
	if !r.wanted[number] {
		m.Data, m.Value, m.Sequence, m.ApplicationProperties = nil, nil, nil, nil // nobody asks for it
		r.others = append(r.others, m)
		return
	}
	delete(r.wanted, number)
	out := message.From(m, r.entity)
	letter := r.letters.letters.Hold(out, &held{received: m, entity: r.entity, position: out.Position})
	r.mine[letter.Handle] = m
	r.ready = append(r.ready, letter)
}

// Acknowledge implements deadletter.Redrive.
func (r *redrive) Acknowledge(ctx context.Context, letters []deadletter.Delivery) error {
	r.hurry = deadletter.Hurry(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	var messages []*amqp.Message
	for i := range letters {
		m, mine := r.mine[letters[i].Handle]
		if !mine {
			return &adapters.Problem{Doing: "remove " + letters[i].Position.String(), Cause: "the letter is not held any more", Remedy: "resume the run: what was sent is not sent again", Kind: adapters.ErrGone}
		}
		messages = append(messages, m)
	}
	limited, cancel := client.Limit(ctx)
	defer cancel()
	if err := settleAll(limited, messages, func(ctx context.Context, m *amqp.Message) error { return r.receiver.AcceptMessage(ctx, m) }); err != nil {
		return r.letters.Client.Problem(ctx, "remove letters of "+r.entity.String(), err)
	}
	for i := range letters {
		r.keeper.drop(messages[i])
		delete(r.mine, letters[i].Handle)
		r.done = append(r.done, letters[i].Handle)
	}
	return nil
}

// settleAll settles messages side by side, each confirmed by the service.
func settleAll(ctx context.Context, messages []*amqp.Message, settle func(context.Context, *amqp.Message) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(settledAtOnce)
	for _, m := range messages {
		group.Go(func() error { return settle(ctx, m) })
	}
	return group.Wait()
}

// Close implements deadletter.Redrive: what is locked is released, which counts as no delivery.
func (r *redrive) Close() error {
	if r.keeper == nil {
		return nil
	}
	ctx, cancel := deadletter.Within(deadletter.Finishing(r.hurry), backTime, hurriedBack)
	defer cancel()
	r.keeper.close()
	r.keeper = nil
	r.rest(ctx)
	back := r.others
	for handle, m := range r.mine {
		back = append(back, m)
		r.done = append(r.done, handle)
	}
	err := settleAll(ctx, back, func(ctx context.Context, m *amqp.Message) error { return r.receiver.ReleaseMessage(ctx, m) })
	r.letters.letters.Drop(r.done)
	_ = r.receiver.Close(ctx) // the connection ends anyway
	r.conn.Close()
	if err = r.letters.Client.Problem(ctx, "give letters back to "+r.entity.String(), err); errors.Is(err, adapters.ErrBusy) || errors.Is(err, adapters.ErrNotConnected) {
		return nil // their locks have run out, or do: they are back by themselves
	}
	return err
}
