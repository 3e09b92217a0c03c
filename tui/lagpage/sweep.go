package lagpage

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tracing/lag"
	"eventscope/tui/page"
)

const (
	// mostConsumers is how many groups and queues are listed, the worst first, and
	// mostLagLogs of how many logs the numbers are kept for the page about one of them.
	mostConsumers, mostLagLogs = 10_000, 50_000
	// unknownAfter is how old a lag may be before it is one no longer.
	unknownAfter = 30 * time.Second
	// draftEvery is how often a listing at work shows what it has found so far, the first time
	// as soon as that is a screenful.
	draftEvery = 500 * time.Millisecond
	screenful  = 50
	// mostAges is for how many logs of a source one listing asks how old the next message
	// is, and agesLimit how long that may take.
	mostAges, agesLimit = 200, 2 * time.Second
)

// lagContents are what a listing found. They never change.
type lagContents struct {
	consumers []*consumerLag // the worst first
	troubles  []lag.Trouble
	unrouted  []unrouted
	more      int             // consumers that are not listed
	unwatched int             // logs that are judged by one look alone
	waits     bool            // a source was not connected
	broken    map[string]bool // sources that did not tell all
}

// lagSweep is one look at consumers. It works outside the event loop, on a series that
// no other look uses meanwhile.
type lagSweep struct {
	sources []page.Source
	series  *lag.Series
	before  *lagContents
	only    map[string][]string // the names wanted, by source; nil is all
	keep    lag.Key             // whose logs are kept whatever it costs
	draft   func(*lagContents)

	sweep     *lag.Sweep
	described map[*lag.Consumer]*consumerLag
	unrouted  []unrouted
}

// look looks, and returns what is known then.
func (s *lagSweep) look(ctx context.Context) *lagContents {
	s.sweep, s.described = lag.NewSweep(readersOf(s.sources), s.series), map[*lag.Consumer]*consumerLag{}
	shown := time.Now()
	s.sweep.Heard = func(found int) {
		if now := time.Now(); s.only == nil && (now.Sub(shown) >= draftEvery || found == screenful && s.before == nil) {
			shown = now
			s.draft(s.contents(false))
		}
	}
	s.sweep.Look(ctx, s.only)
	s.sweep.Age(ctx, agesLimit, mostAges)
	s.sweep.Classify(time.Now())
	s.unrouted = s.countUnrouted(ctx)
	return s.contents(true)
}

// readersOf are the sources that can tell lags.
func readersOf(sources []page.Source) (readers []lag.Source) {
	for i := range sources {
		if source := &sources[i]; source.Lag != nil {
			readers = append(readers, lag.Source{Name: source.Name, Broker: source.Broker, Reader: source.Lag})
		}
	}
	return readers
}

// hear takes in what could not be told, and which of the consumers that were known before are
// gone.
func (s *lagSweep) hear(c *lagContents) (gone map[lag.Key]bool) {
	gone, c.broken = map[lag.Key]bool{}, map[string]bool{}
	for _, t := range s.sweep.Troubles() {
		c.waits = c.waits || errors.Is(t.Err, adapters.ErrNotConnected)
		switch {
		case t.Group == "":
			if !errors.Is(t.Err, adapters.ErrNotAuthorized) && !errors.Is(t.Err, errors.ErrUnsupported) {
				c.broken[t.Source] = true
			}
			c.troubles = append(c.troubles, t)
		case errors.Is(t.Err, adapters.ErrUnknownDestination) && s.before != nil:
			for _, known := range s.before.consumers { // nobody knows of which kind it was
				if known.Source == t.Source && known.Lag.Group == t.Group {
					gone[known.Key()] = true
				}
			}
		}
	}
	return gone
}

// contents put together what was found and what was known before.
func (s *lagSweep) contents(done bool) *lagContents {
	now := time.Now()
	c := &lagContents{unrouted: s.unrouted}
	gone, found := s.hear(c), map[lag.Key]bool{}
	for _, one := range s.sweep.Found() {
		found[one.Key()] = true
		if s.described[one] == nil {
			s.described[one] = describe(one, s.series, now)
		}
		c.consumers = append(c.consumers, s.described[one])
	}
	if s.before != nil {
		for _, known := range s.before.consumers {
			told := done && s.only == nil && !c.broken[known.Source]
			if key := known.Key(); found[key] || gone[key] || told {
				continue
			}
			if now.Sub(known.Lag.At) > unknownAfter {
				known = known.unknown()
			}
			c.consumers = append(c.consumers, known)
		}
		if s.only != nil { // those are about all
			c.more, c.unwatched = s.before.more, s.before.unwatched
			c.troubles = s.troublesNow(c)
			for source := range s.before.broken {
				c.broken[source] = c.broken[source] || len(s.only[source]) == 0
			}
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
func (s *lagSweep) troublesNow(c *lagContents) []lag.Trouble {
	troubles := c.troubles
	for _, t := range s.before.troubles {
		if len(s.only[t.Source]) == 0 || !slices.ContainsFunc(troubles, func(now lag.Trouble) bool { return now.Source == t.Source }) && !c.broken[t.Source] && !errors.Is(t.Err, adapters.ErrNotConnected) {
			troubles = append(troubles, t)
		}
	}
	return troubles
}

// bound lets go of the logs of consumers for which there is no room.
func (s *lagSweep) bound(c *lagContents) {
	logs := 0
	for i, known := range c.consumers {
		if logs += len(known.Lag.Logs); logs > mostLagLogs && known.Key() != s.keep && len(known.Lag.Logs) > 0 {
			logs -= len(known.Lag.Logs)
			short := *known
			short.Lag.Logs, short.Logs, short.short = nil, nil, true
			c.consumers[i] = &short
		}
	}
}

// like reports whether a listing found what another did, as far as it is shown.
func (c *lagContents) like(other *lagContents) bool {
	return c.more == other.more && c.unwatched == other.unwatched && maps.Equal(c.broken, other.broken) && slices.Equal(c.unrouted, other.unrouted) &&
		slices.EqualFunc(c.troubles, other.troubles, page.SameTrouble) &&
		slices.EqualFunc(c.consumers, other.consumers, (*consumerLag).like)
}

// worse puts the worse state first, then the larger lag.
func worse(a, b *consumerLag) int { return lag.Worse(&a.Consumer, &b.Consumer) }

func byName(a, b *consumerLag) int { return a.Key().Compare(b.Key()) }
