package replay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/deadletter"
)

// markSet is what was done about the letters of one destination.
type markSet struct {
	marks map[adapters.Position]*Mark // of a log, by the ledger
	past  *past                       // of the others, by the journal
	err   error                       // why nobody knows, or nil
}

// marking follows what was done about the letters of one source from listing to listing.
type marking struct {
	service *Service
	source  Source
	known   map[string]*Listed     // by name, those whose letters are known
	due     map[string]*markSet    // by name, those that are read from their beginning
	marks   map[string]*markSet    // the same of all sources, by key
	point   deadletter.LedgerPoint // up to which the letters that are known have their marks
}

// followLedgers brings the letters that a listing took over up to date, and returns the
// marks of the destinations that are read from their beginning, by key. A ledger is read
// from where it was read before, and from its beginning once for all that need it.
func (s *Service) followLedgers(ctx context.Context, l, before *Listing, options *ListingOptions) map[string]*markSet {
	all := map[string]*markSet{}
	for _, source := range s.config.Sources {
		m := &marking{service: s, source: source, known: map[string]*Listed{}, due: map[string]*markSet{}, marks: all}
		if before != nil {
			m.point = before.ledgers[source.Name]
		}
		for i := range l.DLQs {
			if now := &l.DLQs[i]; now.Source.Name == source.Name && now.AsOf.IsZero() {
				m.assign(now, options)
			}
		}
		m.follow(ctx)
		l.ledgers[source.Name] = m.point
	}
	return all
}

// assign decides whether the marks of a destination are read from the beginning, or followed.
func (m *marking) assign(now *Listed, options *ListingOptions) {
	due, afresh := now.due(options), now.afresh(options)
	switch {
	case due && afresh && now.Settling == deadletter.ByLedger:
		m.startOver(now)
	case due && afresh:
		past, err := m.service.past(now.DLQ)
		m.marks[now.Key()] = &markSet{past: past, err: err}
	case now.Settling == deadletter.ByLedger && now.next != nil:
		m.known[now.Name] = now
	}
}

// startOver wants all marks of a destination.
func (m *marking) startOver(now *Listed) {
	m.due[now.Name] = &markSet{}
	m.marks[now.Key()] = m.due[now.Name]
}

// follow reads the ledger on for the letters that are known, and whole for the others.
func (m *marking) follow(ctx context.Context) {
	if len(m.known) > 0 {
		news, point, err := m.readLedger(ctx, m.point, func(name string) bool { return m.known[name] != nil })
		gone := errors.Is(err, adapters.ErrGone) // another ledger: nothing of the old one holds
		for name, now := range m.known {
			if gone {
				now.next = nil
				m.startOver(now)
				continue
			}
			known := now.MarksErr != nil && err == nil
			now.MarksErr = err
			now.update(news[name], known)
		}
		if m.point = point; gone { // all are read from its beginning, and its place is where that ends
			clear(m.known)
		}
	}
	if len(m.due) > 0 {
		marks, point, err := m.readLedger(ctx, deadletter.LedgerPoint{}, func(name string) bool { return m.due[name] != nil })
		for name, set := range m.due {
			set.marks, set.err = marks[name], err
		}
		if len(m.known) == 0 {
			m.point = point
		}
	}
}

// readLedger reads the ledger from a place on, for the destinations that are wanted. A mark that
// was taken away is nil.
func (m *marking) readLedger(ctx context.Context, from deadletter.LedgerPoint, wanted func(name string) bool) (map[string]map[adapters.Position]*Mark, deadletter.LedgerPoint, error) {
	marks := map[string]map[adapters.Position]*Mark{}
	query := deadletter.LedgerQuery{From: from, Wanted: func(key []byte) bool {
		position, err := adapters.ParsePosition(string(key))
		return err == nil && wanted(position.Destination)
	}}
	reader := newMarkReader()
	point, err := m.source.DeadLetters.Ledger(ctx, query, func(e deadletter.Entry) error {
		position, mark, ok := reader.parse(e)
		if !ok {
			return nil
		}
		of := marks[position.Destination]
		if of == nil {
			of = map[adapters.Position]*Mark{}
			marks[position.Destination] = of
		}
		of[position] = mark
		return nil
	})
	return marks, point, err
}

// update takes over what the ledger says anew of letters: nil for one that is open again. If it
// can be read again, letters are open of which it says nothing.
func (l *Listed) update(news map[adapters.Position]*Mark, known bool) {
	if len(news) == 0 && !known {
		return
	}
	for position, mark := range news {
		if mark != nil && mark.Incarnation != l.Incarnation { // of an earlier topic of the name
			news[position] = nil
		}
	}
	if l.mark(news, known) {
		l.ReadAt = time.Now()
	}
	early := later(news, l.next)
	if len(early) < len(news) && l.More > 0 {
		l.behind = true
	}
	if len(early) > 0 {
		l.early = maps.Clone(l.early)
		if l.early == nil {
			l.early = map[adapters.Position]*Mark{}
		}
		maps.Copy(l.early, early)
	}
}

// Old is since when a source does not answer whose letters are still counted; zero if all do.
func (l *Listing) Old() (since time.Time) {
	for _, now := range l.DLQs {
		if !now.AsOf.IsZero() && (since.IsZero() || now.AsOf.Before(since)) {
			since = now.AsOf
		}
	}
	return since
}

// Unmarked are the reasons why nobody knows what was done about letters, each once.
func (l *Listing) Unmarked() (reasons []error) {
	for i := range l.DLQs {
		err := l.DLQs[i].MarksErr
		if err != nil && !slices.ContainsFunc(reasons, func(known error) bool { return known.Error() == err.Error() }) {
			reasons = append(reasons, err)
		}
	}
	return reasons
}
