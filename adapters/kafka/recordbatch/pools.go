package recordbatch

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// The client takes the memory of fetched records from these pools. It comes back
// when every record of a record batch was recycled, which slab.free does when the
// adapters.Batch that borrows it is released. What is never released is collected
// as garbage; nothing leaks.

const (
	smallestUnpack = 14 // 16 KiB
	largestUnpack  = 22 // 4 MiB; larger buffers are not kept
)

// unpackSizes has a pool for each power of two, so that a small batch never costs
// the clearing of a large buffer.
var unpackSizes [largestUnpack - smallestUnpack + 1]sync.Pool

// growth is how many times its size a record batch was seen to unpack to, times 16:
// a buffer that is too small costs a copy and a larger one.
var growth atomic.Int64

// learn keeps growth at what batches reach now, with a slow decline.
func learn(m kgo.FetchBatchMetrics) {
	if m.CompressionType == 0 || m.CompressedBytes == 0 {
		return
	}
	seen, was := int64(m.UncompressedBytes)*16/int64(m.CompressedBytes)+1, growth.Load()
	if seen < was {
		seen = was - (was-seen+63)/64
	}
	growth.Store(seen)
}

type unpackPool struct{}

// GetDecompressBytes implements kgo.PoolDecompressBytes.
func (unpackPool) GetDecompressBytes(compressed []byte, _ kgo.CompressionCodecType) []byte {
	const spare = 1 << 10 // the unpacking looks for the end with some room left
	want := len(compressed)*int(max(growth.Load(), 32))/16 + spare
	size := min(max(bits.Len(uint(want)), smallestUnpack), largestUnpack)
	if b, ok := unpackSizes[size-smallestUnpack].Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 1<<size)
}

// PutDecompressBytes implements kgo.PoolDecompressBytes.
func (unpackPool) PutDecompressBytes(b []byte) {
	size := bits.Len(uint(cap(b))) - 1 // the largest power of two it can serve
	if size >= smallestUnpack && size <= largestUnpack {
		b = b[:0]
		unpackSizes[size-smallestUnpack].Put(&b)
	}
}

var recordSlices sync.Pool

type recordPool struct{}

// GetRecords implements kgo.PoolRecords.
func (recordPool) GetRecords(n int) []kgo.Record {
	if r, ok := recordSlices.Get().(*[]kgo.Record); ok && cap(*r) >= n {
		return (*r)[:0]
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords implements kgo.PoolRecords.
func (recordPool) PutRecords(r []kgo.Record) {
	const keep = 16 << 10 // records; larger ones are rare
	if cap(r) <= keep {
		r = r[:0]
		recordSlices.Put(&r)
	}
}

// Pools are the pools, as the client takes them.
var Pools = []kgo.Pool{unpackPool{}, recordPool{}}

// slab is the memory of one adapters.Batch: its messages and headers, and the
// records whose bytes they borrow.
type slab struct {
	messages []adapters.Message
	headers  []adapters.Header
	records  []*kgo.Record
	recycle  func() // free as a value, made once
}

var slabs sync.Pool

func newSlab() *slab {
	if s, ok := slabs.Get().(*slab); ok {
		return s
	}
	s := &slab{}
	s.recycle = s.free
	return s
}

// Fill makes a batch of records. Records that keep refuses are recycled at once.
func Fill(records []*kgo.Record, keep func(*kgo.Record) bool) *adapters.Batch {
	s := newSlab()
	headers := 0
	for _, r := range records {
		headers += len(r.Headers)
	}
	if cap(s.headers) < headers {
		s.headers = make([]adapters.Header, 0, headers)
	}
	if cap(s.messages) < len(records) {
		s.messages = make([]adapters.Message, 0, len(records))
	}
	for _, r := range records {
		if !keep(r) {
			r.Recycle()
			continue
		}
		s.records = append(s.records, r)
		s.add(r)
	}
	if len(s.messages) == 0 {
		s.free()
		return nil
	}
	return &adapters.Batch{Messages: s.messages, Recycle: s.recycle}
}

// add appends one message. The headers slice has room, so it never moves.
func (s *slab) add(r *kgo.Record) {
	first := len(s.headers)
	for i := range r.Headers {
		s.headers = append(s.headers, adapters.Header{Name: r.Headers[i].Key, Value: r.Headers[i].Value})
	}
	at, raw := adapters.MessageTime(r.Timestamp.UnixMilli())
	s.messages = append(s.messages, adapters.Message{
		Position: adapters.Position{Destination: r.Topic, Partition: r.Partition, Offset: r.Offset},
		Key:      r.Key,
		Value:    r.Value,
		Headers:  s.headers[first:len(s.headers):len(s.headers)],
		Time:     at,
		TimeRaw:  raw,
	})
}

// Message copies a record.
func Message(r *kgo.Record) adapters.Message {
	s := slab{headers: make([]adapters.Header, 0, len(r.Headers))}
	s.add(r)
	return s.messages[0].Clone()
}

// free gives everything back. The slices are cleared, for what they point to would
// else stay alive as long as the slab does.
func (s *slab) free() {
	for _, r := range s.records {
		r.Recycle()
	}
	clear(s.records)
	clear(s.messages)
	clear(s.headers)
	s.records, s.messages, s.headers = s.records[:0], s.messages[:0], s.headers[:0]
	slabs.Put(s)
}
