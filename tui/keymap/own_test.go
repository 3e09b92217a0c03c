package keymap

import (
	"strings"
	"testing"
)

// A key that means something on any page cannot be chosen, nor what terminals send for another.
func TestWhichKeysCanBeChosen(t *testing.T) {
	for key, wrong := range map[string]string{
		"Z": "", "ctrl+p": "", "f5": "", "shift+f12": "", "é": "",
		"t": "taken, on Plan: change the target", "q": "taken, on every page: back", "ctrl+c": "taken", "space": "no key", " ": "no key", "": "no key",
		"ctrl+i": "no key", "alt+x": "no key", "f13": "no key", "ab": "no key", "\x1b": "no key", "\xff": "no key",
	} {
		if got := CheckOwn(key); (got == "") != (wrong == "") || !strings.Contains(got, wrong) {
			t.Errorf("%q: %q, want %q", key, got, wrong)
		}
	}
}
