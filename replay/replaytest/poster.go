package replaytest

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// Poster implements deadletter.Redrive and deadletter.Publisher.
func (s *session) Poster() deadletter.Poster {
	if s.broker.Kind == adapters.Topic {
		return nil
	}
	return s
}

// Post implements deadletter.Poster. Half of the copies arrive at once, the others when they
// are waited for; a crash may come before, between and after.
func (s *session) Post(_ context.Context, copies []deadletter.Copy) {
	if s.posted != nil {
		panic("copies are posted while others are on their way")
	}
	s.broker.burn()
	s.broker.act("post")
	s.posted, s.outcomes = copies, make([]error, len(copies))
	if s.failure = s.broker.fail(); s.failure != nil {
		return
	}
	s.arrive(len(copies) / 2)
	s.broker.burn()
}

// Posted implements deadletter.Poster.
func (s *session) Posted(context.Context) ([]error, error) {
	s.broker.burn()
	copies, failure := s.posted, s.failure
	if failure == nil {
		failure = s.broker.fail()
	}
	if failure == nil {
		s.arrive(len(copies))
		failure = s.broker.fail()
	}
	s.posted, s.arrived, s.failure = nil, 0, nil
	s.broker.burn()
	if failure != nil {
		return unknown(copies), failure
	}
	return s.outcomes, nil
}

// arrive lets copies arrive, up to one.
func (s *session) arrive(end int) {
	for i := s.arrived; i < end; i++ {
		if s.outcomes[i] = s.broker.refusal(&s.posted[i]); s.outcomes[i] == nil {
			s.broker.Copies = append(s.broker.Copies, made(&s.posted[i]))
		}
	}
	s.arrived = end
}

// refusal is why a copy cannot arrive.
func (b *Broker) refusal(c *deadletter.Copy) error {
	switch {
	case b.Unsent:
		return deadletter.ErrNotSent
	case b.Missing[string(c.To)]:
		return deadletter.ErrUnroutable
	case b.Poison[string(original(c).Value)]:
		return adapters.ErrTooLarge
	}
	return nil
}

// Lacks implements deadletter.Queues.
func (b *Broker) Lacks(context.Context, string) ([]string, error) { return nil, nil }
