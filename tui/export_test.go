package tui

// Bound says whether a key means something on the page that is shown, or to what is open
// over it.
func (m *Model) Bound(key string) bool {
	return m.prompt != nil || m.panel != nil || find(m.shell.top().scope(), key) != nil
}

// Keys are the keys of each page by its name, as they are listed.
func Keys() map[string][]string {
	keys := map[string][]string{}
	for _, page := range pageNames {
		for _, b := range bindings(page.scope) {
			keys[page.name] = append(keys[page.name], b.keys...)
		}
	}
	return keys
}
