package tracing

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"
)

// Flows implements Querier. Flows come by their last event, newest first, straight from
// the log, as long as all came as it happened; any other order, the past, which is read
// one log after the other, or a wish for certain states, looks at each of the newest
// FlowsConsidered. The owner of the index is asked for a little at a time, so that a flow
// that goes on meanwhile may be left out.
func (s *Store) Flows(ctx context.Context, query FlowQuery) (FlowPage, error) {
	w := flowWalk{query: query, now: time.Now().UnixNano(), skip: query.Offset, before: ^Sequence(0)}
	if len(query.Status) == 0 && (query.Sort == ByActivity || query.Sort == "") && query.Watch == nil && !query.Reversed {
		if err := s.ask(ctx, func(x *index) { w.plain = x.pastProgress.held == 0 }); err != nil {
			return FlowPage{}, err
		}
	}
	for !w.done {
		if err := s.ask(ctx, w.next); err != nil {
			return FlowPage{}, err
		}
	}
	if !w.plain {
		w.sort()
	}
	for len(w.list) > 0 {
		if err := s.ask(ctx, w.fill); err != nil {
			return FlowPage{}, err
		}
	}
	return w.page, nil
}

// lookedAtOnce is how many entries one piece of a longer look may visit: about a
// millisecond's worth.
const lookedAtOnce = 1 << 13

// flowWalk is how far a list of flows has come. It goes back through the log, in which a
// flow's last event is the one that its tail names: so each comes once, and nothing
// needs to be kept in order.
type flowWalk struct {
	query  FlowQuery
	now    int64
	plain  bool // by activity, everything: nothing to sort
	skip   int
	before Sequence // entries from here on were visited
	seen   map[FlowKey]bool
	list   []ranked
	page   FlowPage
	done   bool
}

// ranked is what sorting needs of a flow.
type ranked struct {
	key     FlowKey
	primary int64
	text    string // of an order by the alphabet
	last    int64
}

// next visits further entries.
func (w *flowWalk) next(x *index) {
	rows := x.rows(w.query.Watch)
	i := rows.search(w.before)
	w.page.Total = x.flows.live
	for left := lookedAtOnce; left > 0 && !w.done; left-- {
		if i--; i < 0 {
			w.done = true
			break
		}
		w.before = rows.at(i)
		if number := w.flowAt(x, w.before); number != 0 {
			left -= x.flows.at(number).linked()
			w.consider(x, number)
		}
	}
	if w.plain {
		w.page.Matched, w.page.Considered = x.flows.live, x.flows.live
	}
}

// flowAt is the flow that is met at a sequence for the first time, or 0.
func (w *flowWalk) flowAt(x *index, sequence Sequence) uint32 {
	number := x.log.at(sequence).flow
	if number == 0 || x.flows.at(number).head == 0 {
		return 0
	}
	if !w.query.Watch.narrows() {
		if x.flows.at(number).tail != uint32(sequence) {
			return 0
		}
		return number
	}
	key := x.flows.key(number)
	if w.seen[key] {
		return 0
	}
	if w.seen == nil {
		w.seen = map[FlowKey]bool{}
	}
	w.seen[key] = true
	return number
}

// consider takes a flow in, if it is wanted.
func (w *flowWalk) consider(x *index, number uint32) {
	switch {
	case w.plain && w.skip > 0:
		w.skip--
	case w.plain && len(w.page.Flows) < w.query.Limit:
		w.add(x, number)
	case w.plain || w.page.Considered == FlowsConsidered:
		w.done = true
	default:
		w.page.Considered++
		members := x.members(number)
		var status Status
		if w.query.judges() || w.query.Sort == ByTrouble {
			judgement := x.judge(number, members, w.now)
			status = judgement.status
		}
		if x.wanted(&w.query, status, members) {
			rank := rank(w.query.Sort, members, status, x.flows.at(number))
			w.list = append(w.list, ranked{x.flows.key(number), rank, x.rankText(w.query.Sort, members, number), members[len(members)-1].time})
		}
	}
}

