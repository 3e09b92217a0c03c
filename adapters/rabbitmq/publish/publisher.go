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

// Publish implements deadletter.Publisher.
func (p *publisher) Publish(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	return p.SendCopies(ctx, copies)
}

// Close implements deadletter.Publisher.
func (p *publisher) Close() error {
	p.HangUp()
	return nil
}

// Sender sends the copies of a redrive or a publisher. It implements deadletter.Poster.
type Sender struct {
	// Copier is whose letters are copied, and Channel where to; nil until it is opened.
	Copier  *Copier
	Channel *ConfirmChannel

	outcomes []error // of what was posted last
	// Hurry is the context whose end says that somebody wants an end, as of the last call; or nil.
	Hurry context.Context
}

// Poster implements deadletter.Redrive and deadletter.Publisher.
func (p *Sender) Poster() deadletter.Poster { return p }

// Post implements deadletter.Poster.
func (p *Sender) Post(ctx context.Context, copies []deadletter.Copy) {
	out := make([]Outgoing, len(copies))
	p.outcomes = make([]error, len(copies))
	for i := range copies {
		out[i], p.outcomes[i] = p.Copier.outgoing(&copies[i])
	}
	p.Hurry = deadletter.Hurry(ctx)
	p.Channel.post(ctx, out, p.outcomes)
}

// Hurried is the context whose end says that somebody wants an end.
func (p *Sender) Hurried() context.Context {
	if p.Hurry == nil {
		return context.Background()
	}
	return p.Hurry
}

// HangUp ends the sender's connection.
func (p *Sender) HangUp() {
	if p.Channel != nil {
		p.Channel.Conn.HangUp()
	}
}

// Posted implements deadletter.Poster.
func (p *Sender) Posted(ctx context.Context) ([]error, error) {
	err := p.Channel.posted(ctx)
	return p.outcomes, err
}

// SendCopies posts and waits. Its answers are those of [deadletter.Redrive.Send].
func (p *Sender) SendCopies(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	p.Post(ctx, copies)
	return p.Posted(ctx)
}
