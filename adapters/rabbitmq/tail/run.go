package tail

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup" // ends all goroutines of Run with the first error

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/stream"
	"eventscope/adapters/rabbitmq/wording"
)

const (
	// A lost connection is tried again after firstPause, then twice that, and so on.
	firstPause = 100 * time.Millisecond
	mostPause  = 3 * time.Second

	// pollPause is the time between looks after bindings and the ends of streams. The management
	// API is asked that often while something changes, and up to quietPause apart when not.
	pollPause  = 5 * time.Second
	quietPause = 20 * time.Second
)

// run is one call of Run: the readers, which live as long as it does, and what the
// session needs, which is made anew with each connection.
type run struct {
	tailer *Tailer

	state *state

	taps    []*tap
	streams []*stream.Tail

	put    sync.Mutex // the intake is handed one batch at a time
	intake adapters.Intake
	live   bool // a session has been live

	heard time.Time // the broker, before the latest connection was lost; or zero
}

// newRun makes the readers for what Open found.
func (t *Tailer) newRun(start adapters.Start, intake adapters.Intake) *run {
	r := &run{tailer: t, state: &t.state, intake: intake}
	if at, ok := start.Time(time.Now()); ok {
		start = adapters.At(at)
	}
	tapped := func(ctx context.Context, s *delivery.Buffer) error { return r.handOver(ctx, s.Batch(true), s.Bytes) }
	if t.tapsExchanges() {
		r.taps = append(r.taps, newTap(r.tailer, r.state, "", false, tapped))
	}
	for _, queue := range t.mirrored {
		r.taps = append(r.taps, newTap(r.tailer, r.state, queue, false, tapped))
	}
	if r.tailer.Firehose {
		r.taps = append(r.taps, newTap(r.tailer, r.state, "", true, tapped))
	}
	if newest := start.Newest(); newest > 0 && len(t.History.Streams) > 0 {
		start = adapters.Newest(max(1, newest/len(t.History.Streams)))
	}
	for _, name := range t.History.Streams {
		r.streams = append(r.streams, stream.NewTail(name, start, func(ctx context.Context, s *delivery.Buffer, past bool) error {
			batch := s.Batch(false)
			batch.Past = past
			return r.handOver(ctx, batch, s.Bytes)
		}, r.state.tell))
	}
	return r
}

// handOver gives a batch of so many bytes to the intake, waiting as long as that takes.
func (r *run) handOver(ctx context.Context, batch *adapters.Batch, bytes int64) error {
	n := int64(len(batch.Messages))
	r.put.Lock()
	err := r.intake.Put(ctx, batch)
	r.put.Unlock()
	if err != nil {
		batch.Release()
		return err
	}
	r.state.messages.Add(n)
	r.state.bytes.Add(bytes)
	return nil
}

// Run implements driver.Source.
func (t *Tailer) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	if !start.IsEnd() && len(t.History.Streams) == 0 {
		return wording.Problem("read "+t.Broker.String()+" from "+start.String(), "a tap sees only what comes while it is there",
			"start at the end, or read streams", errors.ErrUnsupported)
	}
	t.state.change(adapters.Connecting, nil)
	r := t.newRun(start, intake)
	t.running.Store(r)
	group, within := errgroup.WithContext(ctx)
	for _, tap := range r.taps {
		group.Go(func() error { return tap.reader.Run(within) })
	}
	for _, st := range r.streams {
		group.Go(func() error { return st.Run(within) })
	}
	group.Go(func() error { return r.stayConnected(within) })
	err := group.Wait()
	if ctx.Err() != nil {
		t.state.change(adapters.Closed, nil)
		return nil
	}
	t.state.change(adapters.Failed, err)
	return err
}

// stayConnected runs session after session. Once one has been live, nothing is given
// up for good: what the broker refuses then may be because it is just coming back.
func (r *run) stayConnected(ctx context.Context) error {
	pause := firstPause
	for {
		began := time.Now()
		err := r.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !r.live && adapters.IsPermanent(err) {
			return err
		}
		r.state.lost(r.heard, err)
		if time.Since(began) > mostPause {
			pause = firstPause
		}
		select {
		case <-time.After(pause/2 + rand.N(pause/2)): // not all observers at once
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, mostPause)
	}
}

// session connects, attaches all readers and looks after them until the connection
// ends or ctx does.
func (r *run) session(ctx context.Context) error {
	l, err := r.tailer.Broker.Dial(ctx)
	if err != nil {
		return err
	}
	defer l.HangUp()
	defer func() { r.heard = l.LastHeard() }()
	closed := l.NotifyClose(make(chan *amqp.Error, 1))
	s := &session{run: r, conn: l, control: l.Control(ctx), ended: make(chan error, 1)}
	if err := s.attach(ctx); err != nil {
		return err
	}
	r.nowLive()
	defer s.drops.lost(r.state)
	poll, count := time.NewTicker(pollPause), time.NewTimer(countPause)
	defer poll.Stop()
	defer count.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case answer := <-closed:
			return l.LossOf(answer)
		case err := <-s.ended:
			return s.endedProblem(err, closed)
		case <-poll.C:
			s.poll(ctx)
		case <-count.C:
			if len(r.taps) > 0 {
				count.Reset(s.drops.poll(s.control, r.taps, r.state))
			}
		}
		if l.IsClosed() && ctx.Err() == nil {
			return l.LossOf(<-closed)
		}
	}
}

// endedProblem says why a reader's deliveries ended: most often because the connection
// did, which says so itself at the same time.
func (s *session) endedProblem(err error, closed <-chan *amqp.Error) error {
	if !errors.Is(err, delivery.ErrEnded) {
		return s.conn.Loss()
	}
	select {
	case answer := <-closed:
		return s.conn.LossOf(answer)
	case <-time.After(countingFast):
		return wording.Problem("read "+s.tailer.Broker.String(), "the broker ended a consumer, as it does when its queue or stream is deleted",
			"see whether it still exists; it is tried again", adapters.ErrNotConnected)
	}
}

// nowLive says that everything is attached, and what a tap missed meanwhile.
func (r *run) nowLive() {
	before := r.state.snapshot()
	if r.live && before.Connection == adapters.Lost && len(r.taps) > 0 {
		r.state.missed(before.Since, time.Now().Round(0), reasonLost)
	}
	r.live = true
	r.state.change(adapters.Live, nil)
}

// past reports whether messages are still to come that were in a stream when the reading began.
func (r *run) past() bool {
	return slices.ContainsFunc(r.streams, (*stream.Tail).Past)
}

// behind is how many messages the streams have before them, or -1 without streams.
func (r *run) behind() int64 {
	if len(r.streams) == 0 {
		return -1
	}
	sum := int64(0)
	for _, st := range r.streams {
		sum += st.Behind()
	}
	return sum
}
