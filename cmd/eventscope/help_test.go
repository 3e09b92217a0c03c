package main

import (
	"cmp"
	"eventscope/cmd/internal/help"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpFitsAndIsWhole: the help of every command wraps at words at 80 columns, all its words
// are there, and its examples stand as they were written.
func TestHelpFitsAndIsWhole(t *testing.T) {
	var commands []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		commands = append(commands, c)
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	const width = 80
	p := newProgram(os.Stdin, os.Stdout, os.Stderr, func(string) string { return "" })
	walk(p.root())
	without := maps.Clone(help.Examples)
	for _, c := range commands {
		maps.DeleteFunc(without, func(_, example string) bool { return example == c.Example })
		help := help.Page(c, width, false)
		if c.Example != "" && !strings.Contains(help, c.Example+"\n") {
			t.Errorf("%s: the examples are not as they were written:\n%s", c.CommandPath(), help)
		}
		for line := range strings.Lines(strings.ReplaceAll(help, c.Example, "")) {
			if len(strings.TrimRight(line, "\n")) > width {
				t.Errorf("%s: %q does not fit", c.CommandPath(), line)
			}
		}
		has := strings.Fields(help)
		for _, word := range strings.Fields(cmp.Or(c.Long, c.Short)) {
			if !slices.Contains(has, word) {
				t.Errorf("%s: the word %q is not in its help", c.CommandPath(), word)
			}
		}
		for _, nothing := range []string{"(default 0s)", "(default -1)", "(default 0)", "(default false)", "…"} {
			if strings.Contains(help, nothing) {
				t.Errorf("%s: its help has %s", c.CommandPath(), nothing)
			}
		}
	}
	if len(without) > 0 {
		t.Errorf("no command has the examples of %v", slices.Collect(maps.Keys(without)))
	}
}
