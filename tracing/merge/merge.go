package merge

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
)

const (
	// patience is how long more of the past is waited for when none comes, and mostWait for how
	// long what is held may be kept from a person who waits for it.
	patience, mostWait = 400 * time.Millisecond, 2 * time.Second
	// look is how often sources are asked whether their past was read, while something is held.
	look = 20 * time.Millisecond
)

// Merge holds what is read of the past.
type Merge struct {
	sources int
	most    int64
	sync    func(context.Context) error

	idle atomic.Bool   // nothing is held, nor is there anything to wait for
	wake chan struct{} // room for one: something is held again

	sourcesMutex sync.Mutex
	attached     []*intake

	lock      chan struct{} // holds one value while what follows is in use
	past      buffer        // of the past
	live      buffer        // what came live meanwhile
	gathering bool          // nothing was put since the reading began
	since     time.Time
	came      time.Time // when something of the past came last
}

// New is a merge of so many sources, those of which cannot be reached included, which holds so
// many bytes. Sync returns when what was put before is in its place.
func New(sources int, most int64, sync func(context.Context) error) *Merge {
	return &Merge{sources: sources, most: most, sync: sync, wake: make(chan struct{}, 1), lock: make(chan struct{}, 1), gathering: true}
}

// intake is that of one source.
type intake struct {
	merge      *Merge
	past, live adapters.Intake
	reading    func() bool
}

// Attach is the intake of a source. Past takes what it reads of the past, in the order in which
// it is put whatever log it is of, and live everything else. Reading says that more of its past is
// to come.
func (m *Merge) Attach(past, live adapters.Intake, reading func() bool) adapters.Intake {
	in := &intake{merge: m, past: past, live: live, reading: reading}
	m.sourcesMutex.Lock()
	defer m.sourcesMutex.Unlock()
	m.attached = append(m.attached, in)
	return in
}

// Again begins anew, as the sources do: what is held is forgotten. They must not be reading.
func (m *Merge) Again(ctx context.Context) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.leave()
	m.past.drop()
	m.live.drop()
	m.gathering = true
	m.awake()
	return nil
}

// awake has Run look again and again.
func (m *Merge) awake() {
	m.idle.Store(false)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Merge) enter(ctx context.Context) error {
	select {
	case m.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Merge) leave() { <-m.lock }

// Run puts what is held when its time has come, until ctx ends. Then it lets go of the rest.
func (m *Merge) Run(ctx context.Context) {
	again := time.NewTicker(look)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			m.lock <- struct{}{}
			m.past.drop()
			m.live.drop()
			m.leave()
			return
		case <-m.wake:
			again.Reset(look)
		case <-again.C:
			if m.enter(ctx) != nil {
				continue
			}
			if m.due(time.Now()) {
				_ = m.flush(ctx) // an error is that the program ends
			}
			if !m.gathering && len(m.past.rows) == 0 {
				m.past = buffer{}
				m.idle.Store(true)
				again.Stop()
			}
			m.leave()
		}
	}
}

// due reports whether what is held must be put.
func (m *Merge) due(now time.Time) bool {
	switch {
	case len(m.past.rows)+len(m.live.rows) == 0:
		return m.gathering && m.read()
	case m.read():
		return true
	}
	return now.Sub(m.came) >= patience || now.Sub(m.since) >= mostWait
}

// read reports whether the past of all sources was read.
func (m *Merge) read() bool {
	m.sourcesMutex.Lock()
	attached := m.attached
	m.sourcesMutex.Unlock()
	return len(attached) == m.sources && !slices.ContainsFunc(attached, func(in *intake) bool { return in.reading() })
}

// flush puts everything.
func (m *Merge) flush(ctx context.Context) error {
	m.gathering = false
	if err := m.earliest(ctx, len(m.past.rows)); err != nil {
		m.live.drop()
		return err
	}
	rows := m.live.rows
	m.live = buffer{}
	return put(ctx, rows)
}

// earliest puts the earliest n messages of the past, and waits until they are in their place.
func (m *Merge) earliest(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	if err := put(ctx, m.past.take(n)); err != nil {
		return err
	}
	m.since = time.Now()
	return m.sync(ctx)
}

// Put implements [adapters.Intake].
func (in *intake) Put(ctx context.Context, batch *adapters.Batch) error {
	m := in.merge
	if !batch.Past && m.idle.Load() || len(batch.Messages) == 0 {
		return in.live.Put(ctx, batch)
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	if !batch.Past && !m.gathering {
		err := m.flush(ctx) // the past that is held is before this
		m.leave()
		if err != nil {
			return err
		}
		return in.live.Put(ctx, batch)
	}
	defer m.leave()
	m.hold(in, batch, time.Now())
	switch { // an error is that the program ends, and the batch has an owner already
	case m.past.bytes+m.live.bytes < m.most:
	case m.past.bytes > m.live.bytes:
		_ = m.earliest(ctx, (len(m.past.rows)+1)/2)
	default:
		_ = m.flush(ctx)
	}
	return nil
}

// hold keeps a batch until its time has come.
func (m *Merge) hold(in *intake, batch *adapters.Batch, now time.Time) {
	if len(m.past.rows)+len(m.live.rows) == 0 {
		m.since, m.came = now, now
	}
	if batch.Past {
		m.past.add(in, batch, now)
		m.came = now
	} else {
		m.live.add(in, batch, now)
	}
	m.awake()
}
