package wanted

import "bytes"

// needles are ids that are looked for in a text at once, by the algorithm of Wu and Manber: the two
// bytes under the end of a window tell how far it may be moved before any id can end there, so that
// most bytes of a message are never looked at, however many ids there are.
type needles struct {
	window int             // bytes; of each id its last ones are compared with it
	move   [1 << 16]uint8  // by the last two bytes under the window
	ending [256][]*sought  // by their last byte
	binary map[string]bool // the sixteen bytes of those that have some
	blind  bool            // one is too short to be of use: it may be anywhere
}

const (
	// fewestBytes is how short an id may be before too many texts have it by chance.
	fewestBytes = 2
	// mostBytes is how many bytes of an id are looked for. A longer one is told by its beginning.
	mostBytes = 255
	// mostOfOneTail is how many UUIDs that end with the same digits are told apart, as those of one
	// host do (RFC 9562, version 1). With more, to read a message takes less.
	mostOfOneTail = 4
)

func newNeedles(ids []*sought) *needles {
	n := &needles{window: mostBytes, binary: map[string]bool{}}
	for _, id := range ids {
		n.blind = n.blind || len(id.text) < fewestBytes
		n.window = min(n.window, len(id.text))
		if id.binary != nil {
			n.binary[string(id.binary)] = true
		}
	}
	if n.blind {
		return n
	}
	for i := range n.move {
		n.move[i] = uint8(n.window - 1)
	}
	tails := map[string]int{}
	for _, id := range ids {
		tails[string(id.text)]++
	}
	for _, id := range ids {
		switch tail := string(id.text); {
		case tails[tail] > mostOfOneTail:
			n.add(&sought{text: id.text, fold: id.fold})
			tails[tail] = 0
		case tails[tail] > 0:
			n.add(id)
		}
	}
	return n
}

// add notes how far each pair of bytes of an id is from its end.
func (n *needles) add(id *sought) {
	last := id.text[len(id.text)-n.window:]
	for i := range n.window - 1 {
		distance := uint8(n.window - 2 - i)
		for _, a := range id.spellings(last[i]) {
			for _, b := range id.spellings(last[i+1]) {
				move := &n.move[pair(a, b)]
				*move = min(*move, distance)
			}
		}
	}
	for _, c := range id.spellings(last[n.window-1]) {
		n.ending[c] = append(n.ending[c], id)
	}
}

func pair(a, b byte) int { return int(a) | int(b)<<8 }

// in reports whether one of the ids may be in a text, or be its sixteen bytes.
func (n *needles) in(text []byte) bool {
	if n.blind || len(text) == binaryBytes && n.binary[string(text)] {
		return true
	}
	// Two windows are moved at once: where one goes is read while the other waits for memory.
	half := max(n.window-1, len(text)/2)
	front, back := n.window, half+1
	for front <= half && back <= len(text) {
		a, b := n.move[pair(text[front-2], text[front-1])], n.move[pair(text[back-2], text[back-1])]
		if a == 0 || b == 0 {
			if a == 0 && n.endHere(text[:front]) || b == 0 && n.endHere(text[:back]) {
				return true
			}
			a, b = max(a, 1), max(b, 1)
		}
		front, back = front+int(a), back+int(b)
	}
	return n.endFrom(text[:min(half, len(text))], front) || n.endFrom(text, back)
}

// endFrom reports whether one of the ids ends in a text at some place from one on.
func (n *needles) endFrom(text []byte, end int) bool {
	for end <= len(text) {
		move := n.move[pair(text[end-2], text[end-1])]
		if move == 0 {
			if n.endHere(text[:end]) {
				return true
			}
			move = 1
		}
		end += int(move)
	}
	return false
}

// endHere reports whether a text ends with one of the ids.
func (n *needles) endHere(text []byte) bool {
	for _, id := range n.ending[text[len(text)-1]] {
		if id.ends(text) {
			return true
		}
	}
	return false
}

// spellings are the bytes that a byte of the id may be.
func (s *sought) spellings(c byte) []byte {
	if s.fold && 'a' <= c && c <= 'z' {
		return []byte{c, c &^ 0x20}
	}
	return []byte{c}
}

// ends reports whether a text ends with the id.
func (s *sought) ends(text []byte) bool {
	at := len(text) - len(s.text)
	if at < 0 {
		return false
	}
	if s.fold && bytes.EqualFold(text[at:], s.text) || !s.fold && bytes.Equal(text[at:], s.text) {
		return s.behindRest(text, at)
	}
	return false
}
