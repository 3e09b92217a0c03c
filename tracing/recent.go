package tracing

// recent remembers the newest events by id, so that an event can name its cause across
// flows and a repeated id is noticed. It has a fixed number of slots, in sets of four in
// which the oldest makes room: a link to an event long ago is not found, which the
// package comment says.
type recent struct {
	sets  []recentSet
	wrote bool // something was ever put: until then a look-up costs nothing
}

type recentSet [4]recentSlot

type recentSlot struct {
	id        uint32
	low, high uint32 // of the sequence
}

const recentSetBytes = 48

func (s recentSlot) sequence() Sequence { return Sequence(s.high)<<32 | Sequence(s.low) }

// size makes room for about n events, at most a million.
func (r *recent) size(n int64) {
	size := 1 << 10
	for int64(size)*8 <= n && size < 1<<18 {
		size *= 2
	}
	r.sets = make([]recentSet, size)
}

func (r *recent) set(id uint32) *recentSet { return &r.sets[int(id)&(len(r.sets)-1)] }

func (r *recent) put(id uint32, sequence Sequence) {
	set := r.set(id)
	oldest := 0
	for i := range set {
		if set[i].id == id {
			oldest = i
			break
		}
		if set[i].sequence() < set[oldest].sequence() {
			oldest = i
		}
	}
	r.wrote = true
	set[oldest] = recentSlot{id, uint32(sequence), uint32(sequence >> 32)}
}

// get returns the sequence last put with the id, or 0.
func (r *recent) get(id uint32) Sequence {
	if !r.wrote {
		return 0
	}
	for _, slot := range r.set(id) {
		if slot.id == id {
			return slot.sequence()
		}
	}
	return 0
}

func (r *recent) bytes() int64 { return int64(len(r.sets)) * recentSetBytes }
