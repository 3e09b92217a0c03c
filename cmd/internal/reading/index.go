package reading

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

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

// Read reads the sources to their extent, then again what came before its schema, and returns how
// many events there were. It calls end, as
// [Sources.Watch] does, when nobody wants the result any more.
func (i *Index) Read(ctx context.Context, end context.CancelCauseFunc, extent Extent, sources *Sources) (events int64, err error) {
	var count atomic.Int64
	watching, stopWatching := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { sources.Watch(watching, end, count.Load) })
	err = sources.Read(ctx, extent, func(adapter *driver.Source) adapters.Intake {
		return Counting(i.Intake(adapter), func(messages int) { count.Add(int64(messages)) })
	})
	stopWatching()
	watcher.Wait()
	if err == nil { // an interrupt ends it, too
		err = errors.Join(i.Sync(ctx), i.ReadAgain(ctx))
	}
	return count.Load(), err
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
