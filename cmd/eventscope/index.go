package main

import (
	"context"
	"runtime/debug"

	"eventscope/adapters"
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
func (i *index) attach(adapter adapters.Adapter) adapters.Intake {
	return i.Attach(tracingSource(adapter))
}

// tracingSource is an adapter as package tracing knows it.
func tracingSource(adapter adapters.Adapter) tracing.Source {
	source := tracing.Source{Name: adapter.Name(), Broker: adapter.Broker()}
	if adapter.Capabilities().Fetch {
		source.Fetch = adapter
	}
	source.Gaps = func() []adapters.Gap { return adapter.Status().Gaps }
	return source
}

// tracing is the configuration of an index that has the command to itself. The rest of
// the memory is for what is on its way from the brokers.
func (s *settings) tracing() tracing.Config {
	return tracing.Config{Memory: s.memory / 4 * 3, Rules: s.rules, Paths: s.paths, Settle: s.settle}
}

// limitHeap lets the collector work against the whole budget rather than against twice
// what is in use: it runs seldom while there is room, and often before there is none.
func (s *settings) limitHeap() {
	const plenty = 400 // percent; the limit below comes first as soon as there is much
	debug.SetGCPercent(plenty)
	s.limitMemory()
}

// limitMemory holds the process to the budget, but for one so small that what is on its
// way from the brokers, some tens of megabytes, would keep the collector busy for good.
func (s *settings) limitMemory() {
	const least = 128 << 20
	debug.SetMemoryLimit(max(s.memory/100*88, least))
}
