package rabbitmq

import (
	"context"
	"errors"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"eventscope/adapters"
)

// session is one connection of a run, with all that was declared over it, which the
// broker deletes when the connection ends, however it ends.
type session struct {
	*run
	connection *amqp.Connection
	control    *control
	drops      drops
	ended      chan error // room for one word of a reader
}

// attach declares, binds and consumes.
func (s *session) attach(ctx context.Context) error {
	plan, err := s.adapter.plan(ctx, s.control)
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
		if err := t.consume(s.connection, s.ended); err != nil {
			return err
		}
	}
	if err := s.attachStreams(ctx, &plan); err != nil {
		return err
	}
	s.report(&plan)
	return nil
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
		return p.problems[0]
	}
	return nil
}

// wanted is what a tap is to be bound to.
func (s *session) wanted(t *tap, p *plan) []binding {
	switch {
	case t.firehose:
		return []binding{{exchange: traceExchange, key: traceKey}}
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
			errs[i] = st.attach(ctx, s.connection, s.ended)
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

// look heals bindings, finds new exchanges, takes up streams that are readable again,
// and finds out how far behind the others are.
func (s *session) look(ctx context.Context) {
	plan, err := s.adapter.plan(ctx, s.control)
	switch {
	case err != nil:
		plan.problems = append(plan.problems, err)
	case !plan.partial:
		_ = s.bind(&plan) // adds to the problems what it says
	}
	for _, st := range s.streams {
		if st.attached {
			err = st.look(ctx, s.connection)
		} else {
			err = st.attach(ctx, s.connection, s.ended)
		}
		if err != nil {
			plan.problems = append(plan.problems, err)
		}
	}
	if ctx.Err() == nil && !s.connection.IsClosed() {
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
	var problems []string
	for _, err := range p.problems {
		problems = append(problems, err.Error())
	}
	s.state.reading(destinations, problems)
}
