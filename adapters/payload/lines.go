package payload

import (
	"bytes"
	"unicode/utf8"
)

// MaxLine is the length in bytes at which a line of text is broken, without a hyphen:
// a screen must not be handed a line of a megabyte.
const MaxLine = 4096

// Lines is text as lines. It keeps four bytes a line and no copies.
type Lines struct {
	data   []byte
	starts []uint32
}

// NewLines finds the lines of data, of which it looks at no more than 4 GiB.
func NewLines(data []byte) *Lines {
	data = data[:min(len(data), 1<<32-1)]
	l := &Lines{data: data, starts: make([]uint32, 0, 16+bytes.Count(data, []byte{'\n'}))}
	for start := 0; start < len(data); {
		l.starts = append(l.starts, uint32(start))
		start += lineSize(data[start:])
	}
	return l
}

// lineSize is the size of the first line, with its line feed.
func lineSize(data []byte) int {
	window := data[:min(len(data), MaxLine)]
	if end := bytes.IndexByte(window, '\n'); end >= 0 {
		return end + 1
	}
	if len(window) < len(data) {
		return len(CutRunes(data, MaxLine))
	}
	return len(window)
}

// CutRunes is at most limit bytes of data, not ending within a rune; all limit bytes
// where there are no runes.
func CutRunes(data []byte, limit int) []byte {
	if len(data) <= limit {
		return data
	}
	for end := limit; end > max(0, limit-utf8.UTFMax); end-- {
		if utf8.RuneStart(data[end]) {
			return data[:end]
		}
	}
	return data[:limit]
}

// Len is how many lines there are.
func (l *Lines) Len() int { return len(l.starts) }

// Line is a line without its line end.
func (l *Lines) Line(i int) []byte {
	end := len(l.data)
	if i+1 < len(l.starts) {
		end = int(l.starts[i+1])
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(l.data[l.starts[i]:end], []byte{'\n'}), []byte{'\r'})
}
