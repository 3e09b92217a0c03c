package stage

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	tea "charm.land/bubbletea/v2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// acted is a screen that quits when it is told its cue.
type acted struct {
	says    string
	next    bool
	first   tea.Cmd
	told    []tea.Msg
	playing chan struct{} // closed when its first command was made
}

type cue struct{}

func (a *acted) Next() bool { return a.next }

func (a *acted) Init() tea.Cmd {
	if a.playing != nil {
		close(a.playing)
	}
	return a.first
}

func (a *acted) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	a.told = append(a.told, m)
	if _, ok := m.(cue); ok {
		return a, tea.Quit
	}
	return a, nil
}

func (a *acted) View() tea.View {
	v := tea.NewView(a.says)
	v.AltScreen = true
	return v
}

func (a *acted) was(told tea.Msg) bool {
	for _, m := range a.told {
		if m == told {
			return true
		}
	}
	return false
}

func quits() tea.Msg { return cue{} }

const enterTerminal, leaveTerminal = "\x1b[?1049h", "\x1b[?1049l"

// Two screens take the terminal once, and give it back once.
func TestNothingIsBetweenTwoScreens(t *testing.T) {
	var out bytes.Buffer
	in, keys := io.Pipe()
	defer keys.Close()
	s := New(in, &out)
	if s.Taken() {
		t.Error("the terminal is taken before there is a screen")
	}
	if err := s.Show(t.Context(), &acted{says: "one", next: true, first: quits}); err != nil || !s.Taken() {
		t.Fatalf("%v, taken is %v", err, s.Taken())
	}
	if err := s.Show(t.Context(), &acted{says: "two", first: quits}); err != nil || s.Taken() {
		t.Fatalf("%v, taken is %v", err, s.Taken())
	}
	all := out.String()
	if strings.Count(all, enterTerminal) != 1 || strings.Count(all, leaveTerminal) != 1 || strings.LastIndex(all, leaveTerminal) < strings.Index(all, enterTerminal) {
		t.Errorf("written is %q", all)
	}
}

// A screen that ends for another one is ended by ctx, too, and so is the one after it.
func TestAScreenEndsWithItsContext(t *testing.T) {
	in, keys := io.Pipe()
	defer keys.Close()
	s := New(in, io.Discard)
	for _, next := range []bool{false, true} {
		if err := s.Show(t.Context(), &acted{next: true, first: quits}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		playing := make(chan struct{})
		go func() { <-playing; cancel() }()
		if err := s.Show(ctx, &acted{next: next, playing: playing}); err != context.Canceled || s.Taken() {
			t.Errorf("%v, taken is %v", err, s.Taken())
		}
	}
	s.Close() // again, for nothing
}

// The terminal says what it is once; later screens are told, too. What comes late of a screen is
// not for the one after it.
func TestWhatAScreenIsTold(t *testing.T) {
	first, second := &acted{says: "one", next: true}, &acted{says: "two"}
	d := &director{screen: first, over: make(chan struct{}, 1)}
	size := tea.WindowSizeMsg{Width: 80, Height: 24}
	d.Update(size)
	type answer struct{ n int }
	late := d.own(tea.Batch(func() tea.Msg { return answer{1} }, func() tea.Msg { return answer{2} }))().(tea.BatchMsg)
	d.Update(late[0]())
	if d.Update(d.filter(d, tea.Quit())); d.screen != nil || len(d.over) != 1 || d.View().Content != "one" {
		t.Fatalf("between the screens %q is shown", d.View().Content)
	}
	if _, cmd := d.Update(tea.KeyPressMsg{Code: 'q'}); cmd != nil {
		t.Error("a key means something between the screens")
	}
	if _, cmd := d.Update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}); cmd == nil || cmd() != tea.Quit() {
		t.Error("ctrl+c ends nothing between the screens")
	}
	d.Update(enter{second})
	d.Update(late[1]())
	if !first.was(answer{1}) || first.was(answer{2}) || second.was(answer{2}) || !second.was(size) || d.View().Content != "two" {
		t.Errorf("told were %v and %v", first.told, second.told)
	}
	if d.filter(d, tea.Quit()) != tea.Quit() {
		t.Error("a screen that nothing follows does not end the program")
	}
}
