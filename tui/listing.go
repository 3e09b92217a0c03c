package tui

import (
	"eventscope/tui/keymap"
	"eventscope/tui/widget"
)

// listing is the cursor of a list and what moves it.
type listing struct {
	cursor widget.Cursor
	height int // rows that are shown
	head   int // lines above them
}

// move acts on a key that moves the cursor, and says whether it was one.
func (l *listing) move(a keymap.Action, length int) bool {
	by, ok := map[keymap.Action]int{
		keymap.Down: 1, keymap.Up: -1, keymap.PageDown: max(1, l.height/2), keymap.PageUp: -max(1, l.height/2), keymap.First: -length, keymap.Last: length,
	}[a]
	if ok {
		l.cursor.Move(by, length)
	}
	return ok
}

// click puts the cursor on a row of the page, and says whether it was there already.
func (l *listing) click(row, length int) bool {
	i := l.cursor.Top + row - l.head
	if row < l.head || row >= l.head+l.height || i >= length { // below the rows is what is said of one
		return false
	}
	was := l.cursor.Index
	l.cursor.Index = i
	return was == i
}

// show says which rows to draw below the lines that are there already.
func (l *listing) show(lines []widget.Line, height, length int) (from, to int) {
	l.head = len(lines)
	l.height = max(1, height-l.head)
	l.cursor.To(l.cursor.Index, length)
	l.cursor.Show(l.height, length)
	return l.cursor.Range(l.height, length)
}

// detailFrom is the height from which a list tells about the row under its cursor in full.
const detailFrom = 12

// detailed keeps room below a list for what is said of the row under the cursor, and draws
// it: always as many lines, so that the list does not jump.
func (d *shell) detailed(width, height int, list func(height int) []widget.Line, detail func() []piece) []widget.Line {
	const lines = 3
	if height < detailFrom {
		return list(height)
	}
	all := append(widget.Fit(d.theme, list(height-lines-1), width, height-lines-1), widget.Rule(d.theme, width))
	for _, p := range detail() {
		for _, s := range widget.Wrap(d.theme, p.text, width-4, lines) {
			all = append(all, widget.NewRow(d.theme, width).Gap(2).Put(p.role, s).Line())
		}
	}
	return widget.Fit(d.theme, all, width, height)
}
