package tui

import (
	"context"
	"slices"
	"time"

	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// journalPage is every action ever taken from here, a row a run.
type journalPage struct {
	*desk
	listing
	question
	records []*replay.Record // the newest first
	broken  int
	asked   time.Time
}

// journalEvery is how often the journal is read while it is shown.
const journalEvery = 2 * time.Second

func newJournal(d *desk) *journalPage { return &journalPage{desk: d} }

func (p *journalPage) scope() scope        { return onJournal }
func (p *journalPage) ages() bool          { return true }
func (p *journalPage) waitsFor() *question { return &p.question }
func (p *journalPage) back() bool          { return false }
func (p *journalPage) name() text.Safe     { return text.Own("Journal") }

func (p *journalPage) refresh() tea.Cmd {
	if p.busy || !p.asked.IsZero() && p.now.Sub(p.asked) < journalEvery {
		return nil
	}
	p.asked = p.now
	office := p.options.Office
	return p.ask(p.desk, text.Own("reading the journal"), queryLimit, func(context.Context) (func(), error) {
		records, broken, err := office.Runs()
		slices.Reverse(records)
		return func() { p.records, p.broken = records, broken }, err
	})
}

func (p *journalPage) do(a action) tea.Cmd {
	if p.move(a, len(p.records)) || p.cursor.Index >= len(p.records) {
		return nil
	}
	record := p.records[p.cursor.Index]
	switch a {
	case enter:
		return p.open(&stepsPage{desk: p.desk, run: record.Run})
	case copyText:
		return p.copyText(record.Run, text.Own("the run's name"))
	}
	return nil
}

func (p *journalPage) click(row int) bool { return p.listing.click(row, len(p.records)) }

func (p *journalPage) status() []piece {
	pieces := []piece{{theme.Dim, plural(len(p.records), text.Own(" run"), text.Own(" runs"))}}
	if p.broken > 0 {
		pieces = append(pieces, piece{theme.Bad, text.Own("  ").Add(text.Count(int64(p.broken)), text.Own(" lines were changed by somebody"))})
	}
	return pieces
}

// The columns of runs.
const (
	runAge = iota
	runAction
	runState
	runCount
	runGrave
	runBy
	runName
	runWhy
)

func (p *journalPage) render(width, height int) []widget.Line {
	t := p.theme
	if len(p.records) == 0 {
		lines := []widget.Line{widget.Blank(t, width)}
		hint := text.Own("Nothing was done from here yet. What you replay, discard or restore stands here for good: who, when, what, how it ended.")
		for _, s := range widget.Wrap(t, hint, width-4, 3) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, s).Line())
		}
		return widget.Fit(t, lines, width, height)
	}
	columns := widget.Layout([]widget.Column{
		runAge: {Min: 4}, runAction: {Min: 7}, runState: {Min: 13}, runCount: {Min: 14, Rank: 1}, runGrave: {Min: 12, Want: 24, Rank: 2},
		runBy: {Min: 10, Want: 20, Rank: 4}, runName: {Min: 20, Rank: 3}, runWhy: {Min: 8, Rank: 5, Rest: true},
	}, width-2)
	lines := []widget.Line{headings(t, width, columns, []text.Safe{
		text.Own("Age"), text.Own("Action"), text.Own("State"), text.Own("Settled"), text.Own("Of"), text.Own("By"), text.Own("Run"), text.Own("Reason"),
	}, runAge, runCount)}
	from, to := p.show(lines, height, len(p.records))
	for i := from; i < to; i++ {
		lines = append(lines, p.row(columns, p.records[i], width, i == p.cursor.Index))
	}
	return widget.Fit(t, lines, width, height)
}

