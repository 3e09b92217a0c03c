package streampage

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// rows are the rows of a window: its events, and one for the line below what is past, where that
// lies among them.
type rows struct {
	all  int
	rule int // the row of the line, or -1
	top  int // the first row drawn
}

// rowsOf lays out a window. The line stands below the latest event of the past, and not where
// nothing of that is at hand.
func rowsOf(w *window) rows {
	r := rows{all: len(w.events), rule: -1}
	if w.lastPast == 0 || len(w.events) == 0 {
		return r
	}
	past := w.lastPast + 1
	i := w.index(past)
	if w.events[i].Sequence < past {
		i++ // all are past
	}
	if i == len(w.events) && w.newer > 0 || i == 0 {
		return r
	}
	r.rule = i
	r.all++
	return r
}

// row is that of an event.
func (r *rows) row(i int) int {
	if r.rule >= 0 && i >= r.rule {
		i++
	}
	return i
}

// at is the event in a row of the screen, or false for the line.
func (r *rows) at(line int) (i int, ok bool) {
	row := r.top + line
	if row < 0 || row == r.rule {
		return 0, false
	}
	if r.rule >= 0 && row > r.rule {
		row--
	}
	return row, true
}

// scroll chooses the first row so that the event under the cursor is on a line of the screen, and
// returns that line: the one asked for as far as the rows allow it. The last row is shown to who
// follows.
func (r *rows) scroll(cursor, line, height int, following bool) int {
	row := r.row(cursor)
	if r.top = max(0, min(row-line, r.all-height)); following {
		r.top = min(max(0, r.all-height), row) // the line below it has no room on a screen of one row
	}
	if row-r.top >= height {
		r.top = row - height + 1
	}
	return row - r.top
}

// drawn are the events on a screen of that height.
func (r *rows) drawn(height int) (from, to int) {
	from = r.top
	if r.rule >= 0 && from > r.rule {
		from--
	}
	return from, r.last(height) + 1
}

// last is the last event on a screen of that height.
func (r *rows) last(height int) int {
	row := min(r.top+height, r.all) - 1
	if r.rule >= 0 && row >= r.rule {
		row--
	}
	return row
}

// liveLine parts what was there from what comes.
func liveLine(t *theme.Theme, width int) widget.Line {
	return widget.Titled(t, width, text.Own("live from here"))
}
