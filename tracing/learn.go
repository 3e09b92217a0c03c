package tracing

import "slices"

// learnFrom offers an ended flow to the paths.
func (x *index) learnFrom(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowBeganBefore) != 0 || record.unlinked > 0 {
		return
	}
	list := x.members(number)
	course := x.courseOf(number, list)
	if course.cut {
		return
	}
	if known := course.path; known != nil && known.flows > enoughFlows && number%16 != 0 {
		return
	}
	record.flags |= flowLearned
	if steps := x.stepsToLearn(list, course.start); len(steps) > 0 {
		x.paths.learn(steps)
	}
}

// unlearn takes back what was learned from a flow that goes on, for it was silent but had
// not ended. It must be called before the flow changes. What was learned from events that
// are no longer here stays.
func (x *index) unlearn(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowBeganBefore) != flowLearned {
		return
	}
	record.flags &^= flowLearned
	list := x.members(number)
	start, _ := startOf(list)
	if steps := x.stepsToLearn(list, start); len(steps) > 0 {
		x.paths.unlearn(steps)
	}
}

// stepsToLearn are the events of a flow that a path is learned from, none when it begins with
// one that says nothing of that. The slice is scratch memory, good until the next call.
func (x *index) stepsToLearn(list []member, start int) []step {
	first := &list[start]
	if first.marks&(DeadLetter|Replayed) != 0 {
		return nil
	}
	steps := append(x.steps[:0], step{kind: first.kind, time: first.time, before: -1})
	for i := range list {
		m := &list[i]
		if m.marks&(DeadLetter|Duplicate|IDReused|Replayed) != 0 ||
			slices.ContainsFunc(steps, func(s step) bool { return s.kind == m.kind }) || len(steps) == mostPathKinds {
			continue
		}
		steps = append(steps, step{kind: m.kind, time: m.time, before: beforeOf(list[:i], steps, m)})
	}
	x.steps = steps
	return steps
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
