package lagpage

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	"eventscope/tracing/lag"
	"eventscope/tui/eventpage"
	"eventscope/tui/page"
	"eventscope/tui/text"

	tea "charm.land/bubbletea/v2"
)

// Config is what pages about consumers work with.
type Config struct {
	page.Screen
	Sources []page.Source
	Watched int // partitions that are watched over time at most; 0 is all that are listed
	Events  *eventpage.Config
	Columns []string                // of the list, by their names; empty for all
	Dead    func() map[lag.Key]bool // queues that the header counts as dead letters
}

// Model is how far consumers are behind, as they were last looked at, for the pages about
// them and for the header. It belongs to the event loop; the series belongs to the listing
// that is under way, of which there is never more than one.
type Model struct {
	*Config
	page.Polled[*lagContents]
	columns page.Columns
	series  *lag.Series
	draft   atomic.Pointer[lagContents]
	keep    lag.Key       // of the page about one consumer
	swept   time.Time     // when all consumers were asked for last
	sweep   time.Duration // what that took
	onPage  time.Time     // when a page about consumers was last shown
}

const (
	// lagEvery is how often the consumers on the screen are looked at.
	lagEvery = 2 * time.Second
	// sweepEvery is how often all are, also while other pages are shown.
	sweepEvery = 15 * time.Second
	// sweepLimit is how long that may take.
	sweepLimit = time.Minute
	// fewConsumers are looked at all together, whichever are on the screen.
	fewConsumers = 100
)

// NewModel is nil where no source can tell lags.
func NewModel(c *Config) *Model {
	for i := range c.Sources {
		if c.Sources[i].Lag != nil {
			m := &Model{Config: c, columns: page.NewColumns(Columns, c.Columns), series: lag.NewSeries(lag.Config{Logs: cmp.Or(c.Watched, mostLagLogs)})}
			m.Quiet, m.Alike = true, (*lagContents).like
			return m
		}
	}
	return nil
}

// Update asks for a listing of the consumers on the screen, or of all, when one is due.
func (m *Model) Update(shown []lag.Key) tea.Cmd {
	if draft := m.draft.Swap(nil); draft != nil {
		m.Part(m, draft)
	}
	m.onPage = m.Now()
	switch {
	case m.Busy:
		return nil
	case !m.Known(), m.Now().Sub(m.swept) >= m.apart():
		return m.listing(nil)
	case !m.Due(m.Now(), lagEvery):
		return nil
	case len(m.Last.consumers) <= fewConsumers:
		return m.listing(nil)
	}
	only := make(map[string][]string)
	for _, key := range shown {
		only[key.Source] = append(only[key.Source], key.Group)
	}
	if len(only) == 0 {
		return nil
	}
	return m.listing(only)
}

// Background asks for a listing of all now and then while other pages are shown, for the
// header; soon again while a source is not connected yet.
func (m *Model) Background() tea.Cmd {
	if m == nil || m.Busy {
		return nil
	}
	wait := m.apart()
	if m.Last != nil && m.Last.waits {
		wait = lagEvery
	}
	if m.Now().Sub(m.swept) < wait {
		return nil
	}
	return m.listing(nil)
}

// Again makes the next look at all consumers due at once.
func (m *Model) Again() {
	if m != nil {
		m.swept = time.Time{}
	}
}

// apart is how long there is between two looks at all consumers, as far as no page asks.
func (m *Model) apart() time.Duration { return max(sweepEvery, page.ListingShare*m.sweep) }

// listing looks at the consumers that are named, by source, or at all.
func (m *Model) listing(only map[string][]string) tea.Cmd {
	if only == nil {
		m.swept = m.Now()
	}
	listing := &lagSweep{sources: m.Sources, series: m.series, before: m.Last, only: only, keep: m.keep}
	listing.draft = func(c *lagContents) { m.draft.Store(c) }
	return m.Poll(m, text.Own("asking how far consumers are behind"), sweepLimit, func(ctx context.Context) (*lagContents, error) {
		return listing.look(ctx), nil
	}, func() {
		if m.draft.Store(nil); only == nil {
			m.sweep = m.Took()
		}
	})
}

// consumer is one of those that were found, or nil.
func (m *Model) consumer(key lag.Key) *consumerLag {
	if m.Last != nil {
		for _, c := range m.Last.consumers {
			if c.Key() == key {
				return c
			}
		}
	}
	return nil
}

// Consumers are those that were found, the worst first.
func (m *Model) Consumers() (all []*lag.Consumer) {
	if m.Last != nil {
		for _, c := range m.Last.consumers {
			all = append(all, &c.Consumer)
		}
	}
	return all
}

// Troubles are what sources do not tell of consumers.
func (m *Model) Troubles() []lag.Trouble {
	if m.Last == nil {
		return nil
	}
	return m.Last.troubles
}
