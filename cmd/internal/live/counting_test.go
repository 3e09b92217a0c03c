package live

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"eventscope/adapters"
)

// What an intake takes of the past is counted, and what it does not take is not.
func TestThePastIsCounted(t *testing.T) {
	var past atomic.Int64
	var refuses error
	c := counting{past: &past, Intake: adapters.IntakeFunc(func(_ context.Context, b *adapters.Batch) error {
		if refuses == nil {
			b.Messages = nil // its new owner's
		}
		return refuses
	})}
	put := func(n int, ofPast bool) {
		if err := c.Put(t.Context(), &adapters.Batch{Messages: make([]adapters.Message, n), Past: ofPast}); !errors.Is(err, refuses) {
			t.Fatal(err)
		}
	}
	put(3, true)
	put(4, false)
	refuses = context.Canceled
	put(5, true)
	if past.Load() != 3 {
		t.Errorf("%d were counted, want 3", past.Load())
	}
}
