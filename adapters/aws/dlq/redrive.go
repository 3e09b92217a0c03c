package dlq

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/message"
	"eventscope/adapters/deadletter"
)

// goneMargin is how much longer than a hold is waited for letters that somebody else holds, as a
// redrive that was killed does.
const goneMargin = 10 * time.Second

// redrive acts on the letters of one queue.
type redrive struct {
	sender
	holder  *holder
	empties int

	wanted map[adapters.Position]int // of the letters that were not handed over yet
	ids    map[string]uint64         // handles of what was received, by the ids of the service
	ready  []deadletter.Delivery     // received, and not handed over
	mine   []uint64                  // handles of all that were ordered and received
	hurry  context.Context           // whose end says that somebody wants an end, as of the last call
}

// Redrive implements deadletter.Queues. Several redrives of one queue are given different letters,
// since what one holds the others do not see.
func (d *DeadLetters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	if err := d.mayWrite("redrive letters of " + order.DLQ); err != nil {
		return nil, err
	}
	h, err := d.mayTake(ctx, order.DLQ, d.redriveHold())
	if err != nil {
		return nil, err
	}
	r := &redrive{sender: sender{d}, empties: d.empties(), wanted: map[adapters.Position]int{}, ids: map[string]uint64{}, hurry: deadletter.Hurry(ctx)}
	for _, position := range order.Letters {
		r.wanted[position]++
	}
	r.holder = startHolder(*h)
	return r, nil
}

// Guarantee implements deadletter.Redrive. That a queue which keeps order drops the second of two
// copies within five minutes is no promise for a run that is resumed later.
func (r *redrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Overdue implements deadletter.Redrive.
func (r *redrive) Overdue() bool { return r.holder.overdue() }

// Next implements deadletter.Redrive.
func (r *redrive) Next(ctx context.Context, most int) ([]deadletter.Delivery, error) {
	r.hurry = deadletter.Hurry(ctx)
	if len(r.wanted) == 0 {
		return nil, ctx.Err()
	}
	if err := r.fill(ctx, most); err != nil {
		return nil, err
	}
	n := 0
	for n < min(most, len(r.ready)) && len(r.wanted) > 0 {
		position := r.ready[n].Position
		if r.wanted[position]--; r.wanted[position] <= 0 {
			delete(r.wanted, position)
		}
		n++
	}
	handed := r.ready[:n:n]
	r.ready = r.ready[n:]
	return handed, nil
}

// fill receives until so many are ready, or nothing comes for a while and nobody else holds any.
func (r *redrive) fill(ctx context.Context, most int) error {
	waited := time.Now()
	for empty := 0; len(r.ready) < most && !r.allReady(); {
		asked := time.Now()
		came, err := r.holder.receive(ctx, batch)
		if err != nil {
			return err
		}
		anew := false // what comes again is as good as nothing, or this would have no end
		for i := range came {
			anew = r.take(&came[i], asked) || anew
		}
		if anew {
			empty = 0
			continue
		}
		if len(r.ready) > 0 {
			return nil
		}
		if empty++; empty < r.empties {
			continue
		}
		hidden, err := r.hidden(ctx)
		switch {
		case err != nil || hidden == 0:
			return err
		case time.Since(waited) > r.holder.hold+goneMargin: // they are not gone, and nobody may say so
			return &adapters.Problem{
				Doing: "take letters of queue " + r.holder.queue.Name, Cause: "somebody else holds " + strconv.FormatInt(hidden, 10) + " of them, and does not give them back",
				Remedy: "resume the run when whoever holds them has ended", Kind: adapters.ErrBusy,
			}
		}
		empty = 0
	}
	return nil
}

// allReady reports whether every letter that is wanted was received.
func (r *redrive) allReady() bool {
	found := 0
	for i := range r.ready {
		if r.wanted[r.ready[i].Position] > 0 {
			found++
		}
	}
	return found >= len(r.wanted)
}

// hidden is how many messages of the queue somebody else holds.
func (r *redrive) hidden(ctx context.Context) (int64, error) {
	q, err := r.letters.Client.QueueAt(ctx, r.holder.queue.URL)
	if err != nil {
		return 0, err
	}
	return max(0, q.InFlight-int64(r.holder.count())), nil
}

// take keeps a letter that was asked for at that time, and says whether it is another one. One that
// comes again is held by its new receipt.
func (r *redrive) take(raw *types.Message, asked time.Time) bool {
	id, receipt := aws.ToString(raw.MessageId), aws.ToString(raw.ReceiptHandle)
	if handle, again := r.ids[id]; again {
		r.holder.renewed(handle, receipt, asked)
		return false
	}
	if r.wanted[message.PositionOf(id, r.holder.queue.Name)] == 0 { // it is held, or it would come again
		r.ids[id] = deadletter.NewHandle()
		r.holder.add(r.ids[id], receipt, asked)
		return true
	}
	letter := r.letters.letters.hold(raw, &r.holder.handling)
	r.ids[id] = letter.Handle
	r.mine = append(r.mine, letter.Handle)
	r.holder.add(letter.Handle, receipt, asked)
	r.ready = append(r.ready, letter)
	return true
}

// Acknowledge implements deadletter.Redrive.
func (r *redrive) Acknowledge(ctx context.Context, letters []deadletter.Delivery) error {
	r.hurry = deadletter.Hurry(ctx)
	if err := ctx.Err(); err != nil || len(letters) == 0 {
		return err
	}
	handles := make(map[uint64]bool, len(letters))
	for i := range letters {
		if _, err := r.letters.letters.Find(&letters[i], "acknowledge"); err != nil {
			return err
		}
		handles[letters[i].Handle] = true
	}
	if err := r.refuseLapsed(handles); err != nil {
		return err
	}
	if err := r.holder.remove(ctx, r.holder.receipts(handles)); err != nil {
		return err
	}
	if err := r.refuseLapsed(handles); err != nil { // while they were being deleted
		return err
	}
	r.holder.drop(handles)
	r.letters.letters.Drop(slices.Collect(maps.Keys(handles)))
	return nil
}

// refuseLapsed refuses what others may have been given meanwhile: whether it is deleted nobody tells.
func (r *redrive) refuseLapsed(handles map[uint64]bool) error {
	n := r.holder.lapsed(handles)
	if n == 0 {
		return nil
	}
	return heldTooLong(r.holder.queue.Name, n, "they could not be held on")
}

// Close implements deadletter.Redrive.
func (r *redrive) Close() error {
	r.letters.letters.Drop(r.mine)
	r.mine, r.ready, r.wanted = nil, nil, nil
	return r.holder.close(deadletter.Finishing(r.hurry))
}
