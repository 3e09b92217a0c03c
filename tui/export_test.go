package tui

import "eventscope/tui/keymap"

// Bound reports whether a key means something on the page that is shown, or to what is open
// over it.
func (m *Model) Bound(key string) bool {
	return m.prompt != nil || m.panel != nil || keymap.Find(m.shell.Top().Scope(), key) != nil
}

// Keys are the keys of each page by its name, as they are listed.
func Keys() map[string][]string {
	keys := map[string][]string{}
	for _, page := range keymap.Pages {
		for _, b := range keymap.On(page.Scope) {
			keys[page.Name] = append(keys[page.Name], b.Keys...)
		}
	}
	return keys
}

// CommandNames are the commands of the command line.
func CommandNames(m *Model) (names []string) {
	for _, v := range m.verbs() {
		names = append(names, v.name)
	}
	return names
}
