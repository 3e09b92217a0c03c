package rabbitmq

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
)

const (
	keptGaps = 16 // as adapters.Status says

	// overflowPause is how long a tap's queue must have dropped nothing for the next
	// drop to be a gap of its own.
	overflowPause = 5 * time.Second

	reasonLost     = "connection lost"
	reasonOverflow = "tap queue overflowed"
)

// state is what Status reports. Readers count in it, the session writes the rest.
type state struct {
	messages, bytes atomic.Int64

	mu     sync.Mutex
	status adapters.Status // all but messages, bytes and behind
}

// change sets the connection's state; err is nil unless it is Lost or Failed. Since
// keeps the time at which a state that lasts began.
func (s *state) change(connection adapters.Connection, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Connection != connection || s.status.Since.IsZero() {
		s.status.Connection, s.status.Since = connection, time.Now()
	}
	s.status.Err = err
}

// reading says what is being read.
func (s *state) reading(destinations int, problems []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Destinations = destinations
	s.status.Problems = problems // never changed once given away
}

// missed records a gap during which nothing was read.
func (s *state) missed(from, to time.Time, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addGap(adapters.Gap{From: from, To: to, Reason: reason, Missed: -1})
}

// overflowed records that a tap's queue dropped n messages between from and to, or an
// unknown number when n is -1. Drops that go on are one gap.
func (s *state) overflowed(n int64, from, to time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 {
		s.status.DroppedUnknown = true
	} else {
		s.status.Dropped += n
	}
	if last := len(s.status.Gaps) - 1; last >= 0 {
		gap := &s.status.Gaps[last]
		if gap.Reason == reasonOverflow && from.Sub(gap.To) < overflowPause {
			gap.To = to
			if gap.Missed < 0 || n < 0 {
				gap.Missed = -1
			} else {
				gap.Missed += n
			}
			return
		}
	}
	s.addGap(adapters.Gap{From: from, To: to, Reason: reasonOverflow, Missed: n})
}

func (s *state) addGap(gap adapters.Gap) {
	if len(s.status.Gaps) == keptGaps {
		s.status.Gaps = slices.Delete(s.status.Gaps, 0, 1)
	}
	s.status.Gaps = append(s.status.Gaps, gap)
}

// snapshot is a copy that shares nothing which changes.
func (s *state) snapshot() adapters.Status {
	s.mu.Lock()
	status := s.status
	status.Gaps = slices.Clone(status.Gaps)
	s.mu.Unlock()
	status.Messages, status.Bytes = s.messages.Load(), s.bytes.Load()
	return status
}
