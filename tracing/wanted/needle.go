package wanted

// needle is a text to be looked for, by the algorithm of Horspool: the byte under the end of the
// needle tells how far it may be moved, so that most bytes of a message are never looked at.
type needle struct {
	text []byte // in lower case, if fold
	fold bool   // capitals are as good
	move [256]uint8
	back uint8 // how far to move when the last byte is there and the rest is not
}

// longestNeedle is how far a needle can be moved at a time.
const longestNeedle = 255

// newNeedle looks for a text that has at least one byte, or for the beginning of a long one.
func newNeedle(text []byte, fold bool) *needle {
	text = text[:min(len(text), longestNeedle)]
	n := &needle{text: text, fold: fold, back: uint8(len(text))}
	for c := range n.move {
		n.move[c] = uint8(len(text))
	}
	for i, c := range text {
		if i == len(text)-1 && n.move[c] != uint8(len(text)) {
			n.back = n.move[c]
		}
		distance := uint8(len(text) - 1 - i)
		if n.move[c] = distance; fold && letter(c) {
			n.move[c&^0x20] = distance
		}
	}
	return n
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// index is where the needle is in a text from a place on, or -1.
func (n *needle) index(text []byte, from int) int {
	last := len(n.text) - 1
	for i := from + last; i < len(text); {
		move := n.move[text[i]]
		if move == 0 {
			if n.at(text[i-last:]) {
				return i - last
			}
			move = n.back
		}
		i += int(move)
	}
	return -1
}

// at reports whether a text begins with the needle.
func (n *needle) at(text []byte) bool {
	for i, c := range n.text {
		if text[i] != c && (!n.fold || !letter(c) || text[i]|0x20 != c) {
			return false
		}
	}
	return true
}
