package tui

import (
	"context"
	"slices"
	"time"

	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// journalPage is every action ever taken from here, a row a run.
type journalPage struct {
	*shell
	listing
	question
	records []*replay.Record // the newest first
	at      string           // name of the run under the cursor
	broken  int
	asked   time.Time
	read    bool // the journal has said once what there is
}

// journalEvery is how often the journal is read while it is shown.
const journalEvery = 2 * time.Second

func newJournal(d *shell) *journalPage { return &journalPage{shell: d} }

func (p *journalPage) scope() keymap.Scope { return keymap.OnJournal }
func (p *journalPage) ages() bool          { return true }
func (p *journalPage) waitsFor() *question { return &p.question }
func (p *journalPage) back() bool          { return false }
func (p *journalPage) name() text.Safe     { return text.Own("Journal") }

// hint leaves out keys that have nothing to act on.
func (p *journalPage) hint(b *keymap.Binding) text.Safe {
	if len(p.records) == 0 && (b.Action == keymap.Enter || b.Action == keymap.CopyText) {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *journalPage) refresh() tea.Cmd {
	if p.busy || !p.asked.IsZero() && p.now.Sub(p.asked) < journalEvery {
		return nil
	}
	p.asked = p.now
	service := p.options.Service
	return p.ask(p.shell, text.Own("reading the journal"), queryLimit, func(context.Context) (func(), error) {
		records, broken, err := service.Runs()
		slices.Reverse(records)
		return func() { p.take(records, broken) }, err
	})
}

// take shows records; the cursor stays on its run when others are begun above it, since
// commands are about that.
func (p *journalPage) take(records []*replay.Record, broken int) {
	p.records, p.broken, p.read = records, broken, true
	if i := slices.IndexFunc(records, func(r *replay.Record) bool { return r.Run == p.at }); i >= 0 {
		p.cursor.Index = i
	}
	p.keep()
}

// keep notes which run is under the cursor.
func (p *journalPage) keep() {
	p.cursor.To(p.cursor.Index, len(p.records))
	if p.at = ""; p.cursor.Index < len(p.records) {
		p.at = p.records[p.cursor.Index].Run
	}
}

func (p *journalPage) do(a keymap.Action) tea.Cmd {
	if p.move(a, len(p.records)) {
		p.keep()
		return nil
	}
	if p.cursor.Index >= len(p.records) {
		return nil
	}
	record := p.records[p.cursor.Index]
	switch a {
	case keymap.Enter:
		return p.open(&stepsPage{shell: p.shell, run: record.Run})
	case keymap.CopyText:
		return p.copyText(record.Run, text.Own("the run's name"))
	}
	return nil
}

func (p *journalPage) click(_, row int) bool {
	again := p.listing.click(row, len(p.records))
	p.keep()
	return again
}

func (p *journalPage) status() []piece {
	if !p.read {
		return nil
	}
	pieces := []piece{{theme.Dim, plural(len(p.records), text.Own(" run"), text.Own(" runs"))}}
	if p.broken > 0 {
		pieces = append(pieces, piece{theme.Bad, text.Own("  ").Add(plural(p.broken, text.Own(" line was"), text.Own(" lines were")), text.Own(" changed by somebody"))})
	}
	return pieces
}

// The columns of runs.
const (
	runAge = iota
	runAction
	runState
	runCount
	runDLQ
	runBy
	runName
	runWhy
)

func (p *journalPage) render(width, height int) []widget.Line {
	switch {
	case !p.read:
		return widget.Fit(p.theme, nil, width, height) // the footer says what is waited for, or why
	case len(p.records) == 0:
		return p.empty(width, height)
	}
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// details are what a run's row has no room for, and how it can go on.
func (p *journalPage) details() []piece {
	if p.cursor.Index >= len(p.records) {
		return nil
	}
	t, r := p.theme, p.records[p.cursor.Index]
	list := []piece{{theme.Dim, text.Own("run ").Add(t.String(r.Run), text.Own(" by "), t.String(r.By), text.Own(", "), text.Moment(r.At.Local()))}}
	if why := joined([]string{r.Reason, r.Error}); why != "" {
		list = append(list, piece{theme.Plain, t.String(why)})
	}
	if !r.Ended() && r.State != "running" {
		list = slices.Insert(list, 1, piece{theme.Warn, text.Own("go on with :resume, or end it with :abort")})
	}
	return list
}

// empty says what would be here.
func (p *journalPage) empty(width, height int) []widget.Line {
	t := p.theme
	lines := []widget.Line{widget.Blank(t, width)}
	hint := text.Own("Nothing was done from here yet. What you replay, discard or restore stands here for good: who, when, what, how it ended.")
	for _, s := range widget.Wrap(t, hint, width-4, 3) {
		lines = append(lines, widget.NewRow(t, width).Gap(2).Put(theme.Dim, s).Line())
	}
	return widget.Fit(t, lines, width, height)
}

func (p *journalPage) list(width, height int) []widget.Line {
	t := p.theme
	count, dlq := 7, 12
	for _, r := range p.records[:min(len(p.records), mostMeasured)] {
		count, dlq = max(count, settledOf(r).Width()), max(dlq, min(30, t.String(joined(r.DLQs)).Width()))
	}
	columns := widget.Layout([]widget.Column{
		runAge: {Min: 4}, runAction: {Min: 7}, runState: {Min: 13}, runCount: {Min: count, Rank: 1}, runDLQ: {Min: 12, Want: dlq, Rank: 3},
		runBy: {Min: 10, Want: 20, Rank: 4}, runName: {Min: runNameWidth, Rank: 2}, runWhy: {Min: 12, Rank: 5, Rest: true},
	}, width-2)
	lines := []widget.Line{headings(t, width, columns, []text.Safe{
		text.Own("Age"), text.Own("Action"), text.Own("State"), text.Own("Settled"), text.Own("Lies in"), text.Own("By"), text.Own("Run"), text.Own("Reason"),
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
		{runDLQ, theme.Plain, t.String(joined(r.DLQs))}, {runBy, theme.Dim, t.String(r.By)},
		{runName, theme.Dim, t.String(r.Run)}, {runWhy, theme.Dim, t.String(joined([]string{r.Reason, r.Error}))},
	}
	if w := columns[runCount]; w > 0 {
		row.Between().Right(theme.Plain, settledOf(r), w)
	}
	for _, c := range cells {
		if w := columns[c.column]; w > 0 {
			row.Between().Cell(c.role, c.value, w)
		}
	}
	return row.Line()
}

// runNameWidth is what the name of a run takes.
const runNameWidth = len("20060102-150405-0000")

// settledOf is how many letters of a run's plan are settled.
func settledOf(r *replay.Record) text.Safe {
	return text.Count(int64(r.Settled)).Add(text.Own(" of "), text.Count(int64(r.Count)))
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
	*shell
	listing
	question
	run   string
	lines []replay.Line
	asked time.Time
}

func (p *stepsPage) scope() keymap.Scope { return keymap.OnSteps }
func (p *stepsPage) ages() bool          { return false }
func (p *stepsPage) waitsFor() *question { return &p.question }
func (p *stepsPage) back() bool          { return false }
func (p *stepsPage) name() text.Safe     { return text.Own("Steps") }

func (p *stepsPage) hint(b *keymap.Binding) text.Safe { return b.Hint() }

func (p *stepsPage) refresh() tea.Cmd {
	if p.busy || !p.asked.IsZero() && (p.ended() || p.now.Sub(p.asked) < journalEvery) {
		return nil
	}
	p.asked, p.quiet = p.now, true
	service, run := p.options.Service, p.run
	return p.ask(p.shell, text.Own("reading the journal"), queryLimit, func(context.Context) (func(), error) {
		var lines []replay.Line
		_, err := service.Steps(run, func(l *replay.Line) error {
			lines = append(lines, *l)
			return nil
		})
		return func() {
			if len(lines) != len(p.lines) { // a journal only grows
				p.lines, p.dirty = lines, true
			}
		}, err
	})
}

// ended says that nothing more follows in this run.
func (p *stepsPage) ended() bool {
	n := len(p.lines)
	return n > 0 && (p.lines[n-1].Step == replay.StepDone || p.lines[n-1].Step == replay.StepAbort)
}

func (p *stepsPage) do(a keymap.Action) tea.Cmd {
	switch {
	case p.move(a, len(p.lines)):
	case a == keymap.CopyText:
		return p.copyText(p.run, text.Own("the run's name"))
	case a == keymap.Enter && p.cursor.Index < len(p.lines):
		l := &p.lines[p.cursor.Index]
		all := joined([]string{string(l.Step), l.DLQ, note(l)})
		p.say(theme.Plain, text.Moment(l.At.Local()).Add(space, p.theme.String(all)))
	}
	return nil
}

func (p *stepsPage) click(_, row int) bool { return p.listing.click(row, len(p.lines)) }

func (p *stepsPage) status() []piece {
	return []piece{{theme.Dim, plural(len(p.lines), text.Own(" step"), text.Own(" steps")).Add(text.Own(" of "), p.theme.String(p.run))}}
}

// The columns of steps.
const (
	lineAt = iota
	lineStep
	lineCount
	lineNumbers
	lineDLQ
	lineNote
)

func (p *stepsPage) render(width, height int) []widget.Line {
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []piece {
		if p.cursor.Index >= len(p.lines) {
			return nil
		}
		l := &p.lines[p.cursor.Index]
		return []piece{{theme.Dim, text.Moment(l.At.Local()).Add(space, p.theme.String(string(l.Step)), space, p.theme.String(l.DLQ))}, {theme.Plain, p.theme.String(note(l))}}
	})
}

// note is what a step tells beside its letters.
func note(l *replay.Line) string { return joined([]string{l.By, l.Reason, l.Error}) }

func (p *stepsPage) list(width, height int) []widget.Line {
	t := p.theme
	numbers, dlq := 7, 0
	for i := range p.lines[:min(len(p.lines), mostMeasured)] {
		l := &p.lines[i]
		numbers = max(numbers, min(20, t.String(l.Letters.String()).Width()))
		if l.DLQ != "" && l.DLQ != p.lines[0].DLQ { // else it is the same for all
			dlq = 24
		}
	}
	columns := widget.Layout([]widget.Column{
		lineAt: {Min: clockWidth}, lineStep: {Min: 9}, lineCount: {Min: 7}, lineNumbers: {Min: 7, Want: numbers, Rank: 2},
		lineDLQ: {Min: min(dlq, 12), Want: dlq, Rank: 3}, lineNote: {Min: 12, Rank: 1, Rest: true},
	}, width-2)
	lines := []widget.Line{headings(t, width, columns, []text.Safe{
		text.Own("Time"), text.Own("Step"), text.Own("Letters"), text.Own("Numbers"), text.Own("Lies in"), text.Own("Note"),
	}, lineCount)}
	from, to := p.show(lines, height, len(p.lines))
	for i := from; i < to; i++ {
		lines = append(lines, p.row(columns, &p.lines[i], width, i == p.cursor.Index))
	}
	return widget.Fit(t, lines, width, height)
}

func (p *stepsPage) row(columns []int, l *replay.Line, width int, selected bool) widget.Line {
	t := p.theme
	role := theme.Plain
	switch {
	case l.Error != "":
		role = theme.Bad
	case l.Step == replay.StepPause, l.Step == replay.StepAbort, l.Step == replay.StepSkip:
		role = theme.Warn
	}
	row := rowStart(t, width, selected, false)
	row.Put(theme.Dim, text.ShortMoment(l.At.Local(), p.now.Local())).Between().Cell(role, t.String(string(l.Step)), columns[lineStep])
	count := text.Safe{}
	if l.Count > 0 {
		count = text.Count(int64(l.Count))
	}
	row.Between().Right(theme.Plain, count, columns[lineCount])
	if w := columns[lineNumbers]; w > 0 {
		row.Between().ID(theme.Dim, t.String(l.Letters.String()), w)
	}
	if w := columns[lineDLQ]; w > 0 {
		row.Between().ID(theme.Plain, t.String(l.DLQ), w)
	}
	if w := columns[lineNote]; w > 0 {
		row.Between().Cell(theme.Dim, t.String(note(l)), w)
	}
	return row.Line()
}
