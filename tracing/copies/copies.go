package copies

import (
	"slices"
	"sort"
)

// Copies keeps encoded copies of the newest messages, in blocks of which the oldest
// goes when there are too many bytes. Sequences only grow, so that finding one is a
// binary search.
type Copies struct {
	Limit  int64 // bytes
	held   int64
	blocks []*block
	spare  []byte
}

type block struct {
	bytes []byte
	index []entry
}

type entry struct {
	sequence uint64
	from, to uint32
}

const blockBytes = 1 << 20

// Put keeps a copy. A message larger than the limit is not kept.
func (c *Copies) Put(sequence uint64, encoded []byte) {
	if int64(len(encoded)) > c.Limit {
		return
	}
	block := c.room(len(encoded))
	from := uint32(len(block.bytes))
	block.bytes = append(block.bytes, encoded...)
	block.index = append(block.index, entry{sequence, from, uint32(len(block.bytes))})
}

// room returns a block that can take size more bytes.
func (c *Copies) room(size int) *block {
	if n := len(c.blocks); n > 0 {
		if last := c.blocks[n-1]; len(last.bytes)+size <= cap(last.bytes) {
			return last
		}
	}
	capacity := max(size, blockBytes)
	for len(c.blocks) > 0 && c.held+int64(capacity) > c.Limit {
		c.dropFirst()
	}
	block := &block{}
	if capacity == blockBytes && c.spare != nil {
		block.bytes, c.spare = c.spare[:0], nil
	} else {
		block.bytes = make([]byte, 0, capacity)
	}
	c.held += int64(capacity)
	c.blocks = append(c.blocks, block)
	return block
}

func (c *Copies) dropFirst() {
	block := c.blocks[0]
	c.held -= int64(cap(block.bytes))
	if cap(block.bytes) == blockBytes {
		c.spare = block.bytes
	}
	c.blocks = slices.Delete(c.blocks, 0, 1)
}

// Get returns the encoded message, borrowed until the next Put.
func (c *Copies) Get(sequence uint64) ([]byte, bool) {
	b := sort.Search(len(c.blocks), func(i int) bool {
		index := c.blocks[i].index
		return len(index) > 0 && index[len(index)-1].sequence >= sequence
	})
	if b == len(c.blocks) {
		return nil, false
	}
	block := c.blocks[b]
	i := sort.Search(len(block.index), func(i int) bool { return block.index[i].sequence >= sequence })
	if e := block.index[i]; e.sequence == sequence {
		return block.bytes[e.from:e.to], true
	}
	return nil, false
}

// Bytes is the memory of the copies, in bytes.
func (c *Copies) Bytes() int64 { return c.held }
