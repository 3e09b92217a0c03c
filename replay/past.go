package replay

import (
	"eventscope/adapters"
	"eventscope/adapters/deadletter"
	"eventscope/replay/files"
)

// past is what the journal tells of the letters of a dead-letter queue that has no ledger.
type past struct {
	ledger map[adapters.Position]*Mark // where the broker keeps one
	marks  map[files.LetterKey]*Mark
	// doubt are letters of runs that have ended without knowing whether they were sent. All of
	// the dead-letter queue are in doubt if the plan of such a run cannot be read.
	doubt map[files.LetterKey]bool
	all   bool
}

// past is what the journal says of the letters of a dead-letter queue that has no ledger. Of a queue
// that is only what runs that are not over have in hand, since other letters are gone from
// it; of a stream, it is all that was ever done.
func (s *Service) past(dlq DLQ) (*past, error) {
	p := &past{marks: map[files.LetterKey]*Mark{}, doubt: map[files.LetterKey]bool{}}
	var records []*Record
	var err error
	if dlq.Settling == deadletter.ByJournal {
		records, _, err = s.runs(func(r *Record) bool { return r.about(&dlq) })
	} else {
		err = s.journal.running(func(r *Record) {
			if r.about(&dlq) {
				records = append(records, r.clone())
			}
		})
	}
	for _, r := range records {
		plan, unread := s.planOf(r)
		switch {
		case unread == nil:
			p.add(&dlq, r, plan)
		case r.unsettled: // else it is in the way of all letters of the dead-letter queue
			p.all = true
		}
	}
	return p, err
}

// mark is what was done about a letter, or nil. Plans of the version before tell letters of a
// queue by their positions alone.
func (p *past) mark(key files.LetterKey) *Mark {
	if mark := p.ledger[key.Position]; mark != nil {
		return mark
	}
	if mark := p.marks[key]; mark != nil {
		return mark
	}
	return p.marks[files.LetterKey{Position: key.Position}]
}

func (p *past) doubts(key files.LetterKey) bool {
	return p.all || p.doubt[key] || p.doubt[files.LetterKey{Position: key.Position}]
}

// add takes in what a run did to letters of a dead-letter queue.
func (p *past) add(dlq *DLQ, r *Record, plan *Plan) {
	for i := range plan.Parts {
		if i >= len(r.parts) || !r.parts[i].about(dlq) {
			continue
		}
		for number, state := range r.states(plan, i) {
			l := &plan.Parts[i].Letters[number]
			switch {
			case r.Changed != "", r.Ended() && (state == Sent || r.unsettled && state == Confirmed):
				if plan.Action == Replay {
					p.doubt[l.key()] = true
				}
			case plan.Action == Restore && state == Open:
				delete(p.marks, l.key())
			case dlq.Settling == deadletter.ByJournal && state.Settled(), state == Confirmed:
				p.marks[l.key()] = &Mark{State: state, Run: r.Run, By: r.By, At: r.Last, Target: string(l.To), Reason: r.Reason}
			}
		}
	}
}
