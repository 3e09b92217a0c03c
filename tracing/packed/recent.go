package packed

// Recent remembers the newest events by their ids, so that an event can name its cause
// across flows and a repeated id is noticed. It has a fixed number of slots, in sets of
// four in which the oldest makes room: a link to an event long ago is not found, which
// the package comment says.
type Recent struct {
	sets  []recentSet
	wrote bool // something was ever put: until then a look-up costs nothing
}

type recentSet [4]recentSlot

type recentSlot struct {
	id       EventID
	sequence uint32 // its low bits; 0 is an empty slot
}

const recentSetBytes = 96

// Size makes room for about n events, at most a million.
func (r *Recent) Size(n int64) {
	size := 1 << 10
	for int64(size)*8 <= n && size < 1<<18 {
		size *= 2
	}
	r.sets = make([]recentSet, size)
}

func (r *Recent) set(id *EventID) *recentSet { return &r.sets[int(id.Check)&(len(r.sets)-1)] }

// Touch loads where an event would be remembered. What it returns is of no meaning.
func (r *Recent) Touch(id *EventID) uint32 {
	if !id.Known() || !r.wrote {
		return 0
	}
	set := r.set(id)
	return set[0].sequence + set[len(set)-1].sequence
}

// Put remembers an event by the low bits of its sequence.
func (r *Recent) Put(id *EventID, sequence uint32) {
	set := r.set(id)
	oldest := 0
	for i := range set {
		if set[i].id == *id {
			oldest = i
			break
		}
		if sequence-set[i].sequence > sequence-set[oldest].sequence { // ages, which wrap round
			oldest = i
		}
	}
	r.wrote = true
	set[oldest] = recentSlot{*id, sequence}
}

// Get returns the low bits of the sequence last put with the id, or 0.
func (r *Recent) Get(id *EventID) uint32 {
	if !r.wrote {
		return 0
	}
	set := r.set(id)
	for i := range set {
		if set[i].id == *id {
			return set[i].sequence
		}
	}
	return 0
}

// Bytes is the memory of it.
func (r *Recent) Bytes() int64 { return int64(len(r.sets)) * recentSetBytes }
