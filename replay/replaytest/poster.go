package replaytest

import (
	"context"

	"eventscope/adapters"
)

var _ adapters.Poster = (*session)(nil)

// Post implements adapters.Poster. Half of the copies arrive at once, the others when they
// are waited for; a crash may come before, between and after.
func (s *session) Post(_ context.Context, copies []adapters.Copy) {
	if s.posted != nil {
		panic("copies are posted while others are on their way")
	}
	s.broker.burn()
	s.posted, s.outcomes = copies, make([]error, len(copies))
	s.arrive(len(copies) / 2)
	s.broker.burn()
}

// Posted implements adapters.Poster.
func (s *session) Posted(context.Context) ([]error, error) {
	s.broker.burn()
	s.arrive(len(s.posted))
	s.posted, s.arrived = nil, 0
	s.broker.burn()
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
func (b *Broker) refusal(c *adapters.Copy) error {
	switch {
	case b.Missing[c.To.String()]:
		return adapters.ErrUnroutable
	case b.Poison[string(original(c).Value)]:
		return adapters.ErrTooLarge
	}
	return nil
}
