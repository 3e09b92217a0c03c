package lag

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Source is one that tells how far its consumers are behind.
type Source struct {
	Name   string
	Broker adapters.Broker
	Reader consumer.LagReader
}

// Trouble is what a source cannot tell of itself, or of one consumer.
type Trouble struct {
	Source string
	Group  string // empty when it is about the source
	Err    error
}

// Sweep is one look at the consumers of several sources.
type Sweep struct {
	// Heard, unless nil, is called after each reading with the number of consumers found.
	Heard func(found int)

	sources  []Source
	series   *Series
	found    map[Key]*Consumer
	troubles [][]Trouble // of each source
	seen, of atomic.Int64
}

// NewSweep returns a sweep that has found nothing. It feeds the series, which nothing else may
// use meanwhile.
func NewSweep(sources []Source, series *Series) *Sweep {
	return &Sweep{sources: sources, series: series, found: make(map[Key]*Consumer), troubles: make([][]Trouble, len(sources))}
}

// Look asks all sources at the same time for the consumers that are named for each, or for all
// where only is nil. To look again puts newer readings in the place of older ones.
func (s *Sweep) Look(ctx context.Context, only map[string][]string) {
	type answer struct {
		source  int
		reading consumer.Lag
		err     error
	}
	answers := make(chan answer)
	var asking sync.WaitGroup
	for i, source := range s.sources {
		query := consumer.LagQuery{Groups: only[source.Name]}
		if only != nil && len(query.Groups) == 0 {
			continue
		}
		asking.Go(func() {
			for reading, err := range source.Reader.Lag(ctx, query) {
				answers <- answer{i, reading, err}
			}
		})
	}
	go func() {
		asking.Wait()
		close(answers)
	}()
	s.seen.Store(0)
	s.of.Store(0)
	counted := make([]int, len(s.sources))
	for a := range answers {
		s.seen.Add(1)
		s.of.Add(int64(a.reading.Of - counted[a.source]))
		counted[a.source] = a.reading.Of
		s.hear(a.source, &a.reading, a.err)
		if s.Heard != nil {
			s.Heard(len(s.found))
		}
	}
}

// Progress is how many consumers were read of how many, by the look under way. It may be called
// by any goroutine.
func (s *Sweep) Progress() (seen, of int64) { return s.seen.Load(), s.of.Load() }

// hear takes in a reading. A consumer that is not there is a trouble and nothing more.
func (s *Sweep) hear(source int, reading *consumer.Lag, err error) {
	from := &s.sources[source]
	if err != nil {
		s.troubles[source] = append(s.troubles[source], Trouble{from.Name, reading.Group, err})
	}
	if reading.Group == "" || errors.Is(err, adapters.ErrUnknownDestination) {
		return
	}
	s.series.Add(from.Name, reading)
	c := &Consumer{Source: from.Name, Broker: from.Broker, Lag: *reading, Total: reading.Total(), Err: err}
	if s.found[c.Key()] == nil || err == nil {
		s.found[c.Key()] = s.series.judge(c, time.Now())
	}
}

// Age asks how old is what is left to read, of the worst first, where the readings do not tell:
// for at most so many logs of a source, and as long as patience lasts.
func (s *Sweep) Age(ctx context.Context, patience time.Duration, most int) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	worst, now := s.Found(), time.Now()
	for _, source := range s.sources {
		var all []wanted
		for _, c := range worst {
			if c.Source != source.Name {
				continue
			}
			for _, position := range s.series.Wanted(c.Source, &c.Lag, now) {
				all = append(all, wanted{c, position})
			}
		}
		s.age(ctx, source.Reader, all[:min(len(all), most)])
	}
}

// wanted is where a message lies whose time is wanted, and for whom.
type wanted struct {
	of       *Consumer
	position adapters.Position
}

// age asks one source, for some logs at a time.
func (s *Sweep) age(ctx context.Context, reader consumer.LagReader, all []wanted) {
	const together = 200
	for some := range slices.Chunk(all, together) {
		positions := make([]adapters.Position, len(some))
		for i, w := range some {
			positions[i] = w.position
		}
		i := 0
		for at, err := range reader.NextTimes(ctx, positions) {
			if c := some[i].of; err == nil {
				s.series.Told(c.Source, c.Lag.Kind, c.Lag.Group, some[i].position, at)
			}
			if i++; i == len(some) {
				break
			}
		}
	}
}

// Classify says anew how all that were found stand, by all that was heard.
func (s *Sweep) Classify(now time.Time) {
	for key, c := range s.found {
		s.found[key] = s.series.judge(c, now)
	}
}

// Found are the consumers that were found so far, the worst first.
func (s *Sweep) Found() []*Consumer { return slices.SortedFunc(maps.Values(s.found), Worse) }

// Troubles are what could not be told, source by source.
func (s *Sweep) Troubles() []Trouble { return slices.Concat(s.troubles...) }
