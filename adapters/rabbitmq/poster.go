package rabbitmq

import (
	"context"

	"eventscope/adapters"
)

// poster sends the copies of a redrive or a publisher. It implements adapters.Poster.
type poster struct {
	adapter  *Adapter
	sender   *sender
	outcomes []error // of what was posted last
}

// Post implements adapters.Poster.
func (p *poster) Post(ctx context.Context, copies []adapters.Copy) {
	out := make([]outgoing, len(copies))
	p.outcomes = make([]error, len(copies))
	for i := range copies {
		out[i], p.outcomes[i] = p.adapter.outgoing(&copies[i])
	}
	p.sender.post(ctx, out, p.outcomes)
}

// Posted implements adapters.Poster.
func (p *poster) Posted(ctx context.Context) ([]error, error) {
	err := p.sender.posted(ctx)
	return p.outcomes, err
}

// send posts and waits.
func (p *poster) send(ctx context.Context, copies []adapters.Copy) ([]error, error) {
	p.Post(ctx, copies)
	return p.Posted(ctx)
}
