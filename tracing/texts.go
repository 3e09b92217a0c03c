package tracing

import (
	"encoding/binary"
	"encoding/hex"
)

// texts keeps short byte strings, ids above all, outside the garbage collector's
// sight: in large blocks, at a 32-bit reference each, with free lists by size. A UUID
// in its usual spelling takes 16 bytes instead of 36.
type texts struct {
	blocks [][]byte
	next   uint32              // first unused cell of the last block, in cells
	free   [textClasses]uint32 // heads of the lists of freed references, by cells
	freed  int64               // cells in those lists
}

// ref is a text's place, counted in cells from the start of the first block. Zero is
// the empty text.
type ref uint32

const (
	cell        = 8 // bytes
	blockCells  = 1 << 16
	longestText = 512 // bytes; longer texts are cut
	textHeader  = 2
	textClasses = (longestText+textHeader)/cell + 2
	packedUUID  = 1 << 15 // flag in the header: 16 bytes that stand for 36
)

func (t *texts) cellsAt(r ref) []byte {
	return t.blocks[r/blockCells][int(r%blockCells)*cell:]
}

// add keeps a copy of text.
func (t *texts) add(text []byte) ref {
	if len(text) == 0 {
		return 0
	}
	if len(text) > longestText {
		text = text[:longestText]
	}
	var packed [16]byte
	header := uint16(len(text))
	if packUUID(&packed, text) {
		header, text = packedUUID|16, packed[:]
	}
	r := t.allocate(cellsFor(len(text)))
	at := t.cellsAt(r)
	binary.LittleEndian.PutUint16(at, header)
	copy(at[textHeader:], text)
	return r
}

func cellsFor(length int) int { return (length + textHeader + cell - 1) / cell }

func (t *texts) allocate(cells int) ref {
	if r := t.free[cells]; r != 0 {
		t.free[cells] = binary.LittleEndian.Uint32(t.cellsAt(ref(r)))
		t.freed -= int64(cells)
		return ref(r)
	}
	if len(t.blocks) == 0 || int(t.next)+cells > blockCells {
		t.blocks = append(t.blocks, make([]byte, blockCells*cell))
		t.next = 0
		if len(t.blocks) == 1 {
			t.next = 1 // so that no reference is zero
		}
	}
	r := ref((len(t.blocks)-1)*blockCells) + ref(t.next)
	t.next += uint32(cells)
	return r
}

// remove gives a text's memory back.
func (t *texts) remove(r ref) {
	if r == 0 {
		return
	}
	at := t.cellsAt(r)
	cells := cellsFor(int(binary.LittleEndian.Uint16(at) &^ packedUUID))
	binary.LittleEndian.PutUint32(at, t.free[cells])
	t.free[cells] = uint32(r)
	t.freed += int64(cells)
}

// appendTo appends the text.
func (t *texts) appendTo(dst []byte, r ref) []byte {
	if r == 0 {
		return dst
	}
	at := t.cellsAt(r)
	header := binary.LittleEndian.Uint16(at)
	body := at[textHeader : textHeader+int(header&^packedUUID)]
	if header&packedUUID != 0 {
		return appendUUID(dst, body)
	}
	return append(dst, body...)
}

func (t *texts) text(r ref) string { return string(t.appendTo(nil, r)) }

// equal says whether the text is the one given, without allocating.
func (t *texts) equal(r ref, text []byte) bool {
	var buffer [longestText]byte
	if len(text) > longestText {
		text = text[:longestText]
	}
	return string(t.appendTo(buffer[:0], r)) == string(text)
}

func (t *texts) bytes() int64 { return int64(len(t.blocks)) * blockCells * cell }

// uuidDashes are the places of the dashes in the spelling of RFC 9562.
func isDash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

// packUUID reads a UUID in lower case with dashes; only that spelling comes back as it
// was.
func packUUID(dst *[16]byte, text []byte) bool {
	if len(text) != 36 {
		return false
	}
	n := 0
	for i := 0; i < 36; {
		if isDash(i) {
			if text[i] != '-' {
				return false
			}
			i++
			continue
		}
		high, ok := nibble(text[i])
		low, ok2 := nibble(text[i+1])
		if !ok || !ok2 {
			return false
		}
		dst[n] = high<<4 | low
		n++
		i += 2
	}
	return true
}

func nibble(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

func appendUUID(dst, packed []byte) []byte {
	for i, b := range packed {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}
