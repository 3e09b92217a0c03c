package live

import (
	"context"
	"errors"

	"eventscope/adapters"
)

// History reports whether what came before can be read, or whether it is not known yet.
func (s *Source) History() bool {
	adapter := s.Opened()
	return adapter == nil || adapter.Scanner != nil
}

// Held is how many messages of the past the source has, at most. The error is
// [errors.ErrUnsupported] where it keeps none.
func (s *Source) Held(ctx context.Context) (int64, error) {
	source, err := s.opened("count messages")
	if err != nil {
		return 0, err
	}
	if source.Estimator == nil {
		return 0, errors.ErrUnsupported
	}
	return source.Estimate(ctx, adapters.Range{From: adapters.Beginning})
}
