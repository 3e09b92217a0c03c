package tui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
)

const (
	// mostConsumers is how many groups and queues are listed, the worst first, and
	// mostLagLogs of how many logs the numbers are kept for the page about one of them.
	mostConsumers, mostLagLogs = 10_000, 50_000
	// unknownAfter is how old a lag may be before it is one no longer.
	unknownAfter = 30 * time.Second
	// draftEvery is how often a survey at work shows what it has found so far, the first time
	// as soon as that is a screenful.
	draftEvery = 500 * time.Millisecond
	screenful  = 50
	// mostAges is for how many logs of a source one survey asks how old the next message
	// is, and agesLimit how long that may take.
	mostAges, agesLimit = 200, 2 * time.Second
)

// lagTrouble is what cannot be told of a whole source.
type lagTrouble struct {
	source string
	err    error
}

// lagContents are what a survey found. They never change.
type lagContents struct {
	consumers []*consumer // the worst first
	troubles  []lagTrouble
	unrouted  []unrouted
	more      int  // consumers that are not listed
	unwatched int  // logs that are judged by one look alone
	waits     bool // a source was not connected
}

// heard is what a source told of one consumer, or of itself.
type heard struct {
	source *Source
	lag    adapters.Lag
	err    error
}

// lagSurvey is one look at consumers. It works outside the event loop, on a series that
// no other look uses meanwhile.
type lagSurvey struct {
	sources []Source
	series  *tracing.LagSeries
	before  *lagContents
	only    map[string][]string // the names wanted, by source; nil is all
	keep    consumerKey         // whose logs are kept whatever it costs
	draft   func(*lagContents)

	found    map[consumerKey]*consumer
	gone     map[consumerKey]bool // asked for, and not there
	broken   map[string]bool      // sources that did not tell all
	troubles []lagTrouble
	unrouted []unrouted
	waits    bool
}

// take looks, and gives what is known then.
func (s *lagSurvey) take(ctx context.Context) *lagContents {
	s.found, s.gone, s.broken = map[consumerKey]*consumer{}, map[consumerKey]bool{}, map[string]bool{}
	all := make(chan heard)
	var asking sync.WaitGroup
	for i := range s.sources {
		source := &s.sources[i]
		if source.Lag == nil || s.only != nil && len(s.only[source.Name]) == 0 {
			continue
		}
		query := adapters.LagQuery{Groups: s.only[source.Name]}
		asking.Go(func() {
			for lag, err := range source.Lag.Lag(ctx, query) {
				all <- heard{source, lag, err}
			}
		})
	}
	go func() {
		asking.Wait()
		close(all)
	}()
	shown := time.Now()
	for h := range all {
		s.hear(&h)
		if now := time.Now(); s.only == nil && (now.Sub(shown) >= draftEvery || len(s.found) == screenful && s.before == nil) {
			shown = now
			s.draft(s.contents(false))
		}
	}
	s.age(ctx)
	s.unrouted = s.countUnrouted(ctx)
	return s.contents(true)
}

// hear takes in what a source told.
func (s *lagSurvey) hear(h *heard) {
	key := consumerKey{h.source.Name, h.lag.Kind, h.lag.Group}
	switch {
	case h.lag.Group == "":
		s.waits = s.waits || errors.Is(h.err, adapters.ErrNotConnected)
		if !errors.Is(h.err, adapters.ErrNotAuthorized) && !errors.Is(h.err, errors.ErrUnsupported) {
			s.broken[h.source.Name] = true
		}
		s.troubles = append(s.troubles, lagTrouble{h.source.Name, h.err})
		return
	case errors.Is(h.err, adapters.ErrUnknownDestination):
		if s.before != nil { // nobody knows of which kind it was
			for _, c := range s.before.consumers {
				if c.source == key.source && c.group == key.group {
					s.gone[c.consumerKey] = true
				}
			}
		}
		return
	}
	s.series.Observe(key.source, &h.lag)
	s.found[key] = s.stand(h.source, h.lag, h.err, time.Now())
}

// age finds out how old is what is left to read, of the worst first, where the looks do
// not tell.
func (s *lagSurvey) age(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, agesLimit)
	defer cancel()
	worst := make([]*consumer, 0, len(s.found))
	for _, c := range s.found {
		if c.total.Lag > 0 {
			worst = append(worst, c)
		}
	}
	slices.SortFunc(worst, worse)
	for i := range s.sources {
		if source := &s.sources[i]; source.Lag != nil {
			s.ageOf(ctx, source, worst)
		}
	}
}

