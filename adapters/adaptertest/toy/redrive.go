package toy

import (
	"context"
	"fmt"
	"slices"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// redrive takes letters of a queue.
type redrive struct {
	sender
	queue  *destination
	wanted map[adapters.Position]int // of the letters that were not handed over yet
	last   uint64                    // letter that was handed over
	until  uint64                    // the newest letter when it began
}

func (d deadLetters) Redrive(ctx context.Context, order deadletter.Order) (deadletter.Redrive, error) {
	if !d.write {
		return nil, d.readOnly("redrive " + order.DLQ)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &redrive{sender: sender(d), wanted: map[adapters.Position]int{}}
	for _, position := range order.Letters {
		r.wanted[position]++
	}
	err := d.ask("redrive "+order.DLQ, func() (err error) {
		if r.queue, err = d.queue(order.DLQ); err != nil {
			return err
		}
		if r.queue.redrive != nil {
			return &adapters.Problem{Doing: "redrive " + order.DLQ, Cause: "another redrive of it is at work", Remedy: "wait for its end", Kind: adapters.ErrBusy}
		}
		r.queue.redrive, r.until = r, d.handles
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Guarantee implements deadletter.Redrive, as what follows does.
func (r *redrive) Guarantee() deadletter.Guarantee { return deadletter.AtLeastOnce }

// Overdue is never: the toy takes no letters back by itself.
func (r *redrive) Overdue() bool { return false }

// Next never waits: nobody else holds letters.
func (r *redrive) Next(ctx context.Context, most int) (handed []deadletter.Delivery, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = r.ask("take letters of "+r.queue.name, func() error {
		for _, l := range r.queue.letters {
			if len(handed) == most || len(r.wanted) == 0 || l.Handle > r.until {
				break
			}
			if l.Handle <= r.last {
				continue
			}
			if r.wanted[l.Position]--; r.wanted[l.Position] <= 0 {
				delete(r.wanted, l.Position)
			}
			handed = append(handed, l.handOut())
			l.held, r.last = true, l.Handle
		}
		return nil
	})
	return handed, err
}

func (r *redrive) Acknowledge(ctx context.Context, letters []deadletter.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.ask("settle letters of "+r.queue.name, func() error {
		for i := range letters {
			at := slices.IndexFunc(r.queue.letters, func(l *letter) bool { return l.held && l.Handle == letters[i].Handle })
			if at < 0 {
				return fmt.Errorf("the letter %s is not held", letters[i].Position)
			}
			r.queue.letters = slices.Delete(r.queue.letters, at, at+1)
		}
		return nil
	})
}

// Close gives letters back also while the cluster is stopped, which would do that by itself.
func (r *redrive) Close() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.queue.redrive == r {
		for _, l := range r.queue.letters {
			l.held = false
		}
		r.queue.redrive = nil
	}
	return nil
}
