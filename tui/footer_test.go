package tui_test

import (
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui/tuitest"
)

// Keys come before what drawing costs; what was dropped comes before keys.
func TestTheFooterSpeaksOfKeysThatWork(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		screen := tuitest.Open(t, s.Options(), 120, 24).Sees("frame ", "0 dropped", "p pause").Resize(80, 24).Misses("frame ").Sees("p pause", "? help")
		screen.Press("p").Sees("p go on").Press("p").Sees("p pause")
		screen.Press("enter").Sees("v lanes").Press("v").Sees("v timeline").Press("v").Sees("v lanes")
		screen.Press("enter").Sees("⏎ fold", "v raw").Press("v").Sees("v hex").Misses("fold").Press("v").Sees("v tree")
		s.Kafka.Set(func(status *adapters.Status) { status.Dropped = 7 })
		screen.Press("2").Wait(time.Second).Sees("7 dropped", "? help").Press("p").Sees("p go on")
	})
}

func TestHelpSaysHowMuchIsBelow(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, s.Options(), 80, 24).Press("?").Sees("more below; any other key closes")
		for range 30 {
			screen.Press("j")
		}
		screen.Sees("j and k scroll; any other", "ctrl+c").Misses("more below").Press("k").Sees("1 more below")
	})
}

func TestTheThemeIsSwitched(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Compensated(1, time.Now())...)
		screen := tuitest.Open(t, s.Options(), 80, 24)
		dark, text := screen.Raw(), screen.Text()
		screen.Press(":").Type("theme light").Press("enter")
		if screen.Raw() == dark || screen.Text() != text {
			t.Errorf("light differs in more than colours, or not at all:\n%s", screen.Text())
		}
		screen.Press(":").Type("theme dark").Press("enter")
		if screen.Raw() != dark {
			t.Error("dark is not what it was")
		}
		screen.Press(":").Type("theme blue").Press("enter").Sees("themes are dark and light")
	})
}

// While a window is dragged the terminal says a new size all the time.
func TestAStormOfResizesEndsAtTheLastSize(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		shop(t, s)
		screen := tuitest.Open(t, s.Options(), 80, 24)
		for _, keys := range [][]string{{}, {"enter"}, {"v"}, {"enter"}, {"?"}, {"x", ":"}} {
			screen.Press(keys...).Resize(80, 24).Wait(time.Second)
			before := screen.Text()
			for i := range 50 {
				screen.Resize(1+i*7%200, 1+i*13%70)
			}
			if after := screen.Resize(80, 24).Wait(time.Second).Text(); after != before {
				t.Fatalf("after %v it was\n%s\nand is now\n%s", keys, before, after)
			}
		}
	})
}
