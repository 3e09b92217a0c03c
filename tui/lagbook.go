package tui

import (
	"context"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// lagBook is how far consumers are behind, as they were last looked at, for the pages about
// them and for the header. It belongs to the event loop; the series belongs to the survey
// that is under way, of which there is never more than one.
type lagBook struct {
	*desk
	question
	series   *tracing.LagSeries
	contents *lagContents // nil until the first came
	draft    atomic.Pointer[lagContents]
	keep     consumerKey // of the page about one consumer
	asked    time.Time   // the last survey
	swept    time.Time   // the last of all consumers
	took     time.Duration
	sweep    time.Duration // what the last of all took
	seen     int           // surveys that brought something new
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

// newLagBook is nil where no source can tell lags.
func newLagBook(d *desk) *lagBook {
	for i := range d.options.Sources {
		if d.options.Sources[i].Lag != nil {
			b := &lagBook{desk: d, series: tracing.NewLagSeries(tracing.LagConfig{Logs: mostLagLogs})}
			b.quiet = true
			return b
		}
	}
	return nil
}

// update asks for a survey of the consumers on the screen, or of all, when one is due.
func (b *lagBook) update(shown []consumerKey) tea.Cmd {
	if draft := b.draft.Swap(nil); draft != nil && b.busy {
		b.take(draft)
	}
	switch {
	case b.busy:
		return nil
	case b.contents == nil, b.now.Sub(b.swept) >= max(sweepEvery, surveyShare*b.sweep):
		return b.survey(nil)
	case b.now.Sub(b.asked) < max(lagEvery, surveyShare*b.took):
		return nil
	case len(b.contents.consumers) <= fewConsumers:
		return b.survey(nil)
	}
	only := make(map[string][]string)
	for _, key := range shown {
		only[key.source] = append(only[key.source], key.group)
	}
	if len(only) == 0 {
		return nil
	}
	return b.survey(only)
}

// background asks for a survey of all now and then while other pages are shown, for the
// header; soon again while a source is not connected yet.
func (b *lagBook) background() tea.Cmd {
	if b == nil || b.busy {
		return nil
	}
	wait := max(sweepEvery, surveyShare*b.sweep)
	if b.contents != nil && b.contents.waits {
		wait = lagEvery
	}
	if b.now.Sub(b.swept) < wait {
		return nil
	}
	return b.survey(nil)
}

// survey looks at the consumers that are named, by source, or at all.
func (b *lagBook) survey(only map[string][]string) tea.Cmd {
	all := only == nil
	if b.asked = b.now; all {
		b.swept = b.now
	}
	survey := &lagSurvey{sources: b.options.Sources, series: b.series, before: b.contents, only: only, keep: b.keep}
	survey.draft = func(c *lagContents) { b.draft.Store(c) }
	return b.ask(b.desk, text.Own("asking how far consumers are behind"), sweepLimit, func(ctx context.Context) (func(), error) {
		begun := time.Now()
		now := survey.take(ctx)
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

// take puts what a survey found where the pages see it.
func (b *lagBook) take(now *lagContents) {
	if b.contents == nil || !now.like(b.contents) {
		b.seen++
		b.dirty = true
	}
	b.contents = now
}

// consumer is one of those that were found, or nil.
func (b *lagBook) consumer(key consumerKey) *consumer {
	if b.contents != nil {
		for _, c := range b.contents.consumers {
			if c.consumerKey == key {
				return c
			}
		}
	}
	return nil
}

// total is the lag of all, and whether it becomes more: by what comes and is done where
// that is not in balance. It is empty until something is known.
func (b *lagBook) total(t *theme.Theme) (piece, bool) {
	if b == nil || b.contents == nil {
		return piece{}, false
	}
	var sum adapters.Total
	net, moving := 0.0, false
	for _, c := range b.contents.consumers {
		sum.Lag, sum.Known, sum.Of = sum.Lag+c.total.Lag, sum.Known+c.total.Known, sum.Of+c.total.Of
		if c.standing.State == adapters.LagNotAllowed || c.standing.State == adapters.LagUnknown {
			sum.Of++
		}
		if c.moves() {
			net, moving = net+c.standing.In.PerSecond-c.standing.Out.PerSecond, true
		}
	}
	if sum.Known == 0 {
		return piece{}, false
	}
	p := piece{theme.Plain, text.Own("lag ").Add(lagText(&sum))}
	switch {
	case sum.Lag == 0:
		p.role = theme.Dim
	case moving && net > 0:
		p = piece{theme.Warn, p.text.Add(space, t.Glyph.Growing)}
	case moving && net < 0:
		p = piece{theme.Good, p.text.Add(space, t.Glyph.Draining)}
	}
	return p, true
}
