package tracing

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// intake passes messages on to the index: each once, although two passes may meet it,
// and only those wanted, if not everything is.
func (s *search) intake(found *Found, source int) adapters.Intake {
	next := found.intake(source, false)
	reader := envelope.NewReader(s.config.Store.Rules)
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		s.mutex.Lock()
		kept, fresh := batch.Messages[:0], int64(0)
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if !s.take(source, reader, m) {
				continue
			}
			fresh++
			if s.wanted == nil || s.wanted.take(reader, m) {
				kept = append(kept, *m)
			}
		}
		s.count.Add(fresh) // what is met again is no progress
		batch.Messages = kept
		s.mutex.Unlock()
		return next.Put(ctx, batch)
	})
}

// take notes a message, and whether it is new.
func (s *search) take(source int, reader *envelope.Reader, m *adapters.Message) bool {
	at := searchDestination{source, m.Position.Destination}
	if m.Position.Partition != adapters.ByDigest {
		log := searchLog{source, adapters.Log{Destination: m.Position.Destination, Partition: m.Position.Partition}}
		if last, ok := s.covered[log]; ok && m.Position.Offset <= last {
			return false
		}
		s.covered[log] = m.Position.Offset
	}
	s.read[at]++
	if _, known := s.keyed[at]; !known && string(m.Key) == s.config.ID && s.identifies(reader, m) {
		s.keyed[at] = true
	}
	return true
}

// identifies says that the id is one by which the message is found. A message may be
// keyed by something else than what it is about: then its key says nothing of where
// messages about that are.
func (s *search) identifies(reader *envelope.Reader, m *adapters.Message) bool {
	var id envelope.Identity
	reader.Read(m, &id)
	for _, value := range [][]byte{id.Flow.Value, id.Trace.Value, id.ID.Value, id.Entity.Value} {
		if string(value) == s.config.ID {
			return true
		}
	}
	return false
}

// wantedIDs are the ids that belong to what is searched for: it grows as messages link
// one to the next.
type wantedIDs struct {
	ids      map[string]bool // of flows, traces and entities, and the one searched for
	causes   map[string]bool // of events that belong
	identity envelope.Identity
}

func (w *wantedIDs) len() int { return len(w.ids) + len(w.causes) }

// mostWantedIDs bounds each of the two.
const mostWantedIDs = 1000

// take says whether a message belongs, and learns its ids if it does.
func (w *wantedIDs) take(reader *envelope.Reader, m *adapters.Message) bool {
	id := &w.identity
	reader.Read(m, id)
	links := [][]byte{id.Flow.Value, id.Trace.Value}
	belongs := w.ids[string(id.ID.Value)] || w.causes[string(id.Cause.Value)]
	if id.Entity.From.Place == envelope.InKey { // a key may be anything: it leads in, not on
		belongs = belongs || w.ids[string(id.Entity.Value)]
	} else {
		links = append(links, id.Entity.Value)
	}
	for _, link := range links {
		belongs = belongs || w.ids[string(link)]
	}
	if belongs && id.ID.Known() && len(w.causes) < mostWantedIDs {
		w.causes[string(id.ID.Value)] = true
	}
	if belongs && len(w.ids) < mostWantedIDs {
		for _, link := range links {
			if len(link) > 0 {
				w.ids[string(link)] = true
			}
		}
	}
	return belongs
}
