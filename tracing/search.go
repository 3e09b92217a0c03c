package tracing

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
)

// SearchConfig says what to look for and where.
type SearchConfig struct {
	// ID is a flow id, an event id or an entity.
	ID string
	// From and Until bound the history that is read; a zero Until is its end.
	From  adapters.Start
	Until time.Time
	// Sources are read side by side.
	Sources []SearchSource
	// Store configures the index that is made for the search.
	Store Config
	// Progress, if set, is called some times a second, never twice at once.
	Progress func(SearchProgress)
}

// SearchSource is a source whose history can be read.
type SearchSource struct {
	Source
	Scanner adapters.Scanner
	// Estimate says how much there is to read; nil when nobody knows.
	Estimate adapters.Estimator
	// ByKey is the capability of that name.
	ByKey bool
}

// SearchProgress is how far a search has come, in messages.
type SearchProgress struct {
	Read int64
	// Expected is how many there are to read, or 0 when not known.
	Expected int64
}

// Searched says what was read of one destination.
type Searched struct {
	Source, Destination string
	Messages            int64
	// ByKey says that only the partitions were read that the id can be the key of,
	// since all that was found there had it as its key.
	ByKey bool
}

// Found is the outcome of a search: an index of its own, to be closed after use.
type Found struct {
	*Store
	// Matches are the flows that the id leads to, best first; none when it was not
	// found.
	Matches  []Match
	Searched []Searched
	// Problems are sources that could not be read.
	Problems []error

	stop context.CancelFunc
	done chan struct{}
}

// Close forgets the index.
func (f *Found) Close() {
	f.stop()
	<-f.done
}

// Search reads history until it knows the flows that an id belongs to. It first reads
// the partition that the id most likely is the key of, then those of less common
// partitioners, and last the rest of the destinations where that found nothing, or found
// something of the flow under another key. If the index cannot hold all that is read, it
// reads again and keeps only what belongs to the id.
func Search(ctx context.Context, config SearchConfig) (*Found, error) {
	s := &search{config: config, covered: map[searchLog]int64{}, keyed: map[searchDestination]bool{}, read: map[searchDestination]int64{}}
	s.estimate(ctx)
	stop := s.report(ctx)
	defer stop()
	found := s.open(nil)
	if err := s.scan(ctx, found); err != nil {
		found.Close()
		return nil, err
	}
	if found.Counters().Evicted == 0 {
		return found, nil
	}
	wanted := &wantedIDs{ids: map[string]bool{config.ID: true}, causes: map[string]bool{}}
	const mostPasses = 3
	for pass := 0; pass < mostPasses; pass++ {
		known := wanted.len()
		found.Close()
		s.again()
		found = s.open(wanted)
		if err := s.scan(ctx, found); err != nil {
			found.Close()
			return nil, err
		}
		if wanted.len() == known {
			break
		}
	}
	return found, nil
}

type searchLog struct {
	source int
	log    adapters.Log
}

type searchDestination struct {
	source      int
	destination string
}

// search is the state of one Search. The mutex guards what intakes write.
type search struct {
	config   SearchConfig
	expected atomic.Int64
	count    atomic.Int64

	mutex   sync.Mutex
	covered map[searchLog]int64         // the last offset taken in
	keyed   map[searchDestination]bool  // what the id leads to had it as its key: false if something had not
	read    map[searchDestination]int64 // messages
	wanted  *wantedIDs                  // nil: everything is kept
}

func (s *search) estimate(ctx context.Context) {
	for _, source := range s.config.Sources {
		if source.Estimate != nil {
			if n, err := source.Estimate.Estimate(ctx, s.span()); err == nil {
				s.expected.Add(n)
			}
		}
	}
}

func (s *search) span() adapters.Range {
	return adapters.Range{From: s.config.From, Until: s.config.Until}
}

// report calls Progress until the function it returns is called.
func (s *search) report(ctx context.Context) (stop func()) {
	if s.config.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.config.Progress(SearchProgress{Read: s.count.Load(), Expected: s.expected.Load()})
			}
		}
	}()
	return func() { cancel(); <-done }
}

// open starts an index to search into.
func (s *search) open(wanted *wantedIDs) *Found {
	s.wanted = wanted
	ctx, cancel := context.WithCancel(context.Background())
	found := &Found{Store: New(s.config.Store), stop: cancel, done: make(chan struct{})}
	for _, source := range s.config.Sources {
		found.Attach(source.Source)
	}
	go func() {
		defer close(found.done)
		_ = found.Run(ctx) // a new store's Run has no error to give
	}()
	return found
}

func (s *search) again() {
	s.covered, s.keyed, s.read = map[searchLog]int64{}, map[searchDestination]bool{}, map[searchDestination]int64{}
	s.count.Store(0)
}

// scan reads all sources into found and looks the id up.
func (s *search) scan(ctx context.Context, found *Found) error {
	problems := make([]error, len(s.config.Sources))
	var group sync.WaitGroup
	for i := range s.config.Sources {
		group.Go(func() { problems[i] = s.scanSource(ctx, found, i) })
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := errors.Join(found.Sync(ctx), found.Settle(ctx)); err != nil {
		return err
	}
	for _, problem := range problems {
		if problem != nil {
			found.Problems = append(found.Problems, problem)
		}
	}
	for at, n := range s.read {
		found.Searched = append(found.Searched, Searched{
			Source: s.config.Sources[at.source].Name, Destination: at.destination, Messages: n, ByKey: s.keyed[at],
		})
	}
	matches, err := found.Find(ctx, s.config.ID)
	if found.Matches = matches; errors.Is(err, ErrUnknown) {
		return nil
	}
	return err
}

// Adopt puts the events of a flow that a search found into this store, where those that
// are there already stay as they are. Sources are matched by name; events of others are
// left out. It returns how many events were put in.
func (s *Store) Adopt(ctx context.Context, found *Found, key FlowKey) (int, error) {
	flow, err := found.Flow(ctx, key)
	if err != nil {
		return 0, err
	}
	numbers := map[string]int{}
	for number, source := range *s.sources.Load() {
		numbers[source.Name] = number
	}
	events := make([]Event, len(flow.Steps))
	for i := range flow.Steps {
		events[i] = flow.Steps[i].Event
	}
	i, adopted := -1, 0
	for m, err := range found.Messages(ctx, events) {
		i++
		number, known := numbers[events[i].Source]
		if err != nil || !known {
			continue
		}
		adopted++
		if err := s.intake(number, true).Put(ctx, &adapters.Batch{Messages: []adapters.Message{m}}); err != nil {
			return adopted, err
		}
	}
	return adopted, s.Sync(ctx)
}
