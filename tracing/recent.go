package tracing

// recent remembers the newest events by the whole 64-bit hash of an id, so that an event
// can name its cause across flows and a repeated id is noticed. Half of that hash would
// join strangers every few thousand events. It has a fixed number of slots, in sets of
// four in which the oldest makes room: a link to an event long ago is not found, which
// the package comment says.
type recent struct {
	sets  []recentSet
	wrote bool // something was ever put: until then a look-up costs nothing
}

type recentSet [4]recentSlot

type recentSlot struct {
	low, high uint32 // of the hash
	sequence  uint32 // its low bits; 0 is an empty slot
}

const recentSetBytes = 48

// size makes room for about n events, at most a million.
func (r *recent) size(n int64) {
	size := 1 << 10
	for int64(size)*8 <= n && size < 1<<18 {
		size *= 2
	}
	r.sets = make([]recentSet, size)
}

func (r *recent) set(hash uint64) *recentSet { return &r.sets[int(hash)&(len(r.sets)-1)] }

func (r *recent) put(hash uint64, sequence Sequence) {
	set := r.set(hash)
	is := recentSlot{uint32(hash), uint32(hash >> 32), uint32(sequence)}
	oldest := 0
	for i, slot := range set {
		if slot.low == is.low && slot.high == is.high {
			oldest = i
			break
		}
		if is.sequence-slot.sequence > is.sequence-set[oldest].sequence { // ages, which wrap round
			oldest = i
		}
	}
	r.wrote = true
	set[oldest] = is
}

// get returns the low bits of the sequence last put with the hash, or 0.
func (r *recent) get(hash uint64) uint32 {
	if !r.wrote {
		return 0
	}
	for _, slot := range r.set(hash) {
		if slot.low == uint32(hash) && slot.high == uint32(hash>>32) {
			return slot.sequence
		}
	}
	return 0
}

func (r *recent) bytes() int64 { return int64(len(r.sets)) * recentSetBytes }
