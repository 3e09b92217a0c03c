package letterpage

import (
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// ShowRun shows last run of this session.
func (m *Model) ShowRun() tea.Cmd {
	if m.run == nil {
		m.Say(theme.Dim, text.Own("no run was begun from this screen"))
		return nil
	}
	return m.Open(m.runPage(m.run))
}

// Unfinished names the runs that had not ended when the journal was read last.
func (m *Model) Unfinished() (names []string) {
	for _, r := range m.records {
		if !r.Ended() {
			names = append(names, r.Run)
		}
	}
	return names
}

// runMeant is the run that a command names or, when it names none, that the page is about,
// or that was begun from here last.
func (m *Model) runMeant(name string) string {
	if name != "" {
		return name
	}
	switch shown := m.Top().(type) {
	case *runPage:
		return shown.running.run.ID
	case *stepsPage:
		return shown.run
	case *journalPage:
		if record := shown.Selected(); record != nil {
			return record.Run
		}
	}
	if m.run != nil {
		return m.run.run.ID
	}
	return ""
}

// Resume goes on with a run: the one that is named, or that is meant where none is.
func (m *Model) Resume(name string) tea.Cmd {
	if name = m.runMeant(name); name == "" {
		m.Say(theme.Bad, text.Own("which run? :resume and its name; 6 lists them"))
		return nil
	}
	return m.carryOut(text.Own("taking the run up"), func() (*replay.Run, error) {
		return m.Service.Resume(name, m.Write, replay.Pace{})
	}, func() { m.leaveRun(name) })
}

// Abort ends a run: the one that is named, or that is meant where none is.
func (m *Model) Abort(name string) tea.Cmd {
	if name = m.runMeant(name); name == "" {
		m.Say(theme.Bad, text.Own("which run? :abort and its name; 6 lists them"))
		return nil
	}
	if m.run.atWork() && m.run.run.ID == name {
		m.runPage(m.run).abort()
		return nil
	}
	return m.carryOut(text.Own("ending the run"), func() (*replay.Run, error) {
		return m.Service.Abort(name, m.Write)
	}, func() { m.leaveRun(name) })
}

// leaveRun closes the page of a run that is shown anew.
func (m *Model) leaveRun(name string) {
	if shown, ok := m.Top().(*runPage); ok && shown.running.run.ID == name {
		m.Close(shown)
	}
}
