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
	failure     uint16 // type of the latest failure that nothing made good
	madeGood    uint64 // places on the path of failures that something did make good
	deadLetters int
	duplicates  int
	course      course
}

// judge derives a flow's status from its entries, what is usual, and the time.
func (x *index) judge(number uint32, list []member, now int64) verdict {
	v := verdict{course: x.courseOf(number, list)}
	trouble := x.troubleOf(&v, list)
	worst, redress := x.outstanding(&v, list, now)
	switch {
	case trouble.open() && trouble.undone < trouble.latest() && !redress:
		v.status = Failed
	case trouble.undone >= 0:
		v.status = Compensated
	case worst == Missing:
		v.status = Stuck
	case worst == Overdue:
		v.status = Late
	case worst == Due:
		v.status = Running
	case !v.course.path.ready() && now-list[len(list)-1].time < x.settle:
		v.status = Running
	default:
		v.status = Complete
	}
	return v
}

// trouble is what went wrong in a flow and is not made good: by index in its entries, -1
// for none.
type trouble struct {
	failed int
	undone int   // the latest compensation
	dead   []int // dead letters that were not sent again
}

// mostDead bounds how many dead letters of one flow are followed; more are taken to be
// dead for good.
const mostDead = 64

func (t *trouble) open() bool { return t.latest() >= 0 }

func (t *trouble) latest() int {
	if n := len(t.dead); n > 0 {
		return max(t.failed, t.dead[n-1])
	}
	return t.failed
}

// troubleOf goes through a flow's entries and counts what v says of them.
func (x *index) troubleOf(v *verdict, list []member) trouble {
	t := trouble{failed: -1, undone: -1}
	for i := range list {
		m := &list[i]
		if m.marks&(Duplicate|IDReused) != 0 {
			v.duplicates++
		}
		if m.marks&(Failure|DeadLetter) != 0 && v.failedAt == 0 {
			v.failedAt = m.kind
		}
		switch {
		case m.marks&DeadLetter != 0:
			v.deadLetters++
			if len(t.dead) < mostDead {
				t.dead = append(t.dead, i)
			}
			continue
		case len(t.dead) > 0 && v.deadLetters <= mostDead:
			t.dead = slices.DeleteFunc(t.dead, func(at int) bool { return sentAgain(list[at].entry, m.entry) })
		}
		switch {
		case m.marks&Failure != 0:
			t.failed = i
		case m.marks&Compensation != 0 && i > 0:
			t.undone = i
		case t.failed >= 0 && x.overcomes(v.course.path, &list[t.failed], m):
			if at := v.course.path.find(list[t.failed].kind, false); at >= 0 {
				v.madeGood |= 1 << at
			}
			t.failed = -1
		}
	}
	if t.failed >= 0 {
		v.failure = list[t.failed].kind
	}
	return t
}

// sentAgain says that a later event is that dead letter, sent again: it has the same id,
// or where one has none at least the same type and the headers of a replay.
func sentAgain(dead, later *entry) bool {
	if dead.id == 0 || later.id == 0 {
		return dead.kind == later.kind && later.marks&Replayed != 0
	}
	return dead.id == later.id
}

// overcomes says that after a failure things went well all the same: the failed step
// came to its usual outcome, or the flow to a usual end, and neither is what usually
// follows such a failure.
func (x *index) overcomes(p *path, failure, later *member) bool {
	if !p.ready() {
		return false
	}
	at := p.find(later.kind, false)
	if at <= 0 {
		return false
	}
	if before := p.find(failure.kind, false); before >= 0 && p.share(at, before) >= usualShare {
		return false
	}
	end := float64(p.ends[at]) >= rareShare*float64(p.flows)
	sameStep := x.subject[later.kind] == x.subject[failure.kind] && later.service == failure.service
	return end || sameStep && p.share(0, at) >= usualShare
}

// outstanding is the worst state of what is expected and not there, and whether an
// undoing is among what is due.
func (x *index) outstanding(v *verdict, list []member, now int64) (worst ExpectationState, redress bool) {
	p := v.course.path
	if !p.ready() {
		return "", false
	}
	places, seen := x.placesOn(v, list)
	elapsed := v.course.elapsed(now)
	for b := range p.kinds {
		if seen&(1<<b) != 0 || v.course.before(b) {
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