// ageOf asks one source.
func (s *lagSurvey) ageOf(ctx context.Context, source *Source, worst []*consumer) {
	var of []*consumer
	var positions []adapters.Position
	now := time.Now()
	for _, c := range worst {
		if c.source != source.Name {
			continue
		}
		for _, position := range s.series.Wanted(c.source, &c.lag, now) {
			if len(positions) < mostAges {
				of, positions = append(of, c), append(positions, position)
			}
		}
	}
	if len(positions) == 0 {
		return
	}
	i := 0
	for at, err := range source.Lag.NextTimes(ctx, positions) {
		if i == len(positions) {
			break
		}
		if c := of[i]; err == nil {
			s.series.Told(c.source, c.kind, c.group, positions[i], at)
		}
		i++
	}
	now = time.Now()
	for _, c := range slices.Compact(of) {
		s.found[c.consumerKey] = s.stand(source, c.lag, c.err, now)
	}
}

// contents put together what was found and what was known before.
func (s *lagSurvey) contents(done bool) *lagContents {
	now := time.Now()
	c := &lagContents{troubles: slices.Clone(s.troubles), unrouted: s.unrouted, waits: s.waits}
	for _, found := range s.found {
		c.consumers = append(c.consumers, found)
	}
	if s.before != nil {
		for _, known := range s.before.consumers {
			told := done && s.only == nil && !s.broken[known.source]
			if s.found[known.consumerKey] != nil || s.gone[known.consumerKey] || told {
				continue
			}
			if now.Sub(known.lag.At) > unknownAfter {
				known = known.unknown()
			}
			c.consumers = append(c.consumers, known)
		}
		if s.only != nil { // those are about all
			c.more, c.unwatched = s.before.more, s.before.unwatched
			c.troubles = s.troublesNow()
		}
	}
	slices.SortFunc(c.consumers, worse)
	if extra := len(c.consumers) - mostConsumers; extra > 0 {
		c.consumers, c.more = slices.Clone(c.consumers[:mostConsumers]), extra
	}
	if s.only == nil && done {
		c.unwatched = s.series.Unwatched()
		s.series.Forget(now)
	}
	s.bound(c)
	return c
}

// troublesNow are those of the sources that were asked, and what was known of the others.
func (s *lagSurvey) troublesNow() []lagTrouble {
	troubles := slices.Clone(s.troubles)
	for _, t := range s.before.troubles {
		if len(s.only[t.source]) == 0 || !slices.ContainsFunc(troubles, func(now lagTrouble) bool { return now.source == t.source }) && !s.broken[t.source] && !errors.Is(t.err, adapters.ErrNotConnected) {
			troubles = append(troubles, t)
		}
	}
	return troubles
}

// bound lets go of the logs of consumers for which there is no room.
func (s *lagSurvey) bound(c *lagContents) {
	logs := 0
	for i, known := range c.consumers {
		if logs += len(known.lag.Logs); logs > mostLagLogs && known.consumerKey != s.keep && len(known.lag.Logs) > 0 {
			logs -= len(known.lag.Logs)
			short := *known
			short.lag.Logs, short.logs, short.short = nil, nil, true
			c.consumers[i] = &short
		}
	}
}

// like says that a survey found what another did, as far as it is shown.
func (c *lagContents) like(other *lagContents) bool {
	return c.more == other.more && c.unwatched == other.unwatched && slices.Equal(c.unrouted, other.unrouted) &&
		slices.EqualFunc(c.troubles, other.troubles, func(a, b lagTrouble) bool { return a.source == b.source && sameError(a.err, b.err) }) &&
		slices.EqualFunc(c.consumers, other.consumers, (*consumer).like)
}

// worse puts the worse state first, then the larger lag.
func worse(a, b *consumer) int {
	return cmp.Or(cmp.Compare(gravity(b.standing.State), gravity(a.standing.State)), cmp.Compare(b.total.Lag, a.total.Lag), byName(a, b))
}

// gravity orders states, the worst being the largest. What is not known may be bad.
func gravity(s adapters.LagState) int {
	if s == adapters.LagUnknown {
		return 2*int(adapters.LagOK) + 1
	}
	return 2 * int(s)
}

func byName(a, b *consumer) int {
	return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.source, b.source), cmp.Compare(a.kind, b.kind))
}
