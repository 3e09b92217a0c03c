package tracing

import (
	"context"
	"errors"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/waiting"
)

// Events that came before their schemas were known are known by headers and keys alone. They wait
// until the schemas are there, and are read again then, each once: see package waiting.

const (
	// againEvery is how often it is looked whether schemas have come for which events wait, and
	// longestAgain how seldom where the events cannot be read.
	againEvery   = 250 * time.Millisecond
	longestAgain = 30 * time.Second
	// againAtOnce is how many events are read again at a time.
	againAtOnce = 256
	// againPatience is how long the end of a reading waits for schemas that are being asked for, and
	// for a registry that has failed: it is asked again after a second or so.
	againPatience = 2 * time.Second
	// againLimit is how long the end of a reading lets events be read again whose schemas are there.
	againLimit = 30 * time.Second
)

// mostWaiting is how many events may wait for schemas: a five-hundredth of the budget.
func (s *Store) mostWaiting() int { return int(s.config.Memory / 512 / 8) }

// lacks finds out which schema a message lacks.
type lacks struct {
	ref  schemas.Ref
	find payload.Find // note, made once
}

// of is the schema that the value of a message lacks, or else its key.
func (l *lacks) of(m *adapters.Message) (what waiting.For, lacking bool) {
	if l.find == nil {
		l.find = l.note
	}
	for _, part := range [...]payload.Part{payload.Value, payload.Key} {
		data := m.Value
		if part == payload.Key {
			data = m.Key
		}
		l.ref = schemas.Ref{}
		if _, err := payload.ReadingOf(m, part, data, l.find); err != nil && l.ref.By != schemas.ByNothing {
			return waiting.For{Ref: l.ref, Key: part == payload.Key}, true
		}
	}
	return waiting.For{}, false
}

// note is [payload.FindSchema], and notes what is not there and may come.
func (l *lacks) note(m *adapters.Message, ref schemas.Ref) (*schemas.Schema, error) {
	schema, err := payload.FindSchema(m, ref)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		l.ref = ref
	}
	return schema, err
}

// wake says that events wait for schemas.
func (s *Store) wake() {
	select {
	case s.lacking <- struct{}{}:
	default:
	}
}

// ReadAgain returns when every event was read again that came before its schema, as far as that is
// known by now, or soon; or after half a minute. What is left then is told, and read later.
func (s *Store) ReadAgain(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case s.againNow <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrStopped
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrStopped
	}
}

// rereader reads events again.
type rereader struct {
	worker
	pause time.Duration // between two looks
	until time.Time     // when somebody waits no longer; zero where nobody does
}

// readAgain reads events again when their schemas have come, until ctx ends.
func (s *Store) readAgain(ctx context.Context) {
	r := &rereader{worker: *s.newWorker(), pause: againEvery}
	for {
		select {
		case <-ctx.Done():
			return
		case done := <-s.againNow:
			r.whole(ctx)
			close(done)
			continue
		case <-s.lacking:
		}
		pause := time.NewTimer(r.pause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case done := <-s.againNow:
			r.whole(ctx)
			close(done)
		case <-pause.C:
		}
		pause.Stop()
		if waits, _ := r.pass(ctx); waits {
			s.wake()
		}
	}
}

// whole reads what can be read now, and waits for what may be soon, but not for long.
func (r *rereader) whole(ctx context.Context) {
	patience := time.Now().Add(againPatience)
	r.until = time.Now().Add(againLimit)
	defer func() { r.until = time.Time{} }()
	for ctx.Err() == nil {
		waits, soon := r.pass(ctx)
		if waits {
			r.store.wake()
		}
		if !soon || time.Now().After(patience) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(againEvery / 5):
		}
	}
}

// pass reads the events whose schemas are known now. It says whether others wait, and whether the
// schemas of some may be there soon: they are being asked for, or will be again.
func (r *rereader) pass(ctx context.Context) (waits, soon bool) {
	var all []waiting.Waiting
	var dropped map[waiting.For]int64
	var sources []Source
	if r.store.ask(ctx, func(x *index) { all, dropped, sources = x.waiting.All(), x.waiting.Dropped(), x.sources }) != nil {
		return false, false
	}
	for what := range dropped {
		tell(sources, what, func(to schemas.Rereader) {
			to.GivenUp(what.Ref, "more waited to be read again than are remembered, so that the oldest are not")
		})
	}
	for i := range all {
		w := &all[i]
		finder := sources[w.Source].Schemas
		if finder == nil {
			continue
		}
		_, err := finder.Find(w.Destination, w.Ref)
		switch {
		case errors.Is(err, schemas.ErrPending), errors.Is(err, adapters.ErrNotConnected):
			waits, soon = true, true
		case err != nil && !errors.Is(err, errors.ErrUnsupported):
			waits = true
		default:
			waits = !r.events(ctx, w, sources) || waits
		}
	}
	return waits, soon
}

