package tracing

import (
	"github.com/cespare/xxhash/v2"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
)

// slab is what a worker makes of a batch and the index takes in: one record a message,
// whose texts lie in bytes. Slabs are used again.
type slab struct {
	source  int
	records []record
	bytes   []byte
	// history says that the messages may be in the index already.
	history bool
	// watches are the filters that records were matched against.
	watches *watchSet
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

	flow, entity, trace, kind, service span
	flowEvidence                       span // in words
	flowHash, entityHash, traceHash    uint64
	id, cause                          uint64 // hashes, 0 when unknown
	payload                            uint32
	marks                              Marks
	dialect                            uint16
	byTrace                            bool  // the flow id is a trace id
	byCause                            bool  // the flow id is that of the cause, for want of a better
	weakEntity                         bool  // the entity is only the message key
	watched                            uint8 // bit i: watch i matched
	copy                               span  // the encoded message, if it is to be kept
}

func (s *slab) reset() {
	s.records, s.bytes, s.history, s.watches, s.synced = s.records[:0], s.bytes[:0], false, nil, nil
}

func (s *slab) keep(text []byte) span {
	from := uint32(len(s.bytes))
	s.bytes = append(s.bytes, text...)
	return span{from, uint32(len(s.bytes))}
}

func (s *slab) text(p span) []byte { return s.bytes[p.from:p.to] }

// hashOf is the hash of an id; 0 is kept for "unknown".
func hashOf(id []byte) uint64 {
	if len(id) == 0 {
		return 0
	}
	return max(xxhash.Sum64(id), 1)
}

// short is what an entry keeps of such a hash; 0 is "unknown" here, too.
func short(hash uint64) uint32 {
	if hash == 0 {
		return 0
	}
	return max(uint32(hash), 1)
}

// add makes a record of a message and its identity.
func (s *slab) add(m *adapters.Message, id *envelope.Identity) *record {
	s.records = append(s.records, record{
		destination: m.Position.Destination,
		partition:   m.Position.Partition,
		offset:      m.Position.Offset,
		time:        m.Time.UnixNano(),
		id:          hashOf(id.ID.Value),
		cause:       hashOf(id.Cause.Value),
		marks:       marksOf(m, id),
		dialect:     dialectNumber(id.Dialect),
		kind:        s.keep(id.Type.Value),
		service:     s.keep(id.Service.Value),
	})
	r := &s.records[len(s.records)-1]
	if r.id != 0 {
		r.payload = uint32(xxhash.Sum64(m.Value))
	}
	if id.Flow.Known() {
		r.flow, r.flowHash = s.keep(id.Flow.Value), xxhash.Sum64(id.Flow.Value)
		from := len(s.bytes)
		s.bytes = id.Flow.From.AppendTo(s.bytes)
		r.flowEvidence = span{uint32(from), uint32(len(s.bytes))}
		r.byTrace = id.Flow.From.Place == envelope.InTrace
	}
	if !id.Flow.Known() && !id.Entity.Known() && id.Cause.Known() {
		r.flow, r.flowHash, r.byCause = s.keep(id.Cause.Value), xxhash.Sum64(id.Cause.Value), true
		r.flowEvidence = s.keep([]byte("by cause"))
	}
	if id.Entity.Known() {
		r.entity, r.entityHash = s.keep(id.Entity.Value), xxhash.Sum64(id.Entity.Value)
		r.weakEntity = id.Entity.From.Place == envelope.InKey
	}
	if id.Trace.Known() && !r.byTrace {
		r.trace, r.traceHash = s.keep(id.Trace.Value), xxhash.Sum64(id.Trace.Value)
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
	return marks
}

// dialectNumber tells dialects apart; which is which does not matter.
func dialectNumber(dialect envelope.Dialect) uint16 {
	if dialect == envelope.Plain {
		return 0
	}
	return uint16(xxhash.Sum64String(string(dialect))) | 1
}
