package kafka_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"eventscope/adapters"
	"eventscope/adapters/kafka"
)

func asUser(user, password string) kgo.Opt {
	return kgo.SASL(plain.Auth{User: user, Pass: password}.AsMechanism())
}

// following is a Run in the background, whose messages come through a channel.
type following struct {
	t       *testing.T
	adapter *kafka.Adapter
	came    chan adapters.Message
	seen    []string // values
}

// follow runs adapter until the end of the test and returns when it is live.
func follow(t *testing.T, adapter *kafka.Adapter, start adapters.Start) *following {
	t.Helper()
	f := &following{t: t, adapter: adapter, came: make(chan adapters.Message, 100_000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- adapter.Run(ctx, start, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
			for i := range batch.Messages {
				f.came <- batch.Messages[i].Clone()
			}
			batch.Release()
			return nil
		}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		adapter.Close()
	})
	f.until(func(s adapters.Status) bool {
		return s.Connection == adapters.Live || s.Connection == adapters.CatchingUp
	})
	return f
}

// await takes messages until one has that value, and returns it.
func (f *following) await(value string) adapters.Message {
	f.t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case m := <-f.came:
			f.seen = append(f.seen, string(m.Value))
			if string(m.Value) == value {
				return m
			}
		case <-limit:
			f.t.Fatalf("%q did not come; %d others did (status %+v)", value, len(f.seen), f.adapter.Status())
		}
	}
}

// until asks for the status until it is as wanted.
func (f *following) until(wanted func(adapters.Status) bool) adapters.Status {
	f.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	limit := time.After(time.Minute)
	for {
		if status := f.adapter.Status(); wanted(status) {
			return status
		}
		select {
		case <-again.C:
		case <-limit:
			f.t.Fatalf("the status stays %+v", f.adapter.Status())
		}
	}
}

// sawOnce requires exactly these values, each once, in any order.
func (f *following) sawOnce(values ...string) {
	f.t.Helper()
	got := slices.Clone(f.seen)
	slices.Sort(got)
	slices.Sort(values)
	if !slices.Equal(got, values) {
		f.t.Errorf("saw %q, want %q", got, values)
	}
}

// scanned returns the values that a scan of everything reads, in order.
func scanned(t *testing.T, adapter *kafka.Adapter, span adapters.Range) (values []string) {
	t.Helper()
	err := adapter.Scan(t.Context(), span, adapters.IntakeFunc(func(_ context.Context, batch *adapters.Batch) error {
		for i := range batch.Messages {
			values = append(values, strings.Clone(string(batch.Messages[i].Value)))
		}
		batch.Release()
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return values
}
