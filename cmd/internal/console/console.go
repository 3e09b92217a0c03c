package console

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"

	"eventscope/tracing/query"
	"eventscope/tui/text"
)

// Console is what one invocation reads and writes.
type Console struct {
	Stdin, Stdout, Stderr *os.File

	Mask *strings.Replacer // replaces what the command line has of passwords
	Log  *slog.Logger      // discards, unless there is a log file
}

// New is a console with nothing to mask and no log.
func New(stdin, stdout, stderr *os.File) *Console {
	return &Console{Stdin: stdin, Stdout: stdout, Stderr: stderr, Mask: strings.NewReplacer(), Log: slog.New(slog.DiscardHandler)}
}

// Note says one sentence on standard error and in the log. It takes what [fmt.Errorf] takes.
func (c *Console) Note(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	c.Log.Warn(err.Error())
	line := c.Sentences(err)
	if IsTerminal(c.Stderr) {
		line = clearLine + line // there may be progress on it
	}
	fmt.Fprint(c.Stderr, line)
}

// Sentences are err as lines for standard error, safe for a terminal and masked.
func (c *Console) Sentences(err error) string {
	var lines []string
	var filter *query.Error
	if errors.As(err, &filter) {
		err = fmt.Errorf("--filter, column %d: %s", filter.Column, filter.Reason)
	}
	for line := range strings.SplitSeq(c.Mask.Replace(err.Error()), "\n") {
		lines = append(lines, "eventscope: "+text.Cleaner{}.String(line).String()+"\n")
	}
	return strings.Join(lines, "")
}

// clearLine goes back to the beginning of the line and empties it.
const clearLine = "\r\x1b[K"

// Progress shows how far something is, on a line of standard error that the next call replaces
// and no words empty. It does nothing where standard error is no terminal.
func (c *Console) Progress(format string, args ...any) {
	if IsTerminal(c.Stderr) {
		fmt.Fprintf(c.Stderr, clearLine+format, args...)
	}
}

// IsTerminal reports whether a file is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(f.Fd()) }
