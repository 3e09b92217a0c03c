package tui

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// helpOverlay is the keymap of the present page, over the page: in two columns where
// there is room, else it scrolls.
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

func (h *helpOverlay) render(d *desk, width, height int) []widget.Line {
	t := d.theme
	list := bindings(d.top().scope())
	columns, rows := 1, len(list)
	if width >= 110 {
		columns, rows = 2, (len(list)+1)/2
	}
	h.top = max(0, min(h.top, rows-(height-1)))
	title := widget.NewRow(t, width).Gap(1).Put(theme.Title, text.Own("Keys of ").Add(d.top().name())).Gap(3)
	if rows > height-1 {
		title.Put(theme.Dim, text.Own("j and k scroll, "))
	}
	lines := []widget.Line{title.Put(theme.Dim, text.Own("any other key closes")).Line()}
	for i := h.top; i < rows && len(lines) < height; i++ {
		row := widget.NewRow(t, width).Gap(1)
		for n := i; n < len(list); n += rows {
			helpCell(row, t, &list[n], (width-1)/columns)
		}
		lines = append(lines, row.Line())
	}
	return widget.Fit(t, lines, width, height)
}

// helpCell is one key in width cells.
func helpCell(row *widget.Row, t *theme.Theme, b *binding, width int) {
	var keys text.Safe
	for _, key := range b.keys {
		keys = text.Join(space, keys, keyName(key, t.Glyph.Enter))
	}
	row.Cell(theme.Accent, keys, helpKeys).Gap(1).Cell(theme.Plain, t.String(b.long), width-helpKeys-2).Gap(1)
}

// helpKeys is the width of the keys: ctrl+d pgdown ctrl+f.
const helpKeys = 20
