package main

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/tracing"
)

// index is a store that runs.
type index struct {
	*tracing.Store
	cancel context.CancelFunc
	done   chan struct{}
}

// startIndex starts a store. It outlives the context of a command, so that it can be
// asked after an interrupt; stop ends it.
func startIndex(config tracing.Config) *index {
	ctx, cancel := context.WithCancel(context.Background())
	i := &index{Store: tracing.New(config), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(i.done)
		_ = i.Run(ctx) // a new store's Run has no error to give
	}()
	return i
}

func (i *index) stop() {
	i.cancel()
	<-i.done
}

// attach makes an adapter a source of the index.
func (i *index) attach(adapter *driver.Source) adapters.Intake {
	return i.Attach(tracingSource(adapter))
}

// tracingSource is an adapter as package tracing knows it.
func tracingSource(adapter *driver.Source) tracing.Source {
	source := tracing.Source{Name: adapter.Name, Broker: adapter.Broker}
	if adapter.Fetcher != nil {
		source.Fetch = adapter.Fetcher
	}
	source.Gaps = func() []adapters.Gap { return adapter.Status().Gaps }
	return source
}
