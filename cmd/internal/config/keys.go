package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"eventscope/tui"
	"eventscope/tui/keymap"
)

// checkKeys finds keys that mean something already, and commands that there are not.
func (f *File) checkKeys() (problems []string) {
	for _, own := range f.OwnKeys() {
		at := f.Keys[own.Key]
		if wrong := keymap.CheckOwn(own.Key); wrong != "" {
			problems = append(problems, at.wrong(fmt.Sprintf("keys: %q: %s", own.Key, wrong)))
		}
		if !tui.CheckCommand(own.Command) {
			problems = append(problems, at.wrong(fmt.Sprintf("keys: %q: the screen has no command %q", own.Key, own.Command)))
		}
	}
	return problems
}

// OwnKeys are the keys, for the screen.
func (f *File) OwnKeys() (keys []keymap.Own) {
	for _, key := range slices.Sorted(maps.Keys(f.Keys)) {
		command := strings.TrimSpace(strings.TrimPrefix(f.Keys[key].Value, ":"))
		keys = append(keys, keymap.Own{Key: key, Command: command})
	}
	return keys
}
