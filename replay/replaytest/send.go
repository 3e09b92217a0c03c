package replaytest

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// post sends copies of which half arrive at once, and the others when the answer is asked for; a
// crash may come before, between and after.
func (s *session) post(copies []deadletter.Copy) deadletter.Answer {
	if s.flying {
		panic("copies are sent while others are on their way")
	}
	s.broker.burn()
	s.broker.act("post")
	outcomes, arrived := make([]error, len(copies)), 0
	upTo := func(end int) {
		for ; arrived < end; arrived++ {
			outcomes[arrived] = s.broker.arrive(&copies[arrived])
		}
	}
	failure := s.broker.fail()
	s.flying = true
	if failure == nil {
		upTo(len(copies) / 2)
		s.broker.burn()
	}
	return func(context.Context) ([]error, error) {
		s.broker.burn()
		if failure == nil {
			failure = s.broker.fail()
		}
		if failure == nil {
			upTo(len(copies))
			failure = s.broker.fail()
		}
		s.flying = false
		s.broker.burn()
		if failure != nil {
			return unknown(copies), failure
		}
		return outcomes, nil
	}
}

// arrive puts a letter back into the queue where that is the target, and else takes the copy. It
// returns what refuses the copy.
func (b *Broker) arrive(c *deadletter.Copy) error {
	if err := b.refusal(c); err != nil {
		return err
	}
	if c.To == "dlq" {
		b.BuryMessage(made(c))
	} else {
		b.Copies = append(b.Copies, made(c))
	}
	if b.Unclear[string(original(c).Value)] {
		return deadletter.ErrUnknownOutcome
	}
	return nil
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
