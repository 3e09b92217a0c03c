package tui

import (
	"strings"
	"testing"
	"testing/synctest"

	"eventscope/tracing"
	"eventscope/tui/page"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// nothing is a store without events.
type nothing struct{ tracing.Querier }

func (nothing) Counters() tracing.Counters { return tracing.Counters{} }

// broken is a page that cannot be drawn.
type broken struct{ page.Page }

func (broken) Refresh() tea.Cmd              { return nil }
func (broken) Render(int, int) []widget.Line { panic("cannot draw\nthis") }

func TestAPanicWhileDrawingEndsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{Querier: nothing{}})
		m.shell.pages = []page.Page{broken{m.tabs[0].page}}
		m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		m.View()
		if m.Crash() == nil || !strings.Contains(m.Crash().Reason, `cannot draw\nthis`) {
			t.Fatalf("the panic was taken as %v", m.Crash())
		}
		if _, cmd := m.Update(tick{}); cmd == nil {
			t.Fatal("the program goes on")
		} else if _, quits := cmd().(tea.QuitMsg); !quits {
			t.Fatal("the next tick does not quit")
		}
	})
}
