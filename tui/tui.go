package tui

import (
	"context"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"eventscope/adapters"
	"eventscope/adapters/driver"
	"eventscope/adapters/envelope"
	"eventscope/replay"
	"eventscope/tracing"
	"eventscope/tui/alert"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/stage"
)

// Options is everything the screen is given.
type Options struct {
	// Querier answers what is shown.
	Querier tracing.Querier
	// Sources are shown in the header, in this order.
	Sources []Source
	// Words are how people speak of the kinds of brokers.
	Words map[adapters.Broker]driver.Words
	// Title is the name of what is looked at: the context of the config, or "demo".
	Title string
	// Color is the colour of the title; see [theme.Named].
	Color string
	// Contexts are what the config has to look at. SwitchTo makes ready to look at one of them; typed says
	// that its name was typed to allow writes. It is called outside the event loop. What it returns is
	// called in there when the screen ends for that.
	Contexts []Context
	SwitchTo func(name string, typed bool) (accept func(), err error)
	// Columns are those of lists that were chosen, by the name of the list: see [CheckColumn]. What
	// [FieldsOf] gives of them, store and service tell of messages.
	Columns map[string][]string
	// Keys are keys of the user's own; see [keymap.CheckOwn].
	Keys []keymap.Own
	// Filters are those that were saved, by name, and SaveFilter saves one, or removes it when it is
	// empty; it is called outside the event loop. Nil where nobody keeps them.
	Filters    map[string]string
	SaveFilter func(name, filter string) error
	// Session is what was written on the screen before this one; nil where there was none.
	Session *Session
	// ReadOnly is shown at the right of the header: "READ-ONLY".
	ReadOnly string
	// Warnings are what was found wrong before the screen was there, and could not be printed.
	Warnings []string
	// Banner is one line on the first screen that says what to press; empty for none.
	Banner string
	// Empty says, on an empty stream, what would show older events.
	Empty string
	// Start is where the sources are read from, and Seek has all of them read again from
	// elsewhere, into the same index, which is emptied before; it returns once they begin. Nil
	// where that cannot be.
	Start adapters.Start
	Seek  func(ctx context.Context, start adapters.Start) error
	// Groups are the consumer groups and queues of services, as the operator says.
	Groups map[string][]string
	// Rules are the operator's mappings, for the evidence on the event page.
	Rules *envelope.Rules

	// Nearest is which of several names is meant by one that is misspelt, or ""; nil where
	// nobody guesses.
	Nearest func(name string, names []string) string

	// History looks for a flow in what the brokers still have, back to since ago, and
	// puts what it finds into the store behind Querier. It sends on progress as it goes,
	// without closing it, and returns when done or when ctx ends. Nil when no source has
	// a history.
	History func(ctx context.Context, id string, since time.Duration, progress chan<- HistoryProgress) error

	// TraceCommand is a command line that prints the flow of an id. WriteFlow is a flow as the
	// program's own JSON, with its messages, of at most so many bytes. Nil where there is none.
	TraceCommand func(id string) string
	WriteFlow    func(ctx context.Context, flow *tracing.Flow) ([]byte, error)

	// Fault makes the demonstration system fail as the words say, and answers with a
	// sentence. Nil outside the demonstration. Faults are the words to complete.
	Fault  func(ctx context.Context, words []string) (string, error)
	Faults []string

	// Service deals with dead letters; nil where no source can have any, and then there are
	// no pages about them. Write says that what changes a broker is allowed.
	Service *replay.Service
	Write   bool

	// Watched is how many partitions of consumers are watched over time at most; 0 is all that
	// are listed.
	Watched int
	// SaveFolder is where saved values go; the working directory when empty.
	SaveFolder string
	// Editor is the command that values are opened with, its arguments first; the
	// environment's VISUAL or EDITOR, or vi, when empty.
	Editor []string

	// NoMouse leaves the mouse to the terminal.
	NoMouse bool
	// NoLinks writes no links, which some terminals cannot take; see [KnowsLinks].
	NoLinks bool
	// NoColor shows weight only; it is also obeyed as the NO_COLOR variable.
	NoColor bool
	// ASCII shows nothing but ASCII.
	ASCII bool
	// Theme is "dark", "light", or empty to ask the terminal.
	Theme string

	// Notify tells a person of news; nil where nobody wants to be told.
	Notify *alert.Sender
}

// HistoryProgress says how far a search in history is.
type HistoryProgress struct {
	Read  int64 // messages read so far
	Total int64 // messages there are to read, at most; 0 when unknown
	Found int64 // events of the flow found so far
}

// Source is one source in the header.
type Source = page.Source

// Crash is a defect of the screen. The terminal was put back before it is returned.
type Crash = page.Crash

// Run shows the screen until the user quits (nil), ctx ends (its error), or the screen
// fails ([Crash]). The terminal is as before when it returns, unless a person switches to another
// context: then what is shown stays until the next screen.
func Run(ctx context.Context, on *stage.Stage, options Options) error {
	if file, ok := on.Terminal().(term.File); !ok || !term.IsTerminal(file.Fd()) {
		return &adapters.Problem{
			Doing: "show the screen", Cause: "standard output is not a terminal",
			Remedy: "use eventscope tail, trace or flows in scripts", Kind: adapters.ErrUsage,
		}
	}
	model := New(options)
	end := model.Work(ctx)
	err := on.Show(ctx, model)
	end()
	if model.crash != nil {
		return model.crash
	}
	return err
}

// KnowsLinks reports whether a terminal of that kind opens links, or at least shows nothing of them.
func KnowsLinks(kind string) bool { return kind != "linux" && !strings.HasPrefix(kind, "vt") }

// UTF8Locale reports whether the environment's locale can show more than ASCII, by the
// order of POSIX: LC_ALL, LC_CTYPE, LANG. When none is set nothing speaks against it.
func UTF8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}
