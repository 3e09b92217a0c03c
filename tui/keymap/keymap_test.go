package keymap

import (
	"strings"
	"testing"
)

func TestEveryKeyMeansOneThingOnAPage(t *testing.T) {
	for _, p := range Pages {
		taken := map[string]Action{}
		for _, b := range On(p.Scope) {
			for _, key := range b.Keys {
				if other, ok := taken[key]; ok && other != b.Action {
					t.Errorf("%s: key %q has two meanings", p.Name, key)
				}
				taken[key] = b.Action
				if found := Find(p.Scope, key); found == nil || found.Action != b.Action {
					t.Errorf("%s: key %q is not dispatched as it is listed", p.Name, key)
				}
			}
			if b.Long == "" {
				t.Errorf("%s: keys %v are not explained", p.Name, b.Keys)
			}
		}
		for _, must := range []string{"j", "k", "g", "G", "ctrl+d", "ctrl+u", "enter", "esc", "q", "ctrl+c", ":", "?"} {
			if taken[must] == none {
				t.Errorf("%s: key %q does nothing", p.Name, must)
			}
		}
	}
}

func TestTheKeyTableHasEveryKey(t *testing.T) {
	table := Table()
	for _, b := range all {
		for _, key := range b.Keys {
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
	if lines := strings.Count(table, "\n"); lines != len(all)+2 {
		t.Errorf("the table has %d lines for %d keys", lines, len(all))
	}
}
