package tui

import (
	"slices"

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
		{name: "resume", arguments: "[RUN]", help: "go on with a run that was interrupted, paused or failed", run: runResume, offer: unfinishedRuns},
		{name: "abort", arguments: "[RUN]", help: "end a run; what it has not sent stays open", run: runAbort, offer: unfinishedRuns},
	}
}

func runShow(m *Model, _ string) tea.Cmd {
	d := m.shell
	if d.run == nil {
		d.say(theme.Dim, text.Own("no run was begun from this screen"))
		return nil
	}
	return d.open(&runPage{shell: d, running: d.run})
}

// unfinishedRuns are those that the journal last told of.
func unfinishedRuns(m *Model) (names []string) {
	for _, tab := range m.tabs {
		if journal, ok := tab.page.(*journalPage); ok {
			for _, r := range journal.records {
				if !r.Ended() {
					names = append(names, r.Run)
				}
			}
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
	switch page := m.shell.top().(type) {
	case *runPage:
		return page.running.run.ID
	case *stepsPage:
		return page.run
	case *journalPage:
		if page.cursor.Index < len(page.records) {
			return page.records[page.cursor.Index].Run
		}
	}
	if m.shell.run != nil {
		return m.shell.run.run.ID
	}
	return ""
}

func runResume(m *Model, rest string) tea.Cmd {
	d, name := m.shell, m.runMeant(rest)
	if name == "" {
		d.say(theme.Bad, text.Own("which run? :resume and its name; 6 lists them"))
		return nil
	}
	return d.takeUp(text.Own("taking the run up"), func() (*replay.Run, int, error) {
		run, err := d.options.Service.Resume(name, d.options.Write, replay.Pace{})
		return run, d.doneBefore(name, err), err
	}, func(*replay.Run) { d.leaveRun(name) })
}

// doneBefore is how many letters of a run were settled or skipped when it was taken up. It
// works outside the event loop.
func (d *shell) doneBefore(name string, err error) int {
	if err != nil {
		return 0
	}
	records, _, err := d.options.Service.Runs()
	if i := slices.IndexFunc(records, func(r *replay.Record) bool { return r.Run == name }); err == nil && i >= 0 {
		return records[i].Settled + records[i].Skipped
	}
	return 0
}

// leaveRun closes the page of a run that is shown anew.
func (d *shell) leaveRun(name string) {
	if shown, ok := d.top().(*runPage); ok && shown.running.run.ID == name {
		d.pop()
	}
}

func runAbort(m *Model, rest string) tea.Cmd {
	d, name := m.shell, m.runMeant(rest)
	if name == "" {
		d.say(theme.Bad, text.Own("which run? :abort and its name; 6 lists them"))
		return nil
	}
	if d.run.atWork() && d.run.run.ID == name {
		page := &runPage{shell: d, running: d.run}
		page.abort()
		return nil
	}
	return d.takeUp(text.Own("ending the run"), func() (*replay.Run, int, error) {
		run, err := d.options.Service.Abort(name, d.options.Write)
		if run == nil {
			return nil, 0, err
		}
		return run, d.doneBefore(name, err), err
	}, func(*replay.Run) { d.leaveRun(name) })
}
