package registry

import (
	"context"
	"iter"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
)

// mostWait is how long messages that are followed wait for a schema that is named for the first
// time: without it those that come first would be known by headers and key alone. A history that
// is read to its end waits as long as the question may take, since its reader wants all of it.
const mostWait = 200 * time.Millisecond

// Attach gives the messages of a source the schemas of r, by whatever way they are read, and
// closes r with the source.
func (r *Registry) Attach(s *driver.Source) {
	s.Schemas = r
	if s.Tailer != nil {
		s.Tailer = tailer{s.Tailer, r}
	}
	if s.Scanner != nil {
		s.Scanner = scanner{s.Scanner, r}
	}
	if s.Fetcher != nil {
		s.Fetcher = fetcher{s.Fetcher, r}
	}
	if s.DeadLetters != nil {
		s.DeadLetters = queues{s.DeadLetters, r}
	}
	status := s.Status
	s.Status = func() adapters.Status {
		now := status()
		now.Problems = append(slices.Clip(now.Problems), r.unread.problems()...)
		now.Unread = r.unread.numbers()
		return now
	}
	closing := s.Close
	s.Close = func() error {
		err := closing()
		r.Close()
		return err
	}
}

type tailer struct {
	adapters.Tailer
	r *Registry
}

// Run implements [adapters.Tailer].
func (t tailer) Run(ctx context.Context, start adapters.Start, intake adapters.Intake) error {
	return t.Tailer.Run(ctx, start, t.r.intake(intake, mostWait))
}

type scanner struct {
	adapters.Scanner
	r *Registry
}

// Scan implements [adapters.Scanner].
func (s scanner) Scan(ctx context.Context, span adapters.Range, intake adapters.Intake) error {
	return s.Scanner.Scan(ctx, span, s.r.intake(intake, patience))
}

type fetcher struct {
	adapters.Fetcher
	r *Registry
}

// Fetch implements [adapters.Fetcher].
func (f fetcher) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for m, err := range f.Fetcher.Fetch(ctx, positions) {
			m.Schemas = f.r
			if !yield(m, err) {
				return
			}
		}
	}
}

type queues struct {
	deadletter.Queues
	r *Registry
}

// Peek implements [deadletter.Queues].
func (q queues) Peek(ctx context.Context, peek deadletter.Peek, keep func([]deadletter.Delivery) error) error {
	return q.Queues.Peek(ctx, peek, func(letters []deadletter.Delivery) error {
		for i := range letters {
			letters[i].Schemas = q.r
		}
		return keep(letters)
	})
}

// Decode implements [deadletter.Queues].
func (q queues) Decode(line []byte) (adapters.Message, error) {
	m, err := q.Queues.Decode(line)
	m.Schemas = q.r
	return m, err
}
