package adaptertest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp" // says where two messages differ
	"github.com/google/go-cmp/cmp/cmpopts"

	"eventscope/adapters"
)

// hoarder keeps every batch, with a copy made when it came.
type hoarder struct {
	mu      sync.Mutex
	batches []*adapters.Batch
	copies  [][]adapters.Message
	reader  *reader
}

func (h *hoarder) Put(ctx context.Context, batch *adapters.Batch) error {
	copies := make([]adapters.Message, len(batch.Messages))
	for i := range batch.Messages {
		copies[i] = batch.Messages[i].Clone()
	}
	h.mu.Lock()
	h.batches = append(h.batches, batch)
	h.copies = append(h.copies, copies)
	h.mu.Unlock()
	seen := make([]adapters.Message, len(copies)) // the reader spoils what it gets
	for i := range copies {
		seen[i] = copies[i].Clone()
	}
	return h.reader.Put(ctx, &adapters.Batch{Messages: seen})
}

// testBatchUntouched keeps batches while many others are read and released, and then
// looks whether they still say what they said.
func testBatchUntouched(t *testing.T, broker Broker) {
	destination := broker.Make(t, 1)
	adapter := open(t, broker, destination)
	h := &hoarder{reader: newReader()}
	run := tailInto(t, adapter, adapters.End, keepEveryThird(h), h.reader)
	const rounds, round = 30, 50
	for i := range rounds {
		messages := numbered(fmt.Sprintf("round %d", i), round, 1)
		for j := range messages {
			messages[j].Key = []byte(fmt.Sprint(i, "/", j))
			messages[j].Headers = []adapters.Header{{Name: fmt.Sprint("h", j), Value: []byte(fmt.Sprint(i))}}
		}
		broker.Publish(t, destination, messages...)
		run.await(t, (i+1)*round)
	}
	run.stop(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, batch := range h.batches {
		if diff := cmp.Diff(h.copies[i], batch.Messages, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("a batch that nobody released has changed (-as it came, +now):\n%s", diff)
		}
		batch.Release()
		if batch.Messages != nil {
			t.Error("a released batch still shows messages")
		}
	}
}

// keepEveryThird hoards one batch of three; the others are spoiled and released, so
// that their memory comes into use again.
func keepEveryThird(h *hoarder) adapters.Intake {
	var n int
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		n++
		if n%3 == 0 {
			return h.Put(ctx, batch)
		}
		return h.reader.Put(ctx, batch)
	})
}
