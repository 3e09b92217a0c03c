package tracing

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope/spelling"
	"eventscope/tracing/packed"
	"eventscope/tracing/wanted"
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
	// ByKey says that only the partitions were read that the id can be the key of, since
	// all that was found there had it as its key, and all else there, as far as it was
	// looked at, is keyed by what it is about, too.
	ByKey bool
}

// Found is the outcome of a search: an index of its own, to be closed after use.
type Found struct {
	*Store
	// Matches are the flows that the id leads to, best first; none when it was not
	// found.
	Matches  []Match
	Searched []Searched
	// Problems are sources that could not be read, an [adapters.SourceError] each.
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
// keeps only what belongs to the id from then on, and reads again with the ids that it learned:
// once, or twice if that taught it an id that leads further.
func Search(ctx context.Context, config SearchConfig) (*Found, error) {
	s := &search{config: config, id: packed.Of(config.ID), everything: true}
	s.wanted.Want(spelling.AppendID(nil, []byte(config.ID)))
	s.estimate(ctx)
	stop := s.report(ctx)
	defer stop()
	const mostPasses = 3
	for pass := 1; ; pass++ {
		links, causes := len(s.wanted.Links), len(s.wanted.Causes)
		s.again()
		found := s.open()
		if err := s.scan(ctx, found); err != nil {
			found.Close()
			return nil, err
		}
		whole := len(s.wanted.Links) == links && (len(s.wanted.Causes) == causes || !s.causesLeadOn)
		if s.everything {
			whole = found.Counters().Evicted == 0 || !s.wanted.Found && len(found.Matches) == 0
		}
		if whole || pass == mostPasses {
			return found, nil
		}
		found.Close()
		s.everything = false
	}
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
	id       []byte // that of config, in its compact form
	expected atomic.Int64
	count    atomic.Int64

	mutex   sync.Mutex
	covered map[searchLog]int64        // the last offset taken in
	keyed   map[searchDestination]bool // what the id leads to had it as its key: false if something had not
	usage   map[searchDestination]*keyUsage
	read    map[searchDestination]int64 // messages
	byKey   map[int]bool                // sources where reading by key found something
	wanted  wanted.IDs

	everything   bool              // all is kept while there is room, else only what is wanted
	flows        map[string]string // of some events, by their ids
	causesLeadOn bool              // some events have nothing but their cause to tell their flow by
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
func (s *search) open() *Found {
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
	if s.usage == nil { // what keys are used for holds for every pass
		s.usage, s.flows, s.byKey = map[searchDestination]*keyUsage{}, map[string]string{}, map[int]bool{}
	}
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
	for i, problem := range problems {
		if problem != nil {
			found.Problems = append(found.Problems, &adapters.SourceError{Source: s.config.Sources[i].Name, Err: problem})
		}
	}
	for at, n := range s.read {
		found.Searched = append(found.Searched, Searched{
			Source: s.config.Sources[at.source].Name, Destination: at.destination, Messages: n, ByKey: slices.Contains(s.foundByKey(at.source), at.destination),
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
		if err := s.intake(number, true).Put(ctx, &adapters.Batch{Messages: []adapters.Message{m}, Past: true}); err != nil {
			return adopted, err
		}
	}
	if err := s.Sync(ctx); err != nil || flow.Cut {
		return adopted, err
	}
	return adopted, s.ask(ctx, func(x *index) { x.whole(packed.Of(flow.ID), len(events)) })
}

// whole notes that a flow is here with all its events, as many as a search found.
func (x *index) whole(id []byte, events int) {
	x.flows.byID.Find(packed.Hash(id), func(number uint32) bool {
		record := x.flows.at(x.flows.resolve(number))
		is := x.flows.texts.Equal(x.flows.at(number).id, id) && int(record.count) == events && record.evicted == 0
		if is {
			record.flags &^= flowEvicted
		}
		return is
	})
}

// scanSource reads one source: by key first, where that narrows it.
func (s *search) scanSource(ctx context.Context, found *Found, i int) error {
	source := s.config.Sources[i]
	into := s.intake(found, i)
	span := s.span()
	byKey := source.ByKey && s.keysHelp(i)
	for rank := 0; byKey && rank < partitioners; rank++ {
		byKey := span
		byKey.Key, byKey.KeyRank = []byte(s.config.ID), rank
		if err := source.Scanner.Scan(ctx, byKey, into); err != nil {
			return err
		}
		if err := s.distrustKeys(ctx, found, i); err != nil {
			return err
		}
		span.Except = s.foundByKey(i)
	}
	if byKey {
		span.FromOffsets = s.readOn(i, len(span.Except) > 0)
	}
	return source.Scanner.Scan(ctx, span, into)
}

// keysHelp reports whether reading by key is worth a try, as it is until it was in vain.
func (s *search) keysHelp(source int) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.everything || s.byKey[source]
}

// readOn is where the logs that were read by key are to be read on, and notes whether that
// found something.
func (s *search) readOn(source int, found bool) map[adapters.Log]int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.byKey[source] = found
	next := map[adapters.Log]int64{}
	for log, last := range s.covered {
		if log.source == source {
			next[log.log] = last + 1
		}
	}
	return next
}

// keysChecked is how many events of what was found are asked for their keys.
const keysChecked = 256

// distrustKeys looks whether all that was found by key had the id as its key. A
// destination in which something of the same flow has another key must be read whole.
func (s *search) distrustKeys(ctx context.Context, found *Found, source int) error {
	if len(s.foundByKey(source)) == 0 {
		return nil
	}
	if err := found.Sync(ctx); err != nil {
		return err
	}
	matches, err := found.Find(ctx, s.config.ID)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	for _, match := range matches {
		var events []Event
		err := found.ask(ctx, func(x *index) {
			if number := x.flows.lookup(match.Key); number != 0 {
				for sequence := range x.chain(number) {
					if e := x.log.at(sequence); x.places.All[e.place].Source == source && len(events) < keysChecked {
						events = append(events, x.event(sequence))
					}
				}
			}
		})
		if err != nil {
			return err
		}
		for m, err := range found.Messages(ctx, events) {
			if err == nil && string(m.Key) != s.config.ID {
				s.mutex.Lock()
				s.keyed[searchDestination{source, m.Position.Destination}] = false
				s.mutex.Unlock()
			}
		}
	}
	return nil
}

// partitioners is how many ways of choosing a partition by key are in use: those of
// Java and franz-go, of librdkafka, of sarama.
const partitioners = 3

// foundByKey lists the destinations of a source where messages had the id as their key,
// and where enough others show that all are keyed by what they are about.
func (s *search) foundByKey(source int) (destinations []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for at, only := range s.keyed {
		if usage := s.usage[at]; at.source == source && only && usage.sampled >= keysSampled && !usage.otherwise {
			destinations = append(destinations, at.destination)
		}
	}
	return destinations
}
