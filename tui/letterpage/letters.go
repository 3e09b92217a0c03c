package letterpage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope/deadheader"
	"eventscope/replay"
	"eventscope/tracing/query"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// lettersPage is the letters of one group, a row each, those that died last first.
type lettersPage struct {
	page.Screen
	page.List[*replay.Letter, adapters.Position]
	page.Sorting[*replay.Letter]
	page.Question
	model  *Model
	group  replay.Group
	marked map[adapters.Position]bool
	filter *letterFilter // nil for none
	listed int           // letters of the group that are listed, whether they pass or not
	stale  bool          // choose anew
	chosen bool          // the rows are those that the filter leaves
	seen   int
}

// chooseLimit is how long choosing letters may take, which may read a whole dead-letter queue.
const chooseLimit = time.Minute

func newLetters(m *Model, group *replay.Group) *lettersPage {
	p := &lettersPage{Screen: m, model: m, group: *group, marked: map[adapters.Position]bool{}, stale: true}
	p.Key = func(l *replay.Letter) adapters.Position { return l.Position }
	p.Sorting = page.Sorting[*replay.Letter]{Orders: letterOrders, Changed: func() {
		p.Restart()
		p.stale = true
	}}
	return p
}

func (p *lettersPage) Scope() keymap.Scope { return keymap.OnLetters }
func (p *lettersPage) Ages() bool          { return true }

func (p *lettersPage) WaitsFor() *page.Question {
	if p.Busy || p.Err != nil {
		return &p.Question
	}
	return &p.model.Question
}

// Name is the type and what was thrown, without what the list tells.
func (p *lettersPage) Name() text.Safe {
	kind := p.group.Type
	if kind == "" {
		kind = p.group.DLQ
	}
	why := deathWords(p.group.Reason, p.group.Exception, "")
	why, _, _ = strings.Cut(why, ":")
	return p.Theme().String(strings.Join(strings.Fields(kind+" "+why), " "))
}

func (p *lettersPage) Refresh() tea.Cmd {
	return tea.Batch(p.choose(), p.model.update())
}

// choose takes the letters out of the newest listing; the cursor stays on its letter.
func (p *lettersPage) choose() tea.Cmd {
	if p.Busy || !p.stale && p.seen == p.model.Changes() {
		return nil
	}
	p.stale, p.Once, p.seen = false, true, p.model.Changes()
	sorting := p.Sorting
	group, all, filter, now, service := p.group, p.model.all, p.filter, p.model.Last, p.model.Service
	replaced := func() bool { return filter != p.filter && p.filter != nil } // by another one meanwhile
	return p.Ask(p, text.Own("reading the letters of ").Add(p.Theme().String(p.group.DLQ)), chooseLimit, func(ctx context.Context) (func(), error) {
		var rows []*replay.Letter
		now.each(func(l *replay.Letter) {
			if l.In(&group) && (all || !l.State.Settled()) {
				rows = append(rows, l)
			}
		})
		count := len(rows)
		var known map[judgedLetter]uint64
		var failures int64
		if filter != nil {
			var err error
			if rows, known, err = filter.choose(ctx, service, now.dlq(group.Source, group.DLQ), rows); err != nil {
				return nil, err
			}
			failures = filter.failuresIn(known)
		}
		slices.Reverse(rows) // what came last, of those that died at once
		slices.SortStableFunc(rows, func(a, b *replay.Letter) int { return b.Died().Compare(a.Died()) })
		sorting.Sort(rows)
		return func() {
			if filter != nil {
				filter.known, filter.failures = known, failures
			}
			if replaced() {
				return
			}
			p.listed, p.chosen = count, true
			p.Set(rows, true)
		}, nil
	})
}

// Subject is the letter under the cursor.
func (p *lettersPage) Subject() page.Subject {
	l := p.Selected()
	if l == nil {
		return page.Subject{}
	}
	return p.model.subjectOf(l)
}

// Hint says for how many letters the keys are: for all that are shown, unless some are
// marked.
func (p *lettersPage) Hint(b *keymap.Binding) text.Safe {
	hint := b.Hint()
	switch {
	case b.Action != keymap.ReplayLetters && b.Action != keymap.DiscardLetters:
		return hint
	case len(p.Rows) == 0:
		return text.Safe{}
	case len(p.marked) > 0:
		return hint.Add(text.Space, p.Theme().Glyph.Mark, text.Count(int64(len(p.chosenOnes()))))
	case len(p.Rows) > 1:
		if p.beyond() > 0 {
			return hint.Add(text.Own(" listed"))
		}
		return hint.Add(text.Own(" all"))
	}
	return hint
}

