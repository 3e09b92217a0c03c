package rabbitmq

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
)

// publisher is a sender with a connection of its own.
type publisher struct {
	poster
	connection *amqp.Connection
}

// Publisher implements adapters.DeadLetters. Copies are sent mandatory and confirmed.
func (a *Adapter) Publisher(ctx context.Context) (adapters.Publisher, error) {
	if err := a.mayWrite("publish to " + a.config.broker()); err != nil {
		return nil, err
	}
	connection, wire, err := a.config.dialWired(ctx)
	if err != nil {
		return nil, err
	}
	sender, err := a.newLandingSender(connection, wire)
	if err != nil {
		hangUp(connection)
		return nil, err
	}
	return &publisher{poster: poster{adapter: a, sender: sender}, connection: connection}, nil
}

// mayWrite is nil if the adapter was opened for writing.
func (a *Adapter) mayWrite(doing string) error {
	if a.config.Write {
		return nil
	}
	return a.config.problem(doing, "it was opened for reading", "add --write", adapters.ErrReadOnly)
}

// Publish implements adapters.Publisher.
func (p *publisher) Publish(ctx context.Context, copies []adapters.Copy) ([]error, error) {
	return p.send(ctx, copies)
}

// Close implements adapters.Publisher.
func (p *publisher) Close() error {
	hangUp(p.connection)
	return nil
}
