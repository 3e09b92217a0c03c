package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"eventscope/tui/keymap"
	"eventscope/tui/tuitest"
)

// A key of one's own gives a command on every page, and footer and help show it.
func TestAKeyOfOnesOwn(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		options := s.Options()
		options.Keys = []keymap.Own{{Key: "f5", Command: "sort name"}, {Key: "Z", Command: "flows"}}
		screen := tuitest.Open(t, options, 140, 40).Sees("f5 sort name", "Z flows").Press("enter", "Z").Wait(time.Second).Sees("1 of 1", "by activity")
		screen.Press("f5").Wait(time.Second).Sees("by name").Press("?").Sees(":sort name", ":flows").Press("esc")
		screen.Press("/", "Z").Sees("/Z").Press("esc") // it is a letter while one writes
	})
}

// A filter is saved under a name, which stands for it then, on every page that takes it.
func TestAFilterIsSaved(t *testing.T) {
	story(t, func(t *testing.T, s *tuitest.System) {
		put(t, s, s.Order(1, time.Now(), 5)...)
		put(t, s, s.Order(2, time.Now(), 5)...)
		options, kept := s.Options(), map[string]string{"old": "ord-1002"}
		options.Filters = map[string]string{"old": "ord-1002"}
		options.SaveFilter = func(name, filter string) error {
			if name == "full" {
				return errors.New("the disk is full")
			}
			kept[name] = filter
			return nil
		}
		screen := tuitest.Open(t, options, 120, 24)
		screen.Command("save one").Sees("this page has no filter to save").Press("esc").Filter("ord-1001").Misses("ord-1002")
		screen.Command("save a b").Sees("a name has letters").Press("esc").Command("save full").Sees("the disk is full").Press("esc")
		screen.Command("save one").Sees("✓ saved: /@one is ord-1001").Press("esc", "esc").Wait(time.Second).Sees("ord-1002")
		screen.Press("/").Type("@").Sees("@old", "@one", "ord-1002").Type("ol").Press("tab", "enter").Wait(time.Second).Sees("/ord-1002").Misses("ord-1001")
		screen.Command("filter @one").Sees("/ord-1001").Misses("ord-1002").Press("esc", "esc").Filter("@nobody").Sees("no filter is saved as @nobody, so it is looked for as words")
		screen.Press("esc", "esc").Command("save one").Sees("@one is saved no longer")
		if kept["one"] != "" || kept["old"] != "ord-1002" {
			t.Errorf("kept are %v", kept)
		}
	})
}

// The mouse can be left to the terminal.
func TestTheMouseCanBeLeftToTheTerminal(t *testing.T) {
	for _, off := range []bool{false, true} {
		story(t, func(t *testing.T, s *tuitest.System) {
			options := s.Options()
			options.NoMouse = off
			screen := tuitest.Open(t, options, 80, 24)
			if took := strings.Contains(screen.Written(), "\x1b[?1002h"); took == off {
				t.Errorf("without the mouse is %v, and it was taken: %v", off, took)
			}
		})
	}
}
