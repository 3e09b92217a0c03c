package letterpage

import (
	"context"
	"slices"
	"time"

	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// journalPage is every action ever taken from here, a row a run.
type journalPage struct {
	page.Screen
	model                             *Model
	page.List[*replay.Record, string] // by the name of the run
	page.Sorting[*replay.Record]
	page.Polled[ran]
}

// ran is what the journal tells.
type ran struct {
	records []*replay.Record // newest first
	broken  int              // lines that somebody changed
}

// journalEvery is how often the journal is read while it is shown.
const journalEvery = 2 * time.Second

// NewJournal is the page of what was done.
func NewJournal(m *Model) page.Page {
	p := &journalPage{Screen: m, model: m}
	p.Key = func(r *replay.Record) string { return r.Run }
	p.Sorting = page.Sorting[*replay.Record]{Orders: runOrders, Changed: func() {
		p.Restart()
		p.choose()
	}}
	return p
}

func (p *journalPage) Scope() keymap.Scope      { return keymap.OnJournal }
func (p *journalPage) Ages() bool               { return true }
func (p *journalPage) WaitsFor() *page.Question { return &p.Question }
func (p *journalPage) Back() bool               { return false }
func (p *journalPage) Name() text.Safe          { return text.Own("Journal") }

// Hint leaves out keys that have nothing to act on.
func (p *journalPage) Hint(b *keymap.Binding) text.Safe {
	if len(p.Rows) == 0 && (b.Action == keymap.Enter || b.Action == keymap.CopyText) {
		return text.Safe{}
	}
	return b.Hint()
}

func (p *journalPage) Refresh() tea.Cmd {
	if !p.Due(p.Now(), journalEvery) {
		return nil
	}
	service := p.model.Service
	return p.Poll(p, text.Own("reading the journal"), page.QueryLimit, func(context.Context) (ran, error) {
		records, broken, err := service.Runs()
		slices.Reverse(records)
		return ran{records, broken}, err
	}, p.choose)
}

// choose shows the runs in their order; the cursor stays on its run when others are begun above it,
// since commands are about that.
func (p *journalPage) choose() {
	p.model.records = p.Last.records
	rows := slices.Clone(p.Last.records)
	p.Sort(rows)
	p.Set(rows, true)
}

func (p *journalPage) Do(a keymap.Action) tea.Cmd {
	if p.Act(a) || p.Reorder(a) {
		return nil
	}
	record := p.Selected()
	if record == nil {
		return nil
	}
	switch a {
	case keymap.Enter:
		return p.Open(&stepsPage{Screen: p, model: p.model, run: record.Run})
	case keymap.RestoreLetters:
		if record.Action != replay.Discard {
			p.Say(theme.Warn, text.Own("only a discard can be undone"))
			return nil
		}
		return p.model.undo(record.Run)
	case keymap.CopyText:
		return page.Copy(p, record.Run, text.Own("the run's name"))
	}
	return nil
}

func (p *journalPage) Status() []page.Piece {
	if !p.Known() {
		return nil
	}
	pieces := []page.Piece{{Role: theme.Dim, Text: text.Plural(len(p.Rows), text.Own(" run"), text.Own(" runs"))}}
	if p.Last.broken > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Bad, Text: text.Own("  ").Add(text.Plural(p.Last.broken, text.Own(" line was"), text.Own(" lines were")), text.Own(" changed by somebody"))})
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

// runOrders are the orders of runs, which come newest first.
var runOrders = []page.Order[*replay.Record]{
	{Name: "age", Column: runAge},
	{Name: "action", Column: runAction, Compare: page.Alphabetic(func(r *replay.Record) string { return string(r.Action) })},
	{Name: "state", Column: runState, Compare: page.Alphabetic(func(r *replay.Record) string { return string(r.State) })},
	{Name: "count", Column: runCount, Compare: page.Largest(func(r *replay.Record) int64 { return int64(r.Count) })},
	{Name: "dlq", Column: runDLQ, Compare: page.Alphabetic(func(r *replay.Record) string { return joined(r.DLQs) })},
	{Name: "by", Column: runBy, Compare: page.Alphabetic(func(r *replay.Record) string { return r.By })},
	{Name: "run", Column: runName, Compare: page.Alphabetic(func(r *replay.Record) string { return r.Run })},
	{Name: "reason", Column: runWhy, Compare: page.Alphabetic(func(r *replay.Record) string { return joined([]string{r.Reason, r.Error}) })},
}

