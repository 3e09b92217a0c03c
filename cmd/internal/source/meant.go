package source

import (
	"context"
	"errors"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/cmd/internal/spelling"
)

// meantLimit is how long it may take to look for what was meant.
const meantLimit = 3 * time.Second

// meant adds to the error of opening a source which destination was probably meant by one that
// there is not, as far as the broker tells what there is.
func (s *Source) meant(ctx context.Context, err error) error {
	problem := (*adapters.Problem)(nil)
	if s.Driver.Existing == nil || !errors.Is(err, adapters.ErrUnknownDestination) || !errors.As(err, &problem) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, meantLimit)
	defer cancel()
	existing, failed := s.Driver.Existing(ctx, s.Config)
	if failed != nil {
		return err // which is what the operator asked about
	}
	for _, of := range existing {
		for _, name := range of.Named {
			if slices.Contains(of.All, name) {
				continue
			}
			guess := spelling.Nearest(name, of.All)
			if guess == "" {
				return err
			}
			better := *problem
			better.Remedy = "did you mean " + guess + "?"
			return &better
		}
	}
	return err
}
