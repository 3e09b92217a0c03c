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
func (t *Told) Break(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.broken = err
}

// Destinations implements adapters.Topology, as Bindings does.
func (t *Told) Destinations(context.Context) ([]adapters.Destination, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.broken != nil {
		return nil, t.broken
	}
	return t.There, nil
}

func (t *Told) Bindings(context.Context) ([]adapters.Binding, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.broken != nil {
		return nil, t.broken
	}
	return t.Ways, nil
}
