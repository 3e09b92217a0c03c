package live

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/cmd/internal/source"
)

// Source is a source behind the screen: it is opened, again and again if need be, and
// then read until the end. The screen asks for its status meanwhile.
type Source struct {
	// Config is which source it is.
	Config source.Source
	// Patient says that destinations may be unknown at first: somebody is making them. It is
	// set before Run.
	Patient bool

	log     *slog.Logger
	adapter atomic.Pointer[driver.Source]
	failure atomic.Pointer[adapters.Status] // what stands in for the adapter's status
	wish    wish
	past    atomic.Int64 // messages of the past that were read
}

// New is a source that is not open yet. It logs when it is opened, and when it fails.
func New(s source.Source, log *slog.Logger) *Source {
	l := &Source{Config: s, log: log}
	l.failure.Store(&adapters.Status{Connection: adapters.Connecting, Since: time.Now(), BehindBy: -1})
	return l
}

// Status is the state of the source at any time.
func (s *Source) Status() adapters.Status {
	failure, adapter := s.failure.Load(), s.adapter.Load()
	if adapter == nil {
		return *failure
	}
	status := adapter.Status()
	status.PastMessages = s.past.Load()                             // after the status, which counts a message later than this does
	if failure.Err != nil && status.Connection != adapters.Failed { // reading ended with this
		status.Connection, status.Since, status.Err = failure.Connection, failure.Since, failure.Err
	}
	return status
}

// Opened is the source if it is open now, or nil.
func (s *Source) Opened() *driver.Source { return s.adapter.Load() }

// Fetch implements [adapters.Fetcher].
func (s *Source) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		adapter := s.Opened()
		switch {
		case adapter == nil:
			yield(adapters.Message{}, adapters.ErrNotConnected)
		case adapter.Fetcher == nil:
			yield(adapters.Message{}, errors.ErrUnsupported)
		default:
			adapter.Fetch(ctx, positions)(yield)
		}
	}
}

// opened is the source as it is now. The error says that it is not open, and what could not be
// done: it is a Problem of kind ErrNotConnected.
func (s *Source) opened(doing string) (*driver.Source, error) {
	if source := s.adapter.Load(); source != nil {
		return source, nil
	}
	return nil, &adapters.Problem{Doing: doing, Cause: "it is not connected", Kind: adapters.ErrNotConnected}
}

// Run opens the source and reads it from start on until ctx ends, into the intake that attach
// gives; and again from elsewhere, when that is wished. The outcome of the first attempt to open
// goes to opening.
func (s *Source) Run(ctx context.Context, start adapters.Start, attach func(*driver.Source) adapters.Intake, opening chan<- error) {
	s.begin(start)
	adapter := s.open(ctx, opening)
	if adapter == nil {
		return
	}
	defer adapter.Close()
	s.failure.Store(&adapters.Status{})
	s.adapter.Store(adapter)
	s.log.Info("opened", "source", s.Config.Name, "url", s.Config.String())
	intake := &counting{Intake: attach(adapter), past: &s.past}
	for ctx.Err() == nil {
		s.read(ctx, adapter, intake)
	}
}

// open tries until it succeeds, or finds a reason that waiting cannot mend.
func (s *Source) open(ctx context.Context, opening chan<- error) *driver.Source {
	const again, soon = 3 * time.Second, 100 * time.Millisecond
	pause := again
	for told := false; ; {
		adapter, err := s.Config.Open(ctx)
		awaited := s.Patient && errors.Is(err, adapters.ErrUnknownDestination)
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
			s.fail(adapters.Failed, err)
			return nil
		default:
			pause = again
			if s.failure.Load().Connection != adapters.Lost {
				s.fail(adapters.Lost, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (s *Source) fail(connection adapters.Connection, err error) {
	s.failure.Store(&adapters.Status{Connection: connection, Since: time.Now(), Err: err, BehindBy: -1})
	s.log.Error("source failed", "source", s.Config.Name, "error", err)
}
