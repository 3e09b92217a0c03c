package tuitest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tracing"
	"eventscope/tui/eventpage"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// Alone is the screen of a page that is shown without the rest: it has what pages may ask
// of a screen, and notes where they want to go. There is no program, and what is asked for
// is answered before a key is over, unless a story is about answers that come late.
type Alone struct {
	// Querier is the index whose version pages compare, or nil.
	Querier tracing.Querier
	// Went are the ways that a page wanted to go out of what is shown here, in order.
	Went []string
	// Copied is what was put into the clipboard last.
	Copied string

	t             *testing.T
	width, height int
	theme         *theme.Theme
	pages         []page.Page
	notice        page.Piece
	asked         *page.Prompt
	redraws       int
	held          bool
	late          []tea.Cmd
}

// NewAlone is a screen of that size for the body of a page.
func NewAlone(t *testing.T, width, height int) *Alone {
	return &Alone{t: t, width: width, height: height, theme: theme.New(colorprofile.TrueColor, true, false)}
}

// Show puts a page on the screen.
func (a *Alone) Show(p page.Page) *Alone {
	a.pages = []page.Page{p}
	return a.Refresh()
}

// Refresh lets the page ask for what it needs, as a tick does.
func (a *Alone) Refresh() *Alone {
	a.do(a.Top().Refresh())
	return a
}

// Pass lets virtual time pass, at the end of which the page may ask for more.
func (a *Alone) Pass(d time.Duration) *Alone {
	<-time.After(d)
	return a.Refresh()
}

// Resize changes the room of the page.
func (a *Alone) Resize(width, height int) *Alone {
	a.width, a.height = width, height
	return a
}

// Press sends keys by their names, as the keymap binds them.
func (a *Alone) Press(keys ...string) *Alone {
	a.t.Helper()
	for _, key := range keys {
		a.press(key)
		a.Refresh()
	}
	return a
}

func (a *Alone) press(key string) {
	a.t.Helper()
	if a.asked != nil && a.asked.Yes != nil {
		yes := a.asked.Yes
		if a.asked = nil; key == "y" {
			a.do(yes())
		}
		return
	}
	bound := keymap.Find(a.Top().Scope(), key)
	if bound == nil {
		a.t.Fatalf("%q is no key of %s", key, a.Top().Name())
	}
	switch filtered, _ := a.Top().(page.Filtered); {
	case bound.Action == keymap.Back && (a.Top().Back() || len(a.pages) == 1):
	case bound.Action == keymap.Back:
		a.pages = a.pages[:len(a.pages)-1]
	case bound.Action == keymap.Filter && filtered != nil:
		a.asked = filtered.FilterPrompt()
	default:
		a.do(a.Top().Do(bound.Action))
	}
}

// Write answers the line that a page has asked for.
func (a *Alone) Write(value string) *Alone {
	a.t.Helper()
	if a.asked == nil || a.asked.Accept == nil {
		a.t.Fatalf("nothing was asked for that could be %q:\n%s", value, a.Text())
	}
	accept := a.asked.Accept
	a.asked = nil
	a.do(accept(value))
	return a.Refresh()
}

// Click clicks a cell of the page, and reports whether that was a second click, which opens.
func (a *Alone) Click(column, row int) (again bool) {
	a.Text()
	again = a.Top().Click(column, row)
	a.Refresh()
	return again
}

// Hold keeps answers back until Answer is called.
func (a *Alone) Hold() *Alone {
	a.held = true
	return a
}

// Answer gives all answers that were kept back, in the order of their questions.
func (a *Alone) Answer() *Alone {
	a.held = false
	late := a.late
	a.late = nil
	for _, cmd := range late {
		a.do(cmd)
	}
	return a.Refresh()
}

// do does what a page asks for, and applies what comes of it.
func (a *Alone) do(cmd tea.Cmd) {
	a.t.Helper()
	if cmd == nil {
		return
	}
	if a.held {
		a.late = append(a.late, cmd)
		return
	}
	switch message := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, each := range message {
			a.do(each)
		}
	case page.Answer:
		a.do(message())
		a.do(a.Top().Refresh())
	case page.Crashed:
		a.t.Fatal(message.Crash.Reason, message.Crash.Stack)
	default:
		if reflect.TypeOf(message).Kind() == reflect.String {
			a.Copied = fmt.Sprint(message)
		}
	}
}

// Theme implements page.Screen, as what follows does.
func (a *Alone) Theme() *theme.Theme { return a.theme }

// Now is the virtual time.
func (a *Alone) Now() time.Time { return time.Now() }

// Version is that of the index.
func (a *Alone) Version() uint64 {
	if a.Querier == nil {
		return 0
	}
	return a.Querier.Counters().Version
}

// Context ends with the test.
func (a *Alone) Context() context.Context { return a.t.Context() }

// LinkTo gives no links.
func (a *Alone) LinkTo(string, adapters.Position) text.Link { return text.Link{} }

// Redraw counts.
func (a *Alone) Redraw() { a.redraws++ }

// Redraws is how often a page has said that it looks otherwise.
func (a *Alone) Redraws() int { return a.redraws }

// Say keeps a notice, which stands below the page until the next.
func (a *Alone) Say(role theme.Role, s text.Safe) { a.notice = page.Piece{Role: role, Text: s} }

// Wait says what is waited for.
func (a *Alone) Wait(s text.Safe) (over func()) {
	a.Say(theme.Dim, s)
	return func() {
		if a.notice.Text == s {
			a.notice = page.Piece{}
		}
	}
}

// Prompt keeps what a page asks for, which Write answers.
func (a *Alone) Prompt(l *page.Prompt) { a.asked = l }

