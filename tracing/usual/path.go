package usual

import (
	"math"
	"time"
)

// Paths are the usual paths of flows, by the type they start with: learned from flows
// that have ended, or declared.
type Paths struct {
	ByStart map[uint16]*Path
	Bytes   int64 // about
}

// Path is what is usual after one starting type. Types are known here by their place in
// Kinds, of which Kinds[0] is the start; Together counts in how many flows two types were
// both seen, and After in how many one came next after the other.
type Path struct {
	Declared string         // name, when the operator declared it
	Flows    uint32         // learned from
	Kinds    []uint16       // by place
	Place    map[uint16]int // of each of Kinds
	Together [][]uint32
	After    [][]uint32
	Delays   []Delays // from the start of a flow, by place
	Ends     []uint32 // how many flows had this as their last type
	held     int64    // bytes, about
}

const (
	mostPaths = 256 // starting types
	// MostTypes bounds the types after one start.
	MostTypes     = 64
	pathKindBytes = 4 * (2*MostTypes + delayClasses)
	fewestFlows   = 5 // learned from before anything is expected
	// Share is the share of like flows in which a type was seen that is expected, RareShare
	// the one below which a branch does not have it.
	Share     = 0.5
	RareShare = 0.2
)

// NewPaths knows nothing yet.
func NewPaths() *Paths { return &Paths{ByStart: map[uint16]*Path{}} }

// Declare sets the usual path of its first type. It is not learned any more.
func (p *Paths) Declare(name string, kinds []uint16) {
	if len(kinds) == 0 {
		return
	}
	declared := &Path{Declared: name, Flows: fewestFlows, Place: map[uint16]int{}}
	for i, kind := range kinds {
		at := declared.Find(kind, true)
		for j := 0; j <= i; j++ {
			other := declared.Place[kinds[j]]
			declared.Together[at][other], declared.Together[other][at] = fewestFlows, fewestFlows
		}
		if i > 0 {
			declared.After[declared.Place[kinds[i-1]]][at] = fewestFlows
		}
	}
	declared.Ends[len(declared.Kinds)-1] = fewestFlows
	p.ByStart[kinds[0]] = declared
}

// Find returns the place of a type on the path, or -1.
func (p *Path) Find(kind uint16, add bool) int {
	if at, ok := p.Place[kind]; ok {
		return at
	}
	if !add || len(p.Kinds) == MostTypes {
		return -1
	}
	at := len(p.Kinds)
	p.held += pathKindBytes
	p.Kinds = append(p.Kinds, kind)
	p.Place[kind] = at
	for i := range p.Together {
		p.Together[i] = append(p.Together[i], 0)
		p.After[i] = append(p.After[i], 0)
	}
	p.Together = append(p.Together, make([]uint32, at+1))
	p.After = append(p.After, make([]uint32, at+1))
	p.Delays = append(p.Delays, Delays{})
	p.Ends = append(p.Ends, 0)
	return at
}

// Step is what learning looks at of one event.
type Step struct {
	Kind uint16
	Time int64
	// Before is the index of the step it follows, or -1.
	Before int
}

// Learn takes in one ended flow; steps are in order of time, the first of them the
// start, each type at its first appearance only.
func (p *Paths) Learn(steps []Step) {
	known := p.ByStart[steps[0].Kind]
	if known == nil {
		if len(p.ByStart) == mostPaths {
			return
		}
		known = &Path{Place: map[uint16]int{}}
		p.ByStart[steps[0].Kind] = known
	}
	before := known.held
	known.count(steps, 1)
	p.Bytes += known.held - before
}

// Unlearn takes back a flow that was learned.
func (p *Paths) Unlearn(steps []Step) {
	if known := p.ByStart[steps[0].Kind]; known != nil {
		known.count(steps, -1)
	}
}

