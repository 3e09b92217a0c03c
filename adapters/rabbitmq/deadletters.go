package rabbitmq

import (
	"context"
	"errors"

	"eventscope/adapters/deadletter"
	"eventscope/adapters/rabbitmq/wording"
)

// Cluster implements deadletter.Queues: the name of the cluster, which its nodes tell
// every client, and the virtual host.
func (a *Adapter) Cluster(context.Context) (string, error) {
	return a.broker.Cluster(), nil
}

// Ledger implements deadletter.Queues: RabbitMQ has nowhere to keep one.
func (a *Adapter) Ledger(context.Context, deadletter.LedgerQuery, func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	return deadletter.LedgerPoint{}, wording.Problem("read a ledger on "+a.broker.String(), "rabbitmq has nowhere to keep one", "the journal says what was done", errors.ErrUnsupported)
}

// Mend implements deadletter.Queues: a copy is at its target, or it is not.
func (a *Adapter) Mend(context.Context, string, []deadletter.Target, func(string) error) error {
	return nil
}

// Lacks implements deadletter.Queues: a redrive needs no rights but those on letters and targets.
func (a *Adapter) Lacks(context.Context, string) ([]string, error) { return nil, nil }
