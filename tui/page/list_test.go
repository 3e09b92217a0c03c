package page_test

import (
	"slices"
	"strings"
	"testing"

	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/tuitest"
	"eventscope/tui/widget"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// TestTheCursorOfAListStaysOnItsRow while rows come, go and change places, also while there are none at
// all, until a key or a click takes it elsewhere, its row goes, or other rows begin.
func TestTheCursorOfAListStaysOnItsRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := page.List[*int, int]{Key: func(row *int) int { return *row }}
		on, any := 0, false
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			was := l.Cursor.Index
			switch step := rapid.SampledFrom([]string{"rows", "rows", "key", "click", "restart"}).Draw(t, "step"); step {
			case "rows":
				var rows []*int
				for _, n := range rapid.SliceOfDistinct(rapid.IntRange(1, 12), rapid.ID[int]).Draw(t, "rows") {
					rows = append(rows, &n)
				}
				follow := rapid.Bool().Draw(t, "follow")
				at := slices.IndexFunc(rows, func(n *int) bool { return any && *n == on })
				l.Set(rows, follow)
				switch {
				case len(rows) == 0:
				case follow && at >= 0 && l.Cursor.Index != at:
					t.Fatalf("the cursor is on row %d, want %d", l.Cursor.Index, at)
				case (!follow || at < 0) && l.Cursor.Index != min(was, len(rows)-1):
					t.Fatalf("the cursor went from row %d to %d of %d", was, l.Cursor.Index, len(rows))
				}
			case "key":
				key := rapid.SampledFrom([]keymap.Action{keymap.Down, keymap.Up, keymap.Last, keymap.First, keymap.Enter}).Draw(t, "key")
				if moves := l.Act(key); moves != (key != keymap.Enter) {
					t.Fatalf("%v moves the cursor: %v", key, moves)
				}
				if want := map[keymap.Action]int{keymap.Down: was + 1, keymap.Up: was - 1, keymap.Last: len(l.Rows) - 1, keymap.Enter: was}[key]; l.Cursor.Index != max(0, min(want, len(l.Rows)-1)) {
					t.Fatalf("after %v the cursor is on row %d, was on %d", key, l.Cursor.Index, was)
				}
			case "click":
				l.Show(nil, 5, len(l.Rows))
				row := rapid.IntRange(0, 6).Draw(t, "row")
				to := l.Cursor.Top + row
				if again, there := l.Click(0, row), row < 5 && to < len(l.Rows); again != (there && to == was) || there && l.Cursor.Index != to {
					t.Fatalf("a click on row %d: %v, the cursor is on %d, was on %d", to, again, l.Cursor.Index, was)
				}
			case "restart":
				l.Restart()
				any = false
				if l.Cursor.Index != 0 {
					t.Fatal("it does not begin again")
				}
				continue
			}
			if row := l.Selected(); row != nil {
				on, any = *row, true
			} else if len(l.Rows) > 0 {
				t.Fatal("no row is under the cursor")
			}
		}
	})
}

// TestOnlyTheRowUnderTheCursorIsDrawnAsThat, and as many rows as there is room for below the lines above.
func TestOnlyTheRowUnderTheCursorIsDrawnAsThat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := theme.New(colorprofile.TrueColor, true, false)
		length, height, above := rapid.IntRange(1, 20).Draw(t, "rows"), rapid.IntRange(2, 12).Draw(t, "height"), rapid.IntRange(0, 1).Draw(t, "above")
		l := page.Listing{}
		l.Cursor.Index = rapid.IntRange(0, length-1).Draw(t, "cursor")
		drawn, selected := []int{}, []int{}
		lines := l.Draw(th, make([]widget.Line, above), 10, height, length, func(i int, is bool) widget.Line {
			if drawn = append(drawn, i); is {
				selected = append(selected, i)
			}
			return widget.Blank(th, 10)
		})
		if len(lines) != height || len(drawn) != min(length, height-above) || !slices.Equal(selected, []int{l.Cursor.Index}) {
			t.Fatalf("of %d rows %v are drawn in %d lines, and as selected %v, want %d", length, drawn, len(lines), selected, l.Cursor.Index)
		}
	})
}

// TestAPageWithoutRowsSaysWhy below an empty line, and below what else there is to say.
func TestAPageWithoutRowsSaysWhy(t *testing.T) {
	th := theme.New(colorprofile.TrueColor, true, false)
	above := widget.NewRow(th, 40).Put(theme.Bad, text.Own("a trouble")).Line()
	lines := page.Empty(th, 40, 6, []widget.Line{above}, page.Piece{Role: theme.Dim, Text: text.Own("nothing yet")})
	var said []string
	for i := range lines {
		said = append(said, strings.TrimSpace(ansi.Strip(widget.Content(lines[i:i+1]))))
	}
	if !slices.Equal(said, []string{"", "a trouble", "nothing yet", "", "", ""}) {
		t.Errorf("it says %q", said)
	}
}

// TestWordsOfAFilterAreAllInARow, in capitals or not, and in no row that a filter does not leave.
func TestWordsOfAFilterAreAllInARow(t *testing.T) {
	screen := tuitest.NewAlone(t, 80, 24)
	var f page.WordFilter
	if f.Any() || f.Clear() || !f.Passes("anything") || f.Status(screen.Theme()) != nil {
		t.Error("a filter without words filters")
	}
	given := 0
	prompt := f.Prompt(text.Own("words"), func() { given++ })
	prompt.Accept("  Billing stop ")
	for shown, want := range map[string]bool{"billing\nSTOP": true, "the BILLINGS, stopped": true, "billing": false, "stop": false, "": false} {
		if got := f.Passes(strings.Split(shown, "\n")...); got != want {
			t.Errorf("%q passes: %v", shown, got)
		}
	}
	if status := f.Status(screen.Theme()); given != 1 || !f.Any() || len(status) != 1 || status[0].Role != theme.Accent || status[0].Text.String() != "  /Billing stop" || f.Prompt(text.Own(""), nil).Value != "Billing stop" {
		t.Errorf("given %d times: %v", given, f.Status(screen.Theme()))
	}
	if !f.Clear() || f.Any() || !f.Passes("") {
		t.Error("it was not cleared")
	}
}
