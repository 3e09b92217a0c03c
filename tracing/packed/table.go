package packed

import "iter"

// Table maps texts to numbers by their 64-bit hash, at about 13 bytes an entry: each
// bucket keeps 32 bits of the hash and the number, and the caller verifies a candidate
// against the text it stands for. It is split by the hash's top bits so that growing
// stalls for a part of it only.
type Table struct {
	parts [tableParts]tablePart
}

const (
	tablePartBits = 8 // with eight million entries a part grows in a quarter of a millisecond
	tableParts    = 1 << tablePartBits
	tableSmallest = 16
)

type tablePart struct {
	buckets    []bucket
	used       int // live buckets
	tombstones int // removed ones that searches must still pass
}

// bucket is empty when number is 0, and a tombstone when number is tombstone.
type bucket struct {
	check  uint32
	number uint32
}

const tombstone = ^uint32(0)

func split(hash uint64) (part int, check uint32) {
	return int(hash >> (64 - tablePartBits)), uint32(hash)
}

// slot is where the search for check begins; the multiplication spreads check, whose
// bits also serve as the fingerprint.
func (p *tablePart) slot(check uint32) int {
	return int((uint64(check) * 0x9E3779B97F4A7C15) >> 32 & uint64(len(p.buckets)-1))
}

// Find returns the number for which is says yes, or 0.
func (t *Table) Find(hash uint64, is func(number uint32) bool) uint32 {
	part, check := split(hash)
	p := &t.parts[part]
	if len(p.buckets) == 0 {
		return 0
	}
	for i := p.slot(check); ; i = (i + 1) & (len(p.buckets) - 1) {
		b := p.buckets[i]
		if b.number == 0 {
			return 0
		}
		if b.check == check && b.number != tombstone && is(b.number) {
			return b.number
		}
	}
}

// Touch loads the bucket where a search for the hash begins. What it returns is of no
// meaning.
func (t *Table) Touch(hash uint64) uint32 {
	part, check := split(hash)
	p := &t.parts[part]
	if len(p.buckets) == 0 {
		return 0
	}
	return p.buckets[p.slot(check)].number
}

// Guess returns the number that Find most likely will, or 0.
func (t *Table) Guess(hash uint64) uint32 {
	part, check := split(hash)
	p := &t.parts[part]
	if len(p.buckets) == 0 {
		return 0
	}
	for i := p.slot(check); ; i = (i + 1) & (len(p.buckets) - 1) {
		b := p.buckets[i]
		if b.number == 0 || b.check == check && b.number != tombstone {
			return b.number
		}
	}
}

// Add puts in a number that is not there yet. Zero and the tombstone are not
// numbers.
func (t *Table) Add(hash uint64, number uint32) {
	part, check := split(hash)
	p := &t.parts[part]
	if (p.used+p.tombstones+1)*8 > len(p.buckets)*7 {
		p.grow()
	}
	p.insert(check, number)
}

func (p *tablePart) insert(check, number uint32) {
	for i := p.slot(check); ; i = (i + 1) & (len(p.buckets) - 1) {
		switch p.buckets[i].number {
		case tombstone:
			p.tombstones--
			fallthrough
		case 0:
			p.buckets[i] = bucket{check, number}
			p.used++
			return
		}
	}
}

// grow makes room. The fingerprint alone gives the slot, so no hash is computed anew.
func (p *tablePart) grow() {
	size := tableSmallest
	for size*5 < (p.used+1)*8 {
		size *= 2
	}
	old := p.buckets
	*p = tablePart{buckets: make([]bucket, size)}
	for _, b := range old {
		if b.number != 0 && b.number != tombstone {
			p.insert(b.check, b.number)
		}
	}
}

// Replace gives the text of one number to another.
func (t *Table) Replace(hash uint64, from, to uint32) {
	if b := t.bucket(hash, from); b != nil {
		b.number = to
	}
}

// Remove takes a number out, if it is there.
func (t *Table) Remove(hash uint64, number uint32) {
	if b := t.bucket(hash, number); b != nil {
		part, _ := split(hash)
		b.number = tombstone
		t.parts[part].used--
		t.parts[part].tombstones++
	}
}

func (t *Table) bucket(hash uint64, number uint32) *bucket {
	part, check := split(hash)
	p := &t.parts[part]
	if len(p.buckets) == 0 {
		return nil
	}
	for i := p.slot(check); p.buckets[i].number != 0; i = (i + 1) & (len(p.buckets) - 1) {
		if p.buckets[i] == (bucket{check, number}) {
			return &p.buckets[i]
		}
	}
	return nil
}

// Bytes is the memory of the table.
func (t *Table) Bytes() (n int64) {
	for i := range t.parts {
		n += int64(len(t.parts[i].buckets)) * 8
	}
	return n
}

// Len is how many numbers there are.
func (t *Table) Len() (n int) {
	for i := range t.parts {
		n += t.parts[i].used
	}
	return n
}

// All are the numbers, each with the 32 bits of its hash that are kept.
func (t *Table) All() iter.Seq2[uint32, uint32] {
	return func(yield func(check, number uint32) bool) {
		for i := range t.parts {
			for _, b := range t.parts[i].buckets {
				if b.number != 0 && b.number != tombstone && !yield(b.check, b.number) {
					return
				}
			}
		}
	}
}
