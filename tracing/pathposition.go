package tracing

import (
	"cmp"
	"slices"
	"time"

	"eventscope/tracing/usual"
)

// pathPosition is a flow on the usual path that it takes.
type pathPosition struct {
	path  *usual.Path
	start int           // index of the entry that it begins with
	began int64         // when the start of the path was seen here, as far as that is known
	at    int           // place on the path of its first known entry: 0 is the start
	along time.Duration // how far along the path that usually is
	// beganBefore says that the flow began before what is known of it.
	beganBefore bool
}

func (p *pathPosition) elapsed(now int64) time.Duration { return time.Duration(now - p.began) }

// before reports whether the type at b usually comes before what is known of the flow, so that
// nobody can say whether it did.
func (p *pathPosition) before(b int) bool {
	if p.path.Declared != "" {
		return b < p.at
	}
	return p.beganBefore && p.path.Delays[b].Quantile(0.5) <= p.along
}

// pathPositionOf finds the path of a flow. Where its beginning is not known, which is so when
// that was evicted, or when its first event names a cause that is not here and usually
// comes later in flows, it is on the path that most flows take which have that event.
func (x *index) pathPositionOf(number uint32, list []member) pathPosition {
	start, orphan := startOf(list)
	first := &list[start]
	c := pathPosition{path: x.paths.ByStart[first.kind], start: start, began: x.seen(first)}
	evicted := x.flows.at(number).flags&flowEvicted != 0
	if !evicted && !orphan {
		return c
	}
	through, times := x.paths.Through(first.kind)
	if c.beganBefore = evicted || times > c.path.Times(); !c.beganBefore {
		return c
	}
	if c.path = through; through != nil {
		c.at = through.Place[first.kind]
		c.along = through.Delays[c.at].Quantile(0.5)
		c.began -= int64(c.along)
	}
	return c
}

// farthestBack bounds the steps from a flow's earliest event to its start: causes can go
// in circles.
const farthestBack = 8

// startOf is the index of the event that a flow began with: the earliest one, or, where
// clocks differ, the one that its causes lead back to. An orphan names a cause that is
// not here.
func startOf(list []member) (at int, orphan bool) {
	for range farthestBack {
		cause := list[at].cause
		if cause == 0 {
			return at, false
		}
		i := slices.IndexFunc(list, func(m member) bool { return m.id == cause })
		if i < 0 {
			return at, true
		}
		at = i
	}
	return 0, false
}

// placesOn lists the places that a flow's types have on its path, each once, and those
// left out that say nothing of what is to come; seen is all of them as a set of bits.
func (x *index) placesOn(v *judgement, list []member) (places []int, seen uint64) {
	places = x.onPath[:0]
	for i := range list {
		at := v.pathPosition.path.Find(list[i].kind, false)
		if at < 0 || seen&(1<<at) != 0 {
			continue
		}
		if seen |= 1 << at; v.madeGood&(1<<at) == 0 {
			places = append(places, at)
		}
	}
	x.onPath = places
	return places, seen
}

// expectations is the usual path of a flow, in its usual order, and how each step of it
// stands.
func (x *index) expectations(v *judgement, list []member, now int64) []Expectation {
	p := v.pathPosition.path
	if !p.Ready() {
		return nil
	}
	places, seen := x.placesOn(v, list)
	places = slices.Clone(places)
	expected := []Expectation{}
	for b := range p.Kinds {
		e := Expectation{
			Type: x.kinds.Text(p.Kinds[b]), State: Seen, Seen: p.Share(0, b),
			Usual: p.Delays[b].Quantile(0.5), Late: p.Delays[b].Quantile(0.95),
		}
		if seen&(1<<b) != 0 {
			if e.Seen < usual.Share {
				e.Why = "not on the usual path"
			}
		} else if v.pathPosition.before(b) || !x.expect(&e, v, b, places, now) {
			continue
		}
		expected = append(expected, e)
	}
	if p.Declared == "" {
		slices.SortStableFunc(expected, func(a, b Expectation) int { return cmp.Compare(a.Usual, b.Usual) })
	}
	return expected
}

// expect says how a type that was not seen stands; false when nobody would look for it.
func (x *index) expect(e *Expectation, v *judgement, b int, places []int, now int64) bool {
	p := v.pathPosition.path
	share, because := p.Likely(b, places)
	switch {
	case share >= usual.Share && v.failure != 0 && !x.typeInfo[p.Kinds[b]].Compensation:
		e.State, e.Why = NotExpected, "not expected after "+x.kinds.Text(v.failure)
	case share >= usual.Share:
		e.State = x.overdue(p, b, v.pathPosition.elapsed(now))
	case e.Seen >= usual.Share:
		e.State, e.Why = NotExpected, "not expected after "+x.kinds.Text(p.Kinds[because])
	default:
		return false
	}
	return true
}

// learnFrom offers an ended flow to the paths.
func (x *index) learnFrom(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowEvicted) != 0 || record.unlinked > 0 {
		return
	}
	list := x.members(number)
	pathPosition := x.pathPositionOf(number, list)
	if pathPosition.beganBefore {
		return
	}
	if known := pathPosition.path; known != nil && known.Flows > enoughFlows && number%16 != 0 {
		return
	}
	record.flags |= flowLearned
	if steps := x.stepsToLearn(list, pathPosition.start); len(steps) > 0 {
		x.paths.Learn(steps)
	}
}

// unlearn takes back what was learned from a flow that goes on, for it was silent but had
// not ended. It must be called before the flow changes. What was learned from events that
// are no longer here stays.
func (x *index) unlearn(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowEvicted) != flowLearned {
		return
	}
	record.flags &^= flowLearned
	list := x.members(number)
	start, _ := startOf(list)
	if steps := x.stepsToLearn(list, start); len(steps) > 0 {
		x.paths.Unlearn(steps)
	}
}

// stepsToLearn returns the events of a flow from which a path is learned. There are none where
// the flow begins with a dead letter or a replayed event: neither says where a flow begins. The
// slice is scratch memory; the next call overwrites it.
func (x *index) stepsToLearn(list []member, start int) []usual.Step {
	first := &list[start]
	if first.marks&(DeadLetter|Replayed) != 0 {
		return nil
	}
	steps := append(x.steps[:0], usual.Step{Kind: first.kind, Time: first.time, Before: -1})
	for i := range list {
		m := &list[i]
		if m.marks&(DeadLetter|Duplicate|IDReused|Replayed) != 0 ||
			slices.ContainsFunc(steps, func(s usual.Step) bool { return s.Kind == m.kind }) || len(steps) == usual.MostTypes {
			continue
		}
		steps = append(steps, usual.Step{Kind: m.kind, Time: m.time, Before: beforeOf(list[:i], steps, m)})
	}
	x.steps = steps
	return steps
}

// enoughFlows is when one flow in sixteen is enough to go on learning from.
const enoughFlows = 20_000

// beforeOf is the step that m follows: the one it names as its cause, else the one
// before it in time.
func beforeOf(earlier []member, steps []usual.Step, m *member) int {
	if m.cause != 0 {
		for i := range earlier {
			if earlier[i].id == m.cause {
				return slices.IndexFunc(steps, func(s usual.Step) bool { return s.Kind == earlier[i].kind })
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
