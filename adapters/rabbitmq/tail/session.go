package tail

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/routing"
	"eventscope/adapters/rabbitmq/stream"
)

// session is one connection of a run, with all that was declared over it, which the
// broker deletes when the connection ends, however it ends.
type session struct {
	*run
	conn    *connection.Conn
	control *connection.Control
	drops   drops
	ended   chan error // room for one word of a reader

	plan    plan // the latest
	planned time.Time
	pause   time.Duration // until the next
}

// attach declares, binds and consumes.
func (s *session) attach(ctx context.Context) error {
	plan, err := s.replan(ctx)
	if err != nil {
		return err
	}
	if len(s.taps) > 0 {
		if err := s.drops.declare(s.control); err != nil {
			return err
		}
	}
	for _, t := range s.taps {
		if err := s.drops.declareTap(t, s.control); err != nil {
			return err
		}
	}
	if err := s.bind(&plan); err != nil {
		return err
	}
	for _, t := range s.taps {
		if err := t.consume(ctx, s.conn, s.ended); err != nil {
			return err
		}
	}
	if err := s.attachStreams(ctx, &plan); err != nil {
		return err
	}
	s.report(&plan)
	return nil
}

// replan plans anew, unless the latest plan will do: where nothing changes, the management API
// is asked less and less often. A tap beside an alternate exchange cannot wait: it would take
// from that what no queue takes any more.
func (s *session) replan(ctx context.Context) (plan, error) {
	now, early := time.Now(), pollPause/2
	if s.tailer.Management != nil && !s.planned.IsZero() && now.Sub(s.planned) < s.pause-early {
		return s.plan, nil
	}
	next, err := s.tailer.plan(ctx, s.control)
	next.problems = slices.Clip(next.problems) // others add theirs to a copy
	s.planned = now
	if err == nil && !next.partial && !next.urgent && next.same(&s.plan) {
		s.pause = min(max(2*s.pause, pollPause), quietPause)
	} else {
		s.pause = pollPause
	}
	if err == nil {
		s.plan = next
	}
	return next, err
}

// bind binds all taps as planned, adds to the plan's problems what is refused, and
// fails if that leaves nothing to read.
func (s *session) bind(p *plan) error {
	bound := len(s.streams)
	for _, t := range s.taps {
		problems, err := t.bind(s.control, s.wanted(t, p), s.state)
		if err != nil {
			return err
		}
		if t.destination == "" {
			t.miss(p.missing)
		}
		p.problems = append(p.problems, problems...)
		bound += len(t.bound)
	}
	if bound == 0 && len(p.problems) > 0 {
		return p.worst()
	}
	return nil
}

// wanted is what a tap is to be bound to.
func (s *session) wanted(t *tap, p *plan) []routing.Binding {
	switch {
	case t.firehose:
		return []routing.Binding{{Exchange: delivery.TraceExchange, Key: delivery.TraceKey}}
	case t.destination != "":
		return p.queues[t.destination]
	}
	return p.exchanges
}

// attachStreams starts all streams at once, since finding the end of one takes time.
// One that cannot be read is a problem of its own, unless there is nothing else.
func (s *session) attachStreams(ctx context.Context, p *plan) error {
	errs := make([]error, len(s.streams))
	var group errgroup.Group
	group.SetLimit(8)
	for i, st := range s.streams {
		group.Go(func() error {
			errs[i] = st.Attach(ctx, s.conn, s.ended)
			return nil
		})
	}
	_ = group.Wait()
	failed := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		if ctx.Err() != nil || errors.Is(err, adapters.ErrNotConnected) {
			return err
		}
		failed++
		p.problems = append(p.problems, err)
	}
	if failed > 0 && failed == len(s.streams) && len(s.taps) == 0 {
		return p.problems[len(p.problems)-1]
	}
	return nil
}

// poll heals bindings, finds new exchanges, takes up streams that are readable again,
// and finds out how far behind the others are.
func (s *session) poll(ctx context.Context) {
	plan, err := s.replan(ctx)
	switch {
	case err != nil:
		plan.problems = append(plan.problems, err)
	case !plan.partial:
		before := len(plan.problems)
		_ = s.bind(&plan) // adds to the problems what it says
		if len(plan.problems) > before {
			s.pause = pollPause // something has changed that the plan does not know of
		}
	}
	for _, st := range s.streams {
		err := st.Poll(ctx, s.conn, s.ended)
		if errors.Is(err, stream.ErrStalled) {
			s.conn.Abort(err) // a new session begins where this one stood still
			return
		}
		if err != nil {
			plan.problems = append(plan.problems, err)
		}
	}
	if ctx.Err() == nil && !s.conn.IsClosed() {
		s.report(&plan)
	}
}

// report says what is read and what cannot be.
func (s *session) report(p *plan) {
	destinations := len(s.streams)
	for _, t := range s.taps {
		switch {
		case t.destination != "" || t.firehose:
			destinations++
		default:
			destinations += t.exchanges()
		}
	}
	s.state.reading(destinations, p.problems)
}
