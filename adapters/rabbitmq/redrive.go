package rabbitmq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// redrive implements adapters.Redrive for a queue. Letters are taken on one channel and
// copies sent on another, so that a copy which the broker takes amiss, and closes the
// channel for, does not cost the letters that are held: they still go back in order.
//
// A crash gives back what is held, which costs each such letter one of the times that a
// quorum queue with a limit allows. So little is held: at most takePrefetch letters that
// were not handed over, and those that nobody settles.
type redrive struct {
	poster
	connection *amqp.Connection
	wire       *wire
	taking     *taking
	facts      facts
	verdict    verdict
	queue      string

	wanted map[adapters.Position]int // ordered and not handed over yet
	left   int                       // how many those are
	most   int                       // letters that lie before what came after the beginning

	tags    map[uint64]uint64   // handle to delivery tag, of what is not settled
	others  []uint64            // handles of what the last Next handed over though nobody ordered it
	doomed  map[uint64]outgoing // by tag: what is lost when it is given back
	partly  bool                // not all letters are ordered
	refused error               // no more can be taken
}

var (
	_ adapters.Redrive   = (*redrive)(nil)
	_ adapters.Redrive   = (*streamRedrive)(nil)
	_ adapters.Publisher = (*publisher)(nil)
	_ adapters.Poster    = (*poster)(nil)
)

// Redrive implements adapters.DeadLetters. The letters of a queue are taken by an exclusive
// consumer, which the broker grants to one at a time and only where nobody else consumes.
// An order of fewer letters than the queue holds is checked like a look, since what is not
// settled is given back; an order of all only against a crash.
func (a *Adapter) Redrive(ctx context.Context, order adapters.Order) (adapters.Redrive, error) {
	doing := "take letters from queue " + quoted(order.Grave)
	if err := a.mayWrite(doing); err != nil {
		return nil, err
	}
	return awaitQueue(ctx, func() (adapters.Redrive, error) {
		connection, wire, err := a.config.dialWired(ctx)
		if err != nil {
			return nil, err
		}
		r, err := a.redrive(ctx, connection, wire, order, doing)
		if err != nil {
			hangUp(connection)
			return nil, err
		}
		return r, nil
	})
}

func (a *Adapter) redrive(ctx context.Context, connection *amqp.Connection, wire *wire, order adapters.Order, doing string) (adapters.Redrive, error) {
	control := &control{config: &a.config, connection: connection}
	facts, err := a.facts(ctx, control, order.Grave)
	if err != nil {
		return nil, err
	}
	if facts.kind == amqp.QueueTypeStream {
		return a.redriveStream(ctx, connection, wire, order)
	}
	if facts.kind == amqp.QueueTypeClassic && !facts.lasting {
		return nil, a.config.problem(doing, "it is an auto-delete queue, or may be one: the broker deletes it with what it holds when its consumer leaves",
			"move its letters to a queue that stays; management=http://HOST:15672 tells which queues do", adapters.ErrUnsafePeek)
	}
	depth, err := control.depth(order.Grave)
	if err == nil && depth == 0 && len(order.Letters) > 0 && facts.kind == amqp.QueueTypeQuorum {
		depth, err = control.depthUnderLeader(ctx, order.Grave)
	}
	if err != nil {
		return nil, err
	}
	partly := depth > len(order.Letters)
	r := &redrive{
		poster: poster{adapter: a}, connection: connection, wire: wire, facts: facts, verdict: facts.taking(partly), queue: order.Grave,
		wanted: map[adapters.Position]int{}, left: len(order.Letters), most: max(depth, len(order.Letters)) + takePrefetch, // letters may still be on their way back
		tags: map[uint64]uint64{}, doomed: map[uint64]outgoing{}, partly: partly,
	}
	for _, position := range order.Letters {
		r.wanted[position]++
	}
	if err := r.verdict.refusal(&a.config, doing); err != nil {
		return nil, err
	}
	if partly && r.verdict.care == wholly && depth > whollyMost {
		return nil, a.config.problem(doing, fmt.Sprintf("letters given back go to its end, so that all %d would have to be held to keep their order, and at most %d are", depth, whollyMost),
			"redrive all of them, or "+doInstead, adapters.ErrUnsafePeek)
	}
	if r.taking, err = a.config.take(connection, order.Grave); err != nil {
		return nil, both(facts.passing(&a.config, doing, err), r.end())
	}
	if r.sender, err = a.newLandingSender(connection, wire); err != nil {
		return nil, both(err, r.end())
	}
	return r, nil
}

// both joins errors where there are two.
func both(first, second error) error {
	if first == nil || second == nil {
		return cmp.Or(first, second)
	}
	return errors.Join(first, second)
}

// Guarantee implements adapters.Redrive.
func (r *redrive) Guarantee() adapters.Guarantee { return adapters.AtLeastOnce }

