package toy

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"eventscope/adapters"
)

// Fetch implements adapters.Fetcher.
func (s *source) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for _, position := range positions {
			if err := ctx.Err(); err != nil {
				yield(adapters.Message{}, err)
				return
			}
			if m, err := s.at(position); !yield(m, err) {
				return
			}
		}
	}
}

// at is a copy of the message at a position of a log.
func (s *source) at(position adapters.Position) (m adapters.Message, err error) {
	err = s.ask("fetch "+position.String(), func() error {
		d := s.find(position.Destination)
		switch {
		case d == nil:
			return s.unknown(adapters.Stream, position.Destination)
		case d.kind != adapters.Stream || position.Partition != adapters.NoPartition:
			return fmt.Errorf("%s is no position of a log: %w", position, errors.ErrUnsupported)
		case position.Offset < 0 || position.Offset >= d.end():
			return fmt.Errorf("%s: %w", position, adapters.ErrGone)
		}
		m = d.letters[position.Offset].Message.Clone()
		return nil
	})
	return m, err
}
