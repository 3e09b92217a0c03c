package packed

import "iter"

// Table maps texts to numbers by their 64-bit hash, at about 10 bytes an entry: each
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
	buckets []bucket
	used    int
}

// bucket is empty when number is 0.
type bucket struct {
	check  uint32
	number uint32
}

func split(hash uint64) (part int, check uint32) {
	return int(hash >> (64 - tablePartBits)), uint32(hash)
}

// slot is where the search for check begins; the multiplication spreads check, whose
// bits also serve as the fingerprint.
func (p *tablePart) slot(check uint32) int {
	return int(uint64(check*0x9E3779B9) * uint64(len(p.buckets)) >> 32)
}

// after is the slot where a search goes on.
func (p *tablePart) after(i int) int {
	if i++; i < len(p.buckets) {
		return i
	}
	return 0
}

// Find returns the number for which is says yes, or 0.
func (t *Table) Find(hash uint64, is func(number uint32) bool) uint32 {
	part, check := split(hash)
	p := &t.parts[part]
	if len(p.buckets) == 0 {
		return 0
	}
	for i := p.slot(check); ; i = p.after(i) {
		b := p.buckets[i]
		if b.number == 0 {
			return 0
		}
		if b.check == check && is(b.number) {
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
	for i := p.slot(check); ; i = p.after(i) {
		b := p.buckets[i]
		if b.number == 0 || b.check == check {
			return b.number
		}
	}
}

// Add puts in a number that is not there yet. Zero is no number.
func (t *Table) Add(hash uint64, number uint32) {
	part, check := split(hash)
	p := &t.parts[part]
	if (p.used+1)*8 > len(p.buckets)*7 {
		p.grow()
	}
	p.insert(check, number)
}

func (p *tablePart) insert(check, number uint32) {
	i := p.slot(check)
	for p.buckets[i].number != 0 {
		i = p.after(i)
	}
	p.buckets[i] = bucket{check, number}
	p.used++
}

// grow makes room, by an eighth, so that a table never takes much more than it needs: what
// is full would have to give up a great deal for a table that doubles. The fingerprint alone
// gives the slot, so no hash is computed anew.
func (p *tablePart) grow() {
	old := p.buckets
	*p = tablePart{buckets: make([]bucket, max(tableSmallest, len(old)*9/8))}
	for _, b := range old {
		if b.number != 0 {
			p.insert(b.check, b.number)
		}
	}
}

// Replace gives the text of one number to another.
func (t *Table) Replace(hash uint64, from, to uint32) {
	part, check := split(hash)
	p := &t.parts[part]
	if i := p.index(check, from); i >= 0 {
		p.buckets[i].number = to
	}
}

// Remove takes a number out, if it is there.
func (t *Table) Remove(hash uint64, number uint32) {
	part, check := split(hash)
	p := &t.parts[part]
	if i := p.index(check, number); i >= 0 {
		p.empty(i)
		p.used--
	}
}

// empty empties a bucket and closes the gap, so that no search ends before what it looks for.
func (p *tablePart) empty(gap int) {
	for i := p.after(gap); p.buckets[i].number != 0; i = p.after(i) {
		from := p.slot(p.buckets[i].check)
		if gap < i && (from <= gap || from > i) || gap > i && from <= gap && from > i {
			p.buckets[gap] = p.buckets[i]
			gap = i
		}
	}
	p.buckets[gap] = bucket{}
}

// index is where a number is, or -1.
func (p *tablePart) index(check, number uint32) int {
	if len(p.buckets) == 0 {
		return -1
	}
	for i := p.slot(check); p.buckets[i].number != 0; i = p.after(i) {
		if p.buckets[i] == (bucket{check, number}) {
			return i
		}
	}
	return -1
}

// Bytes is the memory of the table.
func (t *Table) Bytes() (n int64) {
	for i := range t.parts {
		n += int64(len(t.parts[i].buckets)) * 8
	}
	return n
}

// Needed is what the table takes with as many numbers, at most, when it has grown for them:
// what counts on less has to give up more of everything else at once when it grows.
func (t *Table) Needed() int64 { return max(t.Bytes(), int64(t.Len())*8*8*9/(7*8)) }

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
				if b.number != 0 && !yield(b.check, b.number) {
					return
				}
			}
		}
	}
}
