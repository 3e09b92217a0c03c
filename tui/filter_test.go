package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/tui/tuitest"
)

func TestFilterAndMatches(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 4 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		put(t, s, s.Compensated(7, time.Now())...)
		put(t, s, s.Order(8, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 40)
		screen.Press("/").Type(`type == "InventoryFailed"`).Sees(`/type == "InventoryFailed"`).Press("enter").Wait(time.Second)
		screen.Sees("InventoryFailed ✗").Misses("ShipmentPrepared")
		screen.Press("2").Wait(time.Second).Sees("ord-1007", "1 of 6").Misses("ord-1008")
		screen.Press("1", "esc").Wait(time.Second).Sees("ShipmentPrepared")
		screen.Press("G").Press("N").Wait(time.Second)
		if line := screen.Selected(); !strings.Contains(line, "InventoryFailed") {
			t.Fatalf("N went to %s", line)
		}
		screen.Press("n").Sees("no further match")
	})
}

func TestAWrongFilterPointsAtItsFault(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("/").Type(`type == `)
		screen.Sees("▾")
		screen.Press("enter").Sees("type ==") // a wrong one is not taken
		screen.Type(`"x"`).Misses("▾").Press("esc").Misses("type ==")
	})
}
