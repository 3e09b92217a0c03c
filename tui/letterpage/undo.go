package letterpage

import (
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// undo opens the plan that restores what a run has discarded. The dead-letter queues are read once
// more for that, with what was resolved.
func (m *Model) undo(run string) tea.Cmd {
	on, all := m.Top(), m.all
	over := m.Wait(text.Own("reading the dead letters"))
	m.all, m.fresh = true, true
	m.then = func() {
		over()
		var letters []*replay.Letter
		m.Last.each(func(l *replay.Letter) {
			if l.State == replay.Discarded && l.Mark != nil && l.Mark.Run == run {
				letters = append(letters, l)
			}
		})
		switch m.all = all; {
		case m.Top() != on: // somebody went elsewhere meanwhile
		case len(letters) == 0:
			m.Say(theme.Warn, text.Own("nothing that this run discarded is there to be restored"))
		case m.Elsewhere(on):
			m.Say(theme.Dim, text.Own("u again opens the plan that restores them"))
		default:
			m.Push(&planPage{Screen: m, model: m, action: replay.Restore, letters: letters}) // an answer refreshes it
		}
	}
	return m.update()
}
