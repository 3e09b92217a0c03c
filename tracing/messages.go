package tracing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"eventscope/adapters"
	"eventscope/tracing/copies"
)

// Messages are read some at a time, before the first of them is handed on: few at first,
// then as many as mostAtOnce, or fewer when they are large.
const (
	fewestAtOnce = 16
	mostAtOnce   = 256
	mostInOrder  = 4096 // of one log after the other, of which each reading is one stretch
	bytesAtOnce  = 4 << 20
)

// Messages implements Querier: kept copies first, the rest from the broker.
func (s *Store) Messages(ctx context.Context, events []Event) iter.Seq2[adapters.Message, error] {
	return s.messages(ctx, events, mostAtOnce)
}

// messages reads at most so many at a time.
func (s *Store) messages(ctx context.Context, events []Event, most int) iter.Seq2[adapters.Message, error] {
	return func(yield func(adapters.Message, error) bool) {
		for n := fewestAtOnce; len(events) > 0; {
			n = min(n, len(events))
			messages, errs := s.readAgain(ctx, events[:n])
			bytes := 0
			for i := range messages {
				bytes += messages[i].Size()
				if !yield(messages[i], errs[i]) {
					return
				}
			}
			events = events[n:]
			n = max(1, min(4*n, most, n*bytesAtOnce/max(bytes, 1)))
		}
	}
}

func (s *Store) readAgain(ctx context.Context, events []Event) ([]adapters.Message, []error) {
	messages, errs := make([]adapters.Message, len(events)), make([]error, len(events))
	encoded := make([][]byte, len(events))
	places := make([]int, len(events)) // source of each
	err := s.ask(ctx, func(x *index) {
		for i := range events {
			places[i] = -1
			if x.log.holds(events[i].Sequence) {
				places[i] = x.places.all[x.log.at(events[i].Sequence).place].source
			}
			if copied, ok := x.kept.Get(uint64(events[i].Sequence)); ok {
				encoded[i] = slices.Clone(copied)
			}
		}
	})
	toFetch := map[int][]int{}
	for i := range events {
		switch {
		case err != nil:
			errs[i] = err
		case encoded[i] != nil:
			messages[i], errs[i] = copies.Decode(encoded[i])
		case places[i] < 0:
			errs[i] = fmt.Errorf("%s: %w", events[i].Position, ErrUnknown)
		default:
			toFetch[places[i]] = append(toFetch[places[i]], i)
		}
		messages[i].Position = events[i].Position
	}
	sources := *s.sources.Load()
	for source, rows := range toFetch {
		fetchRows(ctx, sources[source], events, rows, messages, errs)
	}
	return messages, errs
}

// fetchRows reads the messages of some rows from their source.
func fetchRows(ctx context.Context, source Source, events []Event, rows []int, messages []adapters.Message, errs []error) {
	gone := func(i int) error {
		return &adapters.Problem{
			Doing: "show " + events[i].Position.String(), Cause: "its payload was not kept, and " + source.Name + " cannot be read again at a position",
			Remedy: "give more --memory, so that payloads are kept for longer", Kind: adapters.ErrGone,
		}
	}
	if source.Fetch == nil {
		for _, i := range rows {
			errs[i] = gone(i)
		}
		return
	}
	positions := make([]adapters.Position, len(rows))
	for n, i := range rows {
		positions[n] = events[i].Position
	}
	n := 0
	for m, err := range source.Fetch.Fetch(ctx, positions) {
		if n == len(rows) {
			return
		}
		i := rows[n]
		n++
		messages[i], errs[i] = m, err
		if errors.Is(err, errors.ErrUnsupported) {
			errs[i] = gone(i)
		}
		messages[i].Position = events[i].Position
	}
	for _, i := range rows[n:] {
		errs[i] = fmt.Errorf("%s: %s gave no answer: %w", events[i].Position, source.Name, cmp.Or(ctx.Err(), adapters.ErrNotConnected))
	}
}
