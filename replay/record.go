package replay

import (
	"slices"
	"time"

	"eventscope/adapters"
)

// Record is what the journal says of one run.
type Record struct {
	Run    string
	Action Action
	Count  int // letters of its plan
	By     string
	At     time.Time // when it began
	Last   time.Time // when something was last written about it
	Reason string
	DLQs   []string
	State  RunState
	Error  string // why it failed
	// Changed is what was done to its lines in the journal by somebody else, or empty.
	Changed string
	Pace    Pace // that it had last

	Counts

	plan      string // digest of it on disk
	unsettled bool   // it was ended without settling anything
	last      string // hash of its last line
	parts     []recordPart
}

// recordPart is what the journal says of one part of a plan.
type recordPart struct {
	source, dlq string
	states      []State // of letters that something happened to, and those before them
}

// Runs lists all runs, the oldest first. Broken is how many lines of the journal do not
// follow from the line before, which means that somebody has changed it.
func (s *Service) Runs() (records []*Record, broken int, err error) {
	return s.runs(func(*Record) bool { return true })
}

// runs lists the runs that are not over, and those of the others that are chosen.
func (s *Service) runs(choose func(*Record) bool) (records []*Record, broken int, err error) {
	h := history{keep: choose}
	if err := s.journal.update(&h, nil); err != nil {
		return nil, 0, err
	}
	for _, run := range h.order {
		r := h.runs[run]
		if r.State == RunActive && !s.inHand(r.Run) {
			r.State = RunInterrupted
		}
		if r.Changed != "" && !r.Ended() {
			r.Error = r.Changed
		}
		records = append(records, r)
	}
	return records, h.broken, nil
}

// damage notes that somebody has changed what the journal says of a run.
func (r *Record) damage(how string) {
	if r.Changed == "" {
		r.Changed = how
	}
}

// mostParts bounds how many parts a damaged line can make of a plan.
const mostParts = 10_000

// Counts are what the journal tells of the letters of a run.
type Counts struct {
	Settled, Skipped int
	// Maybe counts letters of which a copy may have arrived twice: they were on their way when
	// the run was interrupted, or somebody else had them in hand before, and were sent again.
	Maybe int
}

// add counts the letters that a line is about.
func (c *Counts) add(l *Line) {
	switch l.Step {
	case StepSettle:
		c.Settled += l.Count
	case StepSkip:
		c.Skipped += l.Count
	case StepSend:
		c.Maybe += l.Maybe
	}
}

// add adds a line to the record.
func (r *Record) add(l *Line) {
	r.Last = l.At
	if l.Pace != nil {
		r.Pace = *l.Pace
	}
	if l.Part < 0 || l.Part >= mostParts {
		return
	}
	for len(r.parts) <= l.Part {
		r.parts = append(r.parts, recordPart{})
	}
	if state, changed := runStates[l.Step]; changed {
		r.State, r.Error = state, l.Error
	}
	switch l.Step {
	case StepBegin:
		r.begun(l)
	case StepPause, StepDone, StepFail:
		r.unsettled = false
	case StepAbort: // told twice if it was ended by another process
		r.unsettled = r.unsettled || l.Unsettled
	}
	r.Counts.add(l)
	if part := &r.parts[l.Part]; len(l.Letters) > 0 {
		for len(part.states) <= l.Letters[len(l.Letters)-1] {
			part.states = append(part.states, Planned)
		}
		for _, number := range l.Letters {
			if next, ok := part.states[number].after(l.Step, r.Action); ok {
				part.states[number] = next
			}
		}
	}
}

// begun notes what a run was begun with.
func (r *Record) begun(l *Line) {
	r.Count, r.By, r.Reason, r.plan = r.Count+l.Count, l.By, l.Reason, l.Plan
	if l.DLQ != "" && !slices.Contains(r.DLQs, l.DLQ) {
		r.DLQs = append(r.DLQs, l.DLQ)
	}
	part := &r.parts[l.Part]
	part.source, part.dlq = l.Source, l.DLQ
}

// Ended reports whether the run will do nothing more, whatever happens.
func (r *Record) Ended() bool { return r.State == RunDone || r.State == RunAborted }

