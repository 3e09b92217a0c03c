package tracing

// recent remembers the newest events by id, so that an event can name its cause across
// flows and a repeated id is noticed. It has a fixed number of slots and forgets an id
// when another one takes its slot: a link to an event long ago is not found, which the
// package comment says.
type recent struct {
	slots []recentSlot
}

type recentSlot struct {
	id  uint32
	low uint32 // low bits of the sequence
	gen uint32 // high bits
}

const recentSlotBytes = 12

// size makes room for a power of two of events near n.
func (r *recent) size(n int64) {
	size := 1 << 12
	for int64(size)*2 <= n && size < 1<<20 {
		size *= 2
	}
	r.slots = make([]recentSlot, size)
}

func (r *recent) slot(id uint32) *recentSlot { return &r.slots[int(id)&(len(r.slots)-1)] }

func (r *recent) put(id uint32, sequence Sequence) {
	*r.slot(id) = recentSlot{id, uint32(sequence), uint32(sequence >> 32)}
}

// get returns the sequence last put with the id, or 0.
func (r *recent) get(id uint32) Sequence {
	if slot := r.slot(id); slot.id == id {
		return Sequence(slot.gen)<<32 | Sequence(slot.low)
	}
	return 0
}

func (r *recent) bytes() int64 { return int64(len(r.slots)) * recentSlotBytes }
