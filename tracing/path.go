package tracing

import (
	"math"
	"slices"
	"time"
)

// paths are the usual paths of flows, by the type they start with: learned from flows
// that have ended, or declared.
type paths struct {
	byStart map[uint16]*path
	held    int64 // bytes, about
}

// path is what is usual after one starting type. Types are known here by their place in
// kinds, of which kinds[0] is the start; together counts in how many flows two types were
// both seen, and after in how many one came next after the other.
type path struct {
	declared string // name, when the operator declared it
	flows    uint32 // learned from
	kinds    []uint16
	place    map[uint16]int
	together [][]uint32
	after    [][]uint32
	delays   []delays
	ends     []uint32 // how many flows had this as their last type
	held     int64    // bytes, about
}

const (
	mostPaths     = 256 // starting types
	mostPathKinds = 64  // types after one start
	pathKindBytes = 4 * (2*mostPathKinds + delayClasses)
	fewestFlows   = 5   // learned from before anything is expected
	usualShare    = 0.5 // seen in this share of like flows: expected
	rareShare     = 0.2 // seen in less: this branch does not have it
)

func newPaths() *paths { return &paths{byStart: map[uint16]*path{}} }

// declare sets the usual path of its first type. It is not learned any more.
func (p *paths) declare(name string, kinds []uint16) {
	if len(kinds) == 0 {
		return
	}
	declared := &path{declared: name, flows: fewestFlows, place: map[uint16]int{}}
	for i, kind := range kinds {
		at := declared.find(kind, true)
		for j := 0; j <= i; j++ {
			other := declared.place[kinds[j]]
			declared.together[at][other], declared.together[other][at] = fewestFlows, fewestFlows
		}
		if i > 0 {
			declared.after[declared.place[kinds[i-1]]][at] = fewestFlows
		}
	}
	declared.ends[len(declared.kinds)-1] = fewestFlows
	p.byStart[kinds[0]] = declared
}

// find returns the place of a type on the path, or -1.
func (p *path) find(kind uint16, add bool) int {
	if at, ok := p.place[kind]; ok {
		return at
	}
	if !add || len(p.kinds) == mostPathKinds {
		return -1
	}
	at := len(p.kinds)
	p.held += pathKindBytes
	p.kinds = append(p.kinds, kind)
	p.place[kind] = at
	for i := range p.together {
		p.together[i] = append(p.together[i], 0)
		p.after[i] = append(p.after[i], 0)
	}
	p.together = append(p.together, make([]uint32, at+1))
	p.after = append(p.after, make([]uint32, at+1))
	p.delays = append(p.delays, delays{})
	p.ends = append(p.ends, 0)
	return at
}

// step is what learning looks at of one event.
type step struct {
	kind uint16
	time int64
	// before is the index of the step it follows, or -1.
	before int
}

// learn takes in one ended flow; steps are in order of time, the first of them the
// start, each type at its first appearance only.
func (p *paths) learn(steps []step) {
	known := p.byStart[steps[0].kind]
	if known == nil {
		if len(p.byStart) == mostPaths {
			return
		}
		known = &path{place: map[uint16]int{}}
		p.byStart[steps[0].kind] = known
	}
	before := known.held
	known.count(steps, 1)
	p.held += known.held - before
}

// unlearn takes back a flow that was learned.
func (p *paths) unlearn(steps []step) {
	if known := p.byStart[steps[0].kind]; known != nil {
		known.count(steps, -1)
	}
}

// count adds a flow to what is known, or with -1 takes it off again. Of a declared path
// only the times are learned.
func (p *path) count(steps []step, by int32) {
	places := make([]int, len(steps))
	for i, s := range steps {
		places[i] = p.find(s.kind, p.declared == "" && by > 0)
		if places[i] >= 0 {
			p.delays[places[i]].count(time.Duration(s.time-steps[0].time), by)
		}
	}
	if p.declared != "" {
		return
	}
	shift(&p.flows, by)
	for i, at := range places {
		if at < 0 {
			continue
		}
		for _, other := range places {
			if other >= 0 {
				shift(&p.together[at][other], by)
			}
		}
		if before := steps[i].before; before >= 0 && places[before] >= 0 {
			shift(&p.after[places[before]][at], by)
		}
	}
	if last := places[len(places)-1]; last >= 0 {
		shift(&p.ends[last], by)
	}
}

