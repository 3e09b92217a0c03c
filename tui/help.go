package tui

import (
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// helpPanel is the keymap of the present page and what its signs mean, over the page: in two
// columns where one is too high and there is room, else it scrolls.
type helpPanel struct{ scroll }

const (
	// helpKeys is the width of the keys: ctrl+d pgdown ctrl+f.
	helpKeys = 20
	// helpWidth is the width of a key with what it does.
	helpWidth = 74
	// helpNarrow is the same where two stand side by side, at least.
	helpNarrow = 54
)

// helpRow draws a row of the help in width cells.
type helpRow func(row *widget.Row, width int)

// over lays the panel over the lines of a page.
func (h *helpPanel) over(s *shell, lines []widget.Line, width int) []widget.Line {
	list := helpRows(s.theme, s.Top().Scope(), s.options.Keys)
	most, room := roomIn(width, len(lines))
	room-- // for the title
	columns, rows, inner := 1, len(list), min(helpWidth, most)
	if rows > room && most >= 2*helpNarrow {
		columns, rows, inner = 2, (len(list)+1)/2, min(2*helpWidth, most)
	}
	from, to := h.show(rows, room)
	panel := []widget.Line{h.title(s.theme, text.Own("Keys of ").Add(s.theme.String(keymap.PageName(s.Top().Scope()))), inner, rows-to)}
	for i := from; i < to; i++ {
		row := widget.NewRow(s.theme, inner)
		for n := i; n < len(list); n += rows {
			list[n](row, inner/columns)
		}
		panel = append(panel, row.Line())
	}
	panel = framed(s.theme, panel, len(lines))
	return widget.Over(lines, panel, (width-panel[0].Width())/2, (len(lines)-len(panel))/3)
}

// helpRows are the keys of a page, its signs, and the keys of all pages.
func helpRows(t *theme.Theme, on keymap.Scope, own []keymap.Own) (rows []helpRow) {
	var everywhere []helpRow
	for _, b := range keymap.On(on) {
		if b.Everywhere() {
			everywhere = append(everywhere, keyRow(t, &b))
		} else {
			rows = append(rows, keyRow(t, &b))
		}
	}
	for _, b := range keymap.Bindings(own) {
		rows = append(rows, keyRow(t, &b))
	}
	if signs := legend(t, on); len(signs) > 0 {
		rows = append(rows, headRow(text.Own("Signs and states")))
		for _, s := range signs {
			rows = append(rows, signRow(s))
		}
	}
	return append(append(rows, headRow(text.Own("Keys of every page"))), everywhere...)
}

// headRow is the heading of a section.
func headRow(s text.Safe) helpRow {
	return func(row *widget.Row, width int) { row.Cell(theme.Title, s, width-1).Gap(1) }
}

// keyRow is a key and what it does.
func keyRow(t *theme.Theme, b *keymap.Binding) helpRow {
	var keys text.Safe
	for _, key := range b.Keys {
		keys = text.Join(text.Space, keys, keymap.KeyName(key, t.Glyph.Enter))
	}
	long := t.String(b.Long)
	return func(row *widget.Row, width int) {
		row.Cell(theme.Accent, keys, helpKeys).Gap(1).Cell(theme.Plain, long, width-helpKeys-2).Gap(1)
	}
}

// signRow is a sign and what it means.
func signRow(s sign) helpRow {
	name := text.Join(text.Space, s.glyph, s.name)
	return func(row *widget.Row, width int) {
		row.Cell(s.role, name, helpKeys).Gap(1).Cell(theme.Plain, s.means, width-helpKeys-2).Gap(1)
	}
}
