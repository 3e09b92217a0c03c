package replaytest

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// ReadOnly is a broker that was not opened for writing.
type ReadOnly struct{ *Broker }

// Redrive is refused.
func (ReadOnly) Redrive(context.Context, deadletter.Order) (deadletter.Redrive, error) {
	return nil, adapters.ErrReadOnly
}

// Publisher is refused.
func (ReadOnly) Publisher(context.Context) (deadletter.Publisher, error) {
	return nil, adapters.ErrReadOnly
}
