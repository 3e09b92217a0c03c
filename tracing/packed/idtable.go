package packed

import "encoding/binary"

// IDTable keeps ids, in their compact form, outside the garbage collector's sight: in large
// blocks, at a 32-bit reference each, with free lists by size.
type IDTable struct {
	blocks [][]byte
	next   uint32              // first unused cell of the last block, in cells
	free   [textClasses]uint32 // heads of the lists of freed references, by cells
	freed  int64               // cells in those lists
}

// Ref is a text's place, counted in cells from the start of the first block. Zero is
// the empty text.
type Ref uint32

const (
	cell        = 4 // bytes
	blockCells  = 1 << 16
	Longest     = 512 // bytes; longer texts are cut
	textClasses = (Longest+2)/cell + 2
)

func (t *IDTable) cellsAt(r Ref) []byte {
	return t.blocks[r/blockCells][int(r%blockCells)*cell:]
}

// Add keeps a copy of a compact text.
func (t *IDTable) Add(text []byte) Ref {
	if len(text) == 0 {
		return 0
	}
	r := t.allocate(cellsFor(len(text)))
	at := t.cellsAt(r)
	copy(at[binary.PutUvarint(at, uint64(len(text))):], text)
	return r
}

// cellsFor is what a text takes with its length, which is one byte for nearly all, else two.
func cellsFor(length int) int {
	header := 1
	if length >= 0x80 {
		header = 2
	}
	return (length + header + cell - 1) / cell
}

// text is the one that begins at the cells, and its length a varint.
func text(at []byte) []byte {
	length, header := int(at[0]), 1
	if length >= 0x80 {
		length, header = length&0x7f|int(at[1])<<7, 2
	}
	return at[header : header+length]
}

func (t *IDTable) allocate(cells int) Ref {
	if r := t.free[cells]; r != 0 {
		t.free[cells] = binary.LittleEndian.Uint32(t.cellsAt(Ref(r)))
		t.freed -= int64(cells)
		return Ref(r)
	}
	if len(t.blocks) == 0 || int(t.next)+cells > blockCells {
		t.blocks = append(t.blocks, make([]byte, blockCells*cell))
		t.next = 0
		if len(t.blocks) == 1 {
			t.next = 1 // so that no reference is zero
		}
	}
	r := Ref((len(t.blocks)-1)*blockCells) + Ref(t.next)
	t.next += uint32(cells)
	return r
}

// Remove gives a text's memory back.
func (t *IDTable) Remove(r Ref) {
	if r == 0 {
		return
	}
	at := t.cellsAt(r)
	cells := cellsFor(len(text(at)))
	binary.LittleEndian.PutUint32(at, t.free[cells])
	t.free[cells] = uint32(r)
	t.freed += int64(cells)
}

// Compact is the text as it was added, borrowed until it is removed.
func (t *IDTable) Compact(r Ref) []byte {
	if r == 0 {
		return nil
	}
	return text(t.cellsAt(r))
}

// Touch loads where a text begins. What it returns is of no meaning.
func (t *IDTable) Touch(r Ref) uint32 {
	if r == 0 {
		return 0
	}
	return uint32(t.cellsAt(r)[0])
}

// Text is the text as people spell it.
func (t *IDTable) Text(r Ref) string { return string(AppendSpelled(nil, t.Compact(r))) }

// Equal reports whether the text is this compact one.
func (t *IDTable) Equal(r Ref, text []byte) bool { return Same(t.Compact(r), text) }

// Bytes is the memory of the texts.
func (t *IDTable) Bytes() int64 { return int64(len(t.blocks)) * blockCells * cell }

// Freed is how many bytes were given back and are not in use again.
func (t *IDTable) Freed() int64 { return t.freed * cell }
