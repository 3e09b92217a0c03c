package rabbitmq

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/wording"
)

// publisher is nothing but a poster.
type publisher struct{ poster }

// Publisher implements deadletter.Queues. Copies are sent mandatory and confirmed.
func (a *Adapter) Publisher(ctx context.Context) (deadletter.Publisher, error) {
	if err := a.mayWrite("publish to " + a.config.broker()); err != nil {
		return nil, err
	}
	sender, err := a.newTapGuardSender(ctx)
	if err != nil {
		return nil, err
	}
	return &publisher{poster: poster{adapter: a, sender: sender}}, nil
}

// mayWrite is nil if the adapter was opened for writing.
func (a *Adapter) mayWrite(doing string) error {
	if a.config.Write {
		return nil
	}
	return wording.Problem(doing, "it was opened for reading", "add --write", adapters.ErrReadOnly)
}

// Publish implements deadletter.Publisher.
func (p *publisher) Publish(ctx context.Context, copies []deadletter.Copy) ([]error, error) {
	return p.send(ctx, copies)
}

// Close implements deadletter.Publisher.
func (p *publisher) Close() error {
	p.hangUp()
	return nil
}
