package tracing

import (
	"context"

	"github.com/cespare/xxhash/v2" // a hash with a fixed definition, so that two dialects never share one by chance

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/adapters/envelope/dialect"
	"eventscope/tracing/copies"
	"eventscope/tracing/packed"
	"eventscope/tracing/query"
	"eventscope/tracing/versions"
)

// largestKept is the largest message that is kept only for its summary; a volatile one
// is kept whatever its size, within the budget.
const largestKept = 16 << 10

// read is a worker: it reads the identities of one batch after the other and hands
// slabs on. It owns a Reader and touches nothing that others do.
func (s *Store) read(ctx context.Context, work <-chan job) {
	w := s.newWorker()
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

// worker reads messages. It has memory to do so.
type worker struct {
	store    *Store
	reader   *envelope.Reader
	counter  *versions.Counter
	identity envelope.Identity
	subject  query.Subject
	lacks    lacks
}

func (s *Store) newWorker() *worker {
	return &worker{store: s, reader: envelope.NewReader(s.config.Rules), counter: versions.NewCounter()}
}

// batch turns a batch into slabs and releases it.
func (w *worker) batch(ctx context.Context, j *job) {
	defer j.batch.Release()
	messages := j.batch.Messages
	for len(messages) > 0 {
		out := w.store.slab()
		out.source, out.fromSearch, out.past, out.watches = j.source, j.fromSearch, j.batch.Past, w.store.watching.Load()
		n := 0
		for n < len(messages) && len(out.records) < w.store.atOnce && len(out.bytes) < w.store.atOnce*slabText {
			w.message(out, &messages[n], j.batch.Volatile)
			n++
		}
		messages = messages[n:]
		out.versions = w.counter.Take(out.versions)
		select {
		case w.store.slabs <- out:
		case <-ctx.Done():
			return
		}
	}
}

func (w *worker) message(out *slab, m *adapters.Message, volatile bool) {
	w.reader.Read(m, &w.identity)
	if m.Lacking && !out.fromSearch {
		if what, lacks := w.lacks.of(m); lacks {
			what.Source = out.source
			out.lacks = append(out.lacks, lack{len(out.records), what})
		}
	}
	if !out.fromSearch { // what is in the index already was counted
		w.counter.Count(m, &w.identity)
	}
	r := out.add(m, &w.identity)
	if out.past {
		r.marks |= past
	}
	w.watch(out, r, m)
	if volatile || w.store.config.KeepRecent && m.Size() <= largestKept {
		from := len(out.bytes)
		out.bytes = copies.Append(out.bytes, m)
		r.copy = span{uint32(from), uint32(len(out.bytes))}
	}
}

// watch notes which of the filters that are being watched a message matches, which was read last.
func (w *worker) watch(out *slab, r *record, m *adapters.Message) {
	if out.watches.any {
		r.watched = out.watches.matched((*w.store.sources.Load())[out.source], &w.subject, m, &w.identity)
	}
}

// matched evaluates the filters that are being watched. The subject is memory to do so.
func (s *watchSet) matched(source Source, subject *query.Subject, m *adapters.Message, id *envelope.Identity) (bits uint8) {
	*subject = query.Subject{Source: source.Name, Broker: source.Broker, Message: m, Identity: id}
	for i, watch := range s.watches {
		if watch == nil {
			continue
		}
		ok, err := watch.filter.Match(subject)
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
		return &slab{records: make([]record, 0, s.atOnce), bytes: make([]byte, 0, s.atOnce*64)}
	}
}

// slab is what a worker makes of a batch and the index takes in: one record a message,
// whose texts lie in bytes. Slabs are used again.
type slab struct {
	source  int
	records []record
	bytes   []byte
	// versions are how many there are of each version of a type.
	versions []versions.Row
	// fromSearch says that the messages may be in the index already.
	fromSearch bool
	// past says that they were in their log before the reading began to follow it.
	past bool
	// watches are the filters that records were matched against.
	watches *watchSet
	// lacks are the records that are to be read again, and again says of which events the
	// records are where they were.
	lacks []lack
	again *again
	// synced, if set, is closed when everything before it is in the index.
	synced chan struct{}
}

// span is a piece of slab.bytes.
type span struct{ from, to uint32 }

// record is what the index needs to know of one message.
type record struct {
	destination string // shared with the adapter, which interns it
	partition   int32
	offset      int64
	time        int64

	flow, entity, trace             span // in their compact form
	kind, service, tenant           span
	flowEvidence                    span // in words
	flowHash, entityHash, traceHash uint64
	id, cause                       packed.EventID
	payload                         uint32
	marks                           Marks
	dialect                         uint16
	byTrace                         bool  // the flow id is a trace id
	byCause                         bool  // the flow id is that of the cause, for want of a better
	weakEntity                      bool  // the entity is only the message key
	watched                         uint8 // bit i: watch i matched
	copy                            span  // the encoded message, if it is to be kept
}

func (s *slab) reset() {
	clear(s.versions) // shapes are not kept by what is used again
	s.records, s.bytes, s.versions, s.fromSearch, s.past, s.watches, s.synced = s.records[:0], s.bytes[:0], s.versions[:0], false, false, nil, nil
	s.lacks, s.again = s.lacks[:0], nil
}

func (s *slab) keep(text []byte) span {
	from := uint32(len(s.bytes))
	s.bytes = append(s.bytes, text...)
	return span{from, uint32(len(s.bytes))}
}

func (s *slab) text(p span) []byte { return s.bytes[p.from:p.to] }

// keepID keeps an id in its compact form, with the hash of that.
func (s *slab) keepID(id []byte) (span, uint64) {
	from := uint32(len(s.bytes))
	s.bytes = packed.Append(s.bytes, id)
	kept := span{from, uint32(len(s.bytes))}
	return kept, packed.Hash(s.text(kept))
}

// eventID is an id of an event; nothing of it is kept.
func (s *slab) eventID(id []byte) packed.EventID {
	from := len(s.bytes)
	s.bytes = packed.Append(s.bytes, id)
	is := packed.EventIDOf(s.bytes[from:])
	s.bytes = s.bytes[:from]
	return is
}

// add makes a record of a message and its identity.
func (s *slab) add(m *adapters.Message, id *envelope.Identity) *record {
	s.records = append(s.records, record{
		destination: m.Position.Destination,
		partition:   m.Position.Partition,
		offset:      m.Position.Offset,
		time:        m.Time.UnixNano(), // of no meaning if untimed
		id:          s.eventID(id.ID.Value),
		cause:       s.eventID(id.Cause.Value),
		marks:       marksOf(m, id),
		dialect:     dialectNumber(id.Dialect),
		kind:        s.keep(id.Type.Value),
		service:     s.keep(id.Service.Value),
		tenant:      s.keep(id.Tenant.Value),
	})
	r := &s.records[len(s.records)-1]
	if r.id.Known() {
		r.payload = uint32(packed.HashValue(m.Value))
	}
	if id.Flow.Known() {
		r.flow, r.flowHash = s.keepID(id.Flow.Value)
		from := len(s.bytes)
		s.bytes = id.Flow.From.AppendTo(s.bytes)
		r.flowEvidence = span{uint32(from), uint32(len(s.bytes))}
		r.byTrace = id.Flow.From.Place == envelope.InTrace
	}
	if !id.Flow.Known() && !id.Entity.Known() && id.Cause.Known() {
		r.flow, r.flowHash = s.keepID(id.Cause.Value)
		r.byCause = true
		r.flowEvidence = s.keep([]byte("by cause"))
	}
	if id.Entity.Known() {
		r.entity, r.entityHash = s.keepID(id.Entity.Value)
		r.weakEntity = id.Entity.From.Place == envelope.InKey
	}
	if id.Trace.Known() && !r.byTrace {
		r.trace, r.traceHash = s.keepID(id.Trace.Value)
	}
	return r
}

func marksOf(m *adapters.Message, id *envelope.Identity) (marks Marks) {
	if id.DeadLetter {
		marks |= DeadLetter
	}
	if id.Replayed {
		marks |= Replayed
	}
	if id.Malformed {
		marks |= Malformed
	}
	if m.Redelivered {
		marks |= Redelivered
	}
	if adapters.OutOfRange(m.Time) { // or there is none
		marks |= untimed
	}
	return marks
}

// dialectNumber tells dialects apart; which is which does not matter.
func dialectNumber(name dialect.Name) uint16 {
	if name == dialect.Plain {
		return 0
	}
	return uint16(xxhash.Sum64String(string(name))) | 1
}
