package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/source"
)

// line is a source behind the screen: it is opened, again and again if need be, and
// then read until the end. The screen asks for its status meanwhile.
type line struct {
	source  source.Source
	log     *slog.Logger
	patient bool // destinations may be unknown at first: somebody is making them
	adapter atomic.Pointer[driver.Source]
	failure atomic.Pointer[adapters.Status] // what stands in for the adapter's status
}

func newLiveSource(s source.Source, log *slog.Logger) *line {
	l := &line{source: s, log: log}
	l.failure.Store(&adapters.Status{Connection: adapters.Connecting, Since: time.Now(), BehindBy: -1})
	return l
}

// status is the state of the source at any time.
func (l *line) status() adapters.Status {
	failure, adapter := l.failure.Load(), l.adapter.Load()
	if adapter == nil {
		return *failure
	}
	status := adapter.Status()
	if failure.Err != nil && status.Connection != adapters.Failed { // reading ended with this
		status.Connection, status.Since, status.Err = failure.Connection, failure.Since, failure.Err
	}
	return status
}

// opened is the source as it is now. The error says that it is not open, and what could not be
// done: it is a Problem of kind ErrNotConnected.
func (l *line) opened(doing string) (*driver.Source, error) {
	if source := l.adapter.Load(); source != nil {
		return source, nil
	}
	return nil, &adapters.Problem{Doing: doing, Cause: "it is not connected", Kind: adapters.ErrNotConnected}
}

// run opens the source and reads it until ctx ends. The outcome of the first attempt to
// open goes to opening.
func (l *line) run(ctx context.Context, index *index, start adapters.Start, opening chan<- error) {
	adapter := l.open(ctx, opening)
	if adapter == nil {
		return
	}
	defer adapter.Close()
	l.failure.Store(&adapters.Status{})
	l.adapter.Store(adapter)
	l.log.Info("opened", "source", l.source.Name, "url", l.source.String())
	if !start.IsEnd() && adapter.Scanner == nil {
		start = adapters.End
	}
	if err := adapter.Run(ctx, start, index.attach(adapter)); err != nil && ctx.Err() == nil {
		l.fail(adapters.Failed, err)
	}
	<-ctx.Done() // the screen may still fetch and search
}

// open tries until it succeeds, or finds a reason that waiting cannot mend.
func (l *line) open(ctx context.Context, opening chan<- error) *driver.Source {
	const again, soon = 3 * time.Second, 100 * time.Millisecond
	pause := again
	for told := false; ; {
		adapter, err := l.source.Open(ctx)
		awaited := l.patient && errors.Is(err, adapters.ErrUnknownDestination)
		if !told && !awaited {
			opening <- err
			told = true
		}
		switch {
		case err == nil:
			return adapter
		case ctx.Err() != nil:
			return nil
		case awaited:
			pause = soon
		case adapters.IsPermanent(err):
			l.fail(adapters.Failed, err)
			return nil
		default:
			pause = again
			if l.failure.Load().Connection != adapters.Lost {
				l.fail(adapters.Lost, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (l *line) fail(connection adapters.Connection, err error) {
	l.failure.Store(&adapters.Status{Connection: connection, Since: time.Now(), Err: err, BehindBy: -1})
	l.log.Error("source failed", "source", l.source.Name, "error", err)
}
