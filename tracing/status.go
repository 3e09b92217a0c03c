package tracing

import (
	"cmp"
	"slices"
	"time"

	"eventscope/tracing/usual"
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

// judgement is how a flow stands at a moment.
type judgement struct {
	status       Status
	failedAt     uint16 // type of the first failure, 0 is none
	failure      uint16 // type of the latest failure that nothing made good
	madeGood     uint64 // places on the path of failures that something did make good
	deadLetters  int
	duplicates   int
	pathPosition pathPosition
}

// judge derives a flow's status from its entries, what is usual, and the time.
func (x *index) judge(number uint32, list []member, now int64) judgement {
	v := judgement{pathPosition: x.pathPositionOf(number, list)}
	trouble := x.troubleOf(&v, list)
	worst, redress := x.outstanding(&v, list, now)
	switch {
	case trouble.open() && trouble.undone < trouble.latest() && !redress:
		v.status = Failed
	case trouble.undone >= 0:
		v.status = Compensated
	case worst != "" && x.reading(list, now):
		v.status = Unknown
	case worst == Missing:
		v.status = Stuck
	case worst == Overdue:
		v.status = Late
	case worst == Due:
		v.status = Running
	default:
		v.status = x.ended(number, &v, list, now)
	}
	return v
}

// ended is the status of a flow of which nothing is known to be outstanding. What was not
// compared with other flows yet, or is not here whole, is not complete.
func (x *index) ended(number uint32, v *judgement, list []member, now int64) Status {
	record, last := x.flows.at(number), &list[len(list)-1]
	switch {
	case !v.pathPosition.path.Ready() && x.reading(list, now):
		return Unknown
	case !v.pathPosition.path.Ready() && now-x.seen(last) < x.settle:
		return Running
	case record.flags&flowEvicted != 0 || record.unlinked > 0:
		return Unknown
	}
	return Complete
}

// trouble is what went wrong in a flow and is not made good: by index in its entries, -1
// for none.
type trouble struct {
	failed []int // the latest failure of each step
	undone int   // the latest compensation
	dead   []int // dead letters that were not sent again
}

// mostDead bounds how many dead letters, and how many failed steps, of one flow are
// followed; more dead letters are taken to be dead for good.
const mostDead = 64

func (t *trouble) open() bool { return t.latest() >= 0 }

func (t *trouble) latest() int { return max(lastOf(t.failed), lastOf(t.dead)) }

func lastOf(rising []int) int {
	if len(rising) == 0 {
		return -1
	}
	return rising[len(rising)-1]
}

// troubleOf goes through a flow's entries and counts what v says of them.
func (x *index) troubleOf(v *judgement, list []member) trouble {
	t := trouble{undone: -1}
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
			t.failed = slices.DeleteFunc(t.failed, func(at int) bool { return list[at].kind == m.kind && !list[at].entity.differs(m.entity) })
			t.failed = slices.Delete(append(t.failed, i), 0, max(0, len(t.failed)+1-mostDead))
		case m.marks&Compensation != 0 && i > 0:
			t.undone = i
		case len(t.failed) > 0:
			t.failed = slices.DeleteFunc(t.failed, func(at int) bool { return x.madeGood(v, &list[at], m) })
		}
	}
	if at := lastOf(t.failed); at >= 0 {
		v.failure = list[at].kind
	}
	return t
}

// madeGood reports whether an event overcomes an earlier failure, and notes that in v.
func (x *index) madeGood(v *judgement, failure, later *member) bool {
	if !x.overcomes(v.pathPosition.path, failure, later) {
		return false
	}
	if p := v.pathPosition.path; p != nil {
		if at := p.Find(failure.kind, false); at >= 0 {
			v.madeGood |= 1 << at
		}
	}
	return true
}

// sentAgain reports whether a later event is that dead letter, sent again: it has the same id,
// or where one has none at least the same type and the headers of a replay.
func sentAgain(dead, later *entry) bool {
	if dead.id == 0 || later.id == 0 {
		return dead.kind == later.kind && later.marks&Replayed != 0
	}
	return dead.id == later.id
}

// overcomes reports whether after a failure things went well all the same: the failed step
// reports a success by its name, or came to its usual outcome, or the flow to a usual end,
// and neither of these two is what usually follows such a failure.
func (x *index) overcomes(p *usual.Path, failure, later *member) bool {
	if failure.entity.differs(later.entity) {
		return false
	}
	failed, went := &x.typeInfo[failure.kind], &x.typeInfo[later.kind]
	sameStep := failed.Subject == went.Subject && (later.service == failure.service || later.service == 0 || failure.service == 0)
	if sameStep && went.Success {
		return true
	}
	if !p.Ready() {
		return false
	}
	at := p.Find(later.kind, false)
	if at <= 0 {
		return false
	}
	if before := p.Find(failure.kind, false); before >= 0 && p.Share(at, before) >= usual.Share {
		return false
	}
	end := float64(p.Ends[at]) >= usual.RareShare*float64(p.Flows)
	return end || sameStep && p.Share(0, at) >= usual.Share
}

// outstanding is the worst state of what is expected and not there, and whether an
// undoing is among what is due.
func (x *index) outstanding(v *judgement, list []member, now int64) (worst ExpectationState, redress bool) {
	p := v.pathPosition.path
	if !p.Ready() {
		return "", false
	}
	places, seen := x.placesOn(v, list)
	elapsed := v.pathPosition.elapsed(now)
	for b := range p.Kinds {
		if seen&(1<<b) != 0 || v.pathPosition.before(b) {
			continue
		}
		if share, _ := p.Likely(b, places); share < usual.Share {
			continue
		}
		state := x.overdue(p, b, elapsed)
		if state == Due && x.typeInfo[p.Kinds[b]].Compensation {
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
func (x *index) overdue(p *usual.Path, b int, elapsed time.Duration) ExpectationState {
	late := p.Delays[b].Quantile(0.95)
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
