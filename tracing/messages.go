package tracing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"eventscope/adapters"
	"eventscope/tracing/copies"
)

// Messages are read some at a time, before the first of them is handed on: few at first,
// then as many as mostAtOnce, or fewer when they are large. A source hands on what it reads
// as it comes, so that large ones behind many small ones are not all in memory at once.
const (
	fewestAtOnce = 16
	mostAtOnce   = 256
	mostInOrder  = 4096 // of one log after the other, of which each reading is one stretch
	bytesAtOnce  = 4 << 20
)

// Messages implements Querier: kept copies first, the rest from the broker.
func (s *Store) Messages(ctx context.Context, events []Event) iter.Seq2[adapters.Message, error] {
	return s.messages(ctx, events, mostAtOnce)
}

// messages reads at most so many at a time.
func (s *Store) messages(ctx context.Context, events []Event, most int) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		atOnce := s.bytesAtOnce()
		for n := fewestAtOnce; len(events) > 0; {
			r := s.rereading(ctx, events[:min(n, len(events))], atOnce)
			bytes, more := r.yield(ctx, yield)
			if !more {
				return
			}
			events, n = events[len(r.events):], len(r.events)
			n = max(1, min(4*n, most, n*atOnce/max(bytes, 1)))
		}
	}
}

// bytesAtOnce is how much of messages may be in memory at once, besides what a source reads
// ahead: a sixteenth of the budget.
func (s *Store) bytesAtOnce() int { return int(min(s.config.Memory/16, bytesAtOnce)) }

// rereading is some events whose messages are read again.
type rereading struct {
	events  []Event
	err     error    // why the index did not answer
	copies  [][]byte // what was kept of each, or nil
	source  []int    // the number of the source of each, or -1
	sources []Source
	open    []*sourceReading
}

// sourceReading is what one source is asked for, in the order of the events.
type sourceReading struct {
	source Source
	next   func() (adapters.Message, error, bool)
	stop   func()
}

// rereading finds out where the messages of events are: of all of them, or of so many that
// their kept copies are no more than so many bytes, but for the last.
func (s *Store) rereading(ctx context.Context, events []Event, most int) *rereading {
	r := &rereading{events: events, copies: make([][]byte, len(events)), source: make([]int, len(events))}
	for i := range events {
		r.source[i] = -1
	}
	r.err = s.ask(ctx, func(x *index) {
		for i := range events {
			if x.log.holds(events[i].Sequence) {
				r.source[i] = x.places.All[x.log.at(events[i].Sequence).place].Source
			}
			if copied, ok := x.kept.Get(uint64(events[i].Sequence)); ok {
				r.copies[i] = slices.Clone(copied)
				if most -= len(copied); most <= 0 {
					r.events = events[:i+1]
					return
				}
			}
		}
	})
	if r.err == nil {
		r.sources = *s.sources.Load()
		r.begin(ctx)
	}
	return r
}

// begin asks each source for what was not kept. Nothing is read before the first is wanted.
func (r *rereading) begin(ctx context.Context) {
	positions := make([][]adapters.Position, len(r.sources))
	for i := range r.events {
		if n := r.source[i]; n >= 0 && r.copies[i] == nil {
			positions[n] = append(positions[n], r.events[i].Position)
		}
	}
	r.open = make([]*sourceReading, len(r.sources))
	for n, of := range positions {
		if len(of) == 0 {
			continue
		}
		r.open[n] = &sourceReading{source: r.sources[n]}
		if fetch := r.sources[n].Fetch; fetch != nil {
			r.open[n].next, r.open[n].stop = iter.Pull2(fetch.Fetch(ctx, of))
		}
	}
}

// yield hands on the message of each event, until nobody wants more. It returns their size.
func (r *rereading) yield(ctx context.Context, yield func(adapters.Message, error) bool) (bytes int, more bool) {
	defer func() {
		for _, o := range r.open {
			if o != nil && o.stop != nil {
				o.stop()
			}
		}
	}()
	for i := range r.events {
		m, err := r.message(ctx, i)
		r.copies[i] = nil
		m.Position = r.events[i].Position
		bytes += m.Size()
		if !yield(m, err) {
			return bytes, false
		}
	}
	return bytes, true
}

func (r *rereading) message(ctx context.Context, i int) (adapters.Message, error) {
	position := r.events[i].Position
	switch {
	case r.err != nil:
		return adapters.Message{}, r.err
	case r.copies[i] != nil:
		m, err := copies.Decode(r.copies[i])
		if number := r.source[i]; number >= 0 {
			m.Schemas = r.sources[number].Schemas
		}
		return m, err
	case r.source[i] < 0:
		return adapters.Message{}, fmt.Errorf("%s: %w", position, ErrUnknown)
	}
	return r.open[r.source[i]].read(ctx, position)
}

// read returns the next message of a source, which is the one at a position.
func (r *sourceReading) read(ctx context.Context, position adapters.Position) (adapters.Message, error) {
	if r.next == nil {
		return adapters.Message{}, r.notKept(position)
	}
	m, err, ok := r.next()
	switch {
	case !ok:
		return m, fmt.Errorf("%s: %s gave no answer: %w", position, r.source.Name, cmp.Or(ctx.Err(), adapters.ErrNotConnected))
	case errors.Is(err, errors.ErrUnsupported):
		return m, r.notKept(position)
	}
	return m, err
}

func (r *sourceReading) notKept(position adapters.Position) error {
	return &adapters.Problem{
		Doing: "show " + position.String(), Cause: "its payload was not kept, and " + r.source.Name + " cannot be read again at a position",
		Remedy: "give more --memory, so that payloads are kept for longer", Kind: adapters.ErrGone,
	}
}
