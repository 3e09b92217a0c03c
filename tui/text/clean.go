package text

import (
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Cleaner makes Safe from anything. The zero value writes UTF-8.
type Cleaner struct {
	// ASCII is for terminals that cannot show anything else.
	ASCII bool
}

const (
	// Bound is how many cells of a text are kept where the caller says nothing.
	Bound = 4096
	// tabStop is the distance of tab stops within a text.
	tabStop = 4
	// clusterBytes bounds one character with its combining marks; Unicode's
	// stream-safe format allows 30 marks (UAX #15), far fewer are ever meant.
	clusterBytes = 32
)

// String is s made safe, at most [Bound] cells of it.
func (c Cleaner) String(s string) Safe {
	if len(s) <= Bound && isPlain(s) {
		return Safe{s, len(s)}
	}
	return c.Bytes([]byte(s[:min(len(s), Bound*utf8.UTFMax+utf8.UTFMax)]), Bound)
}

// Bytes is b made safe, at most limit cells of it. It looks at no more of b than can
// matter, whatever its length.
func (c Cleaner) Bytes(b []byte, limit int) Safe {
	if limit <= 0 {
		return Safe{}
	}
	if len(b) <= limit && isPlain(b) {
		return Safe{string(b), len(b)}
	}
	if most := limit * clusterBytes; len(b) > most {
		b = b[:most]
	}
	out := make([]byte, 0, min(len(b), limit)+16)
	cells := 0
	for len(b) > 0 {
		if cells > limit {
			return c.Cut(Safe{string(out), cells}, limit)
		}
		var n, w int
		out, n, w = c.next(out, b, cells)
		b = b[n:]
		cells += w
	}
	return c.Cut(Safe{string(out), cells}, limit)
}

// Append is Bytes for text that goes on in a terminal beyond one line's drawing, such
// as a command's output: nothing is cut.
func (c Cleaner) Append(dst, b []byte) []byte {
	if isPlain(b) {
		return append(dst, b...)
	}
	for cells := 0; len(b) > 0; {
		var n, w int
		dst, n, w = c.next(dst, b, cells)
		b = b[n:]
		cells += w
	}
	return dst
}

// next appends the first character of b, or its escape, and says how many bytes that
// took and how many cells it fills. cells is where on the line it will stand.
func (c Cleaner) next(out, b []byte, cells int) (cleaned []byte, n, width int) {
	switch first := b[0]; {
	case first == '\t':
		width = tabStop - cells%tabStop
		return append(out, "    "[:width]...), 1, width
	case first >= ' ' && first <= '~' && (len(b) == 1 || b[1] < utf8.RuneSelf):
		return append(out, first), 1, 1
	case first < utf8.RuneSelf && (first < ' ' || first == 0x7f):
		before := len(out)
		out = appendEscape(out, rune(first), 1)
		return out, 1, len(out) - before
	}
	if size, w := simple(b); w > 0 && !c.ASCII {
		if _, next := simple(b[size:]); next > 0 || size == len(b) || b[size] < utf8.RuneSelf {
			return append(out, b[:size]...), size, w
		}
	}
	cluster, w := ansi.FirstGraphemeCluster(b[:min(len(b), 4*clusterBytes)], ansi.GraphemeWidth)
	if c.allows(cluster, w) {
		return append(out, cluster...), len(cluster), w
	}
	for rest := cluster; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		before := len(out)
		switch w := ansi.StringWidth(string(rest[:size])); {
		case r == utf8.RuneError && size == 1:
			out = appendEscape(out, rune(rest[0]), 1)
		case r >= ' ' && r <= '~' || c.allows(rest[:size], w):
			out = append(out, rest[:size]...)
			width += w
			before = len(out)
		default:
			out = appendEscape(out, r, size)
		}
		width += len(out) - before
		rest = rest[size:]
	}
	return out, len(cluster), width
}

