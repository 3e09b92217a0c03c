package text

import (
	"strings"

	// The renderer measures with this library; measuring with any other would let the
	// two disagree.
	"github.com/charmbracelet/x/ansi"
)

// Safe is text that may be written to a terminal, on one line, and its width. The zero
// value is empty.
type Safe struct {
	s     string
	width int
}

// constant is a string that was written in the source of this program.
type constant string

// Own is a text of the program itself, which must be printable as it stands.
func Own(s constant) Safe { return measured(string(s)) }

// Space is what stands between two words.
var Space = Own(" ")

// String is the text.
func (s Safe) String() string { return s.s }

// Width is how many cells the text takes.
func (s Safe) Width() int { return s.width }

// Empty reports whether there is nothing to see.
func (s Safe) Empty() bool { return s.width == 0 }

// Add is s followed by more.
func (s Safe) Add(more ...Safe) Safe {
	switch len(more) {
	case 0:
		return s
	case 1:
		return Safe{s.s + more[0].s, s.width + more[0].width}
	}
	var b strings.Builder
	b.WriteString(s.s)
	width := s.width
	for _, m := range more {
		b.WriteString(m.s)
		width += m.width
	}
	return Safe{b.String(), width}
}

// Join is the parts that are not empty, with sep between them.
func Join(sep Safe, parts ...Safe) Safe {
	var joined Safe
	for _, part := range parts {
		switch {
		case part.Empty():
		case joined.Empty():
			joined = part
		default:
			joined = joined.Add(sep, part)
		}
	}
	return joined
}

// Repeat is s, n times; empty when n is not positive.
func (s Safe) Repeat(n int) Safe {
	if n <= 0 {
		return Safe{}
	}
	return Safe{strings.Repeat(s.s, n), s.width * n}
}

// measured is a Safe of a string that is known to be one.
func measured(s string) Safe {
	if isPlain(s) {
		return Safe{s, len(s)}
	}
	return Safe{s, ansi.StringWidth(s)}
}

// isPlain reports whether s is printable ASCII, so that bytes are cells.
func isPlain[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// head is the longest beginning of s of at most width cells.
func (s Safe) head(width int) Safe {
	if width <= 0 {
		return Safe{}
	}
	if s.width <= width {
		return s
	}
	if len(s.s) == s.width {
		return Safe{s.s[:width], width}
	}
	end, cells := 0, 0
	for end < len(s.s) {
		cluster, w := ansi.FirstGraphemeCluster(s.s[end:], ansi.GraphemeWidth)
		if cells+w > width {
			break
		}
		end += len(cluster)
		cells += w
	}
	return Safe{s.s[:end], cells}
}

// tail is the longest end of s of at most width cells.
func (s Safe) tail(width int) Safe {
	if width <= 0 {
		return Safe{}
	}
	if s.width <= width {
		return s
	}
	if len(s.s) == s.width {
		return Safe{s.s[len(s.s)-width:], width}
	}
	start, cells := 0, s.width
	for cells > width {
		cluster, w := ansi.FirstGraphemeCluster(s.s[start:], ansi.GraphemeWidth)
		start += len(cluster)
		cells -= w
	}
	return Safe{s.s[start:], cells}
}

// To is the beginning of s of at most cells cells, with no mark where it ends.
func (s Safe) To(cells int) Safe { return s.head(cells) }

// From is s without its first cells cells, for a text that is scrolled sideways. A wide
// character that would be cut in half is left out.
func (s Safe) From(cells int) Safe {
	if cells <= 0 {
		return s
	}
	return s.tail(max(0, s.width-cells))
}
