package history

import (
	"context"
	"errors"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
)

const (
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// Run implements adapters.Tailer.
func (r *Reader) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	if len(r.Entities)+len(r.Taps) == 0 {
		r.Note(adapters.Failed, errNothing)
		return errNothing
	}
	if len(r.Taps) > 0 && !start.IsEnd() && start.Newest() == 0 {
		err := &adapters.Problem{Doing: "read topic " + r.Taps[0].Topic + " from " + start.String(), Cause: "a tap sees only what is published while it is there", Remedy: "leave out --from", Kind: errors.ErrUnsupported}
		r.Note(adapters.Failed, err)
		return err
	}
	r.begin()
	r.Note(adapters.Connecting, nil)
	followers := make([]*follower, len(r.Entities))
	for i, e := range r.Entities {
		followers[i] = &follower{reader: r, entity: e, start: fixed(start), intake: intake, next: -1}
	}
	taps := make([]*tapper, len(r.Taps))
	for i, tap := range r.Taps {
		taps[i] = &tapper{tap: tap, reader: r, intake: intake}
		defer taps[i].remove(ctx)
	}
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, mostPause) {
		began := time.Now()
		err := r.once(ctx, followers, taps)
		switch {
		case ctx.Err() != nil:
			r.Note(adapters.Connecting, nil)
			return nil
		case adapters.IsPermanent(err):
			r.Note(adapters.Failed, err)
			return err
		case time.Since(began) > mostPause:
			pause = firstPause
		}
		r.Note(adapters.Lost, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	r.Note(adapters.Connecting, nil)
	return nil
}

// once follows all entities over one connection, until that ends or none of them can be read.
func (r *Reader) once(ctx context.Context, followers []*follower, taps []*tapper) error {
	conn, err := r.Client.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := r.place(ctx, conn, followers); err != nil {
		return err
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(followers)+len(taps))
	var running sync.WaitGroup
	for _, f := range followers {
		if f.failed != nil {
			ended <- f.failed
			continue
		}
		running.Go(func() { ended <- f.follow(within, conn) })
	}
	for _, t := range taps {
		running.Go(func() { ended <- t.follow(within, conn) })
	}
	defer running.Wait()
	defer cancel()
	var last error
	for range cap(ended) {
		if last = <-ended; !adapters.IsPermanent(last) {
			return last // of the others it would be the same
		}
	}
	return last
}

// place finds where each entity is read from, if that is not known yet.
func (r *Reader) place(ctx context.Context, conn *client.Conn, followers []*follower) error {
	held := map[adapters.Log]int64{}
	for _, f := range followers {
		if f.next >= 0 || f.failed != nil {
			continue
		}
		first, end, err := bounds(ctx, conn, f.entity)
		if err != nil {
			if err = f.fail(err); err != nil {
				return err
			}
			continue
		}
		f.first, f.mark = first, end
		held[logOf(f.entity)] = end - first
	}
	shares := adapters.Shares(max(1, followersNewest(followers)), held)
	for _, f := range followers {
		if f.next >= 0 || f.failed != nil {
			continue
		}
		if err := f.begin(ctx, conn, shares[logOf(f.entity)]); err != nil {
			return err
		}
	}
	return nil
}

func followersNewest(followers []*follower) int {
	for _, f := range followers {
		return f.start.Newest()
	}
	return 0
}

// errNothing is a run of no entity.
var errNothing = &adapters.Problem{Doing: "read Service Bus", Cause: "there is no queue and no subscription that keeps what it receives", Remedy: "name others", Kind: errors.ErrUnsupported}
