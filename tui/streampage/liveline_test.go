package streampage

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"eventscope/tracing"
)

// TestWhatIsDrawnIsAPartOfTheRows, with the line below the past where that ends, and the cursor on it.
func TestWhatIsDrawnIsAPartOfTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &window{lastPast: tracing.Sequence(rapid.IntRange(0, 40).Draw(t, "last of the past")), newer: int64(rapid.IntRange(0, 1).Draw(t, "newer"))}
		at := tracing.Sequence(rapid.IntRange(0, 10).Draw(t, "before"))
		const line = -1
		var want []int // the number of an event, or the line
		for i := range rapid.IntRange(1, 20).Draw(t, "events") {
			at += tracing.Sequence(rapid.IntRange(1, 3).Draw(t, "further"))
			if i > 0 && w.lastPast > 0 && w.events[i-1].Sequence <= w.lastPast && at > w.lastPast {
				want = append(want, line)
			}
			w.events = append(w.events, tracing.Event{Sequence: at})
			want = append(want, i)
		}
		if w.lastPast > 0 && at <= w.lastPast && w.newer == 0 {
			want = append(want, line)
		}
		r := rowsOf(w)
		if r.all != len(want) || r.rule != slices.Index(want, line) {
			t.Fatalf("%d rows with the line in row %d, want %v", r.all, r.rule, want)
		}
		height := rapid.IntRange(1, 25).Draw(t, "height")
		cursor, asked := rapid.IntRange(0, len(w.events)-1).Draw(t, "cursor"), rapid.IntRange(0, 30).Draw(t, "line") // of a screen that was higher
		following := rapid.Bool().Draw(t, "following")
		if following {
			cursor = len(w.events) - 1
		}
		on := r.scroll(cursor, asked, height, following)
		shown := want[r.top:min(r.top+height, len(want))]
		if on < 0 || on >= len(shown) || shown[on] != cursor || len(shown) < min(height, len(want)) {
			t.Fatalf("of %v is shown %v, and the cursor is on line %d, want it on %d", want, shown, on, cursor)
		}
		if ideal := slices.Index(want, cursor) - asked; !following && asked < height && ideal >= 0 && ideal+height <= len(want) && on != asked {
			t.Fatalf("the cursor is on line %d of %v, and was asked for on %d", on, shown, asked)
		}
		if following && height > 1 && shown[len(shown)-1] != want[len(want)-1] {
			t.Fatalf("who follows sees %v of %v", shown, want)
		}
		events := slices.DeleteFunc(slices.Clone(shown), func(i int) bool { return i == line })
		if from, to := r.drawn(height); from != events[0] || to != events[len(events)-1]+1 || r.last(height) != to-1 {
			t.Fatalf("events %d to %d are drawn, up to %d, of %v", from, to, r.last(height), shown)
		}
		for i := range shown {
			if event, ok := r.at(i); ok != (shown[i] != line) || ok && event != shown[i] {
				t.Fatalf("on line %d is %d, %v, want %v", i, event, ok, shown)
			}
		}
		if _, ok := r.at(-1 - r.top); ok {
			t.Fatal("there is an event above the first row")
		}
	})
}
