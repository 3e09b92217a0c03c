package tui

import (
	"slices"

	"eventscope/tui/keymap"
	"eventscope/tui/page"

	tea "charm.land/bubbletea/v2"
)

// bannerUses are the keys that the banner speaks of: who has used one knows.
var bannerUses = []keymap.Action{keymap.Enter, keymap.View, keymap.TabKey, keymap.Command, keymap.Help}

// onKeys takes a key of the terminal. Esc and a key right after it, as a slow line or a
// terminal multiplexer sends them, arrive as that key with alt; no key here has alt.
func (m *Model) onKeys(key tea.KeyPressMsg) tea.Cmd {
	if m.tooSmall() { // nobody sees what another key would do
		if key.String() == "q" || key.String() == "ctrl+c" {
			return tea.Quit
		}
		return nil
	}
	if key.Mod != tea.ModAlt || m.prompt != nil {
		return m.onKey(key)
	}
	escape := m.onKey(tea.KeyPressMsg{Code: tea.KeyEscape})
	key.Mod = 0
	return tea.Batch(escape, m.onKey(key))
}

// onKey dispatches a key by the keymap.
func (m *Model) onKey(key tea.KeyPressMsg) tea.Cmd {
	s := m.shell
	if key.String() == "ctrl+c" {
		return tea.Quit
	}
	if m.prompt != nil {
		return m.prompt.update(m, key)
	}
	bound := keymap.Find(s.Top().Scope(), key.String())
	if bound == nil {
		m.panel = nil
		return m.ownKey(key.String())
	}
	if m.panel != nil {
		if !m.panel.press(bound.Action) {
			m.panel = nil
		}
		return nil
	}
	if slices.Contains(bannerUses, bound.Action) {
		m.banner = false
	}
	switch bound.Action {
	case keymap.Interrupt:
		return tea.Quit
	case keymap.Quit:
		if !s.pop() {
			return tea.Quit
		}
	case keymap.Back:
		m.goBack()
	case keymap.Help:
		m.panel = &helpPanel{}
	case keymap.Command:
		m.openCommandLine("")
	case keymap.Filter:
		if shown, ok := s.Top().(page.Filtered); ok {
			m.openFilter(shown.FilterPrompt())
		}
	case keymap.CopyAs:
		m.copyAs()
	case keymap.Compare:
		return s.compare()
	case keymap.Earlier, keymap.Later:
		return m.seekBy(bound.Action)
	case keymap.TabKey:
		return m.goTab(int(key.String()[0] - '0'))
	default:
		return s.Top().Do(bound.Action)
	}
	return nil
}

// ownKey gives the command of a key of the user's own, if it is one.
func (m *Model) ownKey(key string) tea.Cmd {
	for _, own := range m.shell.options.Keys {
		if own.Key == key {
			return m.give(own.Command)
		}
	}
	return nil
}

// goBack undoes the nearest thing, and never quits.
func (m *Model) goBack() {
	s := m.shell
	switch {
	case !s.notice.Text.Empty():
		s.notice = page.Piece{}
	case s.search != nil:
		s.search.stop()
	case s.Top().Back():
	case s.pop():
	case m.banner:
		m.banner = false
	}
}

// goTab shows the first page of that number, if there is one.
func (m *Model) goTab(number int) tea.Cmd {
	for _, tab := range m.tabs {
		if tab.number == number {
			m.shell.pages = []page.Page{tab.page}
			m.shell.dirty = true
			return tab.page.Refresh()
		}
	}
	return nil
}

// onClick puts the cursor under the mouse; a second click opens.
func (m *Model) onClick(click tea.MouseClickMsg) tea.Cmd {
	if m.tooSmall() {
		return nil
	}
	if click.Button != tea.MouseLeft || m.prompt != nil || m.panel != nil {
		m.panel = nil
		return nil
	}
	if click.Y == tabsRow {
		return m.goTab(m.tabAt(click.X))
	}
	if row := click.Y - m.bodyTop; row >= 0 && row < m.bodyHeight && m.shell.Top().Click(click.X, row) {
		return m.shell.Top().Do(keymap.Enter)
	}
	return nil
}

// wheelRows is how far one notch of the wheel goes.
const wheelRows = 3

// onWheel scrolls.
func (m *Model) onWheel(wheel tea.MouseWheelMsg) tea.Cmd {
	a := keymap.Down
	if wheel.Button == tea.MouseWheelUp {
		a = keymap.Up
	} else if wheel.Button != tea.MouseWheelDown {
		return nil
	}
	if m.prompt != nil || m.tooSmall() { // what is asked for is about what is under the cursor now
		return nil
	}
	for range wheelRows {
		if m.panel != nil {
			m.panel.press(a)
		} else {
			m.shell.Top().Do(a)
		}
	}
	return nil
}
