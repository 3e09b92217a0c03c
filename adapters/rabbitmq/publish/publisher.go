package publish

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/management"
	"eventscope/adapters/rabbitmq/wording"
)

// Copier sends copies of letters, and says where they go. It may be used from any goroutine.
type Copier struct {
	Broker     *connection.Broker
	Management *management.Client // nil where there is none

	// Letters are those that are held, of which copies can be sent.
	Letters *Letters

	// Write says that anything may be sent at all.
	Write bool
}

// publisher is nothing but a sender.
type publisher struct{ Sender }

// Publisher implements deadletter.Queues. Copies are sent mandatory and confirmed.
func (c *Copier) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	if err := c.MayWrite("publish to " + c.Broker.String()); err != nil {
		return nil, err
	}
	sender, err := c.OpenChannel(ctx)
	if err != nil {
		return nil, err
	}
	return &publisher{Sender: Sender{Copier: c, Channel: sender}}, nil
}

// MayWrite is nil if the source was opened for writing, and else [adapters.ErrReadOnly].
func (c *Copier) MayWrite(doing string) error {
	if c.Write {
		return nil
	}
	return wording.Problem(doing, "it was opened for reading", "add --write", adapters.ErrReadOnly)
}

// Close implements deadletter.Publisher.
func (p *publisher) Close() error {
	p.HangUp()
	return nil
}

// Sender sends the copies of a redrive or a publisher. It implements deadletter.Sender.
type Sender struct {
	// Copier is whose letters are copied, and Channel where to; nil until it is opened.
	Copier  *Copier
	Channel *ConfirmChannel

	// Hurry is the context whose end says that somebody wants an end, as of the last call; or nil.
	Hurry context.Context
}

// Send implements deadletter.Sender. RabbitMQ has nowhere to keep entries.
func (s *Sender) Send(ctx context.Context, copies []deadletter.Copy, _ []deadletter.Entry) deadletter.Answer {
	out, outcomes := make([]Outgoing, len(copies)), make([]error, len(copies))
	for i := range copies {
		out[i], outcomes[i] = s.Copier.outgoing(&copies[i])
	}
	s.Hurry = deadletter.Hurry(ctx)
	s.Channel.post(ctx, out, outcomes)
	return func(ctx context.Context) ([]error, error) { return outcomes, s.Channel.posted(ctx) }
}

// Hurried is the context whose end says that somebody wants an end.
func (s *Sender) Hurried() context.Context {
	if s.Hurry == nil {
		return context.Background()
	}
	return s.Hurry
}

// HangUp ends the sender's connection.
func (s *Sender) HangUp() {
	if s.Channel != nil {
		s.Channel.Conn.HangUp()
	}
}
