package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/tui/tuitest"
)

// TestHexFitsNarrowScreens: the text in a binary value is there whole, however wide the screen is.
func TestHexFitsNarrowScreens(t *testing.T) {
	const words = "the one text in a hostile record"
	for _, width := range []int{40, 60, 80, 100, 120, 160} {
		story(t, func(t *testing.T, s *tuitest.System) {
			binary := odd(s, "\x00\x01\xff"+words)
			put(t, s, binary)
			screen := tuitest.Open(t, s.Options(), width, 40).Press("v").Wait(time.Second).Press("v", "v")
			shown := ""
			for line := range strings.SplitSeq(screen.Text(), "\n") {
				if _, ascii, ok := strings.Cut(line, " |"); ok {
					part, _, closed := strings.Cut(ascii, "|")
					if !closed {
						t.Errorf("%d cells: the text is cut: %s", width, line)
					}
					shown += part
				}
			}
			if !strings.Contains(shown, words) {
				t.Errorf("%d cells: shown is %q:\n%s", width, shown, screen.Text())
			}
		})
	}
}
