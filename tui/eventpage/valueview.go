package eventpage

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
	// find is the next line with words after a line, or before it, and round the end; -1
	// when there is none.
	find(words string, from int, backward bool) int
	toggle(i int)
	toggleAll()
}

// viewsOf are the ways to look at a value, the most telling first.
func viewsOf(d *payload.Decoded) []valueView {
	raw, hex := &rawView{data: d.Data}, &hexView{data: d.Data, width: payload.HexWidth}
	if d.Raw != nil {
		hex.data = d.Raw // what was sent, of which the rest was made
	}
	tree, ok := *d, d.Format == payload.JSON
	if !ok {
		tree, ok = d.Tree()
	}
	switch {
	case d.Format == payload.Binary && ok:
		return []valueView{&treeView{text.Own("fields"), payload.NewOutline(tree)}, hex, raw}
	case d.Format == payload.Binary:
		return []valueView{hex, raw}
	case ok:
		return []valueView{&treeView{text.Own("tree"), payload.NewOutline(tree)}, raw, hex}
	}
	return []valueView{raw, hex}
}

// treeView is JSON as an outline that folds, or what is shown as such.
type treeView struct {
	what    text.Safe
	outline *payload.Outline
}

func (v *treeView) name() text.Safe { return v.what }
func (v *treeView) fit(int)         {}
func (v *treeView) length() int     { return v.outline.Len() }
func (v *treeView) toggle(i int)    { v.outline.Toggle(i) }
func (v *treeView) toggleAll()      { v.outline.ToggleAll() }

func (v *treeView) find(words string, from int, backward bool) int {
	return v.outline.Find(words, from, !backward)
}

// kindRoles colour scalars; text is plain.
var kindRoles = map[payload.Kind]theme.Role{payload.Number: theme.Link, payload.Boolean: theme.Warn, payload.Null: theme.Dim}

func (v *treeView) draw(row *widget.Row, i, shift int) {
	line := v.outline.Line(i)
	row.Gap(2 * min(line.Depth, row.Left()/4))
	folds := line.Kind == payload.Object || line.Kind == payload.Array
	switch {
	case folds && line.Children == 0:
		row.Gap(2)
	case folds && line.Open:
		row.Put(theme.Dim, row.Glyphs().Unfolded).Gap(1)
	case folds:
		row.Put(theme.Accent, row.Glyphs().Folded).Gap(1)
	default:
		row.Gap(2)
	}
	if line.Key != nil {
		row.Put(theme.Strong, row.Cut(row.Clean(line.Key, 200), max(row.Left()/2, 8))).Gap(2)
	} else if line.Index >= 0 {
		row.Put(theme.Dim, text.Count(int64(line.Index))).Gap(2)
	}
	switch {
	case line.Kind == payload.Object:
		row.Put(theme.Dim, text.Own("{").Add(text.Count(int64(line.Children)), text.Own("}")))
	case line.Kind == payload.Array:
		row.Put(theme.Dim, text.Own("[").Add(text.Count(int64(line.Children)), text.Own("]")))
	default:
		row.Put(kindRoles[line.Kind], row.Clean(line.Value, shift+row.Left()+1).From(shift))
	}
}

// hexView is the value as hexadecimal rows, of as many bytes as have room with their ASCII.
type hexView struct {
	data  []byte
	width int // bytes of a row
}

func (v *hexView) name() text.Safe { return text.Own("hex") }
func (v *hexView) fit(cells int)   { v.width = payload.HexFit(cells) }
func (v *hexView) length() int     { return payload.HexRows(v.data, v.width) }
func (v *hexView) toggle(int)      {}
func (v *hexView) toggleAll()      {}

func (v *hexView) draw(row *widget.Row, i, shift int) {
	row.Put(theme.Plain, row.Clean(payload.AppendHexRow(nil, v.data, i, v.width), 100).From(shift))
}

func (v *hexView) find(words string, from int, backward bool) int {
	start := min(len(v.data), from*v.width)
	at := findBytes(v.data, []byte(words), start, min(len(v.data), start+v.width), backward)
	if at < 0 {
		return -1
	}
	return at / v.width
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
		look := min(end+1, len(v.data)) // an end of line takes no cell
		if look < len(v.data) && v.data[look-1] == '\r' {
			look++
		}
		if newline := bytes.IndexByte(v.data[at:look], '\n'); newline >= 0 {
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
	if len(v.starts) == 0 {
		return -1
	}
	next := len(v.data)
	if from+1 < len(v.starts) {
		next = v.starts[from+1]
	}
	at := findBytes(v.data, []byte(words), v.starts[from], next, backward)
	if at < 0 {
		return -1
	}
	return v.lineOf(at)
}

// findBytes is where words begin in data: first behind next or, backward, before start;
// then anywhere. Case matters only when words have an upper-case letter.
func findBytes(data, words []byte, start, next int, backward bool) int {
	if lower := bytes.ToLower(words); bytes.Equal(lower, words) {
		if folded := bytes.ToLower(data); len(folded) == len(data) { // else offsets would differ
			data = folded
		}
	}
	if backward {
		if at := bytes.LastIndex(data[:start], words); at >= 0 {
			return at
		}
		return bytes.LastIndex(data, words)
	}
	if at := bytes.Index(data[next:], words); at >= 0 {
		return next + at
	}
	return bytes.Index(data, words)
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
