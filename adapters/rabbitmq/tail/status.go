package tail

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/routing"
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

	doubts atomic.Pointer[[]*routing.Doubt] // among the problems; nil where there is none

	mu      sync.Mutex
	status  adapters.Status // all but messages, bytes and behind
	cleared map[string]bool // doubts that are none any more, by the binding's id
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

// lost says that the connection is lost, since the broker was last heard: what came before that
// was read. Heard is zero if it never was.
func (s *state) lost(heard time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if heard.IsZero() {
		heard = time.Now()
	}
	if s.status.Connection != adapters.Lost {
		s.status.Connection, s.status.Since = adapters.Lost, heard
	}
	s.status.Err = err
}

// reading says what is being read, and what cannot be.
func (s *state) reading(destinations int, problems []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Destinations = destinations
	var doubts []*routing.Doubt
	var texts []string // never changed once given away
	for _, err := range problems {
		if d := (*routing.Doubt)(nil); errors.As(err, &d) {
			if s.cleared[d.Binding.ID()] {
				continue
			}
			doubts = append(doubts, d)
		}
		texts = append(texts, err.Error())
	}
	s.status.Problems = texts
	s.keep(doubts)
}

// keep puts the doubts there that are left; the usual case, none, costs a message nothing.
func (s *state) keep(doubts []*routing.Doubt) {
	if len(doubts) == 0 {
		s.doubts.Store(nil)
		return
	}
	s.doubts.Store(&doubts)
}

// received clears the doubts that a message clears.
func (s *state) received(exchange, key string) {
	doubts := s.doubts.Load()
	if doubts == nil {
		return
	}
	for _, d := range *doubts {
		if d.Binding.Exchange == exchange && d.Binding.Key != key {
			s.clear(d)
		}
	}
}

func (s *state) clear(cleared *routing.Doubt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cleared == nil {
		s.cleared = map[string]bool{}
	}
	s.cleared[cleared.Binding.ID()] = true
	text := cleared.Error()
	s.status.Problems = slices.DeleteFunc(slices.Clone(s.status.Problems), func(problem string) bool { return problem == text })
	var left []*routing.Doubt
	if doubts := s.doubts.Load(); doubts != nil {
		left = slices.DeleteFunc(slices.Clone(*doubts), func(d *routing.Doubt) bool { return s.cleared[d.Binding.ID()] })
	}
	s.keep(left)
}

// missed records a gap during which nothing was read.
func (s *state) missed(from, to time.Time, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addGap(adapters.Gap{From: from, To: to, Reason: reason, Missed: -1})
}

// tell records a gap of no length, which a reason tells all of.
func (s *state) tell(reason string) {
	now := time.Now().Round(0)
	s.missed(now, now, reason)
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
