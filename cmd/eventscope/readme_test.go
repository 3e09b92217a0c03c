package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"eventscope/adapters/consumer"
	"eventscope/cmd/internal/exit"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tracing/query"
	"eventscope/tui/keymap"
)

// manual is the text of one of its pages.
func manual(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeLinksTheTables holds the manual's tables against the keymap and the drivers, and
// what it says of filters against their fields. The README links each page that has one.
func TestReadmeLinksTheTables(t *testing.T) {
	readme, words := manual(t, "README.md"), strings.Fields(strings.ReplaceAll(manual(t, ".docs/filters.md"), "`", " "))
	for i := range query.Fields {
		name, part := strings.CutPrefix(query.Fields[i].Name, "dead_letter.")
		if !part && !slices.Contains(words, name) || part && !slices.Contains(words, "."+name) && !slices.Contains(words, query.Fields[i].Name) {
			t.Errorf("the manual's filters know no field %s", query.Fields[i].Name)
		}
	}
	for name, made := range map[string]struct{ page, by, want string }{
		"keys":       {".docs/keys.md", "the keymap", keymap.Table()},
		"parameters": {".docs/configuration.md", "the drivers", brokers.Table()},
	} {
		_, rest, found := strings.Cut(manual(t, made.page), "<!-- "+name+": made by "+made.by+", checked by a test -->\n")
		table, _, ended := strings.Cut(rest, "<!-- end of "+name+" -->")
		if !found || !ended {
			t.Fatalf("%s has no place for the %s", made.page, name)
		}
		if strings.TrimSpace(table) != strings.TrimSpace(made.want) {
			t.Errorf("the %s of %s are not those of %s; put this between the marks:\n%s", name, made.page, made.by, made.want)
		}
		if !strings.Contains(readme, "]("+made.page+")") {
			t.Errorf("the README does not link %s", made.page)
		}
	}
}

// TestReadmeKnowsTheCommandsAndCodes that a script relies on.
func TestReadmeKnowsTheCommandsAndCodes(t *testing.T) {
	readme, letters := manual(t, "README.md"), manual(t, ".docs/dead-letters.md")
	root := newProgram(os.Stdin, os.Stdout, os.Stderr, os.Getenv).root()
	for _, name := range names(root) {
		if !strings.Contains(readme, "`eventscope "+name) && !strings.Contains(readme, ", `"+name+"`") {
			t.Errorf("the README knows no command %s", name)
		}
	}
	dlq, _, err := root.Find([]string{"dlq"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names(dlq) {
		if !strings.Contains(letters, "`dlq "+name) || !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("the manual knows no command dlq %s", name)
		}
	}
	for _, code := range []int{exit.Done, exit.Failed, exit.Misused, exit.NotFound, exit.Refused, exit.Partly, exit.Interrupted} {
		if !strings.Contains(readme, fmt.Sprintf("\n| %d | ", code)) {
			t.Errorf("the README knows no exit code %d", code)
		}
	}
}

// TestTheGlossaryHasEveryState of flows, consumers and letters, and every mark of an event.
func TestTheGlossaryHasEveryState(t *testing.T) {
	glossary, lag := manual(t, ".docs/glossary.md"), manual(t, ".docs/lag.md")
	known := append(statusNames(), tracing.Marks(1<<16-1).Names()...)
	for state := replay.Open; state <= replay.Unknown; state++ {
		known = append(known, state.String())
	}
	for _, state := range consumer.LagStates {
		known = append(known, state.String())
		if !strings.Contains(lag, "\n| `"+state.String()+"` | ") {
			t.Errorf("the page on lag does not say what %s means", state)
		}
	}
	for _, name := range known {
		if !strings.Contains(glossary, "`"+name+"`") {
			t.Errorf("the glossary does not know %q", name)
		}
	}
}

// TestTheManualHangsTogether: the README is a page that one reads, all other pages are reached
// from it, and each link leads to a page, and to a heading, that is there.
func TestTheManualHangsTogether(t *testing.T) {
	if lines := strings.Count(manual(t, "README.md"), "\n"); lines > 250 {
		t.Errorf("the README has %d lines", lines)
	}
	files, err := filepath.Glob("../../.docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	pages := map[string]bool{"README.md": true}
	for _, file := range files {
		pages[".docs/"+filepath.Base(file)] = false
	}
	for page := range maps.Clone(pages) {
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(manual(t, page), -1) {
			target, heading, _ := strings.Cut(link[1], "#")
			at := path.Join(path.Dir(page), target)
			if target == "" {
				at = page
			}
			if _, err := os.Stat(filepath.Join("../..", at)); err != nil {
				t.Errorf("%s links %s: %v", page, link[1], err)
			} else if heading != "" && !slices.Contains(headings(manual(t, at)), heading) {
				t.Errorf("%s links %s, and there is no such heading", page, link[1])
			}
			if _, known := pages[at]; known && page == "README.md" {
				pages[at] = true
			}
		}
	}
	for page, linked := range pages {
		if !linked {
			t.Errorf("the README does not lead to %s", page)
		}
	}
}

// headings are the anchors of a page, as GitHub makes them.
func headings(text string) (all []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			words := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			all = append(all, strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
					return r
				}
				return -1
			}, words))
		}
	}
	return all
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