// shift counts up, or down to no less than nothing.
func shift(n *uint32, by int32) {
	if by > 0 || *n > 0 {
		*n += uint32(by)
	}
}

// times is how many flows took the path. A declared one is beyond doubt.
func (p *path) times() uint32 {
	switch {
	case p == nil:
		return 0
	case p.declared != "":
		return math.MaxUint32
	}
	return p.flows
}

// through is the path on which a type was seen most often after the start, and how
// often; nil when it was on none.
func (p *paths) through(kind uint16) (most *path, times uint32) {
	for _, candidate := range p.byStart {
		at := candidate.find(kind, false)
		if at <= 0 {
			continue
		}
		if n := candidate.together[at][at]; n > times || n == times && most != nil && candidate.kinds[0] < most.kinds[0] {
			most, times = candidate, n
		}
	}
	return most, times
}

// ready says that there is enough to expect something from.
func (p *path) ready() bool { return p != nil && p.flows >= fewestFlows }

// share is how likely the type at place b is, given that the one at a was seen.
func (p *path) share(a, b int) float64 {
	if p.together[a][a] == 0 {
		return 0
	}
	return float64(p.together[a][b]) / float64(p.together[a][a])
}

// likely is how likely the type at b is in a flow that has seen these types: as likely
// as the least favourable of them lets it be, which is returned too. Types seen only a
// few times have no say.
func (p *path) likely(b int, seen []int) (share float64, because int) {
	share, because = p.share(0, b), 0
	for _, a := range seen {
		if p.together[a][a] < fewestFlows {
			continue
		}
		if s := p.share(a, b); s < share {
			share, because = s, a
		}
	}
	return share, because
}

// follows is the type that usually comes right before the one at b, among those seen;
// -1 when nothing is known.
func (p *path) follows(b int, seen func(int) bool) int {
	best := -1
	for a := range p.kinds {
		if a != b && p.after[a][b] > 0 && seen(a) && (best < 0 || p.after[a][b] > p.after[best][b]) {
			best = a
		}
	}
	return best
}

// delays counts times from a flow's start in classes a quarter of a doubling wide, from
// one millisecond to some weeks; that is within 10 % of each.
type delays struct {
	all     uint32
	classes []uint32
}

const delayClasses = 128

func (d *delays) count(delay time.Duration, by int32) {
	if d.classes == nil {
		d.classes = make([]uint32, delayClasses)
	}
	shift(&d.all, by)
	shift(&d.classes[delayClass(delay)], by)
}

func delayClass(delay time.Duration) int {
	ms := float64(delay) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return min(int(4*math.Log2(ms))+1, delayClasses-1)
}

// quantile is the delay that a share q of the flows stayed within, or 0 when nothing is
// known.
func (d *delays) quantile(q float64) time.Duration {
	if d.all == 0 {
		return 0
	}
	wanted, sum := uint32(math.Ceil(q*float64(d.all))), uint32(0)
	for class, n := range d.classes {
		if sum += n; sum >= wanted {
			return time.Duration(math.Exp2(float64(class)/4) * float64(time.Millisecond))
		}
	}
	return 0
}

// learnFrom offers an ended flow to the paths.
func (x *index) learnFrom(number uint32) {
	record := x.flows.at(number)
	if record.flags&(flowLearned|flowBeganBefore) != 0 || record.unlinked > 0 {
		return
	}
	list := x.members(number)
	pathPosition := x.pathPositionOf(number, list)
	if pathPosition.cut {
		return
	}
	if known := pathPosition.path; known != nil && known.flows > enoughFlows && number%16 != 0 {
		return
	}
	record.flags |= flowLearned
	if steps := x.stepsToLearn(list, pathPosition.start); len(steps) > 0 {
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

// stepsToLearn returns the events of a flow from which a path is learned. There are none where
// the flow begins with a dead letter or a replayed event: neither says where a flow begins. The
// slice is scratch memory; the next call overwrites it.
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
