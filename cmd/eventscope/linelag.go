package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"eventscope/adapters"
)

// lineLag is how far the consumers of a source behind the screen are, which is opened, and
// opened again, while the screen is there.
type lineLag struct{ line *line }

// now is the source as it is now.
func (l lineLag) now() (adapters.LagReader, error) {
	adapter := l.line.adapter.Load()
	if adapter == nil {
		return nil, &adapters.Problem{Doing: "read the lag of " + l.line.source.Name, Cause: "it is not connected", Kind: adapters.ErrNotConnected}
	}
	reader, ok := (*adapter).(adapters.LagReader)
	if !ok {
		return nil, fmt.Errorf("sources of %s do not tell how far consumers are behind: %w", l.line.source.Broker, errors.ErrUnsupported)
	}
	return reader, nil
}

// Lag implements adapters.LagReader, as NextTimes does.
func (l lineLag) Lag(ctx context.Context, query adapters.LagQuery) iter.Seq2[adapters.Lag, error] {
	return func(yield func(adapters.Lag, error) bool) {
		reader, err := l.now()
		if err != nil {
			yield(adapters.Lag{}, err)
			return
		}
		reader.Lag(ctx, query)(yield)
	}
}

func (l lineLag) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		reader, err := l.now()
		if err != nil {
			yield(time.Time{}, err)
			return
		}
		reader.NextTimes(ctx, positions)(yield)
	}
}

// Unroutable implements adapters.UnroutableCounter.
func (l lineLag) Unroutable(ctx context.Context) (adapters.Unroutable, error) {
	reader, err := l.now()
	if err != nil {
		return adapters.Unroutable{}, err
	}
	counter, ok := reader.(adapters.UnroutableCounter)
	if !ok {
		return adapters.Unroutable{}, errors.ErrUnsupported
	}
	return counter.Unroutable(ctx)
}

// Fetch implements adapters.Fetcher.
func (l lineLag) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return lineLetters(l).Fetch(ctx, positions)
}
