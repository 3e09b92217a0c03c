package tracing

import "math"

// A flow id, or a trace, may be that of a batch: then its flow has the same type of event
// of many business objects. Nobody can say from the order of arrival that the event of one
// was caused by that of another.

// entityMark is what an entry keeps of the business object that it names: fifteen bits of
// the hash, enough to tell those of one flow apart. It decides what is drawn, never what is
// joined. Zero is none.
type entityMark uint16

// keyMark is set when the object is only a message key.
const keyMark entityMark = 1 << 15

func markOf(r *record) entityMark {
	if r.entity.from == r.entity.to {
		return 0
	}
	is := max(entityMark(r.entityHash>>32)&^keyMark, 1)
	if r.weakEntity {
		is |= keyMark
	}
	return is
}

// differs reports whether two events are about different objects.
func (m entityMark) differs(other entityMark) bool {
	return m != 0 && other != 0 && m&keyMark == other&keyMark && m != other
}

// severalOf counts the business objects of a flow that has one type of event of more than
// one of them; else it is 0. It is nearly exact: of 3,000 it may miss or add a few.
func (x *index) severalOf(list []member) int {
	for len(x.firstOf) < x.kinds.Len() {
		x.firstOf = append(x.firstOf, 0)
	}
	several := false
	for i := range list {
		m := &list[i]
		if m.entity == 0 || m.marks&(DeadLetter|Duplicate|IDReused) != 0 {
			continue
		}
		if first := x.firstOf[m.kind]; first == 0 {
			x.firstOf[m.kind] = m.entity
		} else if first.differs(m.entity) {
			several = true
			break
		}
	}
	for i := range list {
		x.firstOf[list[i].kind] = 0
	}
	if !several {
		return 0
	}
	return countMarks(list)
}

// countMarks is how many objects the marks of a flow stand for, allowing for those that
// share one: keys only where nothing better is named.
func countMarks(list []member) int {
	var seen [1 << 15]bool
	named, keys := 0, 0
	for i := range list {
		if m := list[i].entity; m != 0 && m&keyMark == 0 && !seen[m] {
			seen[m] = true
			named++
		}
	}
	if named < 2 {
		clear(seen[:])
		for i := range list {
			if m := list[i].entity; m&keyMark != 0 && !seen[m&^keyMark] {
				seen[m&^keyMark] = true
				keys++
			}
		}
	}
	const marks = 1<<15 - 1
	n := float64(max(named, keys))
	if n < 100 {
		return int(n)
	}
	return int(math.Round(-marks * math.Log1p(-min(n, marks-1)/marks)))
}
