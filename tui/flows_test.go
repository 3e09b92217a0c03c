package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/tui/tuitest"
)

func TestFlowsAreSortedFilteredAndHeld(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 5 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		broken := s.Compensated(6, time.Now())
		put(t, s, broken[:4]...) // failed and not refunded
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("2").Sees("Status", "Last↓", "6 of 6", "by activity")
		screen.Press("s").Wait(time.Second).Sees("by trouble", "Status↓")
		screen.Press("!").Wait(time.Second).Sees("trouble only", "ord-1006").Misses("ord-1002")
		screen.Command("sort activity").Press("!").Wait(time.Second).Sees("by activity")
		screen.Press("j", "j").Sees("order frozen")
		selected := strings.Fields(screen.Selected())[2]
		put(t, s, s.Order(20, time.Now(), 5)...)
		screen.Wait(2 * time.Second)
		if now := strings.Fields(screen.Selected())[2]; now != selected {
			t.Fatalf("the cursor was on %s and is on %s", selected, now)
		}
		screen.Press("f").Wait(time.Second).Sees("live", "ord-1020")
	})
}

func TestAFilterIsBlamedForWhatTheFilterHides(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 2 {
			put(t, s, s.Compensated(i, time.Now())[:4]...) // failed and not refunded
		}
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("2", "!").Wait(time.Second).Sees("trouble only", "2 of 2")
		screen.Press("/").Type("nothing-has-this").Press("enter").Wait(3*time.Second).Sees(
			"No failed, stuck or late flow matches the filter; without it 2 flows are failed, stuck or late.", "esc clears the filter")
		screen.Press("esc").Wait(time.Second).Sees("2 of 2", "trouble only").Misses("No failed")
		screen.Press("!", "/").Type("nothing-has-this").Press("enter").Wait(3 * time.Second).Sees("No flow has an event that matches the filter.")
		put(t, s, s.Compensated(0, time.Now())[4:]...) // which is refunded
		screen.Press("!").Wait(3 * time.Second).Sees("without it 1 flow is failed, stuck or late")
	})
}