func (p *lettersPage) Back() bool {
	switch {
	case len(p.marked) > 0:
		clear(p.marked)
	case p.filter != nil:
		p.filter, p.stale = nil, true
	case p.model.all:
		p.toggleAll()
	default:
		return false
	}
	return true
}

// toggleAll shows letters that were dealt with, or no longer.
func (p *lettersPage) toggleAll() { p.model.all, p.stale = !p.model.all, true }

// applyFilter shows the letters that pass value; an empty one is for all.
func (p *lettersPage) applyFilter(value string) tea.Cmd {
	filter, err := newLetterFilter(value)
	if err != nil {
		p.Say(theme.Bad, p.Theme().Glyph.Failed.Add(text.Space, p.Theme().String(err.Error())))
		return nil
	}
	p.filter, p.stale = filter, true
	clear(p.marked)               // what is not shown must not be acted on
	p.Rows, p.chosen = nil, false // nor what is not known to pass; the cursor comes back to its letter
	return p.choose()
}

// FilterPrompt asks for a filter of the letters.
func (p *lettersPage) FilterPrompt() *page.Prompt {
	value := ""
	if p.filter != nil {
		value = p.filter.text
	}
	return page.NewFilterPrompt(value, query.Letters, p.applyFilter)
}

func (p *lettersPage) Do(a keymap.Action) tea.Cmd {
	if p.Act(a) || p.Reorder(a) {
		return nil
	}
	switch a {
	case keymap.ShowAll:
		p.toggleAll()
		return nil
	case keymap.Mark:
		p.mark()
		return nil
	case keymap.ReplayLetters, keymap.DiscardLetters, keymap.RestoreLetters:
		return p.act(a)
	}
	l := p.Selected()
	if l == nil {
		return nil
	}
	switch a {
	case keymap.Enter:
		letter := newLetterPage(p.model, l)
		letter.list = p
		return p.Open(letter)
	case keymap.FlowOf:
		return p.model.openFlowOf(l)
	case keymap.CopyText:
		return page.Copy(p, l.Position.String(), text.Own("the position"))
	}
	return nil
}

// beside puts the cursor on the letter so many rows from one, and returns it; nil where there is
// none. A letter that is listed no longer was where the cursor is.
func (p *lettersPage) beside(at adapters.Position, by int) *replay.Letter {
	i := slices.IndexFunc(p.Rows, func(l *replay.Letter) bool { return l.Position == at })
	if i < 0 {
		i = p.Cursor.Index
		if by > 0 {
			by--
		}
	}
	if i += by; i < 0 || i >= len(p.Rows) {
		return nil
	}
	p.GoTo(i)
	return p.Rows[i]
}

func (p *lettersPage) mark() {
	l := p.Selected()
	switch {
	case l == nil:
		return
	case p.marked[l.Position]:
		delete(p.marked, l.Position)
	default:
		p.marked[l.Position] = true
	}
	p.GoTo(p.Cursor.Index + 1)
}

// act plans for the marked letters, or for all that are shown, in the order in which they
// lie in their dead-letter queue.
func (p *lettersPage) act(a keymap.Action) tea.Cmd {
	switch {
	case !p.chosen && p.Busy:
		p.Say(theme.Warn, text.Own("the letters are being chosen; nothing was planned"))
		return nil
	case !p.chosen:
		p.Say(theme.Warn, text.Own("the letters are not chosen, so nothing was planned: / changes the filter; esc clears it"))
		return nil
	}
	return p.model.planFor(a, p.model.lettersOf(&p.group), p.chosenOnes())
}

// chosenOnes are the letters that the keys are for: of those that are shown the marked ones,
// or all while none was marked. A mark on a letter that is shown no longer is for none.
func (p *lettersPage) chosenOnes() map[adapters.Position]bool {
	only := make(map[adapters.Position]bool, len(p.Rows))
	for _, l := range p.Rows {
		if len(p.marked) == 0 || p.marked[l.Position] {
			only[l.Position] = true
		}
	}
	return only
}

