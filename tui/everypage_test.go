package tui_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"eventscope/adapters"
	"eventscope/tui"
	"eventscope/tui/tuitest"

	"github.com/charmbracelet/x/ansi"
)

// onEveryPage tells a story on each page of a screen that has something on all of them.
func onEveryPage(t *testing.T, change func(*tui.Options), tell func(t *testing.T, page string, screen *tuitest.Screen)) {
	for page := range way {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			story(t, func(t *testing.T, s *tuitest.System) {
				_, options := everything(t, s)
				change(&options)
				screen := tuitest.Open(t, options, 130, 24)
				to(screen, page)
				tell(t, page, screen)
			})
		})
	}
}

func asItIs(*tui.Options) {}

// TestAClickSelectsTheRowUnderIt, and a second one does what enter does.
func TestAClickSelectsTheRowUnderIt(t *testing.T) {
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		if slices.Contains([]string{"Plan", "Run", "Event", "Letter"}, page) {
			return // rows that cannot be opened, and values, have stories of their own
		}
		if page == "Stream" {
			screen.Press("g")
		}
		screen.Press("g")
		lines, at := strings.Split(screen.Text(), "\n"), screen.Selected()
		row := slices.Index(lines, at) + 1
		if screen.Click(20, row); strings.Split(screen.Text(), "\n")[row] != screen.Selected() {
			t.Fatalf("the click into line %d selects\n%s\n%s", row, screen.Selected(), screen.Text())
		}
		before := screen.Text()
		if after := screen.Click(20, row).Wait(time.Second).Text(); after == before {
			t.Fatalf("the second click does nothing:\n%s", after)
		}
	})
}

// TestTheWheelMovesByRows on every list, and back.
func TestTheWheelMovesByRows(t *testing.T) {
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		at := screen.Press("g").Selected()
		if screen.Wheel(false).Selected() == at {
			t.Fatalf("the wheel does not move the cursor from\n%s", at)
		}
		screen.Wheel(true).Selects(at)
	})
}

// colour is a parameter of SGR that sets one.
var colour = regexp.MustCompile(`\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m`)

func TestWithoutColourThereIsNone(t *testing.T) {
	onEveryPage(t, func(o *tui.Options) { o.NoColor = true }, func(t *testing.T, page string, screen *tuitest.Screen) {
		for _, keys := range [][]string{{}, {"?"}, {"esc", ":"}} {
			if found := colour.FindString(screen.Press(keys...).Raw()); found != "" {
				t.Fatalf("%q is a colour", found)
			}
		}
	})
}

// TestWhatIsShownWithColourIsShownWithout: nothing is told by colour alone.
func TestWhatIsShownWithColourIsShownWithout(t *testing.T) {
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		if colour.FindString(screen.Raw()) == "" {
			t.Fatal("there is no colour")
		}
		if plain := strings.TrimRight(strings.Split(ansi.Strip(screen.Raw()), "\n")[0], " "); plain != strings.Split(screen.Text(), "\n")[0] {
			t.Fatalf("without its colours the header is %q", plain)
		}
	})
}

func TestATerminalOfASCIIIsGivenNothingElse(t *testing.T) {
	onEveryPage(t, func(o *tui.Options) { o.ASCII = true }, func(t *testing.T, page string, screen *tuitest.Screen) {
		for _, keys := range [][]string{{}, {"?"}, {"esc", ":"}, {"esc", "1"}} {
			if at := strings.IndexFunc(screen.Press(keys...).Text(), func(r rune) bool { return r > '~' }); at >= 0 {
				t.Fatalf("this is not ASCII:\n%s", screen.Text())
			}
		}
	})
}

// TestEveryPageFitsEverySize, and is as it was when the terminal is.
func TestEveryPageFitsEverySize(t *testing.T) {
	onEveryPage(t, asItIs, func(t *testing.T, page string, screen *tuitest.Screen) {
		for _, size := range [][2]int{{40, 8}, {41, 13}, {60, 14}, {80, 24}, {109, 12}, {110, 30}, {200, 60}, {1, 1}, {39, 50}, {300, 7}} {
			screen.Resize(size[0], size[1])
			lines := strings.Split(screen.Raw(), "\n")
			if len(lines) != size[1] {
				t.Fatalf("%d lines at %v", len(lines), size)
			}
			for _, line := range lines {
				if ansi.StringWidth(line) != size[0] {
					t.Fatalf("%d cells at %v: %q", ansi.StringWidth(line), size, line)
				}
			}
		}
		if screen.Resize(130, 24).Wait(time.Second); screen.Ended() {
			t.Fatal(screen.Crash())
		}
	})
}

// TestTheCursorStaysOnItsFact when facts come above it, as when a letter is dealt with.
func TestTheCursorStaysOnItsFact(t *testing.T) {
	dead(t, adapters.Topic, func(t *testing.T, l *tuitest.Letters, screen *tuitest.Screen) {
		screen.Press("G", "enter").Wait(time.Second).Press("enter").Wait(time.Second).Sees("state      open").Press("tab")
		screen.GoTo("j", "▸source")
		elsewhere(t, l, "test data")
		screen.Wait(20*time.Second).Sees("because", "test data", "u restore").Misses("r replay").Selects("▸source")
	})
}
