package tracing

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/figure"
	"eventscope/tracing/usual"
)

// skewAllowance is how much earlier than its cause an effect may seem before clocks are
// blamed. A tapped message has the time of its arrival here, so that more is allowed
// between brokers.
const (
	skewAllowance      = 2 * time.Millisecond
	skewBetweenBrokers = 250 * time.Millisecond
	deepestIndent      = 64
)

// timeline is one flow with its events in causal order.
func (x *index) timeline(number uint32, now int64) *Flow {
	f := &Flow{}
	x.summarise(&f.FlowSummary, number, now)
	list := slices.Clone(x.members(number))
	v := x.judge(number, list, now)
	f.Steps = x.stepsOf(list, v.pathPosition.path)
	f.Expected = x.expectations(&v, list, now)
	for _, e := range f.Expected {
		if e.Seen >= usual.Share {
			f.Settle = max(f.Settle, e.Usual)
		}
	}
	if p := v.pathPosition.path; p.Ready() {
		f.Path = fmt.Sprintf("learned from %s flows", figure.Count(p.Flows))
		if p.Declared != "" {
			f.Path = "declared in the config as " + p.Declared
		}
	}
	f.Joins = x.joinsOf(number)
	f.Gaps = x.gapsDuring(f)
	return f
}

// stepsOf links a flow's members to their parents and orders them so that none comes
// before its parent, and otherwise by time.
func (x *index) stepsOf(list []member, p *usual.Path) []Step {
	links := x.links(list, p)
	breakCycles(links)
	keys := make([]int64, len(list)) // time, but never before the parent's
	depths := make([]int, len(list))
	done := make([]bool, len(list))
	var place func(i int)
	place = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		keys[i] = list[i].time
		if parent := links[i].parent; parent >= 0 {
			place(parent)
			keys[i] = max(keys[i], keys[parent])
			depths[i] = depths[parent] + 1
		}
	}
	order := make([]int, len(list))
	for i := range list {
		order[i] = i
		place(i)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(depths[a], depths[b]))
	})
	rows := make([]int, len(list)) // member -> row
	for row, i := range order {
		rows[i] = row
	}
	steps := make([]Step, len(list))
	for row, i := range order {
		steps[row] = x.stepOf(list, links, i)
		steps[row].Depth = min(depths[i], deepestIndent)
		if links[i].parent >= 0 {
			steps[row].Parent = rows[links[i].parent]
		}
		if same := links[i].same; same >= 0 {
			steps[row].Note = fmt.Sprintf("same id as %s at %s", x.kinds.Text(list[same].kind), x.places.Position(list[same].place, list[same].offset))
		}
	}
	return steps
}

// parentLink is what a member is linked to, by index in the list.
type parentLink struct {
	parent int
	edge   Edge
	same   int  // an earlier member with the same id, or -1
	absent bool // it names a cause that is not here
}

func (x *index) links(list []member, p *usual.Path) []parentLink {
	first := make(map[uint32]int, len(list)) // id -> its first member
	for i := range list {
		if _, ok := first[list[i].id]; !ok && list[i].id != 0 {
			first[list[i].id] = i
		}
	}
	links := make([]parentLink, len(list))
	start, _ := startOf(list)
	before := newEarlier(x.severalOf(list))
	for i := range list {
		m := &list[i]
		links[i] = parentLink{parent: -1, same: -1}
		if at, ok := first[m.id]; ok && m.id != 0 && at != i {
			links[i].same = at
		}
		cause, named := first[m.cause]
		switch {
		case links[i].same >= 0: // a copy, a dead letter or a replay of that one
			links[i].parent, links[i].edge = links[i].same, Known
		case m.cause != 0 && named && cause != i:
			links[i].parent, links[i].edge = cause, Known
		case i > 0 && i != start:
			if links[i].parent = before.parentOf(list, i, p); links[i].parent >= 0 {
				links[i].edge = Inferred
			}
		}
		links[i].absent = m.cause != 0 && !named
		before.note(i, m)
	}
	return links
}

// breakCycles cuts links that lead back to where they came from, which only wrong or
// hostile ids make.
func breakCycles(links []parentLink) {
	const unseen, open, done = 0, 1, 2
	state := make([]byte, len(links))
	for i := range links {
		at := i
		for at >= 0 && state[at] == unseen {
			state[at] = open
			parent := links[at].parent
			if parent >= 0 && state[parent] == open {
				links[at].parent, links[at].edge = -1, NoEdge
				break
			}
			at = parent
		}
		for at := i; at >= 0 && state[at] == open; at = links[at].parent {
			state[at] = done
		}
	}
}

