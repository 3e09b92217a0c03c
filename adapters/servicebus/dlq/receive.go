package dlq

import (
	"context"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/adapters/servicebus/message"
)

const (
	// quiet is after how long without a letter it is asked what is still there.
	quiet = time.Second
	// longestLock is how long somebody else can hold a letter without renewing.
	longestLock = 5*time.Minute + 10*time.Second
)

// fill receives until so many letters are ready, or nothing more is there, or comes for a while.
func (r *redrive) fill(ctx context.Context, most int) error {
	for waited := time.Now(); len(r.ready) < most && len(r.wanted) > 0; {
		came, err := r.receive(ctx, most-len(r.ready))
		switch {
		case err != nil:
			return err
		case came:
			waited = time.Now()
			continue
		case len(r.ready) > 0:
			return nil
		}
		if err := r.forgetGone(ctx); err != nil {
			return err
		}
		if len(r.wanted) > 0 && time.Since(waited) > longestLock {
			return &adapters.Problem{
				Doing: "take letters of " + r.entity.String(), Cause: "somebody else holds " + figure.Count(len(r.wanted)) + " of them, and does not give them back",
				Remedy: "resume the run when whoever holds them has ended", Kind: adapters.ErrBusy,
			}
		}
	}
	return nil
}

// receive takes the next letter, if one comes soon. No more are asked for than are taken at once, since
// nobody keeps the lock of one that was not taken.
func (r *redrive) receive(ctx context.Context, most int) (came bool, err error) {
	if r.credit == 0 {
		n := min(most, len(r.wanted)) // so many are there, at least, up to the last that was ordered
		if err := r.receiver.IssueCredit(uint32(n)); err != nil {
			return false, r.problem(ctx, err)
		}
		r.credit, r.asked = n, time.Now()
	}
	if m := r.receiver.Prefetched(); m != nil {
		r.credit--
		r.take(m)
		return true, nil
	}
	r.asked = time.Now()
	soon, cancel := context.WithTimeout(ctx, quiet)
	defer cancel()
	m, err := r.receiver.Receive(soon, nil)
	switch {
	case err == nil:
		r.credit--
		r.take(m)
		return true, nil
	case ctx.Err() == nil && soon.Err() != nil:
		return false, nil
	}
	return false, r.problem(ctx, err)
}

// rest takes what was asked for and has not come, so that it can be given back: else its locks would have
// to run out.
func (r *redrive) rest(ctx context.Context) {
	for r.credit > 0 {
		soon, cancel := context.WithTimeout(ctx, quiet)
		m, err := r.receiver.Receive(soon, nil)
		cancel()
		if err != nil {
			return
		}
		r.credit--
		r.others = append(r.others, m)
	}
}

func (r *redrive) problem(ctx context.Context, err error) error {
	return r.letters.Client.Problem(ctx, "take letters of "+r.entity.String(), err)
}

// forgetGone forgets letters that are not there any more.
func (r *redrive) forgetGone(ctx context.Context) error {
	numbers := make([]int64, 0, len(r.wanted))
	for number := range r.wanted {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		raw, err := r.conn.Peek(ctx, r.entity, number, 1, nil)
		if err != nil {
			return err
		}
		if len(raw) == 0 || message.FromWire(raw[0], r.entity, number).Position.Offset != number {
			delete(r.wanted, number)
		} else {
			return nil // the rest can wait until this one comes
		}
	}
	return nil
}
