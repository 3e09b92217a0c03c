package main

import (
	"os"
	"strings"
	"testing"

	"eventscope/tui"
)

// TestReadmeHasTheKeys holds the README's table of keys against the keymap.
func TestReadmeHasTheKeys(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- keys: made by the keymap, checked by a test -->\n", "<!-- end of keys -->"
	_, rest, found := strings.Cut(string(readme), begin)
	table, _, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("the README has no place for the keys")
	}
	if want := tui.KeyTable(); strings.TrimSpace(table) != strings.TrimSpace(want) {
		t.Errorf("the README's keys are not those of the keymap; put this between the marks:\n%s", want)
	}
}