// Open shows p above the present page.
func (a *Alone) Open(p page.Page) tea.Cmd {
	a.Push(p)
	return p.Refresh()
}

// Top implements page.Trail, as what follows does.
func (a *Alone) Top() page.Page { return a.pages[len(a.pages)-1] }

// Push shows p above the present page.
func (a *Alone) Push(p page.Page) { a.pages = append(a.pages, p) }

// Swap shows next in the place of p, if p is on the screen.
func (a *Alone) Swap(p, next page.Page) {
	if a.Top() == p {
		a.pages[len(a.pages)-1] = next
	}
}

// Close goes to the page before p.
func (a *Alone) Close(p page.Page) {
	if a.Top() == p {
		a.pages = a.pages[:len(a.pages)-1]
	}
}

// Elsewhere reports whether another page is shown, or a line is being written.
func (a *Alone) Elsewhere(on page.Page) bool { return a.Top() != on || a.asked != nil }

// went notes where a page wants to go.
func (a *Alone) went(where string) tea.Cmd {
	a.Went = append(a.Went, where)
	return nil
}

// OpenFlow implements what pages ask beside that, as what follows does.
func (a *Alone) OpenFlow(_ tracing.FlowKey, label text.Safe) tea.Cmd {
	return a.went("flow " + label.String())
}

// OpenEvent notes the event.
func (a *Alone) OpenEvent(event tracing.Event, _ eventpage.List) tea.Cmd {
	return a.went("event " + event.Position.String())
}

// OpenLetterOf notes the event that is a letter.
func (a *Alone) OpenLetterOf(event *tracing.Event) tea.Cmd {
	return a.went("letter " + event.Position.String())
}

// ShowStream notes the filter.
func (a *Alone) ShowStream(filter string) tea.Cmd { return a.went("stream " + filter) }

// LookUp notes the id.
func (a *Alone) LookUp(id string) tea.Cmd { return a.went("look up " + id) }

// Search notes the id, and how far back it is looked for.
func (a *Alone) Search(_ page.Page, id string, since time.Duration) tea.Cmd {
	return a.went(fmt.Sprint("search ", id, " for ", since))
}

// lines are the page, what its footer says of it and of its keys, what it waits for, and
// what was said or is asked.
func (a *Alone) lines() []widget.Line {
	const wide = 240 // nothing of these is cut
	top := a.Top()
	lines := top.Render(a.width, a.height)
	if len(lines) != a.height {
		a.t.Fatalf("%s has %d lines of %d", top.Name(), len(lines), a.height)
	}
	for i := range lines {
		if lines[i].Width() != a.width {
			a.t.Fatalf("line %d of %s has %d cells of %d", i, top.Name(), lines[i].Width(), a.width)
		}
	}
	status, hints, said := widget.NewRow(a.theme, wide), widget.NewRow(a.theme, wide), widget.NewRow(a.theme, wide)
	for _, piece := range top.Status() {
		status.Put(piece.Role, piece.Text)
	}
	for _, bound := range keymap.On(top.Scope()) {
		if hint := top.Hint(&bound); !hint.Empty() {
			hints.Put(theme.Dim, text.Cleaner{}.String(bound.Keys[0])).Gap(1).Put(theme.Dim, hint).Gap(2)
		}
	}
	if waits, long := top.WaitsFor().Waiting(a.Now()); long {
		said.Put(theme.Dim, waits).Gap(2)
	}
	if err := top.WaitsFor().Err; err != nil {
		said.Put(theme.Bad, page.Sentence(a.theme, err)).Gap(2)
	}
	said.Put(a.notice.Role, a.notice.Text)
	if a.asked != nil {
		said.Gap(2).Put(theme.Plain, a.asked.Explain).Gap(2).Put(theme.Plain, a.asked.Sign).Gap(1).Put(theme.Plain, text.Cleaner{}.String(a.asked.Value))
	}
	return append(lines, status.Line(), hints.Line(), said.Line())
}

func (a *Alone) raw() string { return widget.Content(a.lines()) }

// Text is what is shown, without trailing blanks.
func (a *Alone) Text() string { return Grid(a.raw(), max(a.width, 240), a.height+3) }

// Sees fails unless all these are shown.
func (a *Alone) Sees(wanted ...string) *Alone {
	a.t.Helper()
	sees(a.t, a.Text(), wanted)
	return a
}

// Misses fails if one of these is shown.
func (a *Alone) Misses(unwanted ...string) *Alone {
	a.t.Helper()
	misses(a.t, a.Text(), unwanted)
	return a
}

// Row is a row of the page.
func (a *Alone) Row(n int) string { return strings.Split(a.Text(), "\n")[n] }

// Selected is the row under the cursor.
func (a *Alone) Selected() string {
	a.t.Helper()
	for _, line := range strings.Split(a.Text(), "\n")[:a.height] {
		if strings.Contains(line, "▸") {
			return line
		}
	}
	a.t.Fatalf("no row is under the cursor:\n%s", a.Text())
	return ""
}

// Selects fails unless the row under the cursor has all these.
func (a *Alone) Selects(wanted ...string) *Alone {
	a.t.Helper()
	line := a.Selected()
	for _, w := range wanted {
		if !strings.Contains(line, w) {
			a.t.Fatalf("the cursor is not on %q but on %q:\n%s", w, line, a.Text())
		}
	}
	return a
}

// Looks fails unless each of these is drawn somewhere in the colours of a role.
func (a *Alone) Looks(role theme.Role, words ...string) *Alone {
	a.t.Helper()
	looks(a.t, a.raw(), a.Text(), role, words)
	return a
}
