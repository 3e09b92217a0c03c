package packed

// Gone remembers the ids of flows that were evicted, so that what comes of one later is
// known for the rest of a flow, not for a new one. It is a series of Bloom filters: when one
// is full the next is begun, and the oldest of goneParts makes room. What went since three
// of them were filled is remembered, and of the flows that are new some in a thousand are
// taken for the rest of one. It needs no memory before something was evicted.
type Gone struct {
	Most      int64         // bytes, in all
	parts     [][]goneBlock // the newest last
	remembers int           // ids in the newest
}

// goneBlock is a cache line; all bits of an id are in one.
type goneBlock [8]uint64

const (
	goneParts      = 4
	goneBlockBytes = 64
	bitsPerID      = 16
	goneBits       = 7 // set for each id
)

// Add remembers an id by its hash.
func (g *Gone) Add(hash uint64) {
	if n := len(g.parts); n == 0 || g.remembers*bitsPerID > len(g.parts[n-1])*goneBlockBytes*8 {
		g.begin()
	}
	if mark(g.parts[len(g.parts)-1], hash, true) {
		g.remembers++
	}
}

// begin makes room in a filter that is empty.
func (g *Gone) begin() {
	g.remembers = 0
	if len(g.parts) < goneParts {
		g.parts = append(g.parts, make([]goneBlock, max(g.Most/goneParts/goneBlockBytes, 1)))
		return
	}
	oldest := g.parts[0]
	clear(oldest)
	copy(g.parts, g.parts[1:])
	g.parts[goneParts-1] = oldest
}

// Has reports whether an id was added, as far as that is remembered.
func (g *Gone) Has(hash uint64) bool {
	for _, part := range g.parts {
		if !mark(part, hash, false) {
			return true
		}
	}
	return false
}

// mark reports whether some bit of an id is missing, and sets all of them if asked to.
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

// Reserved is the memory that it will take in time, besides what it takes now. Whoever has a
// budget keeps that free: what was given away would not come back as easily.
func (g *Gone) Reserved() int64 { return g.Most - g.Bytes() }

// Bytes is the memory of it, in bytes.
func (g *Gone) Bytes() (n int64) {
	for _, part := range g.parts {
		n += int64(len(part)) * goneBlockBytes
	}
	return n
}
