package tui

import (
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// helpOverlay is the keymap of the present page, over the page, in two columns where
// there is room.
func helpOverlay(d *desk, width, height int) []widget.Line {
	t := d.theme
	list := bindings(d.top().scope())
	columns, rows := 1, len(list)
	if width >= 100 || rows > height-2 && width >= 76 {
		columns, rows = 2, (len(list)+1)/2
	}
	lines := []widget.Line{widget.NewRow(t, width).Gap(1).Put(theme.Title, text.Own("Keys of ").Add(d.top().name())).Put(theme.Dim, text.Own("   any key closes this")).Line()}
	cell := (width - 1) / columns
	for i := range rows {
		row := widget.NewRow(t, width).Gap(1)
		for c := range columns {
			n := c*rows + i
			if n >= len(list) {
				break
			}
			var keys text.Safe
			for _, key := range list[n].keys {
				keys = text.Join(space, keys, keyName(key, t.Glyph.Enter))
			}
			keyWidth := min(18, cell/3)
			row.Cell(theme.Accent, keys, keyWidth).Gap(1).Cell(theme.Plain, t.String(list[n].long), cell-keyWidth-2).Gap(1)
		}
		lines = append(lines, row.Line())
	}
	return widget.Fit(t, lines, width, height)
}
