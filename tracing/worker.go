package tracing

import (
	"context"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// largestKept is the largest message that is kept only for its summary; a volatile one
// is kept whatever its size, within the budget.
const largestKept = 16 << 10

// read is a worker: it reads the identities of one batch after the other and hands
// slabs on. It owns a Reader and touches nothing that others do.
func (s *Store) read(ctx context.Context, work <-chan job) {
	w := &worker{store: s, reader: envelope.NewReader(s.config.Rules)}
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-work:
			if j.synced != nil {
				w.sync(ctx, j.synced)
				continue
			}
			w.batch(ctx, &j)
		}
	}
}

type worker struct {
	store    *Store
	reader   *envelope.Reader
	identity envelope.Identity
	subject  Subject
}

// batch turns a batch into slabs and releases it.
func (w *worker) batch(ctx context.Context, j *job) {
	defer j.batch.Release()
	messages := j.batch.Messages
	for len(messages) > 0 {
		out := w.store.slab()
		out.source, out.history, out.watches = j.source, j.history, w.store.watching.Load()
		n := 0
		for n < len(messages) && len(out.records) < slabRecords && len(out.bytes) < slabBytes {
			w.message(out, &messages[n], j.batch.Volatile)
			n++
		}
		messages = messages[n:]
		select {
		case w.store.slabs <- out:
		case <-ctx.Done():
			return
		}
	}
}

func (w *worker) message(out *slab, m *adapters.Message, volatile bool) {
	w.reader.Read(m, &w.identity)
	r := out.add(m, &w.identity)
	if out.watches.any {
		r.watched = w.watched(out, m)
	}
	if volatile || w.store.config.KeepRecent && m.Size() <= largestKept {
		from := len(out.bytes)
		out.bytes = appendMessage(out.bytes, m)
		r.copy = span{uint32(from), uint32(len(out.bytes))}
	}
}

// watched evaluates the filters that are being watched.
func (w *worker) watched(out *slab, m *adapters.Message) (bits uint8) {
	source := (*w.store.sources.Load())[out.source]
	w.subject = Subject{Source: source.Name, Broker: source.Broker, Message: m, Identity: &w.identity}
	for i, watch := range out.watches.watches {
		if watch == nil {
			continue
		}
		ok, err := watch.filter.Match(&w.subject)
		if err != nil {
			watch.errors.Add(1)
		}
		if ok {
			bits |= 1 << i
		}
	}
	return bits
}

// sync passes a barrier on; the last worker to reach it sends it to the index.
func (w *worker) sync(ctx context.Context, b *barrier) {
	if b.waiting.Add(-1) > 0 {
		return
	}
	out := w.store.slab()
	out.synced = b.done
	select {
	case w.store.slabs <- out:
	case <-ctx.Done():
	}
}

// slab returns an empty slab, a used one if there is one.
func (s *Store) slab() *slab {
	select {
	case used := <-s.free:
		used.reset()
		return used
	default:
		return &slab{records: make([]record, 0, slabRecords), bytes: make([]byte, 0, slabRecords*64)}
	}
}
