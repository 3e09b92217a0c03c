package registry

import (
	"context"
	"iter"
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
	var named named
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		var wait []*entry
		var last [2]schemas.Ref // of each part
		for i := range batch.Messages {
			m := &batch.Messages[i]
			m.Schemas = r
			for part, data := range [...][]byte{payload.Value: m.Value, payload.Key: m.Key} {
				ref := payload.FrameOf(m, payload.Part(part), data).Ref
				if ref.By != schemas.ByNothing && ref != last[part] && named.first(ref) {
					wait = append(wait, r.entry(m.Position.Destination, ref))
				}
				last[part] = ref
			}
		}
		if len(wait) > 0 && !batch.Volatile {
			r.await(ctx, wait, most)
		}
		return next.Put(ctx, batch)
	})
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

// mostNamed bounds how many schemas a reading remembers to have met.
const mostNamed = 4096

// named are the schemas that a reading has met.
type named struct {
	all   sync.Map
	count atomic.Int32
}

// first says that a schema was not met before. Of too many nobody waits for any.
func (n *named) first(ref schemas.Ref) bool {
	if _, known := n.all.Load(ref); known || n.count.Load() >= mostNamed {
		return false
	}
	_, known := n.all.LoadOrStore(ref, nil)
	if !known {
		n.count.Add(1)
	}
	return !known
}
