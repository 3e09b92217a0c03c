package tap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"eventscope/adapters"
	"eventscope/adapters/aws/client"
)

// Tailer taps topics.
type Tailer struct {
	Client *client.Client
	Topics []Topic

	// Notes are what is not seen although nothing fails, one sentence each.
	Notes []string

	// Refused is why nothing is tapped, or nil.
	Refused error

	// Memory is the budget of this source in bytes; 0 is none.
	Memory int64

	// Every is how often the queue is renewed; 0 is the default.
	Every time.Duration

	status   status
	known    known
	answered atomic.Int64 // when the service last did, in nanoseconds since 1970
}

func (t *Tailer) every() time.Duration { return cmp.Or(t.Every, renewEvery) }

const (
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// Run implements adapters.Tailer.
func (t *Tailer) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	if t.Refused != nil {
		t.Note(adapters.Failed, t.Refused)
		return t.Refused
	}
	if !start.IsEnd() && start.Newest() == 0 {
		return t.fail(&adapters.Problem{Doing: "read " + t.Client.Place() + " from " + start.String(), Cause: "a tap sees only what is published while it is there", Remedy: "leave out --from", Kind: errors.ErrUnsupported})
	}
	for _, note := range t.Notes {
		t.problem(note)
	}
	t.answered.Store(0)
	t.known = known{}
	t.sweep(ctx)
	defer t.Note(adapters.Connecting, nil)
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, mostPause) {
		began := time.Now()
		err := t.once(ctx, intake)
		switch {
		case ctx.Err() != nil:
			return nil
		case adapters.IsPermanent(err):
			return t.fail(err)
		case time.Since(began) > mostPause:
			pause = firstPause
		}
		t.Note(adapters.Lost, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	return nil
}

// fail ends a run for good. The status says why for as long as nothing else is done.
func (t *Tailer) fail(err error) error {
	t.Note(adapters.Failed, err)
	return err
}

// once makes the queue and reads it until something fails that making it anew may mend.
func (t *Tailer) once(ctx context.Context, intake adapters.Intake) error {
	m, err := t.make(ctx)
	if err != nil {
		return err
	}
	defer m.remove(ctx)
	if at := t.answered.Load(); at > 0 { // there was a tap before, and it was another
		t.missed(time.Unix(0, at), "the queue of the tap had to be made anew")
	}
	t.answered.Store(time.Now().UnixNano())
	s := &session{tailer: t, made: m, topics: map[string]adapters.Endpoint{}, came: make(chan []types.Message)}
	for _, topic := range t.Topics {
		s.topics[topic.String()] = topic.As
	}
	return s.run(ctx, intake)
}

// run reads a queue for as long as it is there, whatever else fails.
func (s *session) run(ctx context.Context, intake adapters.Intake) error {
	t := s.tailer
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	receiving := make(chan error, 1)
	begin := func() { go func() { receiving <- s.receiveAll(ctx, receivers(t.Memory)) }() }
	begin()
	defer func() { cancel(nil); <-receiving }()
	t.Note(adapters.Live, nil)
	renewing, stop := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		s.keep(renewing, cancel)
	}()
	defer func() { stop(); <-renewed }()
	for pause := firstPause; ; {
		select {
		case came := <-s.came:
			pause = firstPause
			s.answered()
			if err := s.deliver(ctx, came, intake); err != nil {
				return err
			}
		case err := <-receiving:
			if ctx.Err() != nil || adapters.IsPermanent(err) || errors.Is(err, adapters.ErrUnknownDestination) {
				receiving <- err // for whoever waits for the end
				return s.ended(ctx, err)
			}
			t.Note(adapters.Lost, err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, mostPause)
			case <-ctx.Done():
			}
			begin()
			s.back(ctx)
		}
	}
}

// answered tells that the service answers again, and what passed if it has not for long.
func (s *session) answered() {
	t := s.tailer
	if t.Status().Connection == adapters.Lost {
		t.Note(adapters.Live, nil)
	}
}

// back asks for the queue after a time without answers, and notes what may be missing.
func (s *session) back(ctx context.Context) {
	t := s.tailer
	away := time.Unix(0, t.answered.Load())
	if _, err := t.Client.QueueAt(ctx, s.made.queue.URL); err != nil {
		return // whoever receives finds out
	}
	t.Note(adapters.Live, nil)
	if time.Since(away) > keepFor-5*time.Second {
		t.missed(away, "the service could not be reached")
	}
}

// ended is why a session has ended: a queue that was deleted is made again.
func (s *session) ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if errors.Is(err, adapters.ErrUnknownDestination) {
		return &adapters.Problem{Doing: "read the queue of the tap", Cause: "somebody has deleted it", Remedy: "it is made again", Kind: adapters.ErrNotConnected}
	}
	return err
}

// keep renews the queue, and looks whether what it is fed by is there.
func (s *session) keep(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(s.tailer.every())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = s.made.renew(ctx) // what fails is tried again, long before its time is over
		if gone := s.gone(ctx); len(gone) == len(s.topics) && len(gone) > 0 {
			end(gone[0])
			return
		}
	}
}

// gone are the topics and queues that were deleted under the tap, each told of.
func (s *session) gone(ctx context.Context) (all []error) {
	for _, topic := range s.tailer.Topics {
		err := s.tailer.Client.CheckTopic(ctx, topic.ARN)
		what := "topic " + topic.Name
		if err == nil && topic.As.Kind == adapters.Queue {
			_, err = s.tailer.Client.Queue(ctx, topic.As.Name)
			what = "queue " + topic.As.Name
		}
		if errors.Is(err, adapters.ErrUnknownDestination) {
			s.tailer.problem(fmt.Sprintf("%s was deleted: nothing more comes from it", what))
			all = append(all, &adapters.Problem{Doing: "read " + what, Cause: "it was deleted meanwhile", Remedy: "name another, or make it again and begin anew", Kind: adapters.ErrUnknownDestination})
		}
	}
	return all
}
