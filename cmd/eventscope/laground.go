package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/console"
	"eventscope/cmd/internal/output"
	"eventscope/cmd/internal/reading"
	"eventscope/tracing/lag"
	"eventscope/tui/text"
)

// nextRound is one round: lags, directions, and how old what is left is.
func (l *lagPrinter) nextRound(ctx context.Context, first bool) ([]*output.Lag, error) {
	const (
		apart    = time.Second // rates of a single look need a second one, of those that are behind
		patience = 5 * time.Second
	)
	began := time.Now()
	sweep := lag.NewSweep(l.readers, l.series)
	if err := l.ask(ctx, sweep, l.wanted()); err != nil {
		return nil, err
	}
	for _, reader := range l.readers {
		l.failing(reader.Name, slices.ContainsFunc(sweep.Troubles(), func(t lag.Trouble) bool {
			return t.Source == reader.Name && errors.Is(t.Err, adapters.ErrNotConnected)
		}))
	}
	if names := behind(sweep.Found()); l.every == 0 && first && len(names) > 0 {
		if pause(ctx, apart-time.Since(began)) != nil {
			return nil, context.Cause(ctx)
		}
		if err := l.ask(ctx, sweep, names); err != nil {
			return nil, err
		}
	}
	sweep.Age(ctx, patience, math.MaxInt)
	now := time.Now()
	sweep.Classify(now)
	l.series.Forget(now)
	consumers := sweep.Found()
	found := make([]*output.Lag, len(consumers))
	for i, c := range consumers {
		found[i] = &output.Lag{Consumer: c.WorstFirst(), Round: l.round, At: c.Lag.At}
	}
	return found, nil
}

// ask looks at the consumers that are named, by source, or at all where none is, and tells what
// cannot be told of them.
func (l *lagPrinter) ask(ctx context.Context, sweep *lag.Sweep, only map[string][]string) error {
	stop := l.progress(sweep)
	sweep.Look(ctx, only)
	stop()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.tell(sweep.Troubles())
	return nil
}

// wanted are the groups that the user names, at every source; nil is all.
func (l *lagPrinter) wanted() map[string][]string {
	if len(l.groups) == 0 {
		return nil
	}
	names := make(map[string][]string)
	for _, reader := range l.readers {
		names[reader.Name] = l.groups
	}
	return names
}

// progress shows on a terminal how far the sweep is. The caller must call stop.
func (l *lagPrinter) progress(sweep *lag.Sweep) (stop func()) {
	const every = 200 * time.Millisecond
	if !console.IsTerminal(l.Stderr) {
		return func() {}
	}
	end := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-end:
				l.Progress("")
				return
			case <-ticks.C:
				seen, of := sweep.Progress()
				l.Progress("asked about %s of %s consumers", text.Count(seen), text.Count(of))
			}
		}
	})
	return func() {
		close(end)
		showing.Wait()
	}
}

// behind names the consumers of each source that are behind.
func behind(found []*lag.Consumer) map[string][]string {
	names := make(map[string][]string)
	for _, c := range found {
		if c.Total.Lag > 0 {
			names[c.Source] = append(names[c.Source], c.Lag.Group)
		}
	}
	return names
}

// consumers are those of all sources that can tell them, for commands that are about something
// else. What cannot be told is said and counted, and the others do.
func (p *program) consumers(ctx context.Context, sources *reading.Sources) (found []*lag.Consumer) {
	l := &lagPrinter{program: p, above: -1, sources: sources, series: lag.NewSeries(lag.Config{})}
	l.begin()
	for _, adapter := range sources.Open {
		if adapter.Lag != nil {
			l.readers = append(l.readers, lag.Source{Name: adapter.Name, Broker: adapter.Broker, Reader: adapter.Lag})
		}
	}
	all, err := l.nextRound(ctx, true)
	if err != nil {
		p.Note("%w", fmt.Errorf("cannot ask who reads: %w", err))
		for _, reader := range l.readers {
			l.partly[reader.Name] = true
		}
	}
	for name := range l.partly { // it was said why
		sources.Partial(name)
	}
	for _, c := range all {
		found = append(found, c.Consumer)
	}
	return found
}
