package tui

import (
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// helpPanel is the keymap of the present page, over the page: in two columns where one is
// too high and there is room, else it scrolls.
type helpPanel struct{ scroll }

const (
	// helpKeys is the width of the keys: ctrl+d pgdown ctrl+f.
	helpKeys = 20
	// helpWidth is the width of a key with what it does.
	helpWidth = 74
	// helpNarrow is the same where two stand side by side, at least.
	helpNarrow = 54
)

// over lays the panel over the lines of a page.
func (h *helpPanel) over(d *shell, lines []widget.Line, width int) []widget.Line {
	list := keymap.On(d.Top().Scope())
	most, room := roomIn(width, len(lines))
	room-- // for the title
	columns, rows, inner := 1, len(list), min(helpWidth, most)
	if rows > room && most >= 2*helpNarrow {
		columns, rows, inner = 2, (len(list)+1)/2, min(2*helpWidth, most)
	}
	from, to := h.show(rows, room)
	panel := []widget.Line{h.title(d.theme, text.Own("Keys of ").Add(d.theme.String(keymap.PageName(d.Top().Scope()))), inner, rows-to)}
	for i := from; i < to; i++ {
		row := widget.NewRow(d.theme, inner)
		for n := i; n < len(list); n += rows {
			helpCell(row, d.theme, &list[n], inner/columns)
		}
		panel = append(panel, row.Line())
	}
	panel = framed(d.theme, panel, len(lines))
	return widget.Over(lines, panel, (width-panel[0].Width())/2, (len(lines)-len(panel))/3)
}

// helpCell is one key in width cells.
func helpCell(row *widget.Row, t *theme.Theme, b *keymap.Binding, width int) {
	var keys text.Safe
	for _, key := range b.Keys {
		keys = text.Join(text.Space, keys, keymap.KeyName(key, t.Glyph.Enter))
	}
	row.Cell(theme.Accent, keys, helpKeys).Gap(1).Cell(theme.Plain, t.String(b.Long), width-helpKeys-2).Gap(1)
}
