package streampage

import (
	"context"
	"slices"
	"sort"

	"eventscope/tracing"
)

// window is the part of the stream around the cursor, oldest first.
type window struct {
	events       []tracing.Event
	older, newer int64 // how many there are on both sides of events
	lastPast     tracing.Sequence
}

// tail reads the newest count events.
func tail(ctx context.Context, q tracing.Querier, w *tracing.Watch, count int) (window, error) {
	page, err := q.Page(ctx, tracing.PageQuery{Watch: w, Backward: true, Limit: count})
	return window{events: page.Events, older: page.Older, newer: page.Newer}, err
}

// around reads count events on each side of a sequence, and the one it names or, if
// that was evicted, its nearest.
func around(ctx context.Context, q tracing.Querier, w *tracing.Watch, at tracing.Sequence, count int) (window, error) {
	before, err := q.Page(ctx, tracing.PageQuery{Watch: w, From: at, Backward: true, Limit: count})
	if err != nil {
		return window{}, err
	}
	after, err := q.Page(ctx, tracing.PageQuery{Watch: w, From: at, Limit: count})
	if err != nil {
		return window{}, err
	}
	all := append(slices.Clone(before.Events), after.Events...)
	slices.SortFunc(all, func(a, b tracing.Event) int {
		if a.Sequence < b.Sequence {
			return -1
		}
		return int(min(1, a.Sequence-b.Sequence))
	})
	all = slices.CompactFunc(all, func(a, b tracing.Event) bool { return a.Sequence == b.Sequence })
	joined := window{events: all, older: before.Older, newer: after.Newer}
	if len(after.Events) == 0 {
		joined.newer = before.Newer
	}
	if len(before.Events) == 0 {
		joined.older = after.Older
	}
	return joined, nil
}

// index is where the event with that sequence is, or the nearest one; -1 when there is
// none at all.
func (w *window) index(at tracing.Sequence) int {
	i := sort.Search(len(w.events), func(i int) bool { return w.events[i].Sequence >= at })
	return min(i, len(w.events)-1)
}

// beside is the first event after a sequence that passes a filter, or the last before it;
// ErrUnknown when there is none.
func beside(ctx context.Context, q tracing.Querier, w *tracing.Watch, at tracing.Sequence, backward bool) (tracing.Event, error) {
	// The nearest event may be the one we are at, or lie on the wrong side: two rows
	// are enough to have one that does not.
	page, err := q.Page(ctx, tracing.PageQuery{Watch: w, From: at, Backward: backward, Limit: 2})
	if err != nil {
		return tracing.Event{}, err
	}
	if backward {
		slices.Reverse(page.Events)
	}
	for _, event := range page.Events {
		if backward && event.Sequence < at || !backward && event.Sequence > at {
			return event, nil
		}
	}
	return tracing.Event{}, tracing.ErrUnknown
}
