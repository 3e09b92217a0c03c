package startpage

import (
	"context"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var known = []Choice{
	{"contexts of the config", "dev", ""}, {"contexts of the config", "prod", "read only"},
	{"looked at last", "kafka://broker:9092/\x1b[31morders", ""}, {"demonstration", "eventscope demo", "no broker needed"},
}

func open(width, height int, find func(context.Context) []Choice) *Model {
	m := New(context.Background(), Options{Choices: known, Find: find, Before: "demonstration"})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return m
}

func (m *Model) keys(keys ...string) (ended bool) {
	for _, key := range keys {
		ended = m.press(key) != nil
	}
	return ended
}

func shown(m *Model) string { return ansi.Strip(m.View().Content) }

// TestEverythingThatIsKnownCanBeChosen, and what is from outside cannot draw.
func TestEverythingThatIsKnownCanBeChosen(t *testing.T) {
	for i, c := range known {
		m := open(80, 24, nil)
		for range i {
			m.keys("j")
		}
		drawn := shown(m)
		if strings.Contains(m.View().Content, "\x1b[31morders") || !strings.Contains(drawn, "what do you want to look at?") {
			t.Fatalf("drawn is %q", drawn)
		}
		if !m.keys("enter") || !m.done || m.chosen != c {
			t.Errorf("chosen is %+v, want %+v", m.chosen, c)
		}
	}
	for _, key := range []string{"q", "esc", "ctrl+c"} {
		if m := open(80, 24, nil); !m.keys(key) || m.done {
			t.Errorf("%s has chosen %+v", key, m.chosen)
		}
	}
}

// TestWhatIsFoundLaterMovesNoCursor: enter takes what was under it.
func TestWhatIsFoundLaterMovesNoCursor(t *testing.T) {
	broker := Choice{"brokers on this machine", "kafka://localhost:9092", "answers"}
	for i, c := range known {
		m := open(80, 24, func(context.Context) []Choice { return []Choice{broker} })
		if !strings.Contains(shown(m), "looking for brokers") {
			t.Fatalf("drawn is %q", shown(m))
		}
		for range i {
			m.keys("j")
		}
		m.Update(m.Init()())
		if drawn := shown(m); !strings.Contains(drawn, broker.Name) || strings.Contains(drawn, "looking for brokers") {
			t.Fatalf("drawn is %q", drawn)
		}
		if m.keys("enter"); m.chosen != c {
			t.Errorf("chosen is %+v, want %+v", m.chosen, c)
		}
	}
	m := open(80, 24, func(context.Context) []Choice { return []Choice{broker} })
	m.Update(m.Init()())
	if m.keys("G", "k", "enter"); m.chosen != broker {
		t.Errorf("chosen is %+v", m.chosen)
	}
}

// TestThePageFitsAnyTerminal, with the cursor on it.
func TestThePageFitsAnyTerminal(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {20, 5}, {40, 8}, {80, 24}, {200, 50}} {
		for i := range known {
			m := open(size[0], size[1], nil)
			for range i {
				m.keys("j")
			}
			lines := strings.Split(shown(m), "\n")
			if len(lines) != size[1] {
				t.Fatalf("%v: %d lines", size, len(lines))
			}
			cursor := false
			for _, line := range lines {
				cursor = cursor || strings.Contains(line, "▸")
				if w := ansi.StringWidth(line); w != size[0] {
					t.Errorf("%v: a line of %d: %q", size, w, line)
				}
			}
			if !cursor && size[1] >= 5 {
				t.Errorf("%v: no cursor on %d:\n%s", size, i, shown(m))
			}
		}
	}
}
