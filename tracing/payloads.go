package tracing

import (
	"slices"
	"sort"
)

// payloads keeps encoded copies of the newest messages, in blocks of which the oldest
// goes when there are too many bytes. Sequences only grow, so that finding one is a
// binary search.
type payloads struct {
	limit  int64
	held   int64
	blocks []*payloadBlock
	spare  []byte
}

type payloadBlock struct {
	bytes []byte
	index []payloadEntry
}

type payloadEntry struct {
	sequence Sequence
	from, to uint32
}

const payloadBlockBytes = 1 << 20

// put keeps a copy. A message larger than the limit is not kept.
func (p *payloads) put(sequence Sequence, encoded []byte) {
	if int64(len(encoded)) > p.limit {
		return
	}
	block := p.room(len(encoded))
	from := uint32(len(block.bytes))
	block.bytes = append(block.bytes, encoded...)
	block.index = append(block.index, payloadEntry{sequence, from, uint32(len(block.bytes))})
}

// room returns a block that can take size more bytes.
func (p *payloads) room(size int) *payloadBlock {
	if n := len(p.blocks); n > 0 {
		if last := p.blocks[n-1]; len(last.bytes)+size <= cap(last.bytes) {
			return last
		}
	}
	capacity := max(size, payloadBlockBytes)
	for len(p.blocks) > 0 && p.held+int64(capacity) > p.limit {
		p.dropFirst()
	}
	block := &payloadBlock{}
	if capacity == payloadBlockBytes && p.spare != nil {
		block.bytes, p.spare = p.spare[:0], nil
	} else {
		block.bytes = make([]byte, 0, capacity)
	}
	p.held += int64(capacity)
	p.blocks = append(p.blocks, block)
	return block
}

func (p *payloads) dropFirst() {
	block := p.blocks[0]
	p.held -= int64(cap(block.bytes))
	if cap(block.bytes) == payloadBlockBytes {
		p.spare = block.bytes
	}
	p.blocks = slices.Delete(p.blocks, 0, 1)
}

// get returns the encoded message, borrowed until the next put.
func (p *payloads) get(sequence Sequence) ([]byte, bool) {
	b := sort.Search(len(p.blocks), func(i int) bool {
		index := p.blocks[i].index
		return len(index) > 0 && index[len(index)-1].sequence >= sequence
	})
	if b == len(p.blocks) {
		return nil, false
	}
	block := p.blocks[b]
	i := sort.Search(len(block.index), func(i int) bool { return block.index[i].sequence >= sequence })
	if e := block.index[i]; e.sequence == sequence {
		return block.bytes[e.from:e.to], true
	}
	return nil, false
}
