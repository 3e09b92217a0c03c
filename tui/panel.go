package tui

import (
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// panel is what is laid over a page until a key closes it.
type panel interface {
	// press acts on a key and reports whether it was for the panel; any other closes it.
	press(a keymap.Action) bool
	// over lays it over the lines of a page.
	over(s *shell, lines []widget.Line, width int) []widget.Line
}

// scroll is how far a panel is scrolled.
type scroll struct{ top, room int }

// press scrolls.
func (s *scroll) press(a keymap.Action) bool {
	by, moves := page.Rows(a, s.room, 1<<20)
	s.top = max(0, s.top+by)
	return moves
}

// show is which of a panel's rows are shown in room lines.
func (s *scroll) show(rows, room int) (from, to int) {
	s.room, s.top = room, max(0, min(s.top, rows-room))
	return s.top, min(rows, s.top+room)
}

// title is the first line of a panel, with how many rows there are below the last shown.
func (s *scroll) title(t *theme.Theme, name text.Safe, width, below int) widget.Line {
	row := widget.NewRow(t, width).Put(theme.Title, name).Gap(3)
	switch {
	case below > 0:
		row.Put(theme.Dim, text.Own("j and k scroll, ").Add(text.Count(int64(below)), text.Own(" more below; ")))
	case s.top > 0:
		row.Put(theme.Dim, text.Own("j and k scroll; "))
	}
	return row.Put(theme.Dim, text.Own("any other key closes")).Line()
}

// lowPanel is the height of a page below which panels over it have no frame.
const lowPanel = 8

// roomIn is what a panel can hold over a page of that size.
func roomIn(width, height int) (cells, lines int) {
	if height < lowPanel {
		return width, max(1, height)
	}
	return width - widget.FrameWidth, height - widget.FrameHeight
}

// framed gives a panel its frame, unless the page under it is too low for one.
func framed(t *theme.Theme, lines []widget.Line, height int) []widget.Line {
	if height < lowPanel {
		return lines
	}
	return widget.Panel(t, lines)
}