// Next implements adapters.Redrive. Letters that nobody ordered are handed over on the way;
// they can be preserved and copied until the next call only, so that their bodies need
// no memory. No more than half of the credit is handed over, so that there is some for
// the next letters before these are settled.
func (r *redrive) Next(ctx context.Context, most int) ([]adapters.Held, error) {
	most = min(most, takePrefetch/2)
	r.adapter.letters.drop(r.others)
	r.others = r.others[:0]
	var held []adapters.Held
	holding := holding{letters: &r.adapter.letters}
	for len(held) < most && r.left > 0 && r.taking.read < r.most && r.refused == nil {
		d, err := r.taking.next(ctx, len(held) > 0)
		if err != nil {
			return held, err
		}
		if d == nil {
			break
		}
		held = append(held, r.take(&holding, d))
	}
	if r.refused != nil {
		return nil, r.refused
	}
	if r.left == 0 || len(held) == 0 {
		return held, r.taking.stop()
	}
	return held, nil
}

// take makes a letter of a delivery and notes what has to be known about it.
func (r *redrive) take(holding *holding, d *amqp.Delivery) adapters.Held {
	held := holding.fromQueue(d, r.queue)
	r.tags[held.Handle] = d.DeliveryTag
	ordered := r.wanted[held.Position] > 0
	if ordered {
		r.wanted[held.Position]--
		r.left--
	} else {
		r.others = append(r.others, held.Handle)
	}
	if r.verdict.margin == 0 {
		return held
	}
	r.judge(d)
	if r.partly && !ordered && r.facts.headroom(countOf(d)) < int64(r.verdict.margin) {
		r.refused = r.adapter.config.problem("take letters from queue "+quoted(r.queue),
			fmt.Sprintf("a letter that would be given back was handed out %d times, and the delivery limit is %d", countOf(d), r.facts.limit),
			"redrive it too, or "+raiseLimit, adapters.ErrUnsafePeek)
	}
	return held
}

// judge remembers a letter that would be lost if it were given back, as it is sent to the
// queue anew instead.
func (r *redrive) judge(d *amqp.Delivery) {
	if r.verdict.margin == 0 || r.facts.headroom(countOf(d)) > 0 {
		return
	}
	again := outgoing{key: r.queue, publishing: republish(d)}
	again.change(&adapters.Copy{Remove: []string{"x-delivery-count", "x-acquired-count"}})
	again.publishing.DeliveryMode = d.DeliveryMode
	r.doomed[d.DeliveryTag] = again
}

// Send implements adapters.Redrive. RabbitMQ has nowhere to keep entries.
func (r *redrive) Send(ctx context.Context, copies []adapters.Copy, _ []adapters.Entry) ([]error, error) {
	return r.send(ctx, copies)
}

// Settle implements adapters.Redrive.
func (r *redrive) Settle(_ context.Context, letters []adapters.Held) error {
	tags := make([]uint64, 0, len(letters))
	for i := range letters {
		tag, ok := r.tags[letters[i].Handle]
		if !ok {
			return r.adapter.notHeld("settle", &letters[i])
		}
		tags = append(tags, tag)
	}
	if err := r.taking.settle(tags); err != nil {
		return err
	}
	r.adapter.counted.forget(r.queue)
	for _, tag := range tags {
		delete(r.doomed, tag)
	}
	handles := handlesOf(letters)
	for _, handle := range handles {
		delete(r.tags, handle)
	}
	r.adapter.letters.drop(handles)
	return nil
}

// Close implements adapters.Redrive.
func (r *redrive) Close() error {
	defer hangUp(r.connection)
	r.adapter.letters.drop(slices.Collect(maps.Keys(r.tags)))
	return r.end()
}

// end gives everything back that is not settled.
func (r *redrive) end() error {
	if r.taking == nil {
		return nil
	}
	err := r.taking.stop()
	if r.taking.lastTag == 0 {
		return err // nothing was taken
	}
	for i := range r.taking.backlog {
		r.judge(&r.taking.backlog[i])
	}
	r.taking.backlog = nil
	if err == nil {
		err = r.taking.complete(r.verdict.care, r.judge)
	}
	if len(r.doomed) > 0 && err == nil {
		err = r.rescue()
	}
	if err != nil {
		return err // the end of the connection gives them back
	}
	return r.taking.giveBack(&r.facts)
}

// rescue sends to the queue anew what would be lost if it were given back, and settles it.
func (r *redrive) rescue() error {
	ctx, cancel := context.WithTimeout(context.Background(), confirmLimit)
	defer cancel()
	tags := slices.Sorted(maps.Keys(r.doomed))
	sender := r.sender
	if sender == nil || sender.broken != nil {
		var err error
		if sender, err = newSender(&r.adapter.config, r.connection, r.wire); err != nil {
			return err
		}
	}
	out, outcomes := make([]outgoing, len(tags)), make([]error, len(tags))
	for i, tag := range tags {
		out[i] = r.doomed[tag]
	}
	err := sender.send(ctx, out, outcomes)
	if err := errors.Join(append(outcomes, err)...); err != nil {
		return err
	}
	return r.taking.settle(tags)
}
