package tui

import (
	"slices"
	"time"

	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"
)

// footer is the last line: the state of the page, its keys, and what drawing costs.
func (m *Model) footer() widget.Line {
	t := m.shell.theme
	row := widget.NewRow(t, m.width).Gap(1)
	keys := m.footerKeys()
	state := append(m.shell.Top().Status(), m.shell.toCompare()...)
	cost := m.cost(row.Left() - width(state) - 2 - width(keys))
	for _, p := range state {
		row.Put(p.Role, t.Cut(p.Text, row.Left()-cost.Width()-1))
	}
	row.Gap(2)
	helpKey := keys[len(keys)-keyPieces:]
	for i := 0; i < len(keys)-keyPieces; i += keyPieces {
		key := keys[i : i+keyPieces]
		if width(key)+width(helpKey) > row.Left()-cost.Width() {
			break
		}
		for _, p := range key {
			row.Put(p.Role, p.Text)
		}
	}
	for _, p := range helpKey {
		row.Put(p.Role, p.Text)
	}
	return row.End(theme.Dim, cost).Line()
}

// keyPieces is how many pieces a key of the footer has.
const keyPieces = 2

// mostOwn is how much of a command the footer shows for a key of the user's own.
const mostOwn = 16

// firstKeys are the keys of the page that come before them.
const firstKeys = 2

// footerKeys are the keys of the page that work now, in the order in which they leave a
// narrow screen from the end; but that of help, which is the last, stays.
func (m *Model) footerKeys() []page.Piece {
	t, shown := m.shell.theme, m.shell.Top()
	var keys []page.Piece
	add := func(key, label text.Safe) {
		keys = append(keys, page.Piece{Role: theme.Accent, Text: key}, page.Piece{Role: theme.Dim, Text: text.Space.Add(label, text.Space, text.Space)})
	}
	for _, b := range keymap.On(shown.Scope()) {
		label := shown.Hint(&b)
		if label.Empty() || b.Action == keymap.Help || b.Action == keymap.Back && len(m.shell.pages) == 1 {
			continue
		}
		add(keymap.KeyName(b.Keys[0], t.Glyph.Enter), label)
	}
	first, rest := keys[:min(len(keys), firstKeys*keyPieces)], slices.Clone(keys[min(len(keys), firstKeys*keyPieces):])
	keys = first
	for _, own := range m.shell.options.Keys {
		add(t.String(own.Key), t.Cut(t.String(own.Command), mostOwn))
	}
	keys = append(keys, rest...)
	add(text.Own("?"), text.Own("help"))
	return keys
}

// cost is what the last frame took and what was dropped: as much as room has cells for,
// but drops are always told.
func (m *Model) cost(room int) text.Safe {
	dropped, more := m.rates.dropped()
	count := text.Count(dropped)
	if more {
		count = count.Add(text.Own("+"))
	}
	drops := count.Add(text.Own(" dropped "))
	frame := text.Own("frame ").Add(text.Count(m.frameTime.Round(time.Millisecond).Milliseconds()), text.Own(" ms  "), drops)
	switch {
	case frame.Width() <= room:
		return frame
	case dropped > 0 || more || drops.Width() <= room:
		return drops
	}
	return text.Safe{}
}
