package lag

import (
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Config bounds a [Series]. Zero values are defaults.
type Config struct {
	// Window is how long nothing may move before a consumer is said to stall or to have
	// stopped, and the time over which rates are taken; a minute. Consumers that commit
	// more seldom are given as long as they usually take, twice.
	Window time.Duration
	// Allowed is the lag that is taken for none.
	Allowed int64
	// Logs is how many logs of consumers are watched at most, 100,000; each takes about
	// 900 bytes, and its topic's ends at most 1 KiB more.
	Logs int
}

const (
	defaultWindow = time.Minute
	defaultLogs   = 100_000
	commitsKept   = 12 // changes of what is committed, of one consumer in one log
	doneKept      = 24 // of what is committed at looks, likewise, for rates
	endsKept      = 60 // ends of one log
	totalsKept    = 120
	forgetAfter   = 10 // windows without news
)

// Series keeps what was seen of lags, by our own clock, and says what it means: how a
// consumer stands by Burrow's rules, how many seconds it is behind, and whether that
// becomes better. It is not for use by several goroutines at once.
type Series struct {
	config    Config
	ends      map[sourceLog]*endSeries
	consumers map[Key]*consumerSeries
	logs      int // of all consumers
	unwatched int // logs that did not fit
}

// sourceLog is a log of one source.
type sourceLog struct {
	source string
	log    adapters.Log
}

// consumerSeries is what is kept of a group or queue.
type consumerSeries struct {
	logs   map[adapters.Log]*progress
	totals points // of the lag, for a line of the last minutes
	seen   int64
}

// NewSeries returns an empty series.
func NewSeries(config Config) *Series {
	if config.Window <= 0 {
		config.Window = defaultWindow
	}
	if config.Logs <= 0 {
		config.Logs = defaultLogs
	}
	return &Series{config: config, ends: make(map[sourceLog]*endSeries), consumers: make(map[Key]*consumerSeries)}
}

// Unwatched is how many logs of consumers did not fit when they were last seen. They are
// judged by one look alone.
func (s *Series) Unwatched() int { return s.unwatched }

// Add takes in one look at a consumer. Looks at one consumer must come in order of
// time; one that is not newer than the last is left out.
func (s *Series) Add(source string, lag *consumer.Lag) {
	now := lag.At.UnixNano()
	c := s.consumer(Key{source, lag.Kind, lag.Group}, len(lag.Logs))
	if c == nil || now <= c.seen {
		return
	}
	c.seen = now
	for i := range lag.Logs {
		l := &lag.Logs[i]
		at := sourceLog{source, l.Log}
		if l.End >= 0 {
			s.endsOf(at).add(now, l.End, int64(s.config.Window)/(endsKept/6))
		}
		if done, ok := doneOf(lag.Kind, l); ok {
			s.progressOf(c, l.Log, now).add(now, done, l, deserted(lag), s.config.Allowed, int64(s.config.Window)/(commitsKept-2))
		}
	}
	c.totals.add(now, lag.Total().Lag, int64(s.config.Window)/(totalsKept/12))
}

// deserted reports whether a group has no member, and none is about to join.
func deserted(lag *consumer.Lag) bool {
	return lag.Queue == nil && lag.MembersKnown && len(lag.Members) == 0 && !lag.Rebalancing
}

// doneOf is how far a consumer is: the next offset it has to do. Of a share group it is
// what there is less what is not done; of a queue there is no offset.
func doneOf(kind consumer.Kind, l *consumer.LogLag) (int64, bool) {
	switch {
	case !l.State.Counted():
		return 0, false
	case kind == consumer.QueueConsumers, l.End < 0:
		return -l.Lag, true
	case kind == consumer.ShareGroup:
		return l.End - l.Lag, true
	}
	return l.Committed, l.Committed >= 0
}

// consumer finds or makes room for a consumer of so many logs, or returns nil.
func (s *Series) consumer(key Key, logs int) *consumerSeries {
	if c := s.consumers[key]; c != nil {
		return c
	}
	if s.logs+logs > s.config.Logs {
		s.unwatched += logs
		return nil
	}
	c := &consumerSeries{logs: make(map[adapters.Log]*progress, logs)}
	s.consumers[key] = c
	return c
}

func (s *Series) endsOf(at sourceLog) *endSeries {
	e := s.ends[at]
	if e == nil {
		e = &endSeries{}
		s.ends[at] = e
	}
	return e
}

func (s *Series) progressOf(c *consumerSeries, log adapters.Log, now int64) *progress {
	p := c.logs[log]
	if p == nil {
		p = &progress{began: now}
		c.logs[log] = p
		s.logs++
	}
	return p
}

// Forget lets go of what had no news for ten windows.
func (s *Series) Forget(now time.Time) {
	before := now.Add(-forgetAfter * s.config.Window).UnixNano()
	for key, c := range s.consumers {
		if c.seen < before {
			s.logs -= len(c.logs)
			delete(s.consumers, key)
		}
	}
	for at, e := range s.ends {
		if e.last().at < before {
			delete(s.ends, at)
		}
	}
	s.unwatched = 0
}

// Told takes in the broker time of the message that a consumer which has committed
// position reads next, as [consumer.LagReader] yields it; zero if there is none.
func (s *Series) Told(source string, kind consumer.Kind, group string, position adapters.Position, next time.Time) {
	c := s.consumers[Key{source, kind, group}]
	if c == nil {
		return
	}
	p := c.logs[adapters.Log{Destination: position.Destination, Partition: position.Partition}]
	if p == nil {
		return
	}
	p.told, p.isTold, p.nothing = point{at: unixNano(next), n: position.Offset}, true, next.IsZero()
	p.toldEnd = s.endsOf(sourceLog{source, adapters.Log{Destination: position.Destination, Partition: position.Partition}}).last().n
}