// over reports whether the run has ended and left no letter half done.
func (r *Record) over() bool {
	switch {
	case r.State == RunDone:
		return true
	case r.State != RunAborted || r.Changed != "":
		return false
	}
	return !slices.ContainsFunc(r.parts, func(p recordPart) bool { return slices.ContainsFunc(p.states, State.inHand) })
}

// states are those of the letters of one part of its plan.
func (r *Record) states(plan *Plan, part int) []State {
	states := make([]State, len(plan.Parts[part].Letters))
	for i := range states {
		states[i] = Planned
	}
	if part < len(r.parts) {
		copy(states, r.parts[part].states)
	}
	return states
}

// record finds a run.
func (s *Service) record(run string) (*Record, error) {
	var names []string
	records, _, err := s.runs(func(r *Record) bool {
		names = append(names, r.Run)
		return r.Run == run
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(records, func(r *Record) bool { return r.Run == run })
	if i >= 0 && runName.MatchString(run) { // it is that of a folder, too
		return records[i], nil
	}
	unknown := &adapters.Problem{
		Doing: "find the run " + run, Cause: "the journal has no such run", Remedy: "eventscope dlq journal lists them", Kind: adapters.ErrUsage,
	}
	if s.config.Nearest != nil {
		if guess := s.config.Nearest(run, names); guess != "" {
			unknown.Remedy = "did you mean " + guess + "?"
		}
	}
	return nil, unknown
}

// unfinished are the runs that have letters in hand and have not ended, by dead-letter queue. It is the
// journal that says it, so that a plan which is damaged is in the way of nothing else.
func (s *Service) unfinished() (map[dlqKey][]halfDone, error) {
	found := map[dlqKey][]halfDone{}
	return found, s.journal.running(func(r *Record) {
		for i := range r.parts {
			part := &r.parts[i]
			half := slices.ContainsFunc(part.states, State.inHand) || r.Changed != ""
			if r.Ended() {
				half = slices.Contains(part.states, Confirmed) && !r.unsettled
			}
			if half {
				key := dlqKey{part.source, part.dlq}
				found[key] = append(found[key], halfDone{r.Run, r.Ended()})
			}
		}
	})
}

// halfDone is a run that left letters half done.
type halfDone struct {
	run string
	// owes says that it has ended, with copies at their targets whose letters were not settled:
	// where those are removed from a queue they may still lie there.
	owes bool
}

// inHand reports whether a letter in this state is half done.
func (s State) inHand() bool { return s == Sent || s == Confirmed }

// about reports whether a part is about a dead-letter queue. The version before knew brokers by their URLs.
func (p *recordPart) about(dlq *DLQ) bool {
	return p.dlq == dlq.Name && dlq.Source.is(p.source)
}

// about reports whether a run has to do with a dead-letter queue.
func (r *Record) about(dlq *DLQ) bool {
	return slices.ContainsFunc(r.parts, func(p recordPart) bool { return p.about(dlq) })
}

// clone is a copy that stays as it is while the journal goes on.
func (r *Record) clone() *Record {
	c := *r
	c.parts = slices.Clone(r.parts)
	for i := range c.parts {
		c.parts[i].states = slices.Clone(c.parts[i].states)
	}
	return &c
}

// Steps reads what one run did, step by step. Broken is as for Runs.
func (s *Service) Steps(run string, each func(*Line) error) (broken int, err error) {
	return s.journal.Lines(func(l Line) error {
		if l.Run != run {
			return nil
		}
		return each(&l)
	})
}

// SourcesOf are the brokers that a run is about, as URLs without secrets: those that letters
// lie on, and those that they are only sent to. A run whose plan cannot be used has none: it
// can only be aborted, for which no broker is needed.
func (s *Service) SourcesOf(run string) (sources, targets []string, err error) {
	record, err := s.record(run)
	if err != nil {
		return nil, nil, err
	}
	plan, err := s.planOf(record)
	if err != nil {
		return nil, nil, err
	}
	sources, targets = plan.URLs()
	return sources, targets, nil
}

// URLs are the brokers that a plan is about: see [Service.SourcesOf].
func (p *Plan) URLs() (sources, targets []string) {
	add := func(to *[]string, url string) {
		if url != "" && !slices.Contains(*to, url) {
			*to = append(*to, url)
		}
	}
	for i := range p.Parts {
		add(&sources, p.Parts[i].URL)
		add(&targets, p.Parts[i].ThroughURL)
	}
	return sources, targets
}
