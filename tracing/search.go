package tracing

import (
	"context"
	"errors"
	"fmt"
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
	// Problems are why something may be missing: an [adapters.SourceError] for each source that
	// could not be read, and [adapters.ErrIncomplete] where the id led to too much.
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
// something of the flow under another key. It keeps the first messages, however many of them
// belong, so that a short history is read once; of all others only what belongs to the id. When
// that teaches it an id that leads further, it reads again what it had passed over until then;
// and if that teaches it another one, everything once more, until there is nothing to learn.
func Search(ctx context.Context, config SearchConfig) (*Found, error) {
	return newSearch(config, wholeFirst).run(ctx)
}

// wholeFirst is how many messages are kept whether they belong or not.
const wholeFirst = 50_000

func newSearch(config SearchConfig, whole int64) *search {
	s := &search{config: config, id: packed.Of(config.ID), whole: whole}
	s.wanted.Want(spelling.AppendID(nil, []byte(config.ID)))
	return s
}

// mostRounds bounds how often everything is read.
const mostRounds = 4

func (s *search) run(ctx context.Context) (*Found, error) {
	s.estimate(ctx)
	stop := s.report(ctx)
	defer stop()
	for round := 1; ; round++ {
		found, err := s.readAll(ctx)
		if err != nil {
			return nil, err
		}
		whole, err := s.readAgain(ctx, found)
		if err == nil && s.besides && found.Counters().Evicted > 0 && round < mostRounds {
			s.whole, whole = 0, false // what does not belong has pushed out something else
		}
		if err == nil && (whole || round == mostRounds) {
			return s.tellWhole(found, whole), nil
		}
		if found.Close(); err != nil {
			return nil, err
		}
	}
}

// tellWhole adds what is wrong where not all that belongs was found.
func (s *search) tellWhole(found *Found, whole bool) *Found {
	problem := &adapters.Problem{Doing: fmt.Sprintf("find all that belongs to %q", s.config.ID), Remedy: "trace an event that is missing", Kind: adapters.ErrIncomplete}
	switch known := s.wanted.Known(); {
	case known.Full():
		problem.Cause = "more than 10,000 ids lead on from it"
	case !whole:
		problem.Cause = "each event leads to one that lies before it, again and again"
	default:
		return found
	}
	found.Problems = append(found.Problems, problem)
	return found
}

// readAgain reads what was passed over before all ids were known, and reports whether that is
// all: it may teach more ids, and what has no offset can only be read with everything else.
func (s *search) readAgain(ctx context.Context, found *Found) (whole bool, err error) {
	missed := s.missed()
	if missed == nil || s.unplaced {
		return missed == nil, nil
	}
	before := s.known()
	if err := s.readMissed(ctx, found, missed); err != nil {
		return false, err
	}
	return s.known() == before, nil
}

// known is how many ids lead on, those of events only where events name their causes.
func (s *search) known() int {
	known := s.wanted.Known()
	if s.causesLeadOn {
		return known.Links + known.Causes
	}
	return known.Links
}

// readAll reads everything into an index of its own.
func (s *search) readAll(ctx context.Context) (*Found, error) {
	s.again()
	found := s.open()
	if err := s.scan(ctx, found, s.scanSource); err != nil {
		found.Close()
		return nil, err
	}
	return found, nil
}

// readMissed reads pieces of logs into the index that has the rest of them.
func (s *search) readMissed(ctx context.Context, found *Found, missed []adapters.Range) error {
	return s.scan(ctx, found, func(ctx context.Context, found *Found, source int) error {
		if missed[source].UntilOffsets == nil {
			return nil
		}
		return readAhead(ctx, s.config.Sources[source].Scanner, missed[source], s.intakeOfMissed(found, source))
	})
}

// search is the state of one Search. The mutex guards what intakes write.
type search struct {
	config   SearchConfig
	id       []byte // that of config, in its compact form
	whole    int64  // so many messages are kept whether they belong or not
	expected atomic.Int64
	count    atomic.Int64

	mutex        sync.Mutex
	logs         map[searchPlace]*searchLog
	destinations map[searchPlace]*searchDestination
	byKey        map[int]bool // sources where reading by key was in vain (false) or found something
	wanted       wanted.IDs

	causesLeadOn bool // some events name their cause, and then belong to its flow whatever they name besides
	passedOver   bool // something was not kept
	unplaced     bool // something without an offset was not
	besides      bool // something was kept that does not belong
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

// again forgets what was read, but not what was learned of it.
func (s *search) again() {
	s.logs = map[searchPlace]*searchLog{}
	if s.destinations == nil {
		s.destinations, s.byKey = map[searchPlace]*searchDestination{}, map[int]bool{}
	}
	for _, destination := range s.destinations {
		destination.messages, destination.keyed, destination.unkeyed = 0, false, false
	}
	s.passedOver, s.unplaced, s.besides = false, false, false
	s.count.Store(0)
}

// missed are the pieces of logs, by source, that were read before all ids were known that are
// known now. There is none if nothing was passed over, or everything with these ids in mind.
func (s *search) missed() []adapters.Range {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.passedOver {
		return nil
	}
	spans, any := make([]adapters.Range, len(s.config.Sources)), false
	for at, log := range s.logs {
		if log.know(s.known(), log.last+1); log.ignorant == 0 {
			continue
		}
		any = true
		span := &spans[at.source]
		if span.UntilOffsets == nil {
			*span = s.span()
			span.UntilOffsets = map[adapters.Log]int64{}
		}
		span.UntilOffsets[at.log] = log.ignorant
	}
	if !any {
		return nil
	}
	return spans
}

// scan reads all sources into found, each by a function, and looks the id up.
func (s *search) scan(ctx context.Context, found *Found, read func(ctx context.Context, found *Found, source int) error) error {
	problems := make([]error, len(s.config.Sources))
	var group sync.WaitGroup
	for i := range s.config.Sources {
		group.Go(func() { problems[i] = read(ctx, found, i) })
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := errors.Join(found.Sync(ctx), found.ReadAgain(ctx), found.Settle(ctx)); err != nil {
		return err
	}
	for i, problem := range problems {
		told := func(err error) bool { // by the reading before
			var of *adapters.SourceError
			return errors.As(err, &of) && of.Source == s.config.Sources[i].Name
		}
		if problem != nil && !slices.ContainsFunc(found.Problems, told) {
			found.Problems = append(found.Problems, &adapters.SourceError{Source: s.config.Sources[i].Name, Err: problem})
		}
	}
	found.Searched = nil
	for at, destination := range s.destinations {
		if destination.messages > 0 {
			found.Searched = append(found.Searched, Searched{
				Source: s.config.Sources[at.source].Name, Destination: at.log.Destination, Messages: destination.messages,
				ByKey: s.byKey[at.source] && slices.Contains(s.foundByKey(at.source), at.log.Destination),
			})
		}
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
		if err := readAhead(ctx, source.Scanner, byKey, into); err != nil {
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
	return readAhead(ctx, source.Scanner, span, into)
}

// keysHelp reports whether reading by key is worth a try, as it is until it was in vain.
func (s *search) keysHelp(source int) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, tried := s.byKey[source]
	return found || !tried
}

// readOn is where the logs that were read by key are to be read on, and notes whether that
// found something.
func (s *search) readOn(source int, found bool) map[adapters.Log]int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.byKey[source] = found
	next := map[adapters.Log]int64{}
	for at, log := range s.logs {
		if at.source == source && log.last >= 0 {
			next[at.log] = log.last + 1
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
				s.destination(source, m.Position.Destination).unkeyed = true
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
	for at, d := range s.destinations {
		if at.source == source && d.keyed && !d.unkeyed && d.usage.sampled >= keysSampled && !d.usage.otherwise {
			destinations = append(destinations, at.log.Destination)
		}
	}
	return destinations
}