func (p *lettersPage) Status() []page.Piece {
	var pieces []page.Piece
	if p.chosen {
		pieces = append(pieces, page.Piece{Role: theme.Bad, Text: p.Theme().Glyph.Dead.Add(text.Space, text.Plural(len(p.Rows), text.Own(" letter"), text.Own(" letters")))})
	}
	if old := p.model.asOf(p.group.Source, p.group.DLQ); !old.IsZero() {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: text.Own("  as of ").Add(text.Ago(p.Now().Sub(old)))})
	}
	if p.model.all {
		pieces = append(pieces, page.Piece{Role: theme.Dim, Text: text.Own("  incl. resolved")})
	}
	if more := p.beyond(); more > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: text.Own("  ").Add(text.Count(int64(more)), text.Own(" older not listed"))})
	}
	if len(p.marked) > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Marked, Text: text.Own("  ").Add(p.Theme().Glyph.Mark, text.Space, text.Count(int64(len(p.chosenOnes()))))})
	}
	if p.filter != nil {
		pieces = append(pieces, page.Piece{Role: theme.Accent, Text: text.Own("  /").Add(p.Theme().Cut(p.Theme().String(p.filter.text), 20))})
		pieces = append(pieces, page.NotEvaluated(p.filter.failures)...)
	}
	return pieces
}

// beyond is how many letters of the group are older than those that are listed: what is
// planned for all is planned for those that are listed.
func (p *lettersPage) beyond() int {
	if p.model.Last == nil {
		return 0
	}
	for i := range p.model.Last.groups {
		if group := &p.model.Last.groups[i]; group.Like(&p.group) {
			return max(0, group.Count-p.listed)
		}
	}
	return 0
}

// The columns of letters, in their order on the screen.
const (
	letterAge = iota
	letterState
	letterEntity
	letterType
	letterWhy
	letterTarget
	letterReplays
	letterPosition
	letterFields
)

// Columns are the names by which the columns of letters are chosen.
var Columns = []string{"died", "state", "about", "type", "why", "goes_to", "replays", "position"}

// letterOrders are the orders of letters, which come with those first that died last.
var letterOrders = []page.Order[*replay.Letter]{
	{Name: "death", Column: letterAge},
	{Name: "state", Column: letterState, Compare: page.Alphabetic(func(l *replay.Letter) string { return l.State.String() })},
	{Name: "name", Column: letterEntity, Compare: page.Alphabetic(func(l *replay.Letter) string { return l.Entity })},
	{Name: "type", Column: letterType, Compare: page.Alphabetic(func(l *replay.Letter) string { return l.Type })},
	{Name: "why", Column: letterWhy, Compare: page.Alphabetic(func(l *replay.Letter) string {
		return deathWords(l.DeadLetter.Reason, l.DeadLetter.Exception, l.DeadLetter.Message)
	})},
	{Name: "target", Column: letterTarget, Compare: page.Alphabetic(func(l *replay.Letter) string { return string(l.To) })},
	{Name: "replays", Column: letterReplays, Compare: page.Largest(func(l *replay.Letter) int64 { return int64(l.Replays) })},
	{Name: "position", Column: letterPosition, Compare: func(a, b *replay.Letter) int {
		p, q := a.Position, b.Position
		return cmp.Or(cmp.Compare(p.Destination, q.Destination), cmp.Compare(p.Partition, q.Partition), cmp.Compare(p.Offset, q.Offset))
	}},
}

func (p *lettersPage) columns(width int) []int {
	entity, target, position, state := 8, 10, 14, 5
	var fields []widget.Column
	for _, head := range page.FieldHeads(p.Theme(), p.model.Fields) {
		fields = append(fields, widget.Column{Want: max(6, head.Width()), Rank: 4})
	}
	for _, l := range p.Rows[:min(len(p.Rows), page.MostMeasured)] {
		entity = max(entity, min(24, p.Theme().String(l.Entity).Width()))
		target = max(target, min(28, p.targetOf(l).Width()))
		position = max(position, min(34, p.Theme().String(l.Position.String()).Width()))
		state = max(state, p.Theme().String(l.State.String()).Width())
		for n := range min(len(l.Fields), len(fields)) {
			fields[n].Want = max(fields[n].Want, min(page.MostField, p.Theme().Bytes(l.Fields[n], page.MostField).Width()))
		}
	}
	for n := range fields {
		fields[n].Min = min(fields[n].Want, 10)
	}
	return p.model.columns.Layout(append([]widget.Column{
		letterAge:      {Min: 4},
		letterState:    {Min: state},
		letterEntity:   {Min: 8, Want: entity},
		letterType:     {Min: min(24, max(9, p.Theme().String(p.group.Type).Width())), Rank: 6}, // the same for all: the title tells it
		letterWhy:      {Min: 20, Rest: true},
		letterTarget:   {Min: 10, Want: target, Rank: 1},
		letterReplays:  {Min: 7, Rank: 5},
		letterPosition: {Min: 14, Want: position, Rank: 3},
	}, fields...), width-2)
}

// targetOf is where a replay sends a letter, with a question mark behind a guess.
func (p *lettersPage) targetOf(l *replay.Letter) text.Safe {
	switch {
	case l.To.IsZero():
		return text.Own("unknown")
	case l.Confidence == deadheader.NameOnly:
		return text.Own("? ").Add(p.Theme().String(string(l.To)))
	}
	return p.Theme().String(string(l.To))
}

