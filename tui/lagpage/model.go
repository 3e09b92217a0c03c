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
	Dead    func() map[lag.Key]bool // queues that the header counts as dead letters
}

// Model is how far consumers are behind, as they were last looked at, for the pages about
// them and for the header. It belongs to the event loop; the series belongs to the listing
// that is under way, of which there is never more than one.
type Model struct {
	*Config
	page.Question
	series   *lag.Series
	contents *lagContents // nil until the first came
	draft    atomic.Pointer[lagContents]
	keep     lag.Key   // of the page about one consumer
	asked    time.Time // the last listing
	swept    time.Time // the last of all consumers
	took     time.Duration
	sweep    time.Duration // what the last of all took
	seen     int           // listings that brought something new
	onPage   time.Time     // when a page about consumers was last shown
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
			b := &Model{Config: c, series: lag.NewSeries(lag.Config{Logs: cmp.Or(c.Watched, mostLagLogs)})}
			b.Quiet = true
			return b
		}
	}
	return nil
}

// Update asks for a listing of the consumers on the screen, or of all, when one is due.
func (b *Model) Update(shown []lag.Key) tea.Cmd {
	if draft := b.draft.Swap(nil); draft != nil && b.Busy {
		b.take(draft)
	}
	b.onPage = b.Now()
	switch {
	case b.Busy:
		return nil
	case b.contents == nil, b.Now().Sub(b.swept) >= b.apart():
		return b.listing(nil)
	case b.Now().Sub(b.asked) < max(lagEvery, page.ListingShare*b.took):
		return nil
	case len(b.contents.consumers) <= fewConsumers:
		return b.listing(nil)
	}
	only := make(map[string][]string)
	for _, key := range shown {
		only[key.Source] = append(only[key.Source], key.Group)
	}
	if len(only) == 0 {
		return nil
	}
	return b.listing(only)
}

// Background asks for a listing of all now and then while other pages are shown, for the
// header; soon again while a source is not connected yet.
func (b *Model) Background() tea.Cmd {
	if b == nil || b.Busy {
		return nil
	}
	wait := b.apart()
	if b.contents != nil && b.contents.waits {
		wait = lagEvery
	}
	if b.Now().Sub(b.swept) < wait {
		return nil
	}
	return b.listing(nil)
}

// Again makes the next look at all consumers due at once.
func (b *Model) Again() {
	if b != nil {
		b.asked, b.swept = time.Time{}, time.Time{}
	}
}

// apart is how long there is between two looks at all consumers, as far as no page asks.
func (b *Model) apart() time.Duration { return max(sweepEvery, page.ListingShare*b.sweep) }

// listing looks at the consumers that are named, by source, or at all.
func (b *Model) listing(only map[string][]string) tea.Cmd {
	all := only == nil
	if b.asked = b.Now(); all {
		b.swept = b.Now()
	}
	listing := &lagSweep{sources: b.Sources, series: b.series, before: b.contents, only: only, keep: b.keep}
	listing.draft = func(c *lagContents) { b.draft.Store(c) }
	return b.Ask(b, text.Own("asking how far consumers are behind"), sweepLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		now := listing.take(ctx)
		took := time.Since(begun)
		return func() {
			b.draft.Store(nil)
			if b.took = took; all {
				b.sweep = took
			}
			b.take(now)
		}, nil
	})
}

// take puts what a listing found where the pages see it.
func (b *Model) take(now *lagContents) {
	if b.contents == nil || !now.like(b.contents) {
		b.seen++
		b.Redraw()
	}
	b.contents = now
}

// consumer is one of those that were found, or nil.
func (b *Model) consumer(key lag.Key) *consumerLag {
	if b.contents != nil {
		for _, c := range b.contents.consumers {
			if c.Key() == key {
				return c
			}
		}
	}
	return nil
}

// Seen counts the times that what follows has changed.
func (b *Model) Seen() int { return b.seen }

// Consumers are those that were found, the worst first.
func (b *Model) Consumers() (all []*lag.Consumer) {
	if b.contents != nil {
		for _, c := range b.contents.consumers {
			all = append(all, &c.Consumer)
		}
	}
	return all
}

// Troubles are what sources do not tell of consumers.
func (b *Model) Troubles() []lag.Trouble {
	if b.contents == nil {
		return nil
	}
	return b.contents.troubles
}
