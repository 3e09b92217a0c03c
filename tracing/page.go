package tracing

import (
	"context"
	"slices"
	"sort"
	"time"

	"eventscope/adapters/payload"
	"eventscope/tracing/copies"
)

// Event implements Querier.
func (s *Store) Event(ctx context.Context, sequence Sequence) (event Event, err error) {
	asked := s.ask(ctx, func(x *index) {
		if !x.log.holds(sequence) {
			err = ErrUnknown
			return
		}
		event = x.event(sequence)
	})
	if asked != nil {
		return Event{}, asked
	}
	return event, err
}

// Page implements Querier.
func (s *Store) Page(ctx context.Context, query PageQuery) (page Page, err error) {
	err = s.ask(ctx, func(x *index) {
		sequences := x.pageOf(&page, query)
		for _, sequence := range sequences {
			event := x.event(sequence)
			if line, ok := x.summaries.texts[sequence]; ok {
				event.Summary, event.Fields = line.summary, line.fields
			}
			if encoded, ok := x.kept.Get(uint64(sequence)); ok && event.Summary == nil && len(encoded) <= 4*largestKept {
				event.Summary = slices.Clone(encoded) // made a summary below, not here
				page.encoded = append(page.encoded, unmade{len(page.Events), x.places.All[x.log.at(sequence).place].Source})
			}
			page.Events = append(page.Events, event)
		}
	})
	if err != nil {
		return Page{}, err
	}
	for _, of := range page.encoded {
		event := &page.Events[of.event]
		if m, err := copies.Decode(event.Summary); err == nil {
			m.Schemas = (*s.sources.Load())[of.source].Schemas
			event.Summary, event.Fields = payload.AppendSummary([]byte{}, &m, summaryWidth), payload.Fields(&m, s.config.Fields)
		} else {
			event.Summary = nil
		}
	}
	page.encoded = nil
	s.fetchSummaries(page.Events)
	return page, nil
}

const summaryWidth = 256 // bytes

// unmade is an event of a page without its line, by its place there, and the number of its source.
type unmade struct{ event, source int }

// pageOf lists the sequences of a page and counts what lies on both sides.
func (x *index) pageOf(page *Page, query PageQuery) []Sequence {
	if query.Limit <= 0 {
		return nil
	}
	rows := x.rows(query.Watch)
	n := rows.len()
	at := n - 1
	if query.From != 0 {
		at = rows.search(query.From)
		if query.Backward && (at == n || rows.at(at) > query.From) {
			at--
		}
	}
	from, to := at, at+query.Limit
	if query.Backward {
		from, to = at+1-query.Limit, at+1
	}
	from, to = max(from, 0), min(to, n)
	if from >= to {
		page.Older, page.Newer = int64(min(max(from, 0), n)), int64(n-min(max(to, 0), n))
		return nil
	}
	page.Older, page.Newer = int64(from), int64(n-to)
	sequences := make([]Sequence, 0, to-from)
	for i := from; i < to; i++ {
		sequences = append(sequences, rows.at(i))
	}
	return sequences
}

// rows is a list of sequences, oldest first: all of the log, or what a watch matched.
type rows struct {
	first      Sequence
	count      int
	past, live []Sequence // past is newest first
}

func (x *index) rows(w *Watch) rows {
	if !w.narrows() {
		return rows{first: x.log.first, count: int(x.log.len())}
	}
	state := x.stateOf(w)
	if state == nil {
		return rows{}
	}
	state.forget(x.log.first)
	return rows{past: state.past, live: state.live}
}

func (r rows) len() int { return r.count + len(r.past) + len(r.live) }

// search is how many rows come before a sequence.
func (r rows) search(sequence Sequence) int {
	if r.count > 0 {
		return int(min(max(sequence, r.first)-r.first, Sequence(r.count)))
	}
	return sort.Search(r.len(), func(i int) bool { return r.at(i) >= sequence })
}

func (r rows) at(i int) Sequence {
	switch {
	case r.count > 0:
		return r.first + Sequence(i)
	case i < len(r.past):
		return r.past[len(r.past)-1-i]
	}
	return r.live[i-len(r.past)]
}

// line is what a row of the stream tells of a message.
type line struct {
	summary []byte
	fields  [][]byte
}

// summaries are the lines that were fetched for rows whose payload was not kept. The
// oldest fetched ones go first.
type summaries[T any] struct {
	texts map[Sequence]T
	order []Sequence
}

const mostSummaries = 4096

func (s *summaries[T]) put(sequence Sequence, text T) {
	if _, ok := s.texts[sequence]; !ok {
		s.order = append(s.order, sequence)
	}
	s.texts[sequence] = text
	for len(s.order) > mostSummaries {
		delete(s.texts, s.order[0])
		s.order = s.order[1:]
	}
}

// fetchSummaries reads the payloads of rows that have no summary, behind the screen's
// back; the next page will have them. Only one such reading goes on at a time.
func (s *Store) fetchSummaries(events []Event) {
	if !s.config.KeepRecent {
		return
	}
	var missing []Event
	for i := range events {
		if events[i].Summary == nil {
			missing = append(missing, events[i])
		}
	}
	if len(missing) == 0 || !s.fetching.CompareAndSwap(false, true) {
		return
	}
	if !s.help(func(ctx context.Context) { s.readSummaries(ctx, missing) }) {
		s.fetching.Store(false)
	}
}

func (s *Store) readSummaries(ctx context.Context, missing []Event) {
	defer s.fetching.Store(false)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	found := make([]line, 0, len(missing))
	for m, err := range s.Messages(ctx, missing) {
		of := line{summary: []byte{}}
		if err == nil {
			of = line{payload.AppendSummary([]byte{}, &m, summaryWidth), payload.Fields(&m, s.config.Fields)}
		}
		found = append(found, of)
	}
	_ = s.ask(ctx, func(x *index) { // when it fails, the next page asks again
		for i, of := range found {
			x.summaries.put(missing[i].Sequence, of)
		}
	})
	s.shown.Add(1)
}
