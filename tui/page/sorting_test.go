package page_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"eventscope/tui/keymap"
	"eventscope/tui/page"
)

// Whatever keys are pressed, the rows are the same ones, in the order that is said, or just the
// other way round.
func TestRowsAreInTheOrderThatIsSaid(t *testing.T) {
	type row struct{ number, text int }
	orders := []page.Order[row]{
		{Name: "arrival", Column: 0},
		{Name: "number", Column: 1, Compare: page.Largest(func(r row) int64 { return int64(r.number) })},
		{Name: "text", Column: 2, Compare: page.Alphabetic(func(r row) string { return string(rune('a' + r.text)) })},
	}
	rapid.Check(t, func(t *rapid.T) {
		changed, keys := 0, 0
		s := page.Sorting[row]{Orders: orders, Changed: func() { changed++ }}
		for range rapid.IntRange(0, 8).Draw(t, "keys") {
			if key := rapid.SampledFrom([]keymap.Action{keymap.SortOrder, keymap.ReverseSort, keymap.Enter}).Draw(t, "key"); s.Reorder(key) != (key != keymap.Enter) {
				t.Fatal("a key was taken for another")
			} else if key != keymap.Enter {
				keys++
			}
		}
		var rows []row
		for range rapid.IntRange(0, 9).Draw(t, "rows") {
			rows = append(rows, row{rapid.IntRange(0, 3).Draw(t, "number"), rapid.IntRange(0, 3).Draw(t, "text")})
		}
		got := slices.Clone(rows)
		s.Sort(got)
		if s.Reversed {
			slices.Reverse(got)
		}
		less := map[string]func(a, b row) int{
			"number": func(a, b row) int { return cmp.Compare(b.number, a.number) }, "text": func(a, b row) int { return cmp.Compare(a.text, b.text) },
		}[s.Order().Name]
		if want := slices.Clone(rows); less == nil && !slices.Equal(got, want) {
			t.Fatalf("rows that come in order were sorted: %v, %v", got, want)
		}
		if less != nil && !slices.IsSortedFunc(got, less) {
			t.Fatalf("by %s they are %v", s.Order().Name, got)
		}
		if s.SortBy("nothing", false) || !s.SortBy("text", true) || s.Order().Column != 2 || !s.Reversed {
			t.Fatal("an order is not found by its name")
		}
		if changed != keys+1 {
			t.Fatalf("%d changes of the order were told, want %d", changed, keys+1)
		}
	})
}
