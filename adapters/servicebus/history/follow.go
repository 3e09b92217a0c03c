package history

import (
	"context"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

const (
	// An entity is asked again at once while something comes, soon when nothing does, and later the
	// longer nothing has come: each question costs a little.
	soon  = 250 * time.Millisecond
	later = 2 * time.Second
)

// follower reads one entity, over one connection after the other.
type follower struct {
	reader *Reader
	entity client.Entity
	start  adapters.Start
	intake adapters.Intake

	next   int64     // number to be read next; -1 is not known yet
	first  int64     // where the entity began
	mark   int64     // behind what was there when the reading began
	known  bool      // the number before next was there, so that one that is missing was missed
	looked time.Time // at last
	failed error     // it is read no more
	held   string    // why it cannot be read now
}

// begin finds the number from which the entity is read. Share is what it has of the newest messages.
func (f *follower) begin(ctx context.Context, conn *client.Conn, share int64) (err error) {
	since, byAge := f.start.Time(time.Now())
	from := f.mark
	switch {
	case f.start.IsBeginning():
		from = f.first
	case f.start.Newest() > 0:
		from = f.mark - share
	case byAge:
		if from, err = byTime(ctx, conn, f.entity, f.first, f.mark, since); err != nil {
			return err
		}
	}
	f.next, f.known = from, f.mark > 0
	f.reader.read(f.entity.String(), f.mark-from)
	return nil
}

// fail notes that the entity cannot be read for good, and returns an error that is about more.
func (f *follower) fail(err error) error {
	if !adapters.IsPermanent(err) || errors.Is(err, adapters.ErrNotAuthenticated) || errors.Is(err, adapters.ErrTLS) {
		return err
	}
	f.failed = err
	f.reader.problem(err.Error())
	f.reader.done(f.entity.String())
	return nil
}

// follow reads until the connection ends, or the entity cannot be read any more.
func (f *follower) follow(ctx context.Context, conn *client.Conn) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := soon; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		n, err := f.look(ctx, conn)
		if err == nil && f.held != "" {
			f.reader.solved(f.held)
			f.held = ""
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, adapters.ErrBusy): // it is disabled, and may be enabled again
			f.held = err.Error()
			f.reader.problem(f.held)
			pause = later
		case err != nil:
			if other := f.fail(err); other != nil {
				return other
			}
			return err
		case n > 0:
			pause = 0
		default:
			pause = min(max(2*pause, soon), later)
		}
		timer.Reset(pause)
		if pause == 0 {
			pause = soon / 2
		}
	}
}

// look reads what has come, and hands it over.
func (f *follower) look(ctx context.Context, conn *client.Conn) (n int, err error) {
	since := f.looked
	raw, err := conn.Peek(ctx, f.entity, f.next, client.PeekedAtOnce, nil)
	if err != nil {
		return 0, err
	}
	f.looked = time.Now()
	if len(raw) == 0 {
		f.mark = min(f.mark, f.next) // what was there is gone
		f.reader.read(f.entity.String(), 0)
		return 0, nil
	}
	all := make([]adapters.Message, 0, len(raw))
	for _, one := range raw {
		m := message.FromWire(one, f.entity, f.next)
		number := m.Position.Offset
		if message.InPartition(number) {
			return 0, partitioned(f.entity)
		}
		if number < f.next {
			continue
		}
		if from := max(f.next, f.mark); f.known && number > from {
			f.reader.missed(since, number-from)
		}
		f.next, f.known = number+1, true
		all = append(all, m)
	}
	return len(all), f.hand(ctx, all)
}

// hand hands messages over, those that were there before apart from those that came.
func (f *follower) hand(ctx context.Context, all []adapters.Message) error {
	past := 0
	for past < len(all) && all[past].Position.Offset < f.mark {
		past++
	}
	for i, part := range [][]adapters.Message{all[:past], all[past:]} {
		bytes := int64(0)
		for j := range part {
			bytes += int64(part[j].Size())
		}
		n := len(part)
		if err := f.put(ctx, &adapters.Batch{Messages: part, Past: i == 0}); err != nil {
			return err
		}
		f.reader.delivered(n, bytes, i == 0)
		f.reader.read(f.entity.String(), max(0, f.mark-f.next))
	}
	return nil
}

// put hands a batch over, one entity after the other.
func (f *follower) put(ctx context.Context, batch *adapters.Batch) error {
	f.reader.put.Lock()
	defer f.reader.put.Unlock()
	return hand(ctx, batch, f.intake)
}