func (p *journalPage) row(columns []int, r *replay.Record, width int, selected bool) widget.Line {
	t := p.theme
	row := rowStart(t, width, selected, false)
	row.Right(theme.Dim, age(p.now, r.At), columns[runAge])
	row.Between().Cell(theme.Plain, t.String(string(r.Action)), columns[runAction])
	role, glyph := p.stateOf(r)
	row.Between().Cell(role, glyph.Add(space, t.String(r.State)), columns[runState])
	cells := []struct {
		column int
		role   theme.Role
		value  text.Safe
	}{
		{runGrave, theme.Plain, t.String(joined(r.Graves))}, {runBy, theme.Dim, t.String(r.By)},
		{runName, theme.Dim, t.String(r.Run)}, {runWhy, theme.Dim, t.String(joined([]string{r.Reason, r.Error}))},
	}
	if w := columns[runCount]; w > 0 {
		row.Between().Right(theme.Plain, text.Count(int64(r.Settled)).Add(text.Own(" of "), text.Count(int64(r.Count))), w)
	}
	for _, c := range cells {
		if w := columns[c.column]; w > 0 {
			row.Between().Cell(c.role, c.value, w)
		}
	}
	return row.Line()
}

// joined are the texts that are not empty.
func joined(texts []string) string {
	line := ""
	for _, s := range texts {
		if s != "" && line != "" {
			line += ", "
		}
		line += s
	}
	return line
}

// stateOf is how a run's state looks.
func (p *journalPage) stateOf(r *replay.Record) (theme.Role, text.Safe) {
	g := p.theme.Glyph
	switch r.State {
	case "done":
		return theme.Good, g.Done
	case "running":
		return theme.Accent, g.Running
	case "paused":
		return theme.Warn, g.Paused
	case "aborted":
		return theme.Warn, g.Failed
	}
	return theme.Bad, g.Failed
}

// stepsPage is what one run did, step by step.
type stepsPage struct {
	*desk
	listing
	question
	run   string
	lines []replay.Line
	asked bool
}

func (p *stepsPage) scope() scope        { return onSteps }
func (p *stepsPage) ages() bool          { return false }
func (p *stepsPage) waitsFor() *question { return &p.question }
func (p *stepsPage) back() bool          { return false }
func (p *stepsPage) name() text.Safe     { return text.Own("Run ").Add(p.theme.String(p.run)) }

func (p *stepsPage) refresh() tea.Cmd {
	if p.asked {
		return nil
	}
	p.asked = true
	office, run := p.options.Office, p.run
	return p.ask(p.desk, text.Own("reading the journal"), queryLimit, func(context.Context) (func(), error) {
		var lines []replay.Line
		_, err := office.Steps(run, func(l *replay.Line) error {
			lines = append(lines, *l)
			return nil
		})
		return func() { p.lines = lines }, err
	})
}

func (p *stepsPage) do(a action) tea.Cmd {
	switch {
	case p.move(a, len(p.lines)):
	case a == copyText:
		return p.copyText(p.run, text.Own("the run's name"))
	case a == enter && p.cursor.Index < len(p.lines):
		l := &p.lines[p.cursor.Index]
		all := joined([]string{string(l.Step), l.Grave, l.By, l.Reason, l.Error})
		p.say(theme.Plain, text.Moment(l.At.Local()).Add(space, p.theme.String(all)))
	}
	return nil
}

func (p *stepsPage) click(row int) bool { return p.listing.click(row, len(p.lines)) }

func (p *stepsPage) status() []piece {
	return []piece{{theme.Dim, plural(len(p.lines), text.Own(" step"), text.Own(" steps"))}}
}

func (p *stepsPage) render(width, height int) []widget.Line {
	t := p.theme
	var lines []widget.Line
	from, to := p.show(lines, height, len(p.lines))
	for i := from; i < to; i++ {
		l := &p.lines[i]
		row := rowStart(t, width, i == p.cursor.Index, false)
		row.Put(theme.Dim, text.Clock(l.At.Local())).Between().Cell(theme.Plain, t.String(string(l.Step)), 10)
		count := text.Safe{}
		if l.Count > 0 {
			count = text.Count(int64(l.Count))
		}
		row.Between().Right(theme.Plain, count, 7).Between().ID(theme.Dim, t.String(l.Letters.String()), min(24, width/4))
		row.Between().Cell(theme.Plain, t.String(l.Grave), min(24, width/5))
		row.Between().Put(theme.Dim, t.String(joined([]string{l.By, l.Reason, l.Error})))
		lines = append(lines, row.Line())
	}
	return widget.Fit(t, lines, width, height)
}
