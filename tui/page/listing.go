package page

import (
	"eventscope/tui/keymap"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// Listing is the cursor of a list and what moves it.
type Listing struct {
	Cursor widget.Cursor
	Height int // rows that are shown
	head   int // lines above them
}

// Move acts on a key that moves the cursor, and reports whether it was one.
func (l *Listing) Move(a keymap.Action, length int) bool {
	by, ok := Rows(a, l.Height, length)
	if ok {
		l.Cursor.Move(by, length)
	}
	return ok
}

// Rows is by how many rows a key moves in a list of so many of which height are shown; false
// where it does not.
func Rows(a keymap.Action, height, length int) (by int, moves bool) {
	by, moves = map[keymap.Action]int{
		keymap.Down: 1, keymap.Up: -1, keymap.PageDown: max(1, height/2), keymap.PageUp: -max(1, height/2), keymap.First: -length, keymap.Last: length,
	}[a]
	return by, moves
}

// Click puts the cursor on a row of the page, and reports whether it was there already.
func (l *Listing) Click(row, length int) bool {
	i := l.Cursor.Top + row - l.head
	if row < l.head || row >= l.head+l.Height || i >= length { // below the rows is what is said of one
		return false
	}
	was := l.Cursor.Index
	l.Cursor.Index = i
	return was == i
}

// Show says which rows to draw below the lines that are there already.
func (l *Listing) Show(lines []widget.Line, height, length int) (from, to int) {
	l.head = len(lines)
	l.Height = max(1, height-l.head)
	l.Cursor.To(l.Cursor.Index, length)
	l.Cursor.Show(l.Height, length)
	return l.Cursor.Range(l.Height, length)
}

// Draw draws the rows that there is room for below the lines that are there already.
func (l *Listing) Draw(t *theme.Theme, lines []widget.Line, width, height, length int, row func(i int, selected bool) widget.Line) []widget.Line {
	from, to := l.Show(lines, height, length)
	for i := from; i < to; i++ {
		lines = append(lines, row(i, i == l.Cursor.Index))
	}
	return widget.Fit(t, lines, width, height)
}

// Empty is a page without rows: what is said in place of them, a paragraph each; nothing while
// the footer says what is waited for.
func Empty(t *theme.Theme, width, height int, lines []widget.Line, said ...Piece) []widget.Line {
	lines = append([]widget.Line{widget.Blank(t, width)}, lines...)
	for _, s := range said {
		lines = append(lines, widget.Paragraph(t, width, 2, s.Role, s.Text, 4)...)
	}
	return widget.Fit(t, lines, width, height)
}

// detailFrom is the height from which a list tells about the row under its cursor in full.
const detailFrom = 12

// Detailed keeps room below a list for what is said of the row under the cursor, and draws
// it: always as many lines, so that the list does not jump.
func Detailed(t *theme.Theme, width, height int, list func(height int) []widget.Line, detail func() []Piece) []widget.Line {
	const lines = 3
	if height < detailFrom {
		return list(height)
	}
	all := append(widget.Fit(t, list(height-lines-1), width, height-lines-1), widget.Rule(t, width))
	for _, p := range detail() {
		all = append(all, widget.Paragraph(t, width, 2, p.Role, p.Text, lines)...)
	}
	return widget.Fit(t, all, width, height)
}