func (p *journalPage) Render(width, height int) []widget.Line {
	switch {
	case !p.Known():
		return widget.Fit(p.Theme(), nil, width, height) // the footer says what is waited for, or why
	case len(p.Rows) == 0:
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// details are what a run's row has no room for, and how it can go on.
func (p *journalPage) details() []page.Piece {
	t, r := p.Theme(), p.Selected()
	if r == nil {
		return nil
	}
	list := []page.Piece{{Role: theme.Dim, Text: text.Own("run ").Add(t.String(r.Run), text.Own(" by "), t.String(r.By), text.Own(", "), text.Moment(r.At.Local()))}}
	if why := joined([]string{r.Reason, r.Error}); why != "" {
		list = append(list, page.Piece{Role: theme.Plain, Text: t.String(why)})
	}
	if !r.Ended() && r.State != replay.RunActive {
		list = slices.Insert(list, 1, page.Piece{Role: theme.Warn, Text: text.Own("go on with :resume, or end it with :abort")})
	}
	return list
}

// empty says what would be here.
func (p *journalPage) empty(width, height int) []widget.Line {
	hint := text.Own("No runs yet. Every replay, discard and restore is recorded here: who, when, what, how it ended.")
	return page.Empty(p.Theme(), width, height, nil, page.Piece{Role: theme.Dim, Text: hint})
}

func (p *journalPage) list(width, height int) []widget.Line {
	t := p.Theme()
	count, dlq := 7, 12
	for _, r := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		count, dlq = max(count, settledOf(r).Width()), max(dlq, min(30, t.String(joined(r.DLQs)).Width()))
	}
	columns := widget.Layout([]widget.Column{
		runAge: {Min: 4}, runAction: {Min: 7}, runState: {Min: 13}, runCount: {Min: count, Rank: 1}, runDLQ: {Min: 12, Want: dlq, Rank: 3},
		runBy: {Min: 10, Want: 20, Rank: 4}, runName: {Min: runNameWidth, Rank: 2}, runWhy: {Min: 12, Rank: 5, Rest: true},
	}, width-2)
	lines := []widget.Line{widget.Headings(t, width, columns, p.Mark(t, []text.Safe{
		text.Own("Age"), text.Own("Action"), text.Own("State"), text.Own("Settled"), text.Own("DLQ"), text.Own("By"), text.Own("Run"), text.Own("Reason"),
	}), runAge, runCount)}
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line { return p.row(columns, p.Rows[i], width, selected) })
}

func (p *journalPage) row(columns []int, r *replay.Record, width int, selected bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, false)
	row.Right(theme.Dim, page.Age(p.Now(), r.At), columns[runAge])
	row.Between().Cell(theme.Plain, t.String(string(r.Action)), columns[runAction])
	role, glyph := p.stateOf(r)
	row.Between().Cell(role, glyph.Add(text.Space, t.String(string(r.State))), columns[runState])
	row.ColumnRight(theme.Plain, settledOf(r), columns[runCount])
	row.Column(theme.Plain, t.String(joined(r.DLQs)), columns[runDLQ]).Column(theme.Dim, t.String(r.By), columns[runBy])
	row.Column(theme.Dim, t.String(r.Run), columns[runName]).Column(theme.Dim, t.String(joined([]string{r.Reason, r.Error})), columns[runWhy])
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
	g := p.Theme().Glyph
	switch r.State {
	case replay.RunDone:
		return theme.Good, g.Done
	case replay.RunActive:
		return theme.Accent, g.Running
	case replay.RunPaused:
		return theme.Warn, g.Paused
	case replay.RunAborted:
		return theme.Warn, g.Failed
	}
	return theme.Bad, g.Failed
}

// stepsPage is what one run did, step by step.
type stepsPage struct {
	page.Screen
	model *Model
	page.Listing
	page.Question
	run   string
	lines []replay.Line
	asked time.Time
}

func (p *stepsPage) Scope() keymap.Scope      { return keymap.OnSteps }
func (p *stepsPage) Ages() bool               { return false }
func (p *stepsPage) WaitsFor() *page.Question { return &p.Question }
func (p *stepsPage) Back() bool               { return false }
func (p *stepsPage) Name() text.Safe          { return text.Own("Steps") }

func (p *stepsPage) Hint(b *keymap.Binding) text.Safe { return b.Hint() }

