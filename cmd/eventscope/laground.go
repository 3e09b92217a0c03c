package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/output"
	"eventscope/tui/text"
)

// sweep reads the lags of all sources at the same time, or only those of the consumers
// that are named for each, and lets the series see them.
func (l *lag) sweep(ctx context.Context, names map[string][]string) ([]*output.Lag, error) {
	var seen, of atomic.Int64
	found, troubles := make([][]*output.Lag, len(l.readers)), make([][]error, len(l.readers))
	var sweeping sync.WaitGroup
	for i, reader := range l.readers {
		query := adapters.LagQuery{Groups: l.groups}
		if names != nil {
			if query.Groups = names[reader.name]; len(query.Groups) == 0 {
				continue
			}
		}
		sweeping.Go(func() { found[i], troubles[i] = reader.read(ctx, query, &seen, &of) })
	}
	stop := l.progress(&seen, &of)
	sweeping.Wait()
	stop()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i, reader := range l.readers {
		l.tell(reader.name, troubles[i])
	}
	all := slices.Concat(found...)
	for _, c := range all {
		l.series.Observe(c.Source, &c.Lag)
	}
	return all, nil
}

// tell says what could not be told of a source, once for all rounds.
func (l *lag) tell(source string, troubles []error) {
	for _, trouble := range troubles {
		l.partly[source] = true
		if errors.Is(trouble, adapters.ErrNotConnected) && l.failed == nil {
			l.failed = trouble
		}
		if !l.told[trouble.Error()] {
			l.told[trouble.Error()] = true
			l.note("%w", trouble)
		}
	}
}

// read collects the lags of one source. A consumer that is not there is a trouble and
// nothing more.
func (r lagReader) read(ctx context.Context, query adapters.LagQuery, seen, of *atomic.Int64) (found []*output.Lag, troubles []error) {
	counted := 0
	for lag, err := range r.Lag(ctx, query) {
		seen.Add(1)
		of.Add(int64(lag.Of - counted))
		counted = lag.Of
		if err != nil {
			troubles = append(troubles, err)
		}
		if lag.Group != "" && !errors.Is(err, adapters.ErrUnknownDestination) {
			found = append(found, &output.Lag{Source: r.name, Lag: lag, Err: err})
		}
	}
	return found, troubles
}

// progress shows on a terminal how far the sweep is. The caller must call stop.
func (l *lag) progress(seen, of *atomic.Int64) (stop func()) {
	const every = 200 * time.Millisecond
	if !isTerminal(l.stderr) {
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
				fmt.Fprint(l.stderr, clearLine)
				return
			case <-ticks.C:
				fmt.Fprintf(l.stderr, clearLine+"asked about %s of %s consumers", text.Count(seen.Load()), text.Count(of.Load()))
			}
		}
	})
	return func() {
		close(end)
		showing.Wait()
	}
}

// behind names the consumers of each source that are behind.
func behind(found []*output.Lag) map[string][]string {
	names := make(map[string][]string)
	for _, c := range found {
		if c.Lag.Total().Lag > 0 {
			names[c.Source] = append(names[c.Source], c.Lag.Group)
		}
	}
	return names
}

// renewed puts newer looks in place of older ones.
func renewed(found, newer []*output.Lag) []*output.Lag {
	type key struct {
		source, group string
		kind          adapters.ConsumerKind
	}
	byKey := make(map[key]*output.Lag, len(newer))
	for _, c := range newer {
		byKey[key{c.Source, c.Lag.Group, c.Lag.Kind}] = c
	}
	for i, c := range found {
		if n := byKey[key{c.Source, c.Lag.Group, c.Lag.Kind}]; n != nil && n.Err == nil {
			found[i] = n
		}
	}
	return found
}

// age finds out how old is what is left to read, of those that are furthest behind first,
// for as long as that may take.
func (l *lag) age(ctx context.Context, found []*output.Lag) {
	const patience, together = 5 * time.Second, 200
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := time.Now()
	type wanted struct {
		of       *output.Lag
		position adapters.Position
	}
	for _, reader := range l.readers {
		var all []wanted
		for _, c := range found {
			if c.Source == reader.name {
				for _, position := range l.series.Wanted(c.Source, &c.Lag, now) {
					all = append(all, wanted{c, position})
				}
			}
		}
		for some := range slices.Chunk(all, together) {
			positions := make([]adapters.Position, len(some))
			for i, w := range some {
				positions[i] = w.position
			}
			i := 0
			for at, err := range reader.NextTimes(ctx, positions) {
				if c := some[i].of; err == nil {
					l.series.Told(c.Source, c.Lag.Kind, c.Lag.Group, some[i].position, at)
				}
				if i++; i == len(some) {
					break
				}
			}
		}
	}
}
