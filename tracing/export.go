package tracing

import (
	"context"
	"iter"
	"slices"
	"time"
)

// All walks every flow of the index in the order of their first events, for export. What
// is yielded is good until the next one is.
func (s *Store) All(ctx context.Context, query FlowQuery) iter.Seq2[*FlowSummary, error] {
	return func(yield func(*FlowSummary, error) bool) {
		walk := exportWalk{query: query, page: make([]FlowSummary, 512), now: time.Now().UnixNano()}
		for !walk.done {
			if err := s.ask(ctx, walk.next); err != nil {
				yield(nil, err)
				return
			}
			for i := range walk.page[:walk.filled] {
				if !yield(&walk.page[i], nil) {
					return
				}
			}
		}
	}
}

// exportWalk is how far All has come.
type exportWalk struct {
	query  FlowQuery
	page   []FlowSummary
	filled int
	at     Sequence
	now    int64
	done   bool
}

// next fills the page with further flows, looking at a bounded piece of the log.
func (w *exportWalk) next(x *index) {
	w.filled = 0
	w.at = max(w.at, x.log.first)
	for left := lookedAtOnce; left > 0 && w.at < x.log.end && w.filled < len(w.page); w.at++ {
		left--
		e := x.log.at(w.at)
		if e.flow == 0 || x.flows.at(e.flow).head != uint32(w.at) {
			continue
		}
		left -= x.flows.at(e.flow).linked()
		if w.query.Watch != nil && !x.matched(w.query.Watch, e.flow) {
			continue
		}
		summary := &w.page[w.filled]
		x.summarise(summary, e.flow, w.now)
		if len(w.query.Status) == 0 || slices.Contains(w.query.Status, summary.Status) {
			w.filled++
		}
	}
	w.done = w.at >= x.log.end
}

// matched says that a watch has found an event of a flow.
func (x *index) matched(w *Watch, number uint32) bool {
	rows := x.rows(w)
	for sequence := range x.chain(number) {
		if i := rows.search(sequence); i < rows.len() && rows.at(i) == sequence {
			return true
		}
	}
	return false
}
