package live

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/consumer"
)

// Lag is how far the consumers of a source behind the screen are.
type Lag struct{ *Source }

// now is the source as it is now.
func (l Lag) now() (consumer.LagReader, error) {
	source, err := l.opened("read the lag of " + l.Config.Name)
	if err != nil {
		return nil, err
	}
	if source.Lag == nil {
		return nil, fmt.Errorf("sources of %s do not tell how far consumers are behind: %w", l.Config.Driver.Broker, errors.ErrUnsupported)
	}
	return source.Lag, nil
}

// Lag implements consumer.LagReader, as NextTimes does.
func (l Lag) Lag(ctx context.Context, query consumer.LagQuery) iter.Seq2[consumer.Lag, error] {
	return func(yield func(consumer.Lag, error) bool) {
		reader, err := l.now()
		if err != nil {
			yield(consumer.Lag{}, err)
			return
		}
		reader.Lag(ctx, query)(yield)
	}
}

func (l Lag) NextTimes(ctx context.Context, positions []adapters.Position) iter.Seq2[time.Time, error] {
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
func (l Lag) Unroutable(ctx context.Context) (adapters.Unroutable, error) {
	adapter := l.adapter.Load()
	if adapter == nil || adapter.Unroutable == nil {
		return adapters.Unroutable{}, errors.ErrUnsupported
	}
	return adapter.Unroutable.Unroutable(ctx)
}
