package tracing

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/packed"
)

// Config says how a Store works. The zero value is good.
type Config struct {
	// Memory is the budget of index and payload copies together, in bytes; 512 MiB
	// when 0. At least 8 MiB is used.
	Memory int64

	// Rules are the operator's mappings; nil is none.
	Rules *envelope.Rules

	// KeepRecent keeps copies of the newest payloads of every source, for the
	// summaries a screen shows. Volatile ones are always kept, within the budget.
	KeepRecent bool
	// Fields are what a page of the stream tells of messages beside their summary.
	Fields []payload.Field

	// Paths are declared usual paths; others are learned.
	Paths []Path

	// Settle is how long a flow must be silent before it is judged to have ended
	// when nothing better is known; 30 s when 0.
	Settle time.Duration
}

// Path is a declared usual path: the types that follow Types[0].
type Path struct {
	Name  string
	Types []string
}

// Source names where messages come from.
type Source struct {
	Name   string
	Broker adapters.Broker
	// Fetch reads messages again; nil when that is not possible.
	Fetch adapters.Fetcher
	// Gaps returns the times in which the source saw nothing; nil when it has none by
	// type. It must not wait.
	Gaps func() []adapters.Gap
	// Schemas are those of its messages, which kept copies do not have; nil where it has none.
	Schemas schemas.Finder
}

// ErrUnknown: the store has no such event or flow, or no longer.
var ErrUnknown = errors.New("not in the index")

// Store takes messages in and answers questions. Make one with [New], run it with
// [Store.Run], give each adapter the intake that [Store.Attach] returns.
type Store struct {
	config   Config
	atOnce   int // records in a slab
	work     []chan job
	slabs    chan *slab
	free     chan *slab
	requests chan request
	life     context.Context // ends when Run returns
	end      context.CancelFunc
	watching atomic.Pointer[watchSet]
	watched  atomic.Int64 // watches that ever began
	counters atomic.Pointer[Counters]
	shown    atomic.Int64 // bumped when something outside the index changes a page
	running  atomic.Bool

	helpersMutex sync.Mutex // guards the beginning of helpers against the end of life
	helpers      sync.WaitGroup

	sourcesMutex sync.Mutex // guards the growing of sources
	sources      atomic.Pointer[[]Source]

	fetching atomic.Bool // one fetch of summaries at a time

	lacking  chan struct{}      // some events wait for their schemas
	againNow chan chan struct{} // somebody wants those read now whose schemas are known
}

// job is what a worker gets: a batch, or a mark that everything before it went through.
type job struct {
	source     int
	batch      *adapters.Batch
	fromSearch bool
	synced     *barrier
}

// barrier opens when every worker and then the index have passed it.
type barrier struct {
	waiting atomic.Int32
	done    chan struct{}
}

// request is a question for the goroutine that owns the index.
type request struct {
	ask  func(x *index)
	done chan struct{}
}

const (
	defaultMemory = 512 << 20
	leastMemory   = 8 << 20
	defaultSettle = 30 * time.Second
	slabRecords   = 2048
	fewestRecords = 256 // in a slab of a small budget
	slabText      = 256 // bytes a record; with copies of payloads a slab may hold fewer records
)

// ErrStopped: the store does not run (any more).
var ErrStopped = errors.New("the store has stopped")

// New returns a store that is not running yet.
func New(config Config) *Store {
	if config.Memory == 0 {
		config.Memory = defaultMemory
	}
	config.Memory = max(config.Memory, leastMemory)
	if config.Settle == 0 {
		config.Settle = defaultSettle
	}
	workers := max(1, runtime.GOMAXPROCS(0))
	s := &Store{
		config:   config,
		atOnce:   int(min(max(config.Memory>>16, fewestRecords), slabRecords)),
		slabs:    make(chan *slab, workers),
		free:     make(chan *slab, 4*workers),
		requests: make(chan request),
		lacking:  make(chan struct{}, 1),
		againNow: make(chan chan struct{}),
	}
	s.life, s.end = context.WithCancel(context.Background())
	for range workers {
		s.work = append(s.work, make(chan job, 1))
	}
	s.counters.Store(&Counters{Budget: config.Memory})
	s.watching.Store(&watchSet{})
	s.sources.Store(&[]Source{})
	return s
}

