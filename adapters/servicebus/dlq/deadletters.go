package dlq

import (
	"context"
	"errors"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/servicebus/client"
)

// DeadLetters finds the dead letters of one namespace, looks at them and redrives them.
type DeadLetters struct {
	Client *client.Client

	// Named are the entities that the source was opened on; None says that it was on all. Write says
	// that anything may be sent or removed at all.
	Named []client.Entity
	None  bool
	Write bool

	// letters are those in the hand of looks and redrives.
	letters deadletter.Held[*held]
}

func (d *DeadLetters) mayWrite(doing string) error {
	if d.Write {
		return nil
	}
	return &adapters.Problem{Doing: doing, Cause: "it was opened for reading", Remedy: "add --write", Kind: adapters.ErrReadOnly}
}

// Cluster implements deadletter.Queues: the namespace.
func (d *DeadLetters) Cluster(context.Context) (string, error) {
	return "servicebus " + d.Client.Address(), nil
}

// Lacks implements deadletter.Queues. Which rights there are only their use tells.
func (d *DeadLetters) Lacks(context.Context, string) ([]string, error) { return nil, nil }

// Mend implements deadletter.Queues. The service leaves nothing half done.
func (d *DeadLetters) Mend(context.Context, string, []deadletter.Target, func(string) error) error {
	return nil
}

// Ledger implements deadletter.Queues.
func (d *DeadLetters) Ledger(_ context.Context, query deadletter.LedgerQuery, _ func(deadletter.Entry) error) (deadletter.LedgerPoint, error) {
	return query.From, errors.ErrUnsupported
}

// parse reads the name of a place for dead letters.
func parse(name string) (client.Entity, error) {
	e, err := client.Parse(name)
	if err != nil {
		return e, &adapters.Problem{Doing: "read the name of a dead-letter queue", Cause: err.Error(), Remedy: "write it like orders/$DeadLetterQueue", Kind: adapters.ErrUsage}
	}
	return e, nil
}
