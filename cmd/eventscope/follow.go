package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/exit"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing"
)

// followed prints the flow, then again whenever it has grown, until it has come to an end
// that is known to be usual.
func (t *trace) followed(ctx context.Context, sources *reading.Sources, figures *reading.Figures) error {
	index := reading.StartIndex(t.config())
	defer index.Stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var helpers sync.WaitGroup
	var readingDone error
	// The sources are read before the search begins, so that nothing falls between; what
	// both see is taken once.
	helpers.Go(func() {
		readingDone = sources.Read(ctx, reading.Extent{Start: adapters.End}, func(adapter *driver.Source) adapters.Intake { return index.Intake(adapter) })
		cancel(nil)
	})
	helpers.Go(func() { sources.Watch(ctx, cancel, func() int64 { return index.Counters().Events }) })
	err := t.untilDone(ctx, sources, index, figures)
	cause := context.Cause(ctx)
	cancel(nil)
	helpers.Wait()
	switch {
	case errors.Is(cause, exit.ErrInterrupted), errors.Is(cause, output.ErrClosed):
		return cause
	case err != nil && !adapters.IsEnd(err) && !errors.Is(err, exit.ErrTime):
		return err
	case readingDone != nil:
		return readingDone
	case t.printed == 0:
		return t.nothing()
	}
	return nil
}

// config is that of an index. With --follow there are two, the search's and the one that goes on;
// of two flows that are compared each has one.
func (t *trace) config() tracing.Config {
	config := t.settings.tracing()
	if t.follow || t.two {
		config.Memory /= 2
	}
	return config
}

// untilDone searches history, then looks at the index as it grows.
func (t *trace) untilDone(ctx context.Context, sources *reading.Sources, index *reading.Index, figures *reading.Figures) error {
	if err := t.adopt(ctx, sources, index, figures); err != nil {
		return err
	}
	const every = 250 * time.Millisecond
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	version, shown := uint64(0), shownFlow{}
	for {
		if now := index.Counters().Version; now != version {
			version = now
			done, err := t.printGrown(ctx, index, &shown)
			if done || err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks.C:
			version-- // a status changes by itself, too
		}
	}
}

// shownFlow is what was printed last.
type shownFlow struct {
	events int
	status tracing.Status
}

// printGrown prints the flow if there is more of it than was shown, and says whether it
// has come to an end.
func (t *trace) printGrown(ctx context.Context, index *reading.Index, shown *shownFlow) (done bool, err error) {
	matches, err := index.Find(ctx, t.id)
	if errors.Is(err, tracing.ErrUnknown) || err == nil && len(matches) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	flow, err := index.Flow(ctx, matches[0].Key)
	if err != nil {
		return false, err
	}
	now := shownFlow{flow.Events, flow.Status}
	if now != *shown {
		*shown = now
		if err := t.print(ctx, index.Store, matches[0].Key); err != nil {
			return false, err
		}
	}
	ended := flow.Status == tracing.Complete || flow.Status == tracing.Compensated
	return ended && flow.Path != "", nil // without a path, silence is all that is known
}

// adopt puts what history has of the flow into the index.
func (t *trace) adopt(ctx context.Context, sources *reading.Sources, index *reading.Index, figures *reading.Figures) error {
	found, err := t.search(ctx, sources, figures)
	if err != nil {
		return err
	}
	defer found.Close()
	for _, match := range found.Matches {
		if _, err := index.Adopt(ctx, found, match.Key); err != nil {
			return err
		}
	}
	return nil
}
