package tracing

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/packed"
)

// intake passes messages on to the index: each once, although two passes may meet it,
// and only those wanted, if not everything is.
func (s *search) intake(found *Found, source int) adapters.Intake {
	next := found.intake(source, false)
	reader := envelope.NewReader(s.config.Store.Rules)
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		all := s.everything && found.Counters().Evicted == 0
		s.mutex.Lock()
		kept, fresh := batch.Messages[:0], int64(0)
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if !s.take(source, reader, m) {
				continue
			}
			fresh++
			if s.wanted.Take(reader, m) || all {
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
	usage := s.usage[at]
	if usage == nil {
		usage = &keyUsage{keys: map[string]string{}}
		s.usage[at] = usage
	}
	if usage.sampled < keysSampled {
		var id envelope.Identity
		reader.Read(m, &id)
		usage.add(m, &id)
		s.noteCause(&id)
	}
	return true
}

// noteCause looks whether an event has nothing but its cause to tell its flow by: it has no
// flow id, or another than its cause.
func (s *search) noteCause(id *envelope.Identity) {
	const mostNoted = 10_000
	if id.ID.Known() && len(s.flows) < mostNoted {
		s.flows[string(id.ID.Value)] = string(id.Flow.Value)
	}
	if id.Cause.Known() {
		flow, known := s.flows[string(id.Cause.Value)]
		s.causesLeadOn = s.causesLeadOn || !id.Flow.Known() || known && flow != string(id.Flow.Value)
	}
}

// keyUsage is what a destination's messages use their keys for.
type keyUsage struct {
	sampled   int
	otherwise bool              // not all that belongs together has one key
	keys      map[string]string // of flows
}

// keysSampled is how many messages are looked at for that. Where there are fewer, all
// partitions are read, which takes no time.
const keysSampled = 500

// add looks at a message: it may have no key, or another than what it is about, or than
// another one of its flow.
func (k *keyUsage) add(m *adapters.Message, id *envelope.Identity) {
	k.sampled++
	if k.otherwise = k.otherwise || len(m.Key) == 0; k.otherwise {
		return
	}
	if id.Entity.Known() && id.Entity.From.Place != envelope.InKey {
		k.otherwise = !sameKey(m.Key, id.Entity.Value) && !sameKey(m.Key, id.Flow.Value) && !sameKey(m.Key, id.ID.Value)
	}
	if reading, _ := payload.ReadingOf(m, payload.Key, m.Key, payload.FindSchema); reading.Frame.Ref.By != schemas.ByNothing {
		k.otherwise = true // partitions go by its bytes, of which the id is a part only
	}
	if id.Flow.Known() {
		key, known := k.keys[string(id.Flow.Value)]
		k.otherwise = k.otherwise || known && key != string(m.Key)
		k.keys[string(id.Flow.Value)] = string(m.Key)
	}
}

// sameKey reports whether a key is an id, in whatever spelling.
func sameKey(key, id []byte) bool {
	return packed.Same(packed.Append(nil, spelling.AppendID(nil, key)), packed.Append(nil, id))
}

// identifies reports whether the id is one by which the message is found. A message may be
// keyed by something else than what it is about: then its key says nothing of where
// messages about that are.
func (s *search) identifies(reader *envelope.Reader, m *adapters.Message) bool {
	var id envelope.Identity
	reader.Read(m, &id)
	for _, value := range [][]byte{id.Flow.Value, id.Trace.Value, id.ID.Value, id.Entity.Value} {
		if packed.Same(packed.Append(nil, value), s.id) {
			return true
		}
	}
	return false
}
