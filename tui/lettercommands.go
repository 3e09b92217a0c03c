package tui

import (
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// letterVerbs are the commands about dead letters.
func (m *Model) letterVerbs() []verb {
	return []verb{
		{name: "dead", help: "dead letters, by what they died of", run: func(m *Model, _ string) tea.Cmd { return m.goTab(4) }},
		{name: "journal", help: "what was done to dead letters from here", run: func(m *Model, _ string) tea.Cmd { return m.goTab(6) }},
		{name: "run", help: "the run that was begun from here last", run: runShow},
		{name: "resume", arguments: "RUN", help: "go on with a run that was interrupted", run: runResume},
		{name: "abort", arguments: "RUN", help: "end a run; what it has not sent stays open", run: runAbort},
	}
}

func runShow(m *Model, _ string) tea.Cmd {
	d := m.desk
	if d.run == nil {
		d.say(theme.Dim, text.Own("no run was begun from this screen"))
		return nil
	}
	return d.open(&runPage{desk: d, running: d.run})
}

func runResume(m *Model, rest string) tea.Cmd {
	return m.takeUp(func() (*replay.Run, error) {
		return m.desk.options.Office.Resume(rest, m.desk.options.Write, replay.Pace{})
	})
}

func runAbort(m *Model, rest string) tea.Cmd {
	return m.takeUp(func() (*replay.Run, error) { return m.desk.options.Office.Abort(rest, m.desk.options.Write) })
}

// takeUp carries out the run that get gives, if there is something left to do.
func (m *Model) takeUp(get func() (*replay.Run, error)) tea.Cmd {
	d := m.desk
	run, err := get()
	switch {
	case err != nil:
		d.say(theme.Bad, d.theme.Glyph.Failed.Add(space, d.theme.String(err.Error())))
		return nil
	case run == nil:
		d.say(theme.Good, text.Own("it is ended"))
		return nil
	}
	return d.carryOut(run)
}
