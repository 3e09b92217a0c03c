package registry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
)

// intake gives each message the schemas on its way, and lets those of a log wait a moment for
// schemas that were never named before, at most so long.
func (r *Registry) intake(next adapters.Intake, most time.Duration) adapters.Intake {
	met := &met{}
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		a := attending{r: r, met: met, now: time.Now()}
		a.find = a.known
		for i := range batch.Messages {
			a.attend(&batch.Messages[i])
		}
		if len(a.asked) > 0 && !batch.Volatile {
			r.await(ctx, a.asked, most)
		}
		for i := range a.lacking {
			a.miss(&a.lacking[i])
		}
		for i := range a.last {
			a.last[i].tell(&r.unread)
		}
		return next.Put(ctx, batch)
	})
}

// attending goes through one batch.
type attending struct {
	r    *Registry
	met  *met
	now  time.Time
	find payload.Find // known, made once
	// last are schemas that were just needed: there are few in a batch.
	last [8]needed
	next int
	// asked were never named before, and lacking are messages that are looked at again when
	// these may be known.
	asked   []*entry
	lacking []lacking
}

// lacking is a message whose key or value names a schema that was not known.
type lacking struct {
	*adapters.Message
	value bool // its value does, and was not looked at
}

// needed is a schema that messages of a batch name.
type needed struct {
	*entry
	missed int64 // values that were not read
}

// tell counts what was not read.
func (n *needed) tell(u *unread) {
	if n.missed > 0 {
		u.missed(n.entry, n.missed)
	}
}

// attend gives a message its schemas, and looks whether its value is what its schema says.
func (a *attending) attend(m *adapters.Message) {
	m.Schemas = a.r
	key, value := a.lookAtKey(m), a.look(m) // which ask for them
	switch {
	case key == nil && value == nil:
	case len(a.asked) > 0:
		a.lacking = append(a.lacking, lacking{m, value != nil})
	default:
		lack(m, key, value)
	}
}

// miss notes what a message lacks that nobody waits for any longer.
func (a *attending) miss(l *lacking) {
	var value *needed
	if l.value {
		value = a.look(l.Message)
	}
	lack(l.Message, a.lookAtKey(l.Message), value)
}

// lack notes that the schema of the key or of the value of a message is not known, or of both.
func lack(m *adapters.Message, key, value *needed) {
	if value != nil {
		value.missed++
	}
	m.Lacking = key != nil && key.mayCome() || value != nil && value.mayCome()
}

// lookAtKey is the schema that the key of a message lacks, or nil.
func (a *attending) lookAtKey(m *adapters.Message) *needed {
	if len(m.Key) == 0 {
		return nil
	}
	if reading, err := payload.ReadingOf(m, payload.Key, m.Key, a.find); errors.Is(err, schemas.ErrPending) {
		return a.need(m, reading.Frame.Ref)
	}
	return nil
}

// look looks whether the value of a message is what its schema says. It returns the schema that
// it lacks for that, or nil.
func (a *attending) look(m *adapters.Message) *needed {
	if len(m.Value) == 0 {
		return nil // and nothing to be read
	}
	reading, err := payload.ReadingOf(m, payload.Value, m.Value, a.find)
	switch {
	case reading.Frame.Ref.By == schemas.ByNothing:
	case errors.Is(err, schemas.ErrPending):
		return a.need(m, reading.Frame.Ref)
	case err == nil:
		a.check(m, &reading)
	}
	return nil
}

// check counts a value that is not what its schema says. Who reads it for an identity does not
// read it to its end. Of values in JSON, which are read without their schema, some are looked at.
func (a *attending) check(m *adapters.Message, reading *payload.Reading) {
	var err error
	if payload.Compressed(m) {
		return // which is decompressed for those who look at it
	}
	if reading.Values != nil {
		err = payload.CheckFit(m, reading)
	} else if reading.Schema != nil {
		err = payload.SampleFit(m, reading.Schema, reading.Body)
	}
	if m.Misfit = err != nil; m.Misfit {
		a.r.unread.misfit(reading.Schema, m.Position, err)
	}
}

// known is a [payload.Find] among what the batch needed.
func (a *attending) known(m *adapters.Message, ref schemas.Ref) (*schemas.Schema, error) {
	if known, err := a.r.local(ref); known != nil || err != nil {
		return known, err
	}
	if schema := a.need(m, ref).found(); schema != nil {
		return schema, nil
	}
	return nil, schemas.ErrPending
}

// need is what is known of a schema. It is asked for where it was never named before.
func (a *attending) need(m *adapters.Message, ref schemas.Ref) *needed {
	for i := range a.last {
		if n := &a.last[i]; n.entry != nil && n.ref == ref {
			return n
		}
	}
	e, first := a.met.entry(a.r, m.Position.Destination, ref, a.now)
	if first && e.found() == nil {
		a.asked = append(a.asked, e)
	}
	n := &a.last[a.next%len(a.last)]
	n.tell(&a.r.unread)
	*n = needed{entry: e}
	a.next++
	return n
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
}

// entry is what is known of a schema, and whether it was not met before. What is not known is
// asked for again when it is time.
func (n *met) entry(r *Registry, destination string, ref schemas.Ref, now time.Time) (e *entry, first bool) {
	known, there := n.all.Load(ref)
	if there {
		if e = known.(*entry); e.holds(now) {
			return e, false
		}
	}
	e = r.entry(destination, ref, now)
	switch {
	case there:
		n.all.Store(ref, e)
	case n.count.Add(1) <= mostMet:
		n.all.Store(ref, e)
		first = true
	}
	return e, first
}