// simple is the fast path for letters that always stand alone: the first rune of b, if
// it is one of Latin-1, Latin Extended, Greek, Cyrillic, Kana or the common Han
// ideographs, with its width. Anything else has width 0 and takes the long way.
func simple(b []byte) (size, width int) {
	r, size := utf8.DecodeRune(b)
	switch {
	case r >= 0xc0 && r <= 0x24f, r >= 0x391 && r <= 0x3c9 && r != 0x3a2, r >= 0x410 && r <= 0x44f, r == '€':
		return size, 1
	case r >= 0x3041 && r <= 0x3096, r >= 0x30a1 && r <= 0x30fa, r >= 0x4e00 && r <= 0x9fa5:
		return size, 2
	}
	return size, 0
}

// allows reports whether every terminal draws cluster, and in width cells.
func (c Cleaner) allows(cluster []byte, width int) bool {
	if c.ASCII || width < 1 || len(cluster) > clusterBytes {
		return false
	}
	sum := 0
	for rest := cluster; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 || !drawn(r) {
			return false
		}
		sum += ansi.StringWidthWc(string(rest[:size]))
		rest = rest[size:]
	}
	return sum == width && !clings(cluster)
}

// clings reports whether cluster would melt into what stands before or after it, which may be
// an escape or another text, and change the width of both.
func clings(cluster []byte) bool {
	var room [2 * clusterBytes]byte
	joined := append(append(append(room[:0], 'x'), cluster...), 'x')
	before, _ := ansi.FirstGraphemeCluster(joined, ansi.GraphemeWidth)
	after, _ := ansi.FirstGraphemeCluster(joined[1:], ansi.GraphemeWidth)
	if len(before) != 1 || len(after) != len(cluster) {
		return true
	}
	// A consonant after a virama, a second regional indicator: what joins its like only.
	for _, like := range []string{"\u0915", "\U0001f1e9"} {
		joined = append(append(room[:0], cluster...), like...)
		if after, _ = ansi.FirstGraphemeCluster(joined, ansi.GraphemeWidth); len(after) != len(cluster) {
			return true
		}
	}
	return false
}

// drawn reports whether r is a character one can see, or a mark on one.
func drawn(r rune) bool {
	switch {
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, // variation selectors
		r >= 0x180b && r <= 0x180f, r == 0x034f, r == 0x17b4, r == 0x17b5, // invisible marks
		r == 0x3164, r == 0xffa0, // fillers
		r >= 0x1100 && r <= 0x11ff, r >= 0xa960 && r <= 0xa97f, r >= 0xd7b0 && r <= 0xd7ff: // jamo, which melt
		return false
	}
	return unicode.IsGraphic(r)
}

const hex = "0123456789abcdef"

// appendEscape writes r as Go would: \n, \x1b for a single byte, \u202e, \U000e0001.
func appendEscape(out []byte, r rune, size int) []byte {
	switch {
	case r == '\n':
		return append(out, `\n`...)
	case r == '\r':
		return append(out, `\r`...)
	case size == 1:
		return append(out, '\\', 'x', hex[r>>4&15], hex[r&15])
	}
	digits, letter := 4, byte('u')
	if r > 0xffff {
		digits, letter = 8, 'U'
	}
	out = append(out, '\\', letter)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		out = append(out, hex[r>>shift&15])
	}
	return out
}

// mark is what stands for what was cut away.
func (c Cleaner) mark() Safe {
	if c.ASCII {
		return Safe{"~", 1}
	}
	return Safe{"…", 1}
}

// Cut is s in at most width cells: a text loses its end.
func (c Cleaner) Cut(s Safe, width int) Safe {
	if s.width <= width {
		return s
	}
	if width <= 0 {
		return Safe{}
	}
	return s.head(width - 1).Add(c.mark())
}

// CutMiddle is s in at most width cells: an id keeps both ends, for they tell.
func (c Cleaner) CutMiddle(s Safe, width int) Safe {
	if s.width <= width {
		return s
	}
	if width < 3 {
		return c.Cut(s, width)
	}
	end := (width - 1) / 2
	return s.head(width-1-end).Add(c.mark(), s.tail(end))
}
