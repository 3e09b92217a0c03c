package tracing

import (
	"context"
	"errors"
)

// scanSource reads one source: by key first, where that narrows it.
func (s *search) scanSource(ctx context.Context, found *Found, i int) error {
	source := s.config.Sources[i]
	into := s.intake(found, i)
	span := s.span()
	for rank := 0; source.ByKey && rank < partitioners; rank++ {
		byKey := span
		byKey.Key, byKey.KeyRank = []byte(s.config.ID), rank
		if err := source.Scanner.Scan(ctx, byKey, into); err != nil {
			return err
		}
		if err := s.distrustKeys(ctx, found, i); err != nil {
			return err
		}
		span.Except = s.foundByKey(i)
	}
	return source.Scanner.Scan(ctx, span, into)
}

// keysChecked is how many events of what was found are asked for their keys.
const keysChecked = 256

// distrustKeys looks whether all that was found by key had the id as its key. A
// destination in which something of the same flow has another key must be read whole.
func (s *search) distrustKeys(ctx context.Context, found *Found, source int) error {
	if len(s.foundByKey(source)) == 0 {
		return nil
	}
	if err := found.Sync(ctx); err != nil {
		return err
	}
	matches, err := found.Find(ctx, s.config.ID)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	for _, match := range matches {
		var events []Event
		err := found.ask(ctx, func(x *index) {
			if number := x.flows.lookup(match.Key); number != 0 {
				for sequence := range x.chain(number) {
					if e := x.log.at(sequence); x.places.all[e.place].source == source && len(events) < keysChecked {
						events = append(events, x.event(sequence))
					}
				}
			}
		})
		if err != nil {
			return err
		}
		for m, err := range found.Messages(ctx, events) {
			if err == nil && string(m.Key) != s.config.ID {
				s.mutex.Lock()
				s.keyed[searchDestination{source, m.Position.Destination}] = false
				s.mutex.Unlock()
			}
		}
	}
	return nil
}

// partitioners is how many ways of choosing a partition by key are in use: those of
// Java and franz-go, of librdkafka, of sarama.
const partitioners = 3

// foundByKey lists the destinations of a source where messages had the id as their key.
func (s *search) foundByKey(source int) (destinations []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for at, only := range s.keyed {
		if at.source == source && only {
			destinations = append(destinations, at.destination)
		}
	}
	return destinations
}
