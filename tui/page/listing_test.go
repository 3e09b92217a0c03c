package page

import (
	"testing"

	"eventscope/tui/keymap"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	"github.com/charmbracelet/colorprofile"
)

// TestAClickIsOfTheRowThatIsThere, below what stands above the rows and above what stands below them,
// also where the list was scrolled; the second one on a row says so.
func TestAClickIsOfTheRowThatIsThere(t *testing.T) {
	dark := theme.New(colorprofile.TrueColor, true, false)
	l := Listing{}
	above := []widget.Line{widget.Blank(dark, 10), widget.Blank(dark, 10)}
	if from, to := l.Show(above, 7, 20); from != 0 || to != 5 || l.Height != 5 {
		t.Fatalf("rows %d to %d are shown, and %d have room", from, to, l.Height)
	}
	for _, c := range []struct {
		row, want int
		again     bool
	}{{0, 0, false}, {1, 0, false}, {2, 0, true}, {6, 4, false}, {6, 4, true}, {7, 4, false}, {3, 1, false}} {
		if again := l.Click(c.row, 20); again != c.again || l.Cursor.Index != c.want {
			t.Errorf("after a click on row %d the cursor is on %d, again %v", c.row, l.Cursor.Index, again)
		}
	}
	l.Move(keymap.Last, 20)
	if from, to := l.Show(above, 7, 20); from != 15 || to != 20 {
		t.Fatalf("rows %d to %d are shown", from, to)
	}
	if l.Click(2, 20); l.Cursor.Index != 15 {
		t.Errorf("the cursor is on %d of a list that was scrolled", l.Cursor.Index)
	}
	if l.Show(above, 7, 3); l.Cursor.Index != 2 || l.Click(5, 3) || l.Cursor.Index != 2 {
		t.Errorf("the cursor is on %d of three", l.Cursor.Index)
	}
}

// TestKeysMoveByWhatIsShown: half of it, never nothing, and to the ends.
func TestKeysMoveByWhatIsShown(t *testing.T) {
	for _, c := range []struct {
		key            keymap.Action
		height, length int
		by             int
	}{
		{keymap.Down, 10, 50, 1}, {keymap.Up, 10, 50, -1}, {keymap.PageDown, 10, 50, 5}, {keymap.PageUp, 10, 50, -5}, {keymap.PageDown, 1, 50, 1}, {keymap.PageUp, 0, 50, -1},
		{keymap.First, 10, 50, -50}, {keymap.Last, 10, 50, 50},
	} {
		if by, moves := Rows(c.key, c.height, c.length); by != c.by || !moves {
			t.Errorf("key %d moves by %d of %d rows, %v; want %d", c.key, by, c.height, moves, c.by)
		}
	}
	if _, moves := Rows(keymap.Enter, 10, 50); moves {
		t.Error("enter moves")
	}
}
