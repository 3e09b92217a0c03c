package adaptertest

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// reader is the intake of the suite: it copies what comes, spoils the borrowed
// memory, gives it back, and lets a test wait for a number of messages.
type reader struct {
	mu       sync.Mutex
	messages []adapters.Message
	changed  chan struct{} // closed and replaced at each change
}

func newReader() *reader { return &reader{changed: make(chan struct{})} }

// Put implements adapters.Intake.
func (r *reader) Put(_ context.Context, batch *adapters.Batch) error {
	copies := make([]adapters.Message, len(batch.Messages))
	for i := range batch.Messages {
		copies[i] = batch.Messages[i].Clone()
	}
	spoil(batch)
	batch.Release()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, copies...)
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// spoil overwrites the borrowed bytes of a batch, which are the intake's until it
// releases them.
func spoil(batch *adapters.Batch) {
	for i := range batch.Messages {
		m := &batch.Messages[i]
		fill(m.Key)
		fill(m.Value)
	}
}

func fill(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}

// seen returns what has come so far.
func (r *reader) seen() []adapters.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.messages[:len(r.messages):len(r.messages)]
}

// await waits until n messages have come and returns all.
func (r *reader) await(t testing.TB, n int) []adapters.Message {
	t.Helper()
	return r.awaitUntil(t, func(messages []adapters.Message) bool { return len(messages) >= n })
}

// awaitValue waits until a message with that value has come and returns all.
func (r *reader) awaitValue(t testing.TB, value string) []adapters.Message {
	t.Helper()
	return r.awaitUntil(t, func(messages []adapters.Message) bool {
		for i := len(messages) - 1; i >= 0; i-- {
			if string(messages[i].Value) == value {
				return true
			}
		}
		return false
	})
}

func (r *reader) awaitUntil(t testing.TB, enough func([]adapters.Message) bool) []adapters.Message {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		r.mu.Lock()
		messages, changed := r.messages[:len(r.messages):len(r.messages)], r.changed
		r.mu.Unlock()
		if enough(messages) {
			return messages
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("waited %v; %d messages came: %s", patience, len(messages), brief(messages))
		}
	}
}

// running is a Run in the background.
type running struct {
	*reader
	adapter *driver.Source
	cancel  context.CancelFunc
	done    chan error
}

// tail starts Run and waits until the adapter says that it is connected, from which
// moment on it must miss nothing. The end of the test ends it.
func tail(t testing.TB, adapter *driver.Source, start adapters.Start) *running {
	t.Helper()
	r := newReader()
	return tailInto(t, adapter, start, r, r)
}

func tailInto(t testing.TB, adapter *driver.Source, start adapters.Start, intake adapters.Intake, r *reader) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	run := &running{reader: r, adapter: adapter, cancel: cancel, done: make(chan error, 1)}
	go func() { run.done <- adapter.Run(ctx, start, intake) }()
	t.Cleanup(func() { run.stop(t) })
	run.awaitState(t, adapters.Live, adapters.CatchingUp)
	return run
}

// stop ends Run, which must return nil for that, and may be called again.
func (r *running) stop(t testing.TB) {
	t.Helper()
	r.cancel()
	select {
	case err, ok := <-r.done:
		if ok && err != nil {
			t.Errorf("Run returned %v after its context ended, want nil", err)
		}
		if ok {
			close(r.done)
		}
	case <-time.After(patience):
		t.Fatalf("Run did not return %v after its context ended", patience)
	}
}

// awaitState waits until the connection has one of the states.
func (r *running) awaitState(t testing.TB, states ...adapters.Connection) adapters.Status {
	t.Helper()
	return r.awaitStatus(t, func(s adapters.Status) bool {
		for _, state := range states {
			if s.Connection == state {
				return true
			}
		}
		return false
	})
}

// awaitStatus waits until the status is as wanted. A status can only be asked for,
// so this looks again and again.
func (r *running) awaitStatus(t testing.TB, wanted func(adapters.Status) bool) adapters.Status {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		status := r.adapter.Status()
		if wanted(status) {
			return status
		}
		select {
		case err, ok := <-r.done:
			if ok {
				close(r.done)
			}
			t.Fatalf("Run returned early: %v (status %+v)", err, status)
		case <-again.C:
		case <-limit.C:
			t.Fatalf("waited %v for a state; it is %+v", patience, status)
		}
	}
}

// scan reads a range to its end.
func scan(t testing.TB, adapter *driver.Source, span adapters.Range) []adapters.Message {
	t.Helper()
	r := newReader()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := adapter.Scan(ctx, span, r); err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return r.seen()
}

// open opens an adapter and closes it at the end of the test.
func open(t testing.TB, broker Broker, destinations ...string) *driver.Source {
	t.Helper()
	adapter := broker.Open(t, destinations...)
	t.Cleanup(func() {
		if err := adapter.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return adapter
}

func brief(messages []adapters.Message) string {
	var b bytes.Buffer
	for i := max(0, len(messages)-5); i < len(messages); i++ {
		b.WriteString(messages[i].Position.String() + " ")
	}
	return b.String()
}
