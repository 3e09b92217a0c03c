package tui

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// helpOverlay is the keymap of the present page, as a panel over the page: in two
// columns where one is too high and there is room, else it scrolls.
type helpOverlay struct{ top int }

// press scrolls, and says whether the key was for that; any other closes.
func (h *helpOverlay) press(a action) bool {
	switch a {
	case down, pageDown:
		h.top++
	case up, pageUp:
		h.top = max(0, h.top-1)
	default:
		return false
	}
	return true
}

const (
	// helpKeys is the width of the keys: ctrl+d pgdown ctrl+f.
	helpKeys = 20
	// helpWidth is the width of a key with what it does.
	helpWidth = 74
	// helpNarrow is the same where two stand side by side, at least.
	helpNarrow = 54
)

// over lays the panel over the lines of a page.
func (h *helpOverlay) over(d *desk, lines []widget.Line, width int) []widget.Line {
	list := bindings(d.top().scope())
	most, room := roomIn(width, len(lines))
	room-- // for the title
	columns, rows, inner := 1, len(list), min(helpWidth, most)
	if rows > room && most >= 2*helpNarrow {
		columns, rows, inner = 2, (len(list)+1)/2, min(2*helpWidth, most)
	}
	h.top = max(0, min(h.top, rows-room))
	panel := []widget.Line{h.title(d, inner, rows > room)}
	for i := h.top; i < min(rows, h.top+room); i++ {
		row := widget.NewRow(d.theme, inner)
		for n := i; n < len(list); n += rows {
			helpCell(row, d.theme, &list[n], inner/columns)
		}
		panel = append(panel, row.Line())
	}
	panel = framed(d.theme, panel, len(lines))
	return widget.Over(lines, panel, (width-panel[0].Width())/2, (len(lines)-len(panel))/3)
}

func (h *helpOverlay) title(d *desk, width int, scrolls bool) widget.Line {
	row := widget.NewRow(d.theme, width).Put(theme.Title, text.Own("Keys of ").Add(d.theme.String(pageName(d.top().scope())))).Gap(3)
	if scrolls {
		row.Put(theme.Dim, text.Own("j and k scroll, "))
	}
	return row.Put(theme.Dim, text.Own("any other key closes")).Line()
}

// helpCell is one key in width cells.
func helpCell(row *widget.Row, t *theme.Theme, b *binding, width int) {
	var keys text.Safe
	for _, key := range b.keys {
		keys = text.Join(space, keys, keyName(key, t.Glyph.Enter))
	}
	row.Cell(theme.Accent, keys, helpKeys).Gap(1).Cell(theme.Plain, t.String(b.long), width-helpKeys-2).Gap(1)
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
