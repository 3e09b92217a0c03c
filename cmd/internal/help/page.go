package help

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"eventscope/cmd/internal/console"
)

// The width of help in cells: where the output is no terminal, and the most that is pleasant to read.
const (
	usualWidth = 80
	mostWidth  = 110
	leastWidth = 40
)

// page is the help of one command in the making.
type page struct {
	strings.Builder
	width int
	bold  bool
}

// Attach gives a command and all below it their examples and this help. coloured says that there
// are colours on the output.
func Attach(root *cobra.Command, out *os.File, coloured func() bool) {
	exemplify(root, "")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		fmt.Fprint(out, Page(cmd, widthOf(out), coloured()))
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error { cmd.HelpFunc()(cmd, nil); return nil })
}

// exemplify gives examples to a command, and to those below it, by their names.
func exemplify(cmd *cobra.Command, name string) {
	cmd.Example = Examples[cmp.Or(name, cmd.Name())]
	for _, below := range cmd.Commands() {
		exemplify(below, strings.TrimSpace(name+" "+below.Name()))
	}
}

// widthOf is the width of help on an output, in cells.
func widthOf(out *os.File) int {
	if !console.IsTerminal(out) {
		return usualWidth
	}
	width, _, err := term.GetSize(out.Fd())
	if err != nil || width <= 0 {
		return usualWidth
	}
	return max(leastWidth, min(width, mostWidth))
}

// Page is what a command does, in so many cells. Sentences wrap at words; examples are never cut
// nor wrapped, for they are there to be copied.
func Page(cmd *cobra.Command, width int, coloured bool) string {
	p := &page{width: width, bold: coloured}
	p.about(cmd)
	p.title("Usage")
	usage := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		usage = strings.Replace(usage, cmd.CommandPath(), cmd.CommandPath()+" [command]", 1)
	}
	fmt.Fprintf(p, "  %s\n", strings.ReplaceAll(usage, "[flags]", "[--flags]"))
	if cmd.Example != "" {
		p.title("Examples")
		fmt.Fprintln(p, cmd.Example)
	}
	p.commands(cmd)
	p.flags("Flags", cmd.LocalFlags())
	p.flags("Flags of all commands", cmd.InheritedFlags())
	return p.String()
}

// about is what the command does, paragraph by paragraph. A line that begins with two spaces is a
// row of a table, whose last column wraps in its place.
func (p *page) about(cmd *cobra.Command) {
	words := cmd.Long
	if words == "" {
		words = cmd.Short
	}
	for line := range strings.SplitSeq(words, "\n") {
		if row, isRow := strings.CutPrefix(line, "  "); isRow {
			name, says, _ := strings.Cut(row, "  ")
			says = strings.TrimSpace(says)
			p.row(name, len(line)-len(says), says)
			continue
		}
		p.wrap(line, 0, 0)
	}
}

func (p *page) title(words string) {
	if p.bold {
		words = "\x1b[1m" + words + "\x1b[m"
	}
	fmt.Fprintf(p, "\n%s\n", words)
}

// wrap writes words from a column on; what does not fit begins at that column of the next line.
// used is how much of the first line is written already.
func (p *page) wrap(words string, column, used int) {
	at := used
	for i, word := range strings.Fields(words) {
		switch {
		case i == 0:
			p.WriteString(strings.Repeat(" ", max(0, column-at)))
			at = max(at, column)
		case at+1+len(word) > p.width:
			p.WriteString("\n" + strings.Repeat(" ", column))
			at = column
		default:
			p.WriteByte(' ')
			at++
		}
		p.WriteString(word)
		at += len(word)
	}
	p.WriteByte('\n')
}

// row writes a name and, from a column on, what it means: below it where the name is too long.
func (p *page) row(name string, column int, says string) {
	column = min(column, p.width/2)
	p.WriteString("  " + name)
	used := 2 + len(name)
	if used+1 >= column {
		p.WriteByte('\n')
		used = 0
	}
	p.wrap(says, column, used)
}

// commands lists what belongs to a command.
func (p *page) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	width := 0
	for _, command := range cmd.Commands() {
		width = max(width, len(command.Name()))
	}
	p.title("Commands")
	for _, command := range cmd.Commands() {
		if command.IsAvailableCommand() || command.Name() == "help" {
			p.row(command.Name(), width+4, command.Short)
		}
	}
}

// flags lists flags, with what they are unless that says nothing.
func (p *page) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.title(title)
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
		p.row(flagName(f), width+4, says)
	})
}

// flagName is a flag as one writes it, in both ways if there are two.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "    --" + f.Name
}
