package page

import (
	"slices"
	"strings"

	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// List is the rows of a page, with a cursor that stays on its row while rows come, go and change
// places. It belongs to the event loop.
type List[T any, K comparable] struct {
	Listing
	Rows []T
	Key  func(T) K // what a row is about
	at   K         // what the row under the cursor is about
}

// Set puts rows in the place of those that were there. The cursor follows its row, or stays at its
// place.
func (l *List[T, K]) Set(rows []T, follow bool) {
	l.Rows = rows
	if i := slices.IndexFunc(rows, func(row T) bool { return l.Key(row) == l.at }); i >= 0 && follow {
		l.Cursor.Index = i
	}
	l.GoTo(l.Cursor.Index)
}

// GoTo puts the cursor on a row, or on the nearest there is.
func (l *List[T, K]) GoTo(i int) {
	l.Cursor.To(i, len(l.Rows))
	if len(l.Rows) > 0 { // else it comes back to its row with the rows
		l.at = l.Key(l.Rows[l.Cursor.Index])
	}
}

// Restart puts the cursor on the first row of those that come next.
func (l *List[T, K]) Restart() {
	var nothing K
	l.Cursor, l.at = widget.Cursor{}, nothing
}

// Selected is the row under the cursor; zero where there is none.
func (l *List[T, K]) Selected() (row T) {
	if l.Cursor.Index < len(l.Rows) {
		row = l.Rows[l.Cursor.Index]
	}
	return row
}

// Act acts on a key that moves the cursor, and reports whether it was one.
func (l *List[T, K]) Act(a keymap.Action) bool {
	moves := l.Move(a, len(l.Rows))
	l.GoTo(l.Cursor.Index)
	return moves
}

// Click puts the cursor on a row of the page, and reports whether it was there already.
func (l *List[T, K]) Click(_, row int) bool {
	again := l.Listing.Click(row, len(l.Rows))
	l.GoTo(l.Cursor.Index)
	return again
}

// WordFilter is words that rows must have to be shown.
type WordFilter struct{ value string }

// Any reports whether there are words.
func (f *WordFilter) Any() bool { return f.value != "" }

// Clear forgets them, and reports whether there were any.
func (f *WordFilter) Clear() bool {
	was := f.Any()
	f.value = ""
	return was
}

// Passes reports whether all words are in what a row shows, in capitals or not.
func (f *WordFilter) Passes(shown ...string) bool {
	all := strings.ToLower(strings.Join(shown, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(f.value)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// Prompt asks for words; then is called when they were given.
func (f *WordFilter) Prompt(about text.Safe, then func()) *Prompt {
	return &Prompt{Sign: text.Own("/"), Value: f.value, Explain: about, Accept: func(value string) tea.Cmd {
		f.value = strings.TrimSpace(value)
		then()
		return nil
	}}
}

// Status says for which words rows are searched; nothing where there are none.
func (f *WordFilter) Status(t *theme.Theme) []Piece {
	if !f.Any() {
		return nil
	}
	return []Piece{{theme.Accent, text.Own("  /").Add(t.Cut(t.String(f.value), 20))}}
}