func (p *lettersPage) Render(width, height int) []widget.Line {
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []page.Piece {
		if l := p.Selected(); l != nil {
			return p.details(l)
		}
		return nil
	})
}

// details are what a letter's row has no room for.
func (p *lettersPage) details(l *replay.Letter) []page.Piece {
	t := p.Theme()
	why := t.String(deathWords(l.DeadLetter.Reason, l.DeadLetter.Exception, l.DeadLetter.Message))
	if why.Empty() {
		why = text.Own("nothing says why it died")
	}
	to := text.Own("nothing says where it was to go: t on the plan names a destination")
	switch {
	case l.To.IsZero():
	case l.Confidence == deadheader.NameOnly:
		to = text.Own("it may have been meant for ").Add(t.String(string(l.To)), text.Own(", a guess from "), t.String(l.ToFrom), text.Own(": t on the plan names a destination"))
	default:
		to = text.Own("goes to ").Add(t.String(string(l.To)), text.Own(", by "), t.String(l.ToFrom))
	}
	if m := l.Mark; m != nil {
		to = t.String(m.State.String()).Add(text.Own(" by "), t.String(m.By), text.Space, text.Moment(m.At.Local()))
		if m.Reason != "" {
			to = to.Add(text.Own(": "), t.String(m.Reason))
		}
	}
	return []page.Piece{{Role: theme.Dim, Text: to}, {Role: theme.Warn, Text: why}}
}

func (p *lettersPage) list(width, height int) []widget.Line {
	t := p.Theme()
	columns := p.columns(width)
	names := append(p.Mark(t, []text.Safe{
		text.Own("Died"), text.Own("State"), text.Own("About"), text.Own("Type"), text.Own("Why"), text.Own("Goes to"), text.Own("Replays"), text.Own("Position"),
	}), page.FieldHeads(t, p.model.Fields)...)
	lines := []widget.Line{p.model.columns.Headings(t, width, columns, names, letterAge, letterReplays)}
	if len(p.Rows) == 0 && p.chosen {
		hint := text.Own("No letter is left here. a shows resolved ones; esc goes back.")
		if p.filter != nil {
			hint = text.Own("No letter passes the filter. / changes it; esc clears it.")
		}
		return widget.Fit(t, append(lines, widget.Blank(t, width), widget.NewRow(t, width).Gap(2).Put(theme.Dim, hint).Line()), width, height)
	}
	return p.Draw(t, lines, width, height, len(p.Rows), func(i int, selected bool) widget.Line { return p.row(columns, p.Rows[i], width, selected) })
}

func (p *lettersPage) row(columns []int, l *replay.Letter, width int, selected bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, p.marked[l.Position])
	return p.model.columns.Draw(row, columns, func(column, width int) {
		switch column {
		case letterAge:
			row.Right(theme.Dim, page.Age(p.Now(), l.Died()), width)
		case letterState:
			row.Cell(stateRole(l.State), t.String(l.State.String()), width)
		case letterEntity:
			row.ID(theme.Plain, t.String(l.Entity), width)
		case letterType:
			row.Cell(theme.Plain, orNoType(t, l.Type), width)
		case letterWhy:
			row.Cell(theme.Warn, t.String(deathWords(l.DeadLetter.Reason, l.DeadLetter.Exception, l.DeadLetter.Message)), width)
		case letterTarget:
			role := theme.Link
			if l.Confidence == deadheader.NameOnly || l.Confidence == deadheader.Unknown {
				role = theme.Warn
			}
			row.ID(role, p.targetOf(l), width)
		case letterReplays:
			replays := text.Safe{}
			if l.Replays > 0 {
				replays = text.Count(int64(l.Replays))
			}
			row.Right(theme.Warn, replays, width)
		case letterPosition:
			row.Link(p.LinkTo(l.Source, l.Position)).ID(theme.Dim, t.String(l.Position.String()), width)
		default:
			page.FieldCell(t, row, l.Fields, column-letterFields, width)
		}
	}).Line()
}

// orNoType is a type, or that there is none.
func orNoType(t *theme.Theme, kind string) text.Safe {
	if kind == "" {
		return text.Own("(no type)")
	}
	return t.String(kind)
}

// stateRole is how a letter's state looks.
func stateRole(s replay.State) theme.Role {
	switch s {
	case replay.Open:
		return theme.Bad
	case replay.Replayed:
		return theme.Good
	case replay.Discarded:
		return theme.Dim
	}
	return theme.Warn
}