// Run takes in and answers until ctx ends, and returns nil then. It is called once.
func (s *Store) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("a store runs only once")
	}
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	for _, work := range s.work {
		workers.Go(func() { s.read(ctx, work) })
	}
	workers.Go(func() { s.readAgain(ctx) })
	s.own(ctx)
	cancel()
	workers.Wait()
	s.helpersMutex.Lock()
	s.end()
	s.helpersMutex.Unlock()
	s.helpers.Wait()
	s.releaseRest()
	return nil
}

// releaseRest gives back the batches that nobody will read any more.
func (s *Store) releaseRest() {
	for _, work := range s.work {
		for empty := false; !empty; {
			select {
			case j := <-work:
				if j.batch != nil {
					j.batch.Release()
				}
			default:
				empty = true
			}
		}
	}
}

// Attach makes a source known and returns the intake for its messages.
func (s *Store) Attach(source Source) adapters.Intake { return s.intake(s.add(source), false) }

// AttachInOrder is Attach with one more intake. What is put through past, by anybody, is taken in
// the order in which it is put, whatever log and source it is of; of one log, what comes after it
// may be put through live only after a [Store.Sync].
func (s *Store) AttachInOrder(source Source) (past, live adapters.Intake) {
	number := s.add(source)
	first := adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		return s.give(ctx, s.work[0], job{source: number, batch: batch})
	})
	return first, s.intake(number, false)
}

// add makes a source known and gives it its number.
func (s *Store) add(source Source) int {
	s.sourcesMutex.Lock()
	defer s.sourcesMutex.Unlock()
	sources := append([]Source{}, *s.sources.Load()...)
	number := len(sources)
	sources = append(sources, source)
	s.sources.Store(&sources)
	return number
}

// intake hands batches to the workers: those of one log always to the same worker, so
// that its order is kept.
func (s *Store) intake(source int, fromSearch bool) adapters.Intake {
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		if len(batch.Messages) == 0 {
			batch.Release()
			return nil
		}
		worker := s.work[s.workerOf(source, &batch.Messages[0].Position)]
		return s.give(ctx, worker, job{source: source, batch: batch, fromSearch: fromSearch})
	})
}

// give hands a job to a worker, waiting as long as that takes.
func (s *Store) give(ctx context.Context, worker chan<- job, j job) error {
	select {
	case worker <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrStopped
	}
}

// workerOf is the number of the worker that a log belongs to. The partitions of a destination are
// spread evenly. Where there are none a batch has messages of several destinations, so that all of
// a source go to one worker.
func (s *Store) workerOf(source int, position *adapters.Position) int {
	hash := uint64(source)
	if position.Partition >= 0 {
		hash += packed.HashText(position.Destination) + uint64(position.Partition)
	}
	return int(hash % uint64(len(s.work)))
}

// Sync returns when everything that was put before is in the index.
func (s *Store) Sync(ctx context.Context) error {
	b := &barrier{done: make(chan struct{})}
	b.waiting.Store(int32(len(s.work)))
	for _, worker := range s.work {
		select {
		case worker <- job{synced: b}:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.life.Done():
			return ErrStopped
		}
	}
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrStopped
	}
}

// Settle learns from all flows as if no more events were to come, as at the end of a
// scan of history. What came before its schema should be read again before: see ReadAgain.
func (s *Store) Settle(ctx context.Context) error {
	const atOnce = 1 << 14
	for settled := false; !settled; {
		err := s.ask(ctx, func(x *index) {
			x.settleTo(x.log.end, atOnce)
			if settled = x.settled == x.log.end; settled {
				x.pastProgress.at = 0
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ask has the owner of the index answer a question.
func (s *Store) ask(ctx context.Context, question func(x *index)) error {
	r := request{ask: question, done: make(chan struct{})}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return ErrStopped
	}
	<-r.done // the owner always answers what it took
	return nil
}

// Counters implements Querier.
func (s *Store) Counters() Counters {
	c := *s.counters.Load()
	c.Version += uint64(s.shown.Load())
	return c
}
