package toy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

func (d deadLetters) Publisher(context.Context) (deadletter.Publisher, error) {
	if !d.write {
		return nil, d.readOnly("send copies")
	}
	return sender(d), nil
}

func (s *source) readOnly(doing string) error {
	return &adapters.Problem{Doing: doing, Cause: s.name + " was opened for reading", Remedy: "open it for writing", Kind: adapters.ErrReadOnly}
}

// sender sends copies.
type sender struct{ *source }

// Send implements deadletter.Sender. It takes no time.
func (s sender) Send(ctx context.Context, copies []deadletter.Copy, _ []deadletter.Entry) deadletter.Answer {
	return deadletter.Answered(s.sendAll(ctx, copies))
}

func (s sender) sendAll(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	outcomes := make([]error, len(copies))
	err := ctx.Err()
	if err == nil {
		err = s.ask("send copies", func() error {
			for i := range copies {
				outcomes[i] = s.send(&copies[i])
			}
			s.tellChange()
			return nil
		})
	}
	if err != nil {
		return slices.Repeat([]error{deadletter.ErrNotSent}, len(copies)), err
	}
	return outcomes, nil
}

func (s sender) Close() error { return nil }

// send sends one copy.
func (s sender) send(c *deadletter.Copy) error {
	to := s.find(string(c.To))
	if to == nil {
		return fmt.Errorf("there is no channel %s: %w", c.To, deadletter.ErrUnroutable)
	}
	m, err := s.made(c)
	if err != nil {
		return err
	}
	if m.Size() > mostBytes {
		return fmt.Errorf("a message of %d bytes: %w", m.Size(), adapters.ErrTooLarge)
	}
	s.append(to, &m)
	return nil
}

// made is the message that a copy is.
func (s sender) made(c *deadletter.Copy) (m adapters.Message, err error) {
	switch {
	case c.Of != nil:
		m = c.Of.Message
	case c.Original != nil:
		if m, err = (deadLetters(s)).Decode(c.Original); err != nil {
			return m, err
		}
	default:
		m = *c.Message
	}
	m.Headers = slices.DeleteFunc(slices.Clone(m.Headers), func(h adapters.Header) bool { return slices.Contains(c.Remove, h.Name) })
	m.Headers = append(m.Headers, c.Add...)
	if c.Value != nil {
		m.Value = c.Value
	}
	m.Time = time.Time{} // a copy is a new message
	return m, nil
}
