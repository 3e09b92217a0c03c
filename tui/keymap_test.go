package tui

import (
	"strings"
	"testing"
)

func TestEveryKeyMeansOneThingOnAPage(t *testing.T) {
	for _, p := range pageNames {
		taken := map[string]action{}
		for _, b := range bindings(p.scope) {
			for _, key := range b.keys {
				if other, ok := taken[key]; ok && other != b.action {
					t.Errorf("%s: key %q has two meanings", p.name, key)
				}
				taken[key] = b.action
				if found := find(p.scope, key); found == nil || found.action != b.action {
					t.Errorf("%s: key %q is not dispatched as it is listed", p.name, key)
				}
			}
			if b.long == "" {
				t.Errorf("%s: keys %v are not explained", p.name, b.keys)
			}
		}
		for _, must := range []string{"j", "k", "g", "G", "ctrl+d", "ctrl+u", "enter", "esc", "q", "ctrl+c", ":", "?"} {
			if taken[must] == none {
				t.Errorf("%s: key %q does nothing", p.name, must)
			}
		}
	}
}

func TestTheKeyTableHasEveryKey(t *testing.T) {
	table := KeyTable()
	for _, b := range keymap {
		for _, key := range b.keys {
			if !strings.Contains(table, "`"+key+"`") {
				t.Errorf("key %q is not in the table", key)
			}
		}
	}
	for _, row := range []string{"| `n` | Stream, Flows, Event, Letter | next match |", "| `?` | everywhere | the keys of this page |", "| `A` | Run |"} {
		if !strings.Contains(table, row) {
			t.Errorf("%s is not in the table:\n%s", row, table)
		}
	}
	if lines := strings.Count(table, "\n"); lines != len(keymap)+2 {
		t.Errorf("the table has %d lines for %d keys", lines, len(keymap))
	}
}

func TestLocaleDecidesAboutUTF8(t *testing.T) {
	for _, c := range []struct {
		all, kind, lang string
		want            bool
	}{
		{"", "", "", true}, {"", "", "en_US.UTF-8", true}, {"C", "", "en_US.UTF-8", false},
		{"", "de_DE.utf8", "C", true}, {"POSIX", "", "", false}, {"", "", "de_DE.ISO-8859-1", false},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.kind, "LANG": c.lang}
		if got := UTF8Locale(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}
