package tracing

import (
	"cmp"
	"slices"
	"time"
)

// pathPosition is a flow on the usual path that it takes.
type pathPosition struct {
	path  *path
	start int           // index of the entry that it begins with
	began int64         // when the start of the path was seen here, as far as that is known
	at    int           // place on the path of its first known entry: 0 is the start
	along time.Duration // how far along the path that usually is
	// cut says that the flow began before what is known of it.
	cut bool
}

func (c *pathPosition) elapsed(now int64) time.Duration { return time.Duration(now - c.began) }

// before says that the type at b usually comes before what is known of the flow, so that
// nobody can say whether it did.
func (c *pathPosition) before(b int) bool {
	if c.path.declared != "" {
		return b < c.at
	}
	return c.cut && c.path.delays[b].quantile(0.5) <= c.along
}

// pathPositionOf finds the path of a flow. Where its beginning is not known, which is so when
// that was evicted, or when its first event names a cause that is not here and usually
// comes later in flows, it is on the path that most flows take which have that event.
func (x *index) pathPositionOf(number uint32, list []member) pathPosition {
	start, orphan := startOf(list)
	first := &list[start]
	c := pathPosition{path: x.paths.byStart[first.kind], start: start, began: x.seen(first)}
	evicted := x.flows.at(number).flags&flowBeganBefore != 0
	if !evicted && !orphan {
		return c
	}
	through, times := x.paths.through(first.kind)
	if c.cut = evicted || times > c.path.times(); !c.cut {
		return c
	}
	if c.path = through; through != nil {
		c.at = through.place[first.kind]
		c.along = through.delays[c.at].quantile(0.5)
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
		at := v.pathPosition.path.find(list[i].kind, false)
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
	if !p.ready() {
		return nil
	}
	places, seen := x.placesOn(v, list)
	places = slices.Clone(places)
	expected := []Expectation{}
	for b := range p.kinds {
		e := Expectation{
			Type: x.kinds.Text(p.kinds[b]), State: Seen, Seen: p.share(0, b),
			Usual: p.delays[b].quantile(0.5), Late: p.delays[b].quantile(0.95),
		}
		if seen&(1<<b) != 0 {
			if e.Seen < usualShare {
				e.Why = "not on the usual path"
			}
		} else if v.pathPosition.before(b) || !x.expect(&e, v, b, places, now) {
			continue
		}
		expected = append(expected, e)
	}
	if p.declared == "" {
		slices.SortStableFunc(expected, func(a, b Expectation) int { return cmp.Compare(a.Usual, b.Usual) })
	}
	return expected
}

// expect says how a type that was not seen stands; false when nobody would look for it.
func (x *index) expect(e *Expectation, v *judgement, b int, places []int, now int64) bool {
	p := v.pathPosition.path
	share, because := p.likely(b, places)
	switch {
	case share >= usualShare && v.failure != 0 && x.typeInfo[p.kinds[b]].marks&Compensation == 0:
		e.State, e.Why = NotExpected, "not expected after "+x.kinds.Text(v.failure)
	case share >= usualShare:
		e.State = x.overdue(p, b, v.pathPosition.elapsed(now))
	case e.Seen >= usualShare:
		e.State, e.Why = NotExpected, "not expected after "+x.kinds.Text(p.kinds[because])
	default:
		return false
	}
	return true
}