func (x *index) stepOf(list []member, links []parentLink, i int) Step {
	m, link := &list[i], links[i]
	s := Step{Event: x.event(m.sequence), Parent: -1, Edge: link.edge, Offset: time.Duration(m.time - list[0].time)}
	switch {
	case link.parent >= 0:
		s.Hop = time.Duration(m.time - list[link.parent].time)
	case i > 0:
		s.Hop = time.Duration(m.time - list[i-1].time)
	}
	if link.edge == Known && link.parent >= 0 && link.same < 0 {
		parent := &list[link.parent]
		allowance := skewAllowance
		if x.brokerOf(m.entry) != x.brokerOf(parent.entry) {
			allowance = skewBetweenBrokers
		}
		if s.Hop < -allowance && (m.marks|parent.marks)&untimed == 0 {
			s.Marks |= ClockSkew
		}
		if m.place == parent.place && m.offset < parent.offset && s.Position.Partition != adapters.ByDigest {
			s.Marks |= OutOfOrder
		}
	}
	switch {
	case m.marks&Compensation != 0 && i > 0:
		s.Note = x.undoes(list[:i], m)
	case link.absent:
		s.Note = "names a cause that is not here"
	case m.marks&ByKey != 0 && s.FlowID != s.Entity:
		s.Note = "no flow id; matched by " + s.Entity
	}
	return s
}

// farthestUndone is how many events before a compensation are looked at for what it
// undoes.
const farthestUndone = 256

// undoes names the event that a compensation undoes: the latest one before it whose type
// begins with the same word and is no failure, of the same service if there is one.
func (x *index) undoes(earlier []member, m *member) string {
	best := -1
	for i := len(earlier) - 1; i >= max(0, len(earlier)-farthestUndone); i-- {
		if earlier[i].marks&(Failure|Compensation|DeadLetter) != 0 || x.typeInfo[earlier[i].kind].Subject != x.typeInfo[m.kind].Subject {
			continue
		}
		if earlier[i].service == m.service {
			best = i
			break
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return "compensates " + x.kinds.Text(earlier[best].kind)
}

// gapsDuring lists the times within a flow's span, or while it still settles, in which
// a source was not looking.
func (x *index) gapsDuring(f *Flow) []SourceGap {
	var gaps []SourceGap
	until := f.Last.Add(max(f.Settle, time.Duration(x.settle)))
	for _, source := range x.sources {
		if source.Gaps == nil {
			continue
		}
		for _, gap := range source.Gaps() {
			if gap.To.After(f.Started) && gap.From.Before(until) {
				gaps = append(gaps, SourceGap{Source: source.Name, Gap: gap})
			}
		}
	}
	return gaps
}

// earlier is what of a flow came before an event: what a cause is guessed from where the
// event names none.
type earlier struct {
	several bool // the flow is that of several business objects
	many    bool // of so many that their marks do not tell them apart: nothing is guessed
	of      map[entityMark]*branch
}

// branch is the events of one business object, or of all where a flow has but one.
type branch struct {
	last   int            // its latest event
	latest map[uint16]int // type -> its latest event that is neither dead nor a duplicate
}

// mostBranches is how many business objects of one flow are told apart by their marks: two
// of so many share one in one flow of seven.
const mostBranches = 100

func newEarlier(entities int) *earlier {
	return &earlier{several: entities > 0, many: entities > mostBranches, of: map[entityMark]*branch{}}
}

// branchOf is the branch that an event belongs to, nil when it has none yet.
func (e *earlier) branchOf(m *member) *branch {
	if !e.several {
		return e.of[0]
	}
	return e.of[m.entity]
}

// note adds an event to its branch.
func (e *earlier) note(i int, m *member) {
	at := entityMark(0)
	if e.several {
		at = m.entity
	}
	b := e.of[at]
	if b == nil {
		b = &branch{latest: map[uint16]int{}}
		e.of[at] = b
	}
	b.last = i
	if m.marks&(DeadLetter|Duplicate) == 0 {
		b.latest[m.kind] = i
	}
}

// parentOf is the latest event of the type that usually comes right before that of event
// i, or else the event before it in time; in a flow of several business objects, among
// those of its own. It is -1 for the first of these.
func (e *earlier) parentOf(list []member, i int, p *usual.Path) int {
	b := e.branchOf(&list[i])
	if b == nil || e.many {
		return -1
	}
	if p.Ready() {
		if at := p.Find(list[i].kind, false); at >= 0 {
			usual := p.Follows(at, func(a int) bool { _, seen := b.latest[p.Kinds[a]]; return seen })
			if usual >= 0 {
				return b.latest[p.Kinds[usual]]
			}
		}
	}
	return b.last
}
