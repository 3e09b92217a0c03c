package tap

import (
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
)

const mostGaps = 16

// status is what a run says of itself.
type status struct {
	mu sync.Mutex
	adapters.Status
}

// Status implements driver.Source.
func (t *Tailer) Status() adapters.Status {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	now := t.status.Status
	now.Problems, now.Gaps = slices.Clone(now.Problems), slices.Clone(now.Gaps)
	return now
}

// Note changes the state of the connection.
func (t *Tailer) Note(state adapters.Connection, why error) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	if t.status.Connection != state || t.status.Since.IsZero() {
		t.status.Connection, t.status.Since = state, time.Now()
	}
	t.status.Err, t.status.BehindBy = why, -1
}

// problem notes a part that cannot be read, once.
func (t *Tailer) problem(text string) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	if !slices.Contains(t.status.Problems, text) {
		t.status.Problems = append(t.status.Problems, text)
	}
}

// missed notes a time in which messages may have passed.
func (t *Tailer) missed(from time.Time, reason string) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	t.status.DroppedUnknown = true
	t.status.Gaps = append(t.status.Gaps, adapters.Gap{From: from, To: time.Now(), Reason: reason, Missed: -1})
	t.status.Gaps = t.status.Gaps[max(0, len(t.status.Gaps)-mostGaps):]
}

func (t *Tailer) delivered(messages int, bytes int64) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	t.status.Messages += int64(messages)
	t.status.Bytes += bytes
}

// SetDestinations says how many topics or queues are read.
func (t *Tailer) SetDestinations(n int) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	t.status.Destinations = n
}
