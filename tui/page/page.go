package page

import (
	"context"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// Page is one of the things the screen can show. All of it runs in the event loop.
type Page interface {
	// Scope says which keys work.
	Scope() keymap.Scope
	// Name is for the tab or the trail of pages.
	Name() text.Safe
	// Do acts on a key of the page and says whether that meant anything here.
	Do(a keymap.Action) tea.Cmd
	// Back undoes one step within the page and reports whether there was one.
	Back() bool
	// Refresh asks for what the page needs now; it is called every tick and after
	// every key.
	Refresh() tea.Cmd
	// Render draws exactly height lines of width cells.
	Render(width, height int) []widget.Line
	// Status is one line for the footer: follow, paused, filter.
	Status() []Piece
	// Click puts the cursor on what is in a cell of the page, and reports whether it was
	// there already.
	Click(column, row int) bool
	// Ages reports whether the page shows how long ago things were.
	Ages() bool
	// Hint is what the footer says of a key now, empty for one that it leaves out.
	Hint(b *keymap.Binding) text.Safe
	// WaitsFor is what the page waits for.
	WaitsFor() *Question
}

// Subject is what a page is about, or has under its cursor; what is not known is zero.
type Subject struct {
	Event *tracing.Event
	Flow  tracing.FlowKey
	Label text.Safe // of the flow
	// Read reads the message of the event; nil asks the index for it.
	Read func(context.Context) (adapters.Message, error)
}

// About is a page that has such a thing, to be copied in one form or another.
type About interface {
	Subject() Subject
}

// Piece is a text with its role.
type Piece struct {
	Role theme.Role
	Text text.Safe
}

// Screen is what a page may ask of the screen that shows it, in the event loop.
type Screen interface {
	// Theme is the colours and signs to draw with.
	Theme() *theme.Theme
	// Now is when the message came that is dealt with.
	Now() time.Time
	// Version is that of the index, as of the last tick: it changes with what is in it.
	Version() uint64
	// Context ends when the screen does.
	Context() context.Context
	// LinkTo is where a position of a source can be looked at in a browser, if the config says so.
	LinkTo(source string, p adapters.Position) text.Link
	// Redraw makes the next frame differ from this one.
	Redraw()
	// Say shows a notice for a while.
	Say(role theme.Role, s text.Safe)
	// Wait says what is waited for; over takes that away again.
	Wait(s text.Safe) (over func())
	// Open shows p above the present page.
	Open(p Page) tea.Cmd
	// Prompt asks for a line.
	Prompt(p *Prompt)
}

// Trail is the pages from a first one to that on the screen.
type Trail interface {
	// Top is the page on the screen.
	Top() Page
	// Push shows p above it; whoever comes with an answer need not refresh it.
	Push(p Page)
	// Swap shows next in the place of p, if p is on the screen.
	Swap(p, next Page)
	// Close goes to the page before p, if p is on the screen.
	Close(p Page)
	// Elsewhere reports whether the page from which something was asked is not what a person
	// looks at now, so that the answer must not take the place of that.
	Elsewhere(on Page) bool
}
