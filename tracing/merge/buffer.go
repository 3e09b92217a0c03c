package merge

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"eventscope/adapters"
)

// buffer is messages that wait, in the order in which they came.
type buffer struct {
	rows  []row
	bytes int64
	last  map[logOf]int64 // the time by which the latest message of each log is put in order
}

// row is one message that waits.
type row struct {
	at      int64 // Unix nanoseconds
	source  *intake
	batch   *shared
	message adapters.Message
}

type logOf struct {
	source *intake
	log    adapters.Log
}

// shared is a batch whose messages are released one by one.
type shared struct {
	batch *adapters.Batch
	left  atomic.Int64 // messages that are not released yet
}

func (s *shared) release() {
	if s.left.Add(-1) == 0 {
		s.batch.Release()
	}
}

// What holding a batch and a message takes beside its bytes, of which a batch may borrow from a
// larger piece of memory.
const (
	batchBytes   = 16 << 10
	messageBytes = 300
)

// add holds a batch. Now is the latest that a message can be from.
func (b *buffer) add(source *intake, batch *adapters.Batch, now time.Time) {
	if b.last == nil {
		b.last = make(map[logOf]int64)
	}
	part := &shared{batch: batch}
	part.left.Store(int64(len(batch.Messages)))
	b.bytes += batchBytes
	for i := range batch.Messages {
		m := &batch.Messages[i]
		log := logOf{source, adapters.Log{Destination: m.Position.Destination, Partition: m.Position.Partition}}
		at := b.last[log]
		if !adapters.OutOfRange(m.Time) && !m.Time.After(now) {
			at = max(at, m.Time.UnixNano())
		}
		b.last[log] = at
		b.rows = append(b.rows, row{at, source, part, *m})
		b.bytes += int64(m.Size()) + messageBytes
	}
}

// take lets go of the earliest n messages, in the order of their time.
func (b *buffer) take(n int) []row {
	slices.SortStableFunc(b.rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	taken := slices.Clone(b.rows[:n])
	b.rows = slices.Delete(b.rows, 0, n)
	b.bytes = int64(len(b.rows)) * messageBytes
	for i := range b.rows {
		b.bytes += int64(b.rows[i].message.Size()) + batchBytes/64
	}
	return taken
}

// drop releases everything unread.
func (b *buffer) drop() {
	for i := range b.rows {
		b.rows[i].batch.release()
	}
	b.rows, b.bytes, b.last = nil, 0, nil
}

// mostPut is how many messages are put at once.
const mostPut = 2000

// put hands rows over in their order, in batches of the same source and kind, and releases all of
// them whatever happens.
func put(ctx context.Context, rows []row) (err error) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && n < mostPut && rows[n].source == rows[0].source && alike(rows[n].batch.batch, rows[0].batch.batch) {
			n++
		}
		batch := together(rows[:n])
		source := rows[0].source
		rows = rows[n:]
		if err == nil {
			to := source.live
			if batch.Past {
				to = source.past
			}
			err = to.Put(ctx, batch)
		}
		if err != nil {
			batch.Release()
		}
	}
	return err
}

func alike(a, b *adapters.Batch) bool { return a.Past == b.Past && a.Volatile == b.Volatile }

// together is one batch of the messages of several.
func together(rows []row) *adapters.Batch {
	batch := &adapters.Batch{Messages: make([]adapters.Message, len(rows)), Past: rows[0].batch.batch.Past, Volatile: rows[0].batch.batch.Volatile}
	of := make([]*shared, len(rows))
	for i := range rows {
		batch.Messages[i], of[i] = rows[i].message, rows[i].batch
	}
	batch.Recycle = func() {
		for _, b := range of {
			b.release()
		}
	}
	return batch
}
