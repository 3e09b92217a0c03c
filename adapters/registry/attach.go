package registry

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/adapters/driver"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

// mostWait is how long messages that are followed wait for a schema that is named for the first
// time: without it those that come first would be known by headers and key alone. A history that
// is read to its end waits as long as the question may take, since its reader wants all of it.
const mostWait = 250 * time.Millisecond

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
		now.Problems = append(slices.Clip(now.Problems), r.missed.problems()...)
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

// intake gives each message the schemas on its way, and lets those of a log wait a moment for
// schemas that were never named before, at most so long.
func (r *Registry) intake(next adapters.Intake, most time.Duration) adapters.Intake {
	var met met
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		var lacking []*entry
		var last [2]*entry // of each part
		for i := range batch.Messages {
			m := &batch.Messages[i]
			m.Schemas = r
			for part, data := range [...][]byte{payload.Value: m.Value, payload.Key: m.Key} {
				ref := payload.FrameOf(m, payload.Part(part), data).Ref
				if ref.By == schemas.ByNothing || last[part] != nil && last[part].ref == ref {
					continue
				}
				e, first := met.entry(r, m.Position.Destination, ref)
				if last[part] = e; e.found() == nil && first {
					lacking = append(lacking, e)
				}
			}
		}
		if len(lacking) > 0 && !batch.Volatile {
			r.await(ctx, lacking, most)
		}
		if met.lacks.Load() {
			r.miss(batch, &met)
		}
		return next.Put(ctx, batch)
	})
}

// miss counts the values of a batch whose schemas are not known.
func (r *Registry) miss(batch *adapters.Batch, met *met) {
	for i := range batch.Messages {
		m := &batch.Messages[i]
		f := payload.FrameOf(m, payload.Value, m.Value)
		if f.Ref.By == schemas.ByNothing {
			continue
		}
		if e, _ := met.entry(r, m.Position.Destination, f.Ref); e.found() == nil {
			r.missed.add(f.Ref, e)
		}
	}
}

// await waits until all have an answer, or it takes too long: then nobody waits again before the
// registry has answered something.
func (r *Registry) await(ctx context.Context, all []*entry, most time.Duration) {
	if r.late.Load() {
		return
	}
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	for _, e := range all {
		select {
		case <-e.done:
		case <-ctx.Done():
			return
		case <-timeout.C:
			r.late.Store(true)
			return
		}
	}
}

// mostMet bounds how many schemas a reading remembers to have met.
const mostMet = 4096

// met are the schemas that a reading has met. They are found without a lock.
type met struct {
	all   sync.Map // entries by their references
	count atomic.Int32
	lacks atomic.Bool // some were not found when they were met
}

// entry is what is known of a schema, and whether it was not met before. What is not known is
// asked for again when it is time.
func (n *met) entry(r *Registry, destination string, ref schemas.Ref) (e *entry, first bool) {
	known, there := n.all.Load(ref)
	if there {
		if e = known.(*entry); e.found() != nil {
			return e, false
		}
	}
	e = r.entry(destination, ref)
	switch {
	case there:
		n.all.Store(ref, e)
	case n.count.Add(1) <= mostMet:
		n.all.Store(ref, e)
		first = true
	}
	if e.found() == nil {
		n.lacks.Store(true)
	}
	return e, first
}
