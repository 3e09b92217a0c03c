package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/tui/tuitest"
)

func TestMouse(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		for i := range 20 {
			put(t, s, s.Order(i, time.Now(), 5)...)
		}
		screen := tuitest.Open(t, s.Options(), 100, 24).Wheel(true).Sees("paused")
		screen.Click(30, 10)
		row := strings.Split(screen.Text(), "\n")[10]
		if !strings.HasPrefix(row, "▸") {
			t.Fatalf("the click did not select the row under it: %s", row)
		}
		screen.Click(30, 10).Sees("Flow ord-").Press("esc")
		screen.Click(13, 1).Sees("by activity").Click(3, 1).Sees("OrderPlaced")
	})
}

func TestMarksAreCopied(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 1)...)
		put(t, s, s.Order(2, time.Now(), 1)...)
		screen := tuitest.Open(t, s.Options(), 100, 24).Press("g").Press("space", "space").Sees("◆ 2").Press("y").Sees("copied 2 flow ids").Wait(time.Second)
		if !screen.Copied("ord-1001\nord-1002") {
			t.Fatal("the marked ids are not in the clipboard")
		}
		screen.Press("esc", "esc").Misses("◆")
	})
}

// TestEscRightBeforeAKey arrives as alt and that key, and still is both.
func TestEscRightBeforeAKey(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Press("enter").Sees("Flow ord-1001")
		screen.Press("alt+2").Wait(time.Second).Sees("by activity").Misses("Flow ord-1001")
		screen.Press("1", "enter", "enter").Sees("OrderPlaced").Press("alt+v").Wait(time.Second).Sees("Flow ord-1001", "├──")
	})
}
