package tracing

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
	"eventscope/tracing/packed"
)

// Find implements Querier. Flow ids and entities are looked up; what is neither may be the key of rows,
// each of another table, or else an event id, which is searched for through the whole log and then
// checked against the message itself.
func (s *Store) Find(ctx context.Context, id string) ([]Match, error) {
	text := packed.Of(id)
	hash := packed.Hash(text)
	var matches []Match
	add := func(x *index, number uint32, by string) {
		if number = x.flows.resolve(number); number == 0 || x.flows.at(number).head == 0 {
			return
		}
		key := x.flows.key(number)
		for _, match := range matches {
			if match.Key == key {
				return
			}
		}
		matches = append(matches, Match{Key: key, By: by})
	}
	var rows []uint32
	var next uint32
	err := s.ask(ctx, func(x *index) {
		x.flows.byID.Find(hash, func(number uint32) bool { // one a tenant
			if x.flows.texts.Equal(x.flows.at(number).id, text) {
				add(x, number, "flow id")
			}
			return false
		})
		x.flows.byEntity.Find(hash, func(number uint32) bool {
			if x.flows.texts.Equal(x.flows.at(number).entity, text) {
				add(x, number, "entity")
			}
			return false
		})
		next = x.flows.end
	})
	for number := uint32(1); err == nil && number < next; number += flowsAtOnce {
		err = s.ask(ctx, func(x *index) {
			for n := number; n < min(number+flowsAtOnce, x.flows.end); n++ {
				record := x.flows.at(n)
				switch {
				case record.entity == 0:
				case x.flows.texts.Equal(record.entity, text):
					add(x, n, "entity")
				case record.flags&flowWeakEntity != 0 && spelling.IsRowOf(x.flows.texts.Compact(record.entity), text) && len(rows) < mostRows:
					rows = append(rows, n)
				}
			}
		})
	}
	if err == nil && len(matches) == 0 {
		err = s.ask(ctx, func(x *index) {
			for _, number := range rows {
				add(x, number, "key of a row")
			}
		})
	}
	if err == nil && len(matches) == 0 {
		err = s.findEvent(ctx, text, add)
	}
	if err == nil && len(matches) == 0 {
		err = ErrUnknown
	}
	return matches, err
}

const (
	mostRows      = 64 // in as many tables
	flowsAtOnce   = 1 << 14
	entriesAtOnce = 1 << 17
)

// findEvent adds the flows of the events with that id. An event whose message cannot be
// read any more is one only if the index still remembers the id itself.
func (s *Store) findEvent(ctx context.Context, id []byte, add func(*index, uint32, string)) error {
	wanted := packed.EventIDOf(id)
	var candidates []Event
	var at, end Sequence
	for first := true; first || at < end; first = false {
		err := s.ask(ctx, func(x *index) {
			at, end = max(at, x.log.first), x.log.end
			for stop := min(end, at+entriesAtOnce); at < stop; at++ {
				if x.log.at(at).id == wanted.Check && len(candidates) < 64 {
					candidates = append(candidates, x.event(at))
				}
			}
		})
		if err != nil {
			return err
		}
	}
	reader, identity, i := envelope.NewReader(s.config.Rules), envelope.Identity{}, 0
	var found, unread []Sequence
	for m, err := range s.Messages(ctx, candidates) {
		if err != nil {
			unread = append(unread, candidates[i].Sequence)
		} else if reader.Read(&m, &identity); packed.Same(packed.Append(nil, identity.ID.Value), id) {
			found = append(found, candidates[i].Sequence)
		}
		i++
	}
	return s.ask(ctx, func(x *index) {
		for _, sequence := range unread {
			if remembered := x.log.widen(x.recent.Get(&wanted)); remembered == sequence {
				found = append(found, sequence)
			}
		}
		for _, sequence := range found {
			if x.log.holds(sequence) {
				add(x, x.log.at(sequence).flow, "event id")
			}
		}
	})
}

// Locate implements Querier: it goes back through the log, since what a person has a
// position of is mostly recent. Entries know where they are from by number, so that a
// position that no source ever had is known to be absent at once.
func (s *Store) Locate(ctx context.Context, position adapters.Position) (Sequence, error) {
	var found, next Sequence
	for first := true; found == 0; first = false {
		done := false
		err := s.ask(ctx, func(x *index) {
			if first {
				next = x.log.end
			}
			places := x.places.Having(position)
			stop := max(x.log.first, next-min(next, entriesAtOnce))
			for ; next > stop && len(places) > 0 && found == 0; next-- {
				if e := x.log.at(next - 1); e.offset == position.Offset && places[e.place] {
					found = next - 1
				}
			}
			done = next <= x.log.first || len(places) == 0
		})
		if err != nil {
			return 0, err
		}
		if done && found == 0 {
			return 0, ErrUnknown
		}
	}
	return found, nil
}
