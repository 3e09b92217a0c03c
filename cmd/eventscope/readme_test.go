package main

import (
	"os"
	"strings"
	"testing"

	"eventscope/tui/keymap"
)

// TestReadmeHasTheTables holds the README's tables against the keymap and the drivers.
func TestReadmeHasTheTables(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range map[string]struct{ by, want string }{
		"keys": {"the keymap", keymap.Table()}, "parameters": {"the drivers", parameterTable(brokers)},
	} {
		_, rest, found := strings.Cut(string(readme), "<!-- "+name+": made by "+made.by+", checked by a test -->\n")
		table, _, ended := strings.Cut(rest, "<!-- end of "+name+" -->")
		if !found || !ended {
			t.Fatalf("the README has no place for the %s", name)
		}
		if strings.TrimSpace(table) != strings.TrimSpace(made.want) {
			t.Errorf("the README's %s are not those of %s; put this between the marks:\n%s", name, made.by, made.want)
		}
	}
}
