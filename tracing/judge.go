package tracing

import (
	"cmp"
	"slices"
	"time"
)

// member is one entry of a flow, with its sequence.
type member struct {
	sequence Sequence
	*entry
}

// members lists a flow's entries by broker time. The slice is scratch memory, good
// until the next call.
func (x *index) members(number uint32) []member {
	list := x.scratch[:0]
	sorted := true
	for sequence := range x.chain(number) {
		e := x.log.at(sequence)
		if n := len(list); n > 0 && e.time < list[n-1].time {
			sorted = false
		}
		list = append(list, member{sequence, e})
	}
	if !sorted {
		slices.SortStableFunc(list, func(a, b member) int { return cmp.Compare(a.time, b.time) })
	}
	x.scratch = list
	return list
}

// verdict is how a flow stands at a moment.
type verdict struct {
	status      Status
	failedAt    uint16 // type of the first failure, 0 is none
	deadLetters int
	duplicates  int
	path        *path
}

// judge derives a flow's status from its entries, what is usual, and the time.
func (x *index) judge(list []member, now int64) verdict {
	v := verdict{path: x.paths.byStart[list[0].kind]}
	failed, undone := -1, -1
	for i := range list {
		marks := list[i].marks
		if marks&Duplicate != 0 || marks&IDReused != 0 {
			v.duplicates++
		}
		if marks&DeadLetter != 0 {
			v.deadLetters++
		}
		switch {
		case marks&(Failure|DeadLetter) != 0:
			failed = i
			if v.failedAt == 0 {
				v.failedAt = list[i].kind
			}
		case marks&Compensation != 0 && i > 0:
			undone = i
		case failed >= 0 && x.overcomes(v.path, list[failed], list[i]):
			failed = -1
		}
	}
	worst, redress := x.outstanding(v.path, list, now)
	switch {
	case failed >= 0 && undone < failed && !redress:
		v.status = Failed
	case undone >= 0:
		v.status = Compensated
	case worst == Missing:
		v.status = Stuck
	case worst == Overdue:
		v.status = Late
	case worst == Due:
		v.status = Running
	case !v.path.ready() && now-list[len(list)-1].time < x.settle:
		v.status = Running
	default:
		v.status = Complete
	}
	return v
}

// overcomes says that after a failure the flow came to a usual good end all the same, or
// that a dead letter was sent again.
func (x *index) overcomes(p *path, failure, later member) bool {
	if failure.marks&DeadLetter != 0 {
		return later.marks&Replayed != 0
	}
	if !p.ready() || later.marks&Compensation != 0 {
		return false
	}
	at := p.find(later.kind, false)
	return at > 0 && float64(p.ends[at]) >= rareShare*float64(p.flows)
}

// outstanding is the worst state of what is expected and not there, and whether an
// undoing is among what is due.
func (x *index) outstanding(p *path, list []member, now int64) (worst ExpectationState, redress bool) {
	if !p.ready() {
		return "", false
	}
	places, seen := x.placesOn(p, list)
	elapsed := time.Duration(now - list[0].time)
	for b := range p.kinds {
		if seen&(1<<b) != 0 {
			continue
		}
		if share, _ := p.likely(b, places); share < usualShare {
			continue
		}
		state := x.overdue(p, b, elapsed)
		if state == Due && x.nature[p.kinds[b]]&Compensation != 0 {
			redress = true
		}
		if gravity(state) > gravity(worst) {
			worst = state
		}
	}
	return worst, redress
}

// placesOn lists the places that a flow's types have on a path, each once; the same as
// a set of bits.
func (x *index) placesOn(p *path, list []member) (places []int, seen uint64) {
	places = x.onPath[:0]
	for i := range list {
		if at := p.find(list[i].kind, false); at >= 0 && seen&(1<<at) == 0 {
			seen |= 1 << at
			places = append(places, at)
		}
	}
	x.onPath = places
	return places, seen
}