// tell tells a source what became of what was not read.
func tell(sources []Source, what waiting.For, news func(to schemas.Rereader)) {
	if to, ok := sources[what.Source].Schemas.(schemas.Rereader); ok && !what.Key {
		news(to)
	}
}

// events reads the events again that wait for a schema. It reports false where some still wait,
// since they could not be read.
func (r *rereader) events(ctx context.Context, w *waiting.Waiting, sources []Source) (all bool) {
	for ctx.Err() == nil {
		if r.late(w, sources) {
			return false
		}
		var events []Event
		err := r.store.ask(ctx, func(x *index) {
			for _, sequence := range x.waiting.Take(w.For, againAtOnce) {
				if x.log.holds(Sequence(sequence)) {
					events = append(events, x.event(Sequence(sequence)))
				}
			}
		})
		if err != nil || len(events) == 0 {
			return true
		}
		read, rest := r.some(ctx, w, events)
		tell(sources, w.For, func(to schemas.Rereader) { to.ReadAgain(w.Ref, read) })
		if len(rest) > 0 {
			r.pause = min(2*r.pause, longestAgain)
			_ = r.store.ask(ctx, func(x *index) { x.waiting.Back(w.For, w.Destination, rest) }) // else the store has ended
			r.late(w, sources)
			return false
		}
		r.pause = againEvery
	}
	return true
}

// late reports whether somebody has waited for long enough, and tells what that means for the events
// that wait for a schema.
func (r *rereader) late(w *waiting.Waiting, sources []Source) bool {
	if r.until.IsZero() || time.Now().Before(r.until) {
		return false
	}
	tell(sources, w.For, func(to schemas.Rereader) {
		to.GivenUp(w.Ref, "reading them again took longer than "+againLimit.String())
	})
	return true
}

// some reads some events again, and returns how many it read, and which may be read later. Those
// that are gone are given up.
func (r *rereader) some(ctx context.Context, w *waiting.Waiting, events []Event) (read int64, rest []uint64) {
	s := r.store
	out := s.slab()
	out.source, out.again, out.watches = w.Source, &again{what: w.For}, s.watching.Load()
	i, gone := 0, false
	within := ctx
	if !r.until.IsZero() {
		var cancel context.CancelFunc
		within, cancel = context.WithDeadline(ctx, r.until)
		defer cancel()
	}
	for m, err := range s.Messages(within, events) {
		event := &events[i]
		i++
		switch {
		case err == nil:
			r.message(out, &m, event.Sequence)
		case errors.Is(err, adapters.ErrGone):
			gone = true
		default:
			rest = append(rest, uint64(event.Sequence))
		}
	}
	read = int64(len(out.records))
	out.versions = r.counter.Take(out.versions)
	out.synced = make(chan struct{})
	select {
	case s.slabs <- out:
	case <-ctx.Done():
		return 0, nil
	}
	select {
	case <-out.synced:
	case <-ctx.Done():
	}
	if gone {
		tell(*s.sources.Load(), w.For, func(to schemas.Rereader) { to.GivenUp(w.Ref, "some were gone before they could be read again") })
	}
	return read, rest
}

// message makes a record of an event that was read again.
func (r *rereader) message(out *slab, m *adapters.Message, sequence Sequence) {
	what := out.again.what
	r.reader.Read(m, &r.identity)
	if !what.Key && !r.identity.DeadLetter {
		r.counter.Count(m, &r.identity)
	}
	record := out.add(m, &r.identity)
	out.again.sequences = append(out.again.sequences, sequence)
	if lacking, more := r.lacks.of(m); more && lacking.Ref != what.Ref { // as the key of a value that is known now
		lacking.Source = what.Source
		out.lacks = append(out.lacks, lack{len(out.records) - 1, lacking})
	}
	r.watch(out, record, m)
}
