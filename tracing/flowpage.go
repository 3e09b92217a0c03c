package tracing

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"
)

// Flows implements Querier. Flows come by their last event, newest first, straight from
// the log; any other order, or a wish for certain states, looks at each of the newest
// FlowsConsidered.
func (s *Store) Flows(ctx context.Context, query FlowQuery) (page FlowPage, err error) {
	err = s.ask(ctx, func(x *index) {
		now := time.Now().UnixNano()
		page.Total = x.flows.live
		plain := len(query.Status) == 0 && (query.Sort == ByActivity || query.Sort == "")
		if plain && query.Watch == nil {
			x.recentFlows(&page, query, now)
			return
		}
		x.sortedFlows(&page, query, now)
	})
	return page, err
}

// recentFlows fills a page by activity without looking at more than it shows.
func (x *index) recentFlows(page *FlowPage, query FlowQuery, now int64) {
	page.Matched, page.Considered = x.flows.live, x.flows.live
	skip := query.Offset
	for number := range x.byActivity(nil) {
		if skip--; skip >= 0 {
			continue
		}
		if len(page.Flows) == query.Limit {
			return
		}
		page.Flows = append(page.Flows, FlowSummary{})
		x.summarise(&page.Flows[len(page.Flows)-1], number, now)
	}
}

// byActivity walks flows by their last event, newest first. A flow's last event is the
// one its tail names, so that each comes once and nothing needs to be kept in order.
func (x *index) byActivity(w *Watch) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if w != nil {
			x.watchedFlows(w, yield)
			return
		}
		for sequence := x.log.end - 1; sequence >= x.log.first; sequence-- {
			if e := x.log.at(sequence); e.flow != 0 && x.flows.at(e.flow).tail == uint32(sequence) && !yield(e.flow) {
				return
			}
		}
	}
}

func (x *index) watchedFlows(w *Watch, yield func(uint32) bool) {
	rows := x.rows(w)
	seen := map[uint32]bool{}
	for i := rows.len() - 1; i >= 0; i-- {
		sequence := rows.at(i)
		if !x.log.holds(sequence) {
			return
		}
		number := x.flows.resolve(x.log.at(sequence).flow)
		if number == 0 || seen[number] || x.flows.at(number).head == 0 {
			continue
		}
		seen[number] = true
		if !yield(number) {
			return
		}
	}
}

// ranked is what sorting needs of a flow.
type ranked struct {
	number  uint32
	primary int64
	last    int64
}

func (x *index) sortedFlows(page *FlowPage, query FlowQuery, now int64) {
	var list []ranked
	for number := range x.byActivity(query.Watch) {
		if page.Considered == FlowsConsidered {
			break
		}
		page.Considered++
		members := x.members(number)
		verdict := x.judge(members, now)
		if len(query.Status) > 0 && !slices.Contains(query.Status, verdict.status) {
			continue
		}
		last := members[len(members)-1].time
		list = append(list, ranked{number, rank(query.Sort, members, verdict, x.flows.at(number)), last})
	}
	page.Matched = len(list)
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.primary, a.primary), cmp.Compare(b.last, a.last))
	})
	for i := query.Offset; i >= 0 && i < len(list) && len(page.Flows) < query.Limit; i++ {
		page.Flows = append(page.Flows, FlowSummary{})
		x.summarise(&page.Flows[len(page.Flows)-1], list[i].number, now)
	}
}

// rank is the number by which a sort puts the largest first.
func rank(sort FlowSort, members []member, v verdict, record *flow) int64 {
	first, last := members[0].time, members[len(members)-1].time
	switch sort {
	case ByStart:
		return first
	case ByDuration:
		return last - first
	case ByEvents:
		return int64(record.count)
	case ByTrouble:
		return int64(len(Statuses) - slices.Index(Statuses, v.status))
	}
	return last
}

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
	query   FlowQuery
	page    []FlowSummary
	filled  int
	at      Sequence
	now     int64
	matched map[uint32]bool
	done    bool
}

// next fills the page with further flows, looking at a bounded piece of the log.
func (w *exportWalk) next(x *index) {
	if w.query.Watch != nil && w.matched == nil {
		w.matched = map[uint32]bool{}
		x.watchedFlows(w.query.Watch, func(number uint32) bool { w.matched[number] = true; return true })
	}
	w.filled = 0
	w.at = max(w.at, x.log.first)
	for end := min(x.log.end, w.at+1<<14); w.at < end && w.filled < len(w.page); w.at++ {
		e := x.log.at(w.at)
		if e.flow == 0 || x.flows.at(e.flow).head != uint32(w.at) || w.matched != nil && !w.matched[e.flow] {
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
