package tui

import tea "charm.land/bubbletea/v2"

// letterVerbs are the commands about dead letters.
func (m *Model) letterVerbs() []verb {
	letters, unfinished := m.shell.letters, func(m *Model) []string { return m.journal.Unfinished() }
	return []verb{
		{name: "dead", help: "dead letters, by what they died of", run: func(m *Model, _ string) tea.Cmd { return m.goTab(4) }},
		{name: "journal", help: "what was done to dead letters from here", run: func(m *Model, _ string) tea.Cmd { return m.goTab(6) }},
		{name: "run", help: "the run that was begun from here last", run: func(*Model, string) tea.Cmd { return letters.ShowRun() }},
		{name: "resume", arguments: "[RUN]", help: "go on with a run that was interrupted, paused or failed", run: func(_ *Model, run string) tea.Cmd { return letters.Resume(run) }, offer: unfinished},
		{name: "abort", arguments: "[RUN]", help: "end a run; what it has not sent stays open", run: func(_ *Model, run string) tea.Cmd { return letters.Abort(run) }, offer: unfinished},
	}
}
