package reading

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
)

// Index is a store that runs, into which sources are read.
type Index struct {
	*tracing.Store
	cancel context.CancelFunc
	done   chan struct{}
}

// StartIndex starts a store. It outlives the context of a command, so that it can be
// asked after an interrupt; the caller must stop it.
func StartIndex(config tracing.Config) *Index {
	ctx, cancel := context.WithCancel(context.Background())
	i := &Index{Store: tracing.New(config), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(i.done)
		_ = i.Run(ctx) // a new store's Run has no error to give
	}()
	return i
}

// Stop ends it.
func (i *Index) Stop() {
	i.cancel()
	<-i.done
}

// Intake makes an adapter a source of the index.
func (i *Index) Intake(adapter *driver.Source) adapters.Intake {
	return i.Attach(TracingSource(adapter))
}

// TracingSource is an adapter as package tracing knows it.
func TracingSource(adapter *driver.Source) tracing.Source {
	source := tracing.Source{Name: adapter.Name, Broker: adapter.Broker, Schemas: adapter.Schemas}
	if adapter.Fetcher != nil {
		source.Fetch = adapter.Fetcher
	}
	source.Gaps = func() []adapters.Gap { return adapter.Status().Gaps }
	return source
}