// count adds a flow to what is known, or with -1 takes it off again. Of a declared path
// only the times are learned.
func (p *Path) count(steps []Step, by int32) {
	places := make([]int, len(steps))
	for i, s := range steps {
		places[i] = p.Find(s.Kind, p.Declared == "" && by > 0)
		if places[i] >= 0 {
			p.Delays[places[i]].count(time.Duration(s.Time-steps[0].Time), by)
		}
	}
	if p.Declared != "" {
		return
	}
	shift(&p.Flows, by)
	for i, at := range places {
		if at < 0 {
			continue
		}
		for _, other := range places {
			if other >= 0 {
				shift(&p.Together[at][other], by)
			}
		}
		if before := steps[i].Before; before >= 0 && places[before] >= 0 {
			shift(&p.After[places[before]][at], by)
		}
	}
	if last := places[len(places)-1]; last >= 0 {
		shift(&p.Ends[last], by)
	}
}

// shift counts up, or down to no less than nothing.
func shift(n *uint32, by int32) {
	if by > 0 || *n > 0 {
		*n += uint32(by)
	}
}

// Times is how many flows took the path. A declared one is beyond doubt.
func (p *Path) Times() uint32 {
	switch {
	case p == nil:
		return 0
	case p.Declared != "":
		return math.MaxUint32
	}
	return p.Flows
}

// Through is the path on which a type was seen most often after the start, and how
// often; nil when it was on none.
func (p *Paths) Through(kind uint16) (most *Path, times uint32) {
	for _, candidate := range p.ByStart {
		at := candidate.Find(kind, false)
		if at <= 0 {
			continue
		}
		if n := candidate.Together[at][at]; n > times || n == times && most != nil && candidate.Kinds[0] < most.Kinds[0] {
			most, times = candidate, n
		}
	}
	return most, times
}

// Ready reports whether there is enough to expect something from.
func (p *Path) Ready() bool { return p != nil && p.Flows >= fewestFlows }

// Share is how likely the type at place b is, given that the one at a was seen.
func (p *Path) Share(a, b int) float64 {
	if p.Together[a][a] == 0 {
		return 0
	}
	return float64(p.Together[a][b]) / float64(p.Together[a][a])
}

// Likely is how likely the type at b is in a flow that has seen these types: as likely
// as the least favourable of them lets it be, which is returned too. Types seen only a
// few times have no say.
func (p *Path) Likely(b int, seen []int) (share float64, because int) {
	share, because = p.Share(0, b), 0
	for _, a := range seen {
		if p.Together[a][a] < fewestFlows {
			continue
		}
		if s := p.Share(a, b); s < share {
			share, because = s, a
		}
	}
	return share, because
}

// Follows is the type that usually comes right before the one at b, among those seen;
// -1 when nothing is known.
func (p *Path) Follows(b int, seen func(int) bool) int {
	best := -1
	for a := range p.Kinds {
		if a != b && p.After[a][b] > 0 && seen(a) && (best < 0 || p.After[a][b] > p.After[best][b]) {
			best = a
		}
	}
	return best
}

// Delays counts times from a flow's start in classes a quarter of a doubling wide, from
// one millisecond to some weeks; that is within 10 % of each.
type Delays struct {
	All     uint32
	classes []uint32
}

const delayClasses = 128

func (d *Delays) count(delay time.Duration, by int32) {
	if d.classes == nil {
		d.classes = make([]uint32, delayClasses)
	}
	shift(&d.All, by)
	shift(&d.classes[delayClass(delay)], by)
}

func delayClass(delay time.Duration) int {
	ms := float64(delay) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return min(int(4*math.Log2(ms))+1, delayClasses-1)
}

// Quantile is the delay that a share q of the flows stayed within, or 0 when nothing is
// known.
func (d *Delays) Quantile(q float64) time.Duration {
	if d.All == 0 {
		return 0
	}
	wanted, sum := uint32(math.Ceil(q*float64(d.All))), uint32(0)
	for class, n := range d.classes {
		if sum += n; sum >= wanted {
			return time.Duration(math.Exp2(float64(class)/4) * float64(time.Millisecond))
		}
	}
	return 0
}
