package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"eventscope/replay"
	"eventscope/tracing/query"
	"eventscope/tui/keymap"
)

// TestReadmeHasTheTables holds the README's tables against the keymap and the drivers, and
// what it says of filters against their fields.
func TestReadmeHasTheTables(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, filters, _ := strings.Cut(string(readme), "### Filters\n")
	filters, _, _ = strings.Cut(filters, "\n#")
	words := strings.Fields(strings.ReplaceAll(filters, "`", " "))
	for i := range query.Fields {
		name, part := strings.CutPrefix(query.Fields[i].Name, "dead_letter.")
		if !part && !slices.Contains(words, name) || part && !slices.Contains(words, "."+name) && !slices.Contains(words, query.Fields[i].Name) {
			t.Errorf("the README's filters know no field %s", query.Fields[i].Name)
		}
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

// TestFiltersKnowTheStatesOfLetters: a filter refuses a status only when no letter ever has it.
func TestFiltersKnowTheStatesOfLetters(t *testing.T) {
	var states []string
	for state := replay.State(0); ; state++ {
		states = append(states, state.String())
		if state == replay.Unknown {
			break
		}
	}
	for i := range query.Fields {
		if f := &query.Fields[i]; f.Name == "status" && !slices.Equal(f.Values[query.Letters], states) {
			t.Errorf("filters know the states %v, and letters have %v", f.Values[query.Letters], states)
		}
	}
}
