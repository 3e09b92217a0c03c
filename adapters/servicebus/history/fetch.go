package history

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/readahead"
	"eventscope/adapters/servicebus/client"
	"eventscope/adapters/servicebus/message"
)

const (
	// fetchedAtOnce is how many positions are read before the first is yielded, at most, and
	// fetchedBytes how much of them is held.
	fetchedAtOnce = 256
	fetchedBytes  = 2 << 20
	// nearby is how far two numbers may be apart to be read in one go.
	nearby = 100
)

// Fetch implements adapters.Fetcher.
func (r *Reader) Fetch(ctx context.Context, positions []adapters.Position) iter.Seq2[adapters.Message, error] {
	return readahead.Fetch(ctx, positions, readahead.Limits{Bytes: fetchedBytes, Positions: fetchedAtOnce}, r.fetch)
}

// fetch reads positions that were not read yet, those of each entity in the order of their numbers,
// until the buffer is full.
func (r *Reader) fetch(ctx context.Context, positions []adapters.Position, b *readahead.Buffer) {
	wanted := map[client.Entity][]int64{}
	for _, p := range positions {
		e, err := client.Parse(p.Destination)
		switch {
		case b.Has(p):
		case err != nil || p.Partition != adapters.NoPartition:
			b.Put(p, readahead.Answer{Err: &adapters.Problem{Doing: "read " + p.String() + " again", Cause: "it has no number in an entity", Remedy: "look at it while it is on the screen", Kind: errors.ErrUnsupported}})
		default:
			wanted[e] = append(wanted[e], p.Offset)
		}
	}
	byName := func(a, b client.Entity) int { return strings.Compare(a.String(), b.String()) }
	for _, e := range slices.SortedFunc(maps.Keys(wanted), byName) {
		slices.Sort(wanted[e])
		r.fetchOf(ctx, e, slices.Compact(wanted[e]), b)
	}
}

// fetchOf reads numbers of one entity.
func (r *Reader) fetchOf(ctx context.Context, e client.Entity, wanted []int64, b *readahead.Buffer) {
	conn, err := r.Client.Shared(ctx)
	for len(wanted) > 0 && !b.Full() && ctx.Err() == nil {
		run := 1
		for run < len(wanted) && wanted[run]-wanted[run-1] <= nearby {
			run++
		}
		var raw [][]byte
		if err == nil {
			raw, err = conn.Peek(ctx, e, wanted[0], int(min(wanted[run-1]-wanted[0]+1, client.PeekedAtOnce)), nil)
		}
		if err != nil {
			answer(e, wanted, b, nil, err)
			return
		}
		wanted = answers(e, wanted, run, raw, b)
	}
}

// answers puts what messages from the first wanted number on tell of those that are wanted, and
// returns those of which they tell nothing.
func answers(e client.Entity, wanted []int64, run int, raw [][]byte, b *readahead.Buffer) []int64 {
	known := map[int64]adapters.Message{}
	last := wanted[run-1] // where nothing comes, nothing is there
	for i, one := range raw {
		m := message.FromWire(one, e, wanted[0])
		known[m.Position.Offset] = m
		if i == len(raw)-1 {
			last = max(wanted[0], min(last, m.Position.Offset)) // behind it nobody has looked
		}
	}
	for len(wanted) > 0 && wanted[0] <= last {
		if m, there := known[wanted[0]]; there {
			answer(e, wanted[:1], b, &m, nil)
		} else {
			answer(e, wanted[:1], b, nil, gone(e, wanted[0]))
		}
		wanted = wanted[1:]
	}
	return wanted
}

func gone(e client.Entity, number int64) error {
	return &adapters.Problem{Doing: "read " + message.PositionOf(e, number).String(), Cause: "no message has this number any more, or none has yet", Remedy: "it was consumed, or has expired", Kind: adapters.ErrGone}
}

func answer(e client.Entity, wanted []int64, b *readahead.Buffer, m *adapters.Message, err error) {
	for _, number := range wanted {
		a := readahead.Answer{Err: err}
		if m != nil {
			a.Message = *m
		}
		b.Put(message.PositionOf(e, number), a)
	}
}
