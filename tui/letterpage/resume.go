package letterpage

import (
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"

	tea "charm.land/bubbletea/v2"
)

// ShowRun shows last run of this session.
func (b *Model) ShowRun() tea.Cmd {
	if b.run == nil {
		b.Say(theme.Dim, text.Own("no run was begun from this screen"))
		return nil
	}
	return b.Open(b.runPage(b.run))
}

// Unfinished names the runs that had not ended when the journal was read last.
func (b *Model) Unfinished() (names []string) {
	for _, r := range b.records {
		if !r.Ended() {
			names = append(names, r.Run)
		}
	}
	return names
}

// runMeant is the run that a command names or, when it names none, that the page is about,
// or that was begun from here last.
func (b *Model) runMeant(name string) string {
	if name != "" {
		return name
	}
	switch shown := b.Top().(type) {
	case *runPage:
		return shown.running.run.ID
	case *stepsPage:
		return shown.run
	case *journalPage:
		if shown.Cursor.Index < len(shown.records) {
			return shown.records[shown.Cursor.Index].Run
		}
	}
	if b.run != nil {
		return b.run.run.ID
	}
	return ""
}

// Resume goes on with a run: the one that is named, or that is meant where none is.
func (b *Model) Resume(name string) tea.Cmd {
	if name = b.runMeant(name); name == "" {
		b.Say(theme.Bad, text.Own("which run? :resume and its name; 6 lists them"))
		return nil
	}
	return b.carryOut(text.Own("taking the run up"), func() (*replay.Run, error) {
		return b.Service.Resume(name, b.Write, replay.Pace{})
	}, func() { b.leaveRun(name) })
}

// Abort ends a run: the one that is named, or that is meant where none is.
func (b *Model) Abort(name string) tea.Cmd {
	if name = b.runMeant(name); name == "" {
		b.Say(theme.Bad, text.Own("which run? :abort and its name; 6 lists them"))
		return nil
	}
	if b.run.atWork() && b.run.run.ID == name {
		b.runPage(b.run).abort()
		return nil
	}
	return b.carryOut(text.Own("ending the run"), func() (*replay.Run, error) {
		return b.Service.Abort(name, b.Write)
	}, func() { b.leaveRun(name) })
}

// leaveRun closes the page of a run that is shown anew.
func (b *Model) leaveRun(name string) {
	if shown, ok := b.Top().(*runPage); ok && shown.running.run.ID == name {
		b.Close(shown)
	}
}