// judges reports whether it takes a flow's status, or more of it as a whole, to choose it.
func (q *FlowQuery) judges() bool {
	return len(q.Status) > 0 || q.Watch != nil && q.Watch.filter.OfFlow()
}

// wanted reports whether a flow of this status is chosen as a whole.
func (x *index) wanted(q *FlowQuery, status Status, list []member) bool {
	switch {
	case len(q.Status) > 0 && !slices.Contains(q.Status, status):
		return false
	case q.Watch == nil || !q.Watch.filter.OfFlow():
		return true
	}
	var services []string
	if q.Watch.filter.Uses("services") {
		services = x.servicesOf(nil, list, len(list))
	}
	return q.Watch.filter.MatchFlow(string(status), services)
}

func (w *flowWalk) add(x *index, number uint32) {
	w.page.Flows = append(w.page.Flows, FlowSummary{})
	x.summarise(&w.page.Flows[len(w.page.Flows)-1], number, w.now)
}

// sort orders what was considered and keeps the rows of the page.
func (w *flowWalk) sort() {
	w.page.Matched = len(w.list)
	slices.SortStableFunc(w.list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.primary, a.primary), cmp.Compare(a.text, b.text), cmp.Compare(b.last, a.last))
	})
	if w.query.Reversed {
		slices.Reverse(w.list)
	}
	from := min(max(w.query.Offset, 0), len(w.list))
	w.list = w.list[from:min(from+max(w.query.Limit, 0), len(w.list))]
}

// fill summarises further rows of the page. A flow that was joined to another since then,
// or evicted, has none.
func (w *flowWalk) fill(x *index) {
	for left := lookedAtOnce; left > 0 && len(w.list) > 0; w.list = w.list[1:] {
		number := x.flows.lookup(w.list[0].key)
		if number == 0 || x.flows.at(number).head == 0 || x.flows.key(number) != w.list[0].key {
			continue
		}
		left -= 1 + x.flows.at(number).linked()
		w.add(x, number)
	}
}

// rank is the number by which a sort puts the largest first.
func rank(sort FlowSort, members []member, status Status, record *flow) int64 {
	first, last := members[0].time, members[len(members)-1].time
	switch sort {
	case ByStart:
		return first
	case ByDuration:
		return last - first
	case ByEvents:
		return int64(record.count)
	case ByTrouble:
		return int64(len(Statuses) - slices.Index(Statuses, status))
	case ByName, ByType, ByServices:
		return 0
	}
	return last
}

// rankText is the text by which a sort by the alphabet goes, empty for the others.
func (x *index) rankText(sort FlowSort, members []member, number uint32) string {
	record := x.flows.at(number)
	switch sort {
	case ByName:
		return cmp.Or(x.flows.texts.Text(record.entity), x.flows.texts.Text(record.id))
	case ByType:
		return x.kinds.Text(members[len(members)-1].kind)
	case ByServices:
		return strings.Join(x.servicesOf(nil, members, ServicesPerSummary), " ")
	}
	return ""
}

// All walks every flow of the index in the order of their first events, for export. A summary
// is overwritten when the next one is yielded.
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
		if w.query.Watch.narrows() && !x.matched(w.query.Watch, e.flow) {
			continue
		}
		summary := &w.page[w.filled]
		x.summarise(summary, e.flow, w.now)
		if !w.query.judges() || x.wanted(&w.query, summary.Status, x.members(e.flow)) {
			w.filled++
		}
	}
	w.done = w.at >= x.log.end
}

// matched reports whether a watch has found an event of a flow.
func (x *index) matched(w *Watch, number uint32) bool {
	rows := x.rows(w)
	for sequence := range x.chain(number) {
		if i := rows.search(sequence); i < rows.len() && rows.at(i) == sequence {
			return true
		}
	}
	return false
}
