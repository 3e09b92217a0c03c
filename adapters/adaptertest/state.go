package adaptertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak" // finds goroutines that outlive their adapter

	"eventscope/adapters"
)

func testOpened(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	adapter := open(t, broker, destination)
	if adapter.Broker != broker.Kind {
		t.Errorf("broker is %q, want %q", adapter.Broker, broker.Kind)
	}
	if adapter.Name == "" {
		t.Error("the adapter has no name")
	}
	if adapter.Tailer == nil && adapter.Scanner == nil {
		t.Error("nothing can be read")
	}
	if topology := adapter.Topology; topology != nil {
		list, err := topology.Destinations(t.Context())
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range list {
			found = found || d.Name == destination
		}
		if !found {
			t.Errorf("%q is not among the %d destinations", destination, len(list))
		}
		if _, err := topology.Bindings(t.Context()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("bindings: %v", err)
		}
	}
}

// testNoHistory is about a source that cannot look back: Run from the past is refused rather
// than begun at another place.
func testNoHistory(t *testing.T, broker Broker) {
	adapter := open(t, broker, broker.Make(t, 1))
	refuse := adapters.IntakeFunc(func(context.Context, *adapters.Batch) error { return errors.New("nothing was to come") })
	if err := adapter.Run(t.Context(), adapters.Beginning, refuse); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Run from the beginning: %v, want %v", err, errors.ErrUnsupported)
	}
}

func testCounters(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	run := tail(t, open(t, broker, destination), adapters.End)
	published := numbered("message", 500, 1)
	broker.Publish(t, destination, published...)
	got := run.await(t, len(published))
	want := int64(0)
	for i := range got {
		want += int64(got[i].Size())
	}
	status := run.awaitStatus(t, func(s adapters.Status) bool {
		return s.Messages == int64(len(published)) && s.Connection == adapters.Live && s.BehindBy <= 0
	})
	if status.Bytes != want {
		t.Errorf("status counts %d bytes, want %d", status.Bytes, want)
	}
	if status.Since.IsZero() || status.Since.After(time.Now()) {
		t.Errorf("live since %v", status.Since)
	}
	if status.Err != nil || len(status.Problems) != 0 || status.Dropped != 0 {
		t.Errorf("all is well, but the status is %+v", status)
	}
	if _, digest := got[0].Position.Digest(); !digest && status.BehindBy != 0 {
		t.Errorf("everything was read, but it is behind by %d", status.BehindBy)
	}
}

// testClose looks for goroutines that outlive an adapter. Clients of the test itself may open a
// connection meanwhile; they do not do so each time, as an adapter that leaks does.
func testClose(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	var left error
	for range 3 {
		ignored := []goleak.Option{goleak.IgnoreCurrent()}
		for _, function := range broker.Serving {
			ignored = append(ignored, goleak.IgnoreAnyFunction(function))
		}
		openAndClose(t, broker, destination)
		if left = goleak.Find(ignored...); left == nil {
			return
		}
	}
	t.Error(left)
}

func openAndClose(t *testing.T, broker Broker, destination string) {
	t.Helper()
	adapter := broker.Open(t, destination)
	ctx, cancel := context.WithCancel(context.Background())
	r := newReader()
	run := &running{reader: r, adapter: adapter, cancel: cancel, done: make(chan error, 1)}
	go func() { run.done <- adapter.Run(ctx, adapters.End, r) }()
	run.awaitState(t, adapters.Live, adapters.CatchingUp)
	if adapter.Scanner != nil {
		scan(t, adapter, adapters.Range{From: adapters.Beginning})
	}
	run.stop(t)
	if err := adapter.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if state := adapter.Status().Connection; state != adapters.Closed {
		t.Errorf("a closed adapter is %q", state)
	}
}

// testBrokerDies kills the broker under a tail. A log must then give every message
// exactly once; a tap must give what comes after, and own up to the gap.
func testBrokerDies(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	run := tail(t, open(t, broker, destination), adapters.End)
	broker.Publish(t, destination, numbered("before", 100, 1)...)
	run.awaitValue(t, "before 99")
	mend := broker.Break(t)
	lost := run.awaitState(t, adapters.Lost)
	if lost.Err == nil || lost.Since.IsZero() {
		t.Errorf("lost, but the status does not say why and since when: %+v", lost)
	}
	mend()
	status := run.awaitState(t, adapters.Live)
	if status.Err != nil {
		t.Errorf("live again, and still %v", status.Err)
	}
	broker.Publish(t, destination, numbered("after", 100, 1)...)
	got := run.awaitValue(t, "after 99")
	sameValues(t, got, append(numbered("before", 100, 1), numbered("after", 100, 1)...), 1)
	if run.adapter.Scanner == nil && len(status.Gaps) == 0 {
		t.Error("a tap was away and reports no gap")
	}
}
