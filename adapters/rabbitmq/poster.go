package rabbitmq

import (
	"context"

	"eventscope/adapters/deadletter"
)

// poster sends the copies of a redrive or a publisher. It implements deadletter.Poster.
type poster struct {
	adapter  *Adapter
	sender   *sender
	outcomes []error         // of what was posted last
	hurry    context.Context // whose end says that somebody wants an end, as of the last call
}

// Poster implements deadletter.Redrive and deadletter.Publisher.
func (p *poster) Poster() deadletter.Poster { return p }

// Post implements deadletter.Poster.
func (p *poster) Post(ctx context.Context, copies []deadletter.Copy) {
	out := make([]outgoing, len(copies))
	p.outcomes = make([]error, len(copies))
	for i := range copies {
		out[i], p.outcomes[i] = p.adapter.outgoing(&copies[i])
	}
	p.hurry = deadletter.Hurry(ctx)
	p.sender.post(ctx, out, p.outcomes)
}

// hurried is the context whose end says that somebody wants an end.
func (p *poster) hurried() context.Context {
	if p.hurry == nil {
		return context.Background()
	}
	return p.hurry
}

// hangUp ends the sender's connection.
func (p *poster) hangUp() {
	if p.sender != nil {
		p.sender.conn.HangUp()
	}
}

// Posted implements deadletter.Poster.
func (p *poster) Posted(ctx context.Context) ([]error, error) {
	err := p.sender.posted(ctx)
	return p.outcomes, err
}

// send posts and waits.
func (p *poster) send(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	p.Post(ctx, copies)
	return p.Posted(ctx)
}
