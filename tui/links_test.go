package tui_test

import (
	"strings"
	"testing"
	"time"

	"eventscope/tui"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/tuitest"
)

// Positions open the address that the config gives them, on every page that shows them, and "Y" has it
// for the clipboard. A topic of a stranger stays within its part of the address.
func TestPositionsAreLinks(t *testing.T) {
	const orders = "\x1b]8;;https://ui/topics/orders/0?at=0\x1b\\"
	linked := func(t *testing.T, s *tuitest.System) tui.Options {
		put(t, s, s.Order(9, time.Now(), 5)...)
		put(t, s, tuitest.Event{Source: s.Kafka, To: "x\x1b\\y/../?z", At: time.Now(), Type: "T", Value: "{}"})
		options := s.Options()
		var err error
		if options.Sources[0].Link, err = text.ParseTemplate("https://ui/topics/{destination}/{partition}?at={offset}", page.LinkNames); err != nil {
			t.Fatal(err)
		}
		return options
	}
	story(t, func(t *testing.T, s *tuitest.System) {
		screen := tuitest.Open(t, linked(t, s), 140, 40)
		if !strings.Contains(screen.Raw(), orders) || !strings.Contains(screen.Raw(), "https://ui/topics/x%1B%5Cy%2F..%2F%3Fz/0?at=0\x1b\\") {
			t.Errorf("the stream has no links: %q", screen.Raw())
		}
		if !strings.Contains(screen.Written(), "https://ui/topics/orders/0?at=0") {
			t.Error("no link has come to the terminal")
		}
		screen.Press("/").Type("OrderPlaced").Press("enter").Wait(time.Second)
		for _, key := range []string{"enter", "enter"} { // the flow, its first event
			if screen.Press(key).Wait(time.Second); !strings.Contains(screen.Raw(), orders) {
				t.Errorf("after %s there is no link: %s", key, screen.Text())
			}
		}
		if screen.Press("Y").Sees("u  address of the event, for a browser").Press("u").Wait(time.Second); screen.Clipboard() != "https://ui/topics/orders/0?at=0" {
			t.Errorf("copied is %q", screen.Clipboard())
		}
	})
	story(t, func(t *testing.T, s *tuitest.System) {
		options := linked(t, s)
		options.NoLinks = true
		screen := tuitest.Open(t, options, 140, 40)
		if strings.Contains(screen.Raw(), "\x1b]8") {
			t.Error("a terminal that does not know links gets them")
		}
		screen.Press("/").Type("OrderPlaced").Press("enter").Wait(time.Second).Press("enter").Wait(time.Second).Press("Y").Sees("u  address of the event")
	})
}

// Which terminals know links.
func TestTerminalsThatKnowLinks(t *testing.T) {
	for kind, knows := range map[string]bool{"xterm-256color": true, "tmux-256color": true, "": true, "linux": false, "vt220": false} {
		if tui.KnowsLinks(kind) != knows {
			t.Errorf("%q knows links is %v", kind, !knows)
		}
	}
}
