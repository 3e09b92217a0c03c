package main

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"eventscope/cmd/internal/console"
)

// The width of help in cells: where the output is no terminal, and the most that is pleasant to read.
const (
	usualHelpWidth = 80
	mostHelpWidth  = 110
	leastHelpWidth = 40
)

// helpPage is the help of one command in the making.
type helpPage struct {
	strings.Builder
	width int
	bold  bool
}

// help prints what a command does. Sentences wrap at words; examples are never cut nor wrapped,
// for they are there to be copied.
func (p *program) help(cmd *cobra.Command, _ []string) {
	page := &helpPage{width: usualHelpWidth, bold: p.coloured()}
	if console.IsTerminal(p.Stdout) {
		if width, _, err := term.GetSize(p.Stdout.Fd()); err == nil && width > 0 {
			page.width = max(leastHelpWidth, min(width, mostHelpWidth))
		}
	}
	page.about(cmd)
	page.title("Usage")
	usage := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		usage = strings.Replace(usage, cmd.CommandPath(), cmd.CommandPath()+" [command]", 1)
	}
	fmt.Fprintf(page, "  %s\n", strings.ReplaceAll(usage, "[flags]", "[--flags]"))
	if cmd.Example != "" {
		page.title("Examples")
		fmt.Fprintln(page, cmd.Example)
	}
	page.commands(cmd)
	page.flags("Flags", cmd.LocalFlags())
	page.flags("Flags of all commands", cmd.InheritedFlags())
	fmt.Fprint(p.Stdout, page.String())
}

// about is what the command does, paragraph by paragraph. A line that begins with two spaces is a
// row of a table, whose last column wraps in its place.
func (h *helpPage) about(cmd *cobra.Command) {
	words := cmd.Long
	if words == "" {
		words = cmd.Short
	}
	for line := range strings.SplitSeq(words, "\n") {
		if row, isRow := strings.CutPrefix(line, "  "); isRow {
			name, says, _ := strings.Cut(row, "  ")
			says = strings.TrimSpace(says)
			h.row(name, len(line)-len(says), says)
			continue
		}
		h.wrap(line, 0, 0)
	}
}

func (h *helpPage) title(words string) {
	if h.bold {
		words = "\x1b[1m" + words + "\x1b[m"
	}
	fmt.Fprintf(h, "\n%s\n", words)
}

// wrap writes words from a column on; what does not fit begins at that column of the next line.
// used is how much of the first line is written already.
func (h *helpPage) wrap(words string, column, used int) {
	at := used
	for i, word := range strings.Fields(words) {
		switch {
		case i == 0:
			h.WriteString(strings.Repeat(" ", max(0, column-at)))
			at = max(at, column)
		case at+1+len(word) > h.width:
			h.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		default:
			h.WriteByte(' ')
			at++
		}
		h.WriteString(word)
		at += len(word)
	}
	h.WriteByte('\n')
}

// row writes a name and, from a column on, what it means: below it where the name is too long.
func (h *helpPage) row(name string, column int, says string) {
	column = min(column, h.width/2)
	h.WriteString("  " + name)
	used := 2 + len(name)
	if used+1 >= column {
		h.WriteByte('\n')
		used = 0
	}
	h.wrap(says, column, used)
}

// commands lists what belongs to a command.
func (h *helpPage) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	width := 0
	for _, command := range cmd.Commands() {
		width = max(width, len(command.Name()))
	}
	h.title("Commands")
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() || command.Name() == "help" {
			h.row(command.Name(), width+4, command.Short)
		}
	}
}

// flags lists flags, with what they are unless that says nothing.
func (h *helpPage) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	h.title(title)
	width := 0
	flags.VisitAll(func(f *pflag.Flag) { width = max(width, len(flagName(f))) })
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		says := strings.Join(strings.Fields(f.Usage), " ")
		switch f.DefValue {
		case "", "false", "0", "0s", "-1", "[]":
		default:
			says += " (default " + f.DefValue + ")"
		}
		h.row(flagName(f), width+4, says)
	})
}

// flagName is a flag as one writes it, in both ways if there are two.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "    --" + f.Name
}
