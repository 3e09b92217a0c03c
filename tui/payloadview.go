package tui

import (
	"bytes"
	"unicode/utf8"

	"eventscope/adapters/payload"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// valueView is one way to look at a value. Only the lines on the screen are drawn.
type valueView interface {
	name() text.Safe
	// fit says how many cells a line has.
	fit(width int)
	length() int
	// draw draws line i, scrolled by shift cells to the right.
	draw(row *widget.Row, i, shift int)
	// find is the next line with words, from a line on and round the end; -1 for none.
	find(words string, from int, backward bool) int
	toggle(i int)
	toggleAll()
}

// viewsOf are the ways to look at a value, the most telling first.
func viewsOf(d *payload.Decoded) []valueView {
	return []valueView{&rawView{data: d.Data}}
}

// rawView is the value as it was sent, broken where the screen ends.
type rawView struct {
	data   []byte
	width  int
	starts []int // where each line begins
}

func (v *rawView) name() text.Safe { return text.Own("raw") }
func (v *rawView) length() int     { return len(v.starts) }
func (v *rawView) toggle(int)      {}
func (v *rawView) toggleAll()      {}

// fit breaks the value at its newlines, and after width bytes: no character has more
// cells than bytes, escapes apart, and those lines can be scrolled.
func (v *rawView) fit(width int) {
	if width = max(width, 8); v.width == width {
		return
	}
	v.width, v.starts = width, v.starts[:0]
	for at := 0; at < len(v.data); {
		v.starts = append(v.starts, at)
		end := at + width
		if newline := bytes.IndexByte(v.data[at:min(end+1, len(v.data))], '\n'); newline >= 0 {
			at += newline + 1
			continue
		}
		for back := 0; end < len(v.data) && !utf8.RuneStart(v.data[end]) && back < utf8.UTFMax; back++ {
			end--
		}
		at = end
	}
}

// bytesOf is line i without its end of line.
func (v *rawView) bytesOf(i int) []byte {
	end := len(v.data)
	if i+1 < len(v.starts) {
		end = v.starts[i+1]
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(v.data[v.starts[i]:end], []byte("\n")), []byte("\r"))
}

func (v *rawView) draw(row *widget.Row, i, shift int) {
	row.Put(theme.Plain, row.Clean(v.bytesOf(i), shift+row.Left()+1).From(shift))
}

// find looks in the whole value, so that words broken by the screen's edge are found.
func (v *rawView) find(words string, from int, backward bool) int {
	n := len(v.starts)
	if n == 0 {
		return -1
	}
	from = (from%n + n) % n
	data, wanted := bytes.ToLower(v.data), bytes.ToLower([]byte(words))
	if len(data) != len(v.data) {
		data, wanted = v.data, []byte(words) // lower case of another length: exactly then
	}
	at := -1
	if backward {
		end := len(data)
		if from+1 < n {
			end = v.starts[from+1]
		}
		if at = bytes.LastIndex(data[:end], wanted); at < 0 {
			at = bytes.LastIndex(data, wanted)
		}
	} else if at = bytes.Index(data[v.starts[from]:], wanted); at >= 0 {
		at += v.starts[from]
	} else {
		at = bytes.Index(data, wanted)
	}
	if at < 0 {
		return -1
	}
	return v.lineOf(at)
}

// lineOf is the line that has the byte at that offset.
func (v *rawView) lineOf(offset int) int {
	low, high := 0, len(v.starts)
	for high-low > 1 {
		if middle := (low + high) / 2; v.starts[middle] <= offset {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
