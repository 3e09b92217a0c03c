package tracing

import (
	"cmp"
	"context"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/spelling"
	"eventscope/adapters/payload"
	"eventscope/adapters/schemas"
	"eventscope/tracing/packed"
)

// readAhead reads a span into an intake that has a goroutine of its own: the source reads the next
// batch while the intake looks through the one before. What was read is in the intake when it returns.
func readAhead(ctx context.Context, source adapters.Scanner, span adapters.Range, into adapters.Intake) error {
	batches, done := make(chan *adapters.Batch), make(chan struct{})
	go func() {
		defer close(done)
		for batch := range batches {
			if into.Put(ctx, batch) != nil { // the context has ended, as the source hears
				batch.Release()
			}
		}
	}()
	err := source.Scan(ctx, span, adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		select {
		case batches <- batch:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	close(batches)
	<-done
	return cmp.Or(err, ctx.Err())
}

// intake passes messages on to the index: each once, although two ways of reading may meet it,
// and only what is wanted after the first ones.
func (s *search) intake(found *Found, source int) adapters.Intake {
	next := found.intake(source, false)
	reader := envelope.NewReader(s.config.Store.Rules)
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		s.mutex.Lock()
		kept, fresh := batch.Messages[:0], int64(0)
		full := found.Counters().Evicted > 0
		var at *searchLog
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if i == 0 || !sameLog(&m.Position, &batch.Messages[i-1].Position) {
				at = s.log(source, &m.Position)
			}
			if !at.reads(&m.Position) {
				continue
			}
			fresh++
			s.sample(at.destination, reader, m)
			first := !full && (s.count.Load()+fresh <= s.whole || !hasOffset(&m.Position))
			if s.keeps(at, reader, m, first, first || m.Lacking && !full) {
				kept = append(kept, *m)
			}
		}
		s.count.Add(fresh) // what is met again is no progress
		batch.Messages = kept
		s.mutex.Unlock()
		return next.Put(ctx, batch)
	})
}

// intakeOfMissed passes on what belongs and was not kept when it was read first.
func (s *search) intakeOfMissed(found *Found, source int) adapters.Intake {
	next := found.intake(source, false)
	reader := envelope.NewReader(s.config.Store.Rules)
	before := map[*searchLog]*ascender{}
	return adapters.IntakeFunc(func(ctx context.Context, batch *adapters.Batch) error {
		s.mutex.Lock()
		kept := batch.Messages[:0]
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if !s.wanted.Take(reader, m) {
				continue
			}
			at := s.log(source, &m.Position)
			if before[at] == nil {
				before[at] = at.kept.walk()
			}
			if m.Position.Offset >= at.whole && !before[at].reaches(m.Position.Offset) {
				kept = append(kept, *m)
			}
		}
		s.count.Add(int64(len(batch.Messages)))
		batch.Messages = kept
		s.mutex.Unlock()
		return next.Put(ctx, batch)
	})
}

func sameLog(a, b *adapters.Position) bool {
	return a.Partition == b.Partition && a.Destination == b.Destination
}

// log is what the search knows of the log of a position, which is about to be read.
func (s *search) log(source int, position *adapters.Position) *searchLog {
	place := searchPlace{source, adapters.Log{Destination: position.Destination, Partition: position.Partition}}
	at := s.logs[place]
	if at == nil {
		at = &searchLog{destination: s.destination(source, position.Destination), last: -1}
		s.logs[place] = at
	}
	at.know(s.known(), at.last+1)
	return at
}

func (s *search) destination(source int, name string) *searchDestination {
	place := searchPlace{source, adapters.Log{Destination: name}}
	if s.destinations[place] == nil {
		s.destinations[place] = &searchDestination{usage: keyUsage{keys: map[string]string{}}}
	}
	return s.destinations[place]
}

// reads notes that a message is read, and reports whether it is for the first time.
func (l *searchLog) reads(position *adapters.Position) bool {
	switch {
	case !hasOffset(position):
		l.last++
	case position.Offset <= l.last:
		return false
	default:
		l.last = position.Offset
	}
	l.destination.messages++
	return true
}

// keeps reports whether a message is kept: because it belongs, because it is among the first, or
// because there is room for it and nobody can tell yet, since its schema is not known.
func (s *search) keeps(at *searchLog, reader *envelope.Reader, m *adapters.Message, first, room bool) bool {
	belongs := s.wanted.Take(reader, m)
	if belongs {
		at.know(s.known(), at.last)
	}
	if belongs && !at.destination.keyed {
		at.destination.keyed = string(m.Key) == s.config.ID && s.identifies(reader, m)
	}
	s.besides = s.besides || room && !belongs
	switch placed := hasOffset(&m.Position); {
	case !belongs && !room:
		s.passedOver, s.unplaced = true, s.unplaced || !placed
	case !placed:
	case first:
		at.whole = m.Position.Offset + 1
	default:
		at.kept.add(m.Position.Offset)
	}
	return belongs || room
}

// sample looks at what the first messages of a destination use their keys for.
func (s *search) sample(destination *searchDestination, reader *envelope.Reader, m *adapters.Message) {
	if destination.usage.sampled < keysSampled {
		var id envelope.Identity
		reader.Read(m, &id)
		destination.usage.add(m, &id)
		s.causesLeadOn = s.causesLeadOn || id.Cause.Known()
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