// overdue grades how late the type at b is: later than usual beyond the 95th
// percentile, given up beyond ten times that.
func (x *index) overdue(p *path, b int, elapsed time.Duration) ExpectationState {
	late := p.delays[b].quantile(0.95)
	if late == 0 {
		late = time.Duration(x.settle) / 10
	}
	switch {
	case elapsed <= max(late, time.Second):
		return Due
	case elapsed <= max(10*late, time.Duration(x.settle)):
		return Overdue
	}
	return Missing
}

func gravity(state ExpectationState) int {
	return slices.Index([]ExpectationState{"", Due, Overdue, Missing}, state)
}

// expectations is the usual path of a flow, in its usual order, and how each step of it
// stands.
func (x *index) expectations(p *path, list []member, now int64) []Expectation {
	if !p.ready() {
		return nil
	}
	places, seen := x.placesOn(p, list)
	places = slices.Clone(places)
	failure := uint16(0)
	for i := range list {
		if list[i].marks&Failure != 0 {
			failure = list[i].kind
		}
	}
	expected := []Expectation{}
	elapsed := time.Duration(now - list[0].time)
	for b := range p.kinds {
		e := Expectation{
			Type: x.kinds.text(p.kinds[b]), State: Seen, Seen: p.share(0, b),
			Usual: p.delays[b].quantile(0.5), Late: p.delays[b].quantile(0.95),
		}
		if seen&(1<<b) == 0 {
			share, because := p.likely(b, places)
			switch {
			case share >= usualShare && failure != 0 && x.nature[p.kinds[b]]&Compensation == 0:
				e.State, e.Why = NotExpected, "not expected after "+x.kinds.text(failure)
			case share >= usualShare:
				e.State = x.overdue(p, b, elapsed)
			case e.Seen >= usualShare:
				e.State, e.Why = NotExpected, "not expected after "+x.kinds.text(p.kinds[because])
			default:
				continue
			}
		} else if e.Seen < usualShare {
			e.Why = "not on the usual path"
		}
		expected = append(expected, e)
	}
	if p.declared == "" {
		slices.SortStableFunc(expected, func(a, b Expectation) int { return cmp.Compare(a.Usual, b.Usual) })
	}
	return expected
}

// learnFrom offers an ended flow to the paths.
func (x *index) learnFrom(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowBeganBefore) != 0 || record.unlinked > 0 {
		return
	}
	list := x.members(number)
	if known := x.paths.byStart[list[0].kind]; known != nil && known.flows > enoughFlows && number%16 != 0 {
		return
	}
	record.flags |= flowLearned
	steps := x.steps[:0]
	for i := range list {
		m := &list[i]
		if m.marks&(DeadLetter|Duplicate|IDReused|Replayed) != 0 ||
			slices.ContainsFunc(steps, func(s step) bool { return s.kind == m.kind }) || len(steps) == mostPathKinds {
			continue
		}
		steps = append(steps, step{kind: m.kind, time: m.time, before: beforeOf(list[:i], steps, m)})
	}
	x.steps = steps
	if len(steps) > 0 {
		x.paths.learn(steps)
	}
}

// enoughFlows is when one flow in sixteen is enough to go on learning from.
const enoughFlows = 20_000

// beforeOf is the step that m follows: the one it names as its cause, else the one
// before it in time.
func beforeOf(earlier []member, steps []step, m *member) int {
	if m.cause != 0 {
		for i := range earlier {
			if earlier[i].id == m.cause {
				return slices.IndexFunc(steps, func(s step) bool { return s.kind == earlier[i].kind })
			}
		}
	}
	return len(steps) - 1
}

// settleTo offers the flows whose last event lies before end to the paths, at most some
// of them at a time.
func (x *index) settleTo(end Sequence, most int) {
	if x.settled < x.log.first {
		x.settled = x.log.first
	}
	for ; x.settled < end && most > 0; x.settled++ {
		most--
		if e := x.log.at(x.settled); e.flow != 0 && x.flows.at(e.flow).tail == uint32(x.settled) {
			x.learnFrom(e.flow)
		}
	}
}
