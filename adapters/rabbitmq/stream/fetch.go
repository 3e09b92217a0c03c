package stream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"eventscope/adapters"
	"eventscope/adapters/rabbitmq/connection"
	"eventscope/adapters/rabbitmq/delivery"
	"eventscope/adapters/rabbitmq/wording"
	"eventscope/adapters/readahead"
)

const (
	// fetchedAtOnce is how many positions are read before the first is yielded, at most.
	fetchedAtOnce = 256

	// fetchedBytes is how much of them is held before some of it was yielded.
	fetchedBytes = 2 << 20

	// nearby is how far two offsets may be apart to be read in one go.
	nearby = 300
)

// Fetch implements adapters.Fetcher for positions in streams.
func (h *History) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return readahead.Fetch(ctx, positions, readahead.Limits{Bytes: fetchedBytes, Positions: fetchedAtOnce}, h.fetch)
}

// fetch reads positions that were not read yet, those of each stream in the order of their
// offsets, until the buffer is full.
func (h *History) fetch(ctx context.Context, positions []adapters.Position, b *readahead.Buffer) {
	offsets := map[string][]int64{}
	for _, p := range positions {
		if b.Has(p) {
			continue
		}
		if p.Partition != adapters.NoPartition || !h.Has(p.Destination) {
			b.Put(p, readahead.Answer{Err: wording.Problem("read "+p.String()+" again", "only streams keep messages that were read", "look at it while it is on the screen", errors.ErrUnsupported)})
			continue
		}
		offsets[p.Destination] = append(offsets[p.Destination], p.Offset)
	}
	for _, stream := range slices.Sorted(maps.Keys(offsets)) {
		slices.Sort(offsets[stream])
		for _, run := range nearRuns(slices.Compact(offsets[stream])) {
			if ctx.Err() != nil || b.Full() {
				return
			}
			f := &fetch{history: h, stream: stream, buffer: b, wanted: run}
			f.run(ctx)
		}
	}
}

// nearRuns splits sorted offsets where two neighbours are far apart.
func nearRuns(offsets []int64) [][]int64 {
	var runs [][]int64
	begin := 0
	for i := 1; i <= len(offsets); i++ {
		if i == len(offsets) || offsets[i]-offsets[i-1] > nearby {
			runs = append(runs, offsets[begin:i])
			begin = i
		}
	}
	return runs
}

// fetch is one read of offsets that lie near each other.
type fetch struct {
	history *History
	stream  string
	buffer  *readahead.Buffer
	wanted  []int64 // what is left of them, sorted
}

func (f *fetch) answer(offset int64, m adapters.Message, err error) {
	f.buffer.Put(adapters.Position{Destination: f.stream, Partition: adapters.NoPartition, Offset: offset}, readahead.Answer{Message: m, Err: err})
}

func (f *fetch) fail(err error) {
	for _, offset := range f.wanted {
		f.answer(offset, adapters.Message{}, err)
	}
	f.wanted = nil
}

func (f *fetch) run(ctx context.Context) {
	l, err := f.history.broker.Shared(ctx)
	if err != nil {
		f.fail(err)
		return
	}
	span := f.wanted[len(f.wanted)-1] - f.wanted[0] + 1
	channel, deliveries, err := Consume(ctx, l, f.stream, f.wanted[0], int(min(span, delivery.Prefetch)))
	if err != nil {
		f.fail(err)
		return
	}
	defer l.CloseChannel(ctx, channel)
	patience := time.NewTimer(2 * emptyPatience)
	defer patience.Stop()
	for len(f.wanted) > 0 && !f.buffer.Full() {
		select {
		case <-ctx.Done():
			f.fail(ctx.Err())
		case <-patience.C:
			f.late(ctx, l)
		case d, open := <-deliveries:
			if !open {
				f.fail(l.Loss())
				break
			}
			f.answerWith(&d)
			_ = d.Ack(false) // credit for the next one; if it fails, the deliveries end
			patience.Reset(2 * emptyPatience)
		}
	}
}

// answerWith answers what a delivery answers: itself, and that all before it are gone.
func (f *fetch) answerWith(d *amqp.Delivery) {
	offset, ok := delivery.StreamOffset(d)
	if !ok {
		f.fail(errNoOffset)
		return
	}
	for len(f.wanted) > 0 && f.wanted[0] < offset {
		f.answer(f.wanted[0], adapters.Message{}, f.gone(f.wanted[0], "retention has removed it", adapters.ErrGone))
		f.wanted = f.wanted[1:]
	}
	if len(f.wanted) > 0 && f.wanted[0] == offset {
		s := delivery.NewBuffer()
		f.answer(offset, s.AddStreamed(d, f.stream, offset).Clone(), nil)
		s.Free()
		f.wanted = f.wanted[1:]
	}
}

// late answers what is still wanted when nothing more comes: it lies behind the end,
// unless the broker is too slow.
func (f *fetch) late(ctx context.Context, l *connection.Conn) {
	end, err := End(ctx, l, f.stream)
	switch {
	case err != nil:
		f.fail(err)
	case f.wanted[0] >= end:
		f.fail(f.gone(f.wanted[0], fmt.Sprintf("the stream ends at offset %d", end), ErrBehindEnd))
	default:
		f.fail(wording.Problem("read stream "+wording.Quoted(f.stream), "the broker did not deliver in time", "try again", adapters.ErrNotConnected))
	}
}

// ErrBehindEnd is about what is not there because nobody has written it yet.
var ErrBehindEnd = fmt.Errorf("behind the end: %w", adapters.ErrGone)

func (f *fetch) gone(offset int64, cause string, kind error) error {
	position := adapters.Position{Destination: f.stream, Partition: adapters.NoPartition, Offset: offset}
	return wording.Problem("read "+position.String(), cause, "", kind)
}
