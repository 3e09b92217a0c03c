package tuitest

import (
	"context"
	"sync"

	"eventscope/adapters"
)

// Told is what a broker tells of itself.
type Told struct {
	There []adapters.Destination
	Ways  []adapters.Binding

	mutex  sync.Mutex
	broken error
}

// Break makes the broker answer with an error, or no longer.
func (b *Told) Break(err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.broken = err
}

// Destinations implements adapters.Topology, as Bindings does.
func (b *Told) Destinations(context.Context) ([]adapters.Destination, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	return b.There, nil
}

func (b *Told) Bindings(context.Context) ([]adapters.Binding, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	return b.Ways, nil
}
