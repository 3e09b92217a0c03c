package live

import (
	"context"
	"sync"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// wish is from where a source is to be read, which may change.
type wish struct {
	mutex   sync.Mutex
	start   adapters.Start
	held    bool          // nothing is to be read now
	changed chan struct{} // closed when any of it changes, and made anew
	stopped chan struct{} // closed when the present reading has ended; nil while there is none
}

// begin wishes the source to be read from start on.
func (s *Source) begin(start adapters.Start) {
	s.wish.change(func(w *wish) { w.start, w.held = start, false })
}

func (w *wish) change(how func(w *wish)) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	how(w)
	if w.changed != nil {
		close(w.changed)
	}
	w.changed = make(chan struct{})
}

// Hold ends the reading and waits until it has ended; what was read of the source stays where it
// was put. The source stays open.
func (s *Source) Hold(ctx context.Context) error {
	s.wish.change(func(w *wish) { w.held = true })
	s.wish.mutex.Lock()
	stopped := s.wish.stopped
	s.wish.mutex.Unlock()
	if stopped == nil {
		return nil
	}
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Resume reads on from start, which a source without a history takes for the end.
func (s *Source) Resume(start adapters.Start) { s.begin(start) }

// Past reports whether more is to come of what was there before the reading began, or whether this is not
// known yet.
func (s *Source) Past() bool {
	s.wish.mutex.Lock()
	held := s.wish.held
	s.wish.mutex.Unlock()
	status := s.Status()
	switch status.Connection {
	case adapters.Lost, adapters.Failed:
		return held
	case adapters.Connecting, adapters.Closed:
		return true
	}
	return held || status.Past
}

// read reads once, until the wish changes or ctx ends.
func (s *Source) read(ctx context.Context, adapter *driver.Source, intake adapters.Intake) {
	w := &s.wish
	w.mutex.Lock()
	start, held, changed := w.start, w.held, w.changed
	stopped := make(chan struct{})
	if !held {
		w.stopped = stopped
	}
	w.mutex.Unlock()
	if !held {
		s.readFrom(ctx, start, changed, adapter, intake)
		w.mutex.Lock()
		w.stopped = nil
		w.mutex.Unlock()
		close(stopped)
	}
	select {
	case <-ctx.Done(): // until then the screen may still fetch and search
	case <-changed:
	}
}

// readFrom reads until changed is closed.
func (s *Source) readFrom(ctx context.Context, start adapters.Start, changed <-chan struct{}, adapter *driver.Source, intake adapters.Intake) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}()
	if !start.IsEnd() && adapter.Scanner == nil {
		start = adapters.End
	}
	s.failure.Store(&adapters.Status{})
	if err := adapter.Run(ctx, start, intake); err != nil && ctx.Err() == nil {
		s.fail(adapters.Failed, err)
	}
}
