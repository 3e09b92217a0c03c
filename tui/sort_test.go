package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// Rows are turned round by a key and by the command, which is about the page that is shown.
func TestAnyColumnEitherWay(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now().Add(-time.Minute), 5)...)
		put(t, s, s.Order(2, time.Now(), 2)...)
		letters := tuitest.NewLetters(t, adapters.Topic)
		screen := tuitest.Open(t, letters.Over(s.Options()), 140, 24).Press("2").Wait(time.Second)
		screen.Selects("ord-1002").Press("S").Wait(time.Second).Sees("by activity, reversed", "Last↑").Press("g").Wait(time.Second).Selects("ord-1001")
		screen.Command("sort name").Press("g").Wait(time.Second).Sees("by name", "Flow↓").Selects("ord-1001").Command("sort name reversed").Press("g").Wait(time.Second).Selects("ord-1002")
		screen.Command("sort nonsense").Sees("there is no order nonsense", "orders are activity, trouble", "reversed may stand behind").Press("esc")
		screen.Press("4").Wait(time.Second).Press("enter").Wait(time.Second).Sees("Died↓").Press("s").Sees("State↓").Press("S").Sees("State↑")
		screen.Command("sort position").Press("g").Sees("Position↓").Selects("@0").Command("sort position reversed").Press("g").Selects("@1")
		screen.Press("6").Wait(time.Second).Command("sort why").Sees("orders are age, action, state").Press("esc")
	})
}

// The journal is sorted, too, and its cursor begins at the first run then.
func TestTheJournalIsSorted(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		letters := tuitest.NewLetters(t, adapters.Topic)
		screen := tuitest.Open(t, letters.Over(s.Options()), 140, 24).Press("4").Wait(time.Second)
		screen.Press("x").Type("first").Press("enter").Wait(time.Second).Press("enter").Wait(time.Second).Type("2").Press("enter").Wait(3 * time.Second)
		screen.Press("4").Wait(time.Second).Press("r").Wait(time.Second).Press("enter").Type("1").Press("enter").Wait(3 * time.Second)
		screen.Press("6").Wait(3*time.Second).Sees("2 runs", "Age↓").Selects("replay").Press("S").Selects("discard").Press("s").Sees("Action↓").Selects("discard").Press("S").Sees("Action↑").Selects("replay")
		screen.Command("sort by").Sees("By↓")
		// The cursor stays on its run when the journal is read again, for commands are about that.
		screen.Command("sort age").Press("g").Selects("replay").Press("S").Selects("discard").Press("G").Selects("replay").Wait(10 * time.Second).Selects("replay")
		screen.Press("g").Selects("discard").Wait(10 * time.Second).Selects("discard")
	})
}
