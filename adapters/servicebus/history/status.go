package history

import (
	"errors"
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
	behind map[string]int64 // by entity: how many numbers are still to be read; -1 is not known
}

// Status implements driver.Source.
func (r *Reader) Status() adapters.Status {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	now := r.status.Status
	now.Problems, now.Gaps = slices.Clone(now.Problems), slices.Clone(now.Gaps)
	return now
}

// Note changes the state of the connection.
func (r *Reader) Note(state adapters.Connection, why error) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.note(state, why)
}

func (s *status) note(state adapters.Connection, why error) {
	if s.Connection != state || s.Since.IsZero() {
		s.Connection, s.Since = state, time.Now()
	}
	s.Err = why
}

// SetDestinations says how many entities are read.
func (r *Reader) SetDestinations(n int) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.Destinations = n
}

// begin forgets what an earlier run has said.
func (r *Reader) begin() {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.Problems, r.status.behind, r.status.Past, r.status.BehindBy = nil, map[string]int64{}, true, -1
	for _, e := range r.Entities {
		r.status.behind[e.String()] = -1
	}
	for _, tap := range r.Taps {
		r.status.behind[tap.Topic] = -1
	}
}

// problem notes a part that cannot be read, once.
func (r *Reader) problem(text string) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	if !slices.Contains(r.status.Problems, text) {
		r.status.Problems = append(r.status.Problems, text)
	}
}

// solved forgets a problem.
func (r *Reader) solved(text string) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.Problems = slices.DeleteFunc(r.status.Problems, func(one string) bool { return one == text })
}

// read notes how much of an entity is still to be read. All of it together is what the state says.
func (r *Reader) read(entity string, behind int64) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	s := &r.status
	s.behind[entity] = behind
	r.tell()
}

// done leaves an entity out that is read no more.
func (r *Reader) done(entity string) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	delete(r.status.behind, entity)
	r.tell()
}

// tell makes one state of those of all entities.
func (r *Reader) tell() {
	s := &r.status
	sum := int64(0)
	for _, behind := range s.behind {
		if behind < 0 {
			return
		}
		sum += behind
	}
	if s.BehindBy = sum; len(r.Entities) == 0 {
		s.BehindBy = -1 // of a tap nobody knows
	}
	if sum == 0 {
		s.Past = false
		s.note(adapters.Live, nil)
	} else if s.Past {
		s.note(adapters.CatchingUp, nil)
	} else {
		s.note(adapters.Live, nil)
	}
}

// failTap notes that a topic cannot be read for good, and returns an error that is about more.
func (r *Reader) failTap(topic string, err error) error {
	if !adapters.IsPermanent(err) || errors.Is(err, adapters.ErrNotAuthenticated) || errors.Is(err, adapters.ErrTLS) {
		return err
	}
	r.problem(err.Error())
	r.done(topic)
	return nil
}

// away notes a time in which messages of a tap may have passed.
func (r *Reader) away(from time.Time) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.DroppedUnknown = true
	r.gap(adapters.Gap{From: from, To: time.Now(), Reason: "the subscription of the tap was not there, or not read", Missed: -1})
}

func (r *Reader) gap(gap adapters.Gap) {
	r.status.Gaps = append(r.status.Gaps, gap)
	r.status.Gaps = r.status.Gaps[max(0, len(r.status.Gaps)-mostGaps):]
}

// delivered counts what the intake has taken.
func (r *Reader) delivered(batch int, bytes int64, past bool) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.Messages += int64(batch)
	r.status.Bytes += bytes
	if past {
		r.status.PastMessages += int64(batch)
	}
}

// missed counts messages that were taken before they were seen.
func (r *Reader) missed(from time.Time, n int64) {
	r.status.mu.Lock()
	defer r.status.mu.Unlock()
	r.status.Dropped += n
	r.gap(adapters.Gap{From: from, To: time.Now(), Reason: "consumed before it was seen", Missed: n})
}
