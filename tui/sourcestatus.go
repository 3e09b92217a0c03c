package tui

import (
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/tui/page"
)

const (
	// sampleEvery is how often the sources are asked for their figures.
	sampleEvery = 500 * time.Millisecond
	// rateOver is how many samples a rate is taken over: two seconds.
	rateOver = 4
	// trendLength is how many rates the header's sparkline has.
	trendLength = 20
)

// rates keeps the figures of the sources over the last moments.
type rates struct {
	last    time.Time
	sources []sourceRate
	trend   []float64 // events a second of all sources, oldest first
	total   int64
	totalAt time.Time
	// returns counts the times that a source which did not answer has answered again.
	returns int
}

// sourceRate is one source as the header shows it.
type sourceRate struct {
	status adapters.Status
	live   int64               // messages that came as they happened, those of the past left out
	counts [rateOver + 1]int64 // of these, oldest first
	times  [rateOver + 1]time.Time
	rate   float64 // messages a second
}

// sample asks the sources, if it is time to, and reports whether anything that is shown
// changed.
func (r *rates) sample(s *shell) bool {
	if s.now.Sub(r.last) < sampleEvery {
		return false
	}
	r.last = s.now
	if r.sources == nil {
		r.sources = make([]sourceRate, len(s.options.Sources))
	}
	changed, total := false, int64(0)
	for i := range r.sources {
		away := r.sources[i].away()
		changed = r.sources[i].sample(s.options.Sources[i].Status(), s.now) || changed
		if away && !r.sources[i].away() {
			r.returns++
		}
		total += r.sources[i].live
	}
	return r.sampleTrend(total, s.now) || changed
}

// away reports whether the source does not answer.
func (s *sourceRate) away() bool {
	return s.status.Connection == adapters.Lost || s.status.Connection == adapters.Failed
}

// awaySince is since when a source does not answer; zero while it does.
func (m *Model) awaySince(source string) time.Time {
	for i := range m.rates.sources {
		if s := &m.rates.sources[i]; m.shell.options.Sources[i].Name == source && s.away() {
			return s.status.Since
		}
	}
	return time.Time{}
}

// sample takes one status.
func (s *sourceRate) sample(status adapters.Status, now time.Time) bool {
	before, rateBefore := s.status, s.rate
	first := s.times[rateOver].IsZero()
	s.live = max(s.live, status.Messages-status.PastMessages) // one of the past may be counted before it is read
	copy(s.counts[:], s.counts[1:])
	copy(s.times[:], s.times[1:])
	s.counts[rateOver], s.times[rateOver] = s.live, now
	if first {
		for i := range s.counts {
			s.counts[i], s.times[i] = s.live, now
		}
	}
	s.rate = 0
	if span := now.Sub(s.times[0]).Seconds(); span > 0 {
		s.rate = max(0, float64(s.live-s.counts[0])/span)
	}
	s.status = status
	return first || s.rate != rateBefore || status.Connection != before.Connection || status.BehindBy != before.BehindBy ||
		status.Dropped != before.Dropped || status.DroppedUnknown != before.DroppedUnknown || status.Destinations != before.Destinations ||
		!slices.Equal(status.Problems, before.Problems) || !slices.Equal(status.Gaps, before.Gaps) || !page.SameError(status.Err, before.Err) ||
		status.Connection == adapters.Lost
}

// sampleTrend takes the total once a second.
func (r *rates) sampleTrend(total int64, now time.Time) bool {
	if r.totalAt.IsZero() {
		r.total, r.totalAt = total, now
		return false
	}
	span := now.Sub(r.totalAt)
	if span < time.Second {
		return false
	}
	before := r.moving()
	r.trend = append(r.trend, max(0, float64(total-r.total)/span.Seconds()))
	if len(r.trend) > trendLength {
		r.trend = r.trend[1:]
	}
	r.total, r.totalAt = total, now
	return before || r.moving()
}

// moving reports whether something came in the time of the trend.
func (r *rates) moving() bool {
	return slices.ContainsFunc(r.trend, func(rate float64) bool { return rate > 0 })
}

// dropped is how many messages all sources lost, and whether there were more that
// nobody counted.
func (r *rates) dropped() (n int64, more bool) {
	for i := range r.sources {
		n += r.sources[i].status.Dropped
		more = more || r.sources[i].status.DroppedUnknown
	}
	return n, more
}
