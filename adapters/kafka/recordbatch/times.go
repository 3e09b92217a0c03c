package recordbatch

import (
	"encoding/binary"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"eventscope/adapters"
)

// The client makes nanoseconds of a record's milliseconds, in 64 bits, so that what is
// beyond the year 2262 comes out as another, plausible time. A million is 64 times an odd
// number, and odd numbers can be divided by in such arithmetic: the milliseconds are known
// but for their highest 6 bits, and those are the ones that bring them nearest to the time
// of their record batch.

const (
	attributesAt = 21
	firstTimeAt  = 27
	maxTimeAt    = 35
	messageTime  = 18 // of a message of magic 1
	appendTime   = 1 << 3

	// divides15625 times 15,625 is 1, modulo 2^64. A million is 15,625 << 6.
	divides15625 = 8723391485480952121
)

// exactTimes gives records of these batches the times that they carry, to any year. Those
// that carry none get -1 ms, which means the same.
func exactTimes(records []*kgo.Record, batches []byte) {
	var near, next int64
	for _, r := range records {
		for ok := true; ok && r.Offset >= next; {
			var batch []byte
			if batch, batches, next, ok = Next(batches); ok {
				near = batchTime(batch)
			}
		}
		if r.Attrs.TimestampType() < 0 {
			r.Timestamp = time.UnixMilli(-1)
			continue
		}
		low := uint64(r.Timestamp.UnixNano()>>6) * divides15625
		r.Timestamp = time.UnixMilli(near + int64((low-uint64(near))<<6)>>6)
	}
}

// batchTime is a time that the records of a batch are near to, in milliseconds.
func batchTime(batch []byte) int64 {
	at := firstTimeAt
	switch {
	case batch[magicAt] < 2:
		at = messageTime
	case len(batch) > attributesAt+1 && batch[attributesAt+1]&appendTime != 0:
		at = maxTimeAt
	}
	if len(batch) < at+8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(batch[at:]))
}

// Before reports whether a record is from before a time. One whose time cannot be is left in.
func Before(r *kgo.Record, until time.Time) bool {
	at, _ := adapters.MessageTime(r.Timestamp.UnixMilli())
	return at.IsZero() || at.Before(until)
}
