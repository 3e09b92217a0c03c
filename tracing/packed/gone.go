package packed

// Gone remembers the ids of flows that were evicted, so that what comes of one later is
// known for the rest of a flow, not for a new one. It is a Bloom filter of a fixed size:
// nearly all that went since the last one or two fillings is remembered, and of the flows
// that are new about one in a thousand is taken for the rest of one. It needs no memory
// before something was evicted.
type Gone struct {
	Half      int64 // bytes of each half
	newer     []goneBlock
	older     []goneBlock // what was full before
	remembers int         // ids in newer
}

// goneBlock is a cache line; all bits of an id are in one.
type goneBlock [8]uint64

const (
	goneBlockBytes = 64
	bitsPerID      = 16
	goneBits       = 6 // set for each id
)

// Add remembers an id by its hash.
func (g *Gone) Add(hash uint64) {
	if g.newer == nil {
		g.newer = make([]goneBlock, max(g.Half/goneBlockBytes, 1))
	}
	if !mark(g.newer, hash, true) {
		return
	}
	if g.remembers++; g.remembers*bitsPerID > len(g.newer)*goneBlockBytes*8 {
		spare := g.older
		if spare == nil {
			spare = make([]goneBlock, len(g.newer))
		}
		clear(spare)
		g.newer, g.older, g.remembers = spare, g.newer, 0
	}
}

// Has says that an id was added, as far as that is remembered.
func (g *Gone) Has(hash uint64) bool {
	return g.newer != nil && !mark(g.newer, hash, false) || g.older != nil && !mark(g.older, hash, false)
}

// mark says whether some bit of an id is missing, and sets all of them if asked to.
func mark(blocks []goneBlock, hash uint64, set bool) (missing bool) {
	block := &blocks[hash>>32*uint64(len(blocks))>>32]
	bits := hash * 0x9E3779B97F4A7C15
	for range goneBits {
		bit := bits >> 55 // of 512
		bits <<= 9
		if block[bit>>6]&(1<<(bit&63)) == 0 {
			missing = true
			if !set {
				return true
			}
			block[bit>>6] |= 1 << (bit & 63)
		}
	}
	return missing
}

// Held is the memory of it, in bytes.
func (g *Gone) Held() int64 { return int64(len(g.newer)+len(g.older)) * goneBlockBytes }