func (p *stepsPage) Refresh() tea.Cmd {
	if p.Busy || !p.asked.IsZero() && (p.ended() || p.Now().Sub(p.asked) < journalEvery) {
		return nil
	}
	p.asked, p.Quiet = p.Now(), true
	service, run := p.model.Service, p.run
	return p.Ask(p, text.Own("reading the journal"), page.QueryLimit, func(context.Context) (func(), error) {
		var lines []replay.Line
		_, err := service.Steps(run, func(l *replay.Line) error {
			lines = append(lines, *l)
			return nil
		})
		return func() {
			if len(lines) != len(p.lines) { // a journal only grows
				p.lines = lines
				p.Redraw()
			}
		}, err
	})
}

// ended reports whether nothing more follows in this run.
func (p *stepsPage) ended() bool {
	n := len(p.lines)
	return n > 0 && (p.lines[n-1].Step == replay.StepDone || p.lines[n-1].Step == replay.StepAbort)
}

func (p *stepsPage) Do(a keymap.Action) tea.Cmd {
	switch {
	case p.Move(a, len(p.lines)):
	case a == keymap.CopyText:
		return page.Copy(p, p.run, text.Own("the run's name"))
	case a == keymap.Enter && p.Cursor.Index < len(p.lines):
		l := &p.lines[p.Cursor.Index]
		all := joined([]string{string(l.Step), l.DLQ, note(l)})
		p.Say(theme.Plain, text.Moment(l.At.Local()).Add(text.Space, p.Theme().String(all)))
	}
	return nil
}

func (p *stepsPage) Click(_, row int) bool { return p.Listing.Click(row, len(p.lines)) }

func (p *stepsPage) Status() []page.Piece {
	return []page.Piece{{Role: theme.Dim, Text: text.Plural(len(p.lines), text.Own(" step"), text.Own(" steps")).Add(text.Own(" of "), p.Theme().String(p.run))}}
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

func (p *stepsPage) Render(width, height int) []widget.Line {
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []page.Piece {
		if p.Cursor.Index >= len(p.lines) {
			return nil
		}
		l := &p.lines[p.Cursor.Index]
		return []page.Piece{{Role: theme.Dim, Text: text.Moment(l.At.Local()).Add(text.Space, p.Theme().String(string(l.Step)), text.Space, p.Theme().String(l.DLQ))}, {Role: theme.Plain, Text: p.Theme().String(note(l))}}
	})
}

// note is what a step tells beside its letters.
func note(l *replay.Line) string { return joined([]string{l.By, l.Reason, l.Error}) }

func (p *stepsPage) list(width, height int) []widget.Line {
	t := p.Theme()
	numbers, dlq := 7, 0
	for i := range p.lines[:min(len(p.lines), page.MostMeasured)] {
		l := &p.lines[i]
		numbers = max(numbers, min(20, t.String(l.Letters.String()).Width()))
		if l.DLQ != "" && l.DLQ != p.lines[0].DLQ { // else it is the same for all
			dlq = 24
		}
	}
	columns := widget.Layout([]widget.Column{
		lineAt: {Min: page.ClockWidth}, lineStep: {Min: 9}, lineCount: {Min: 7}, lineNumbers: {Min: 7, Want: numbers, Rank: 2},
		lineDLQ: {Min: min(dlq, 12), Want: dlq, Rank: 3}, lineNote: {Min: 12, Rank: 1, Rest: true},
	}, width-2)
	lines := []widget.Line{widget.Headings(t, width, columns, []text.Safe{
		text.Own("Time"), text.Own("Step"), text.Own("Letters"), text.Own("Numbers"), text.Own("DLQ"), text.Own("Note"),
	}, lineCount)}
	return p.Draw(t, lines, width, height, len(p.lines), func(i int, selected bool) widget.Line { return p.row(columns, &p.lines[i], width, selected) })
}

func (p *stepsPage) row(columns []int, l *replay.Line, width int, selected bool) widget.Line {
	t := p.Theme()
	role := theme.Plain
	switch {
	case l.Error != "":
		role = theme.Bad
	case l.Step == replay.StepPause, l.Step == replay.StepAbort, l.Step == replay.StepSkip:
		role = theme.Warn
	}
	row := widget.ListRow(t, width, selected, false)
	row.Put(theme.Dim, text.ShortMoment(l.At.Local(), p.Now().Local())).Between().Cell(role, t.String(string(l.Step)), columns[lineStep])
	count := text.Safe{}
	if l.Count > 0 {
		count = text.Count(int64(l.Count))
	}
	row.Between().Right(theme.Plain, count, columns[lineCount])
	row.ColumnID(theme.Dim, t.String(l.Letters.String()), columns[lineNumbers])
	row.ColumnID(theme.Plain, t.String(l.DLQ), columns[lineDLQ])
	row.Column(theme.Dim, t.String(note(l)), columns[lineNote])
	return row.Line()
}
