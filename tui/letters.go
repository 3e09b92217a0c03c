package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// lettersPage is the letters of one group, a row each, those that died last first.
type lettersPage struct {
	*shell
	listing
	question
	deadLetters *letterModel
	group       replay.Group
	rows        []*replay.Letter
	marked      map[adapters.Position]bool
	filter      *letterFilter // nil for none
	listed      int           // letters of the group that are listed, whether they pass or not
	stale       bool          // choose anew
	chosen      bool          // the rows are those that the filter leaves
	seen        int
	at          adapters.Position // of the letter under the cursor
}

// chooseLimit is how long choosing letters may take, which may read a whole dead-letter queue.
const chooseLimit = time.Minute

func newLetters(d *shell, group *replay.Group) *lettersPage {
	return &lettersPage{shell: d, deadLetters: d.deadLetters, group: *group, marked: map[adapters.Position]bool{}, stale: true}
}

func (p *lettersPage) scope() keymap.Scope { return keymap.OnLetters }
func (p *lettersPage) ages() bool          { return true }

func (p *lettersPage) waitsFor() *question {
	if p.busy || p.err != nil {
		return &p.question
	}
	return &p.deadLetters.question
}

// name is the type and what was thrown, without what the list tells.
func (p *lettersPage) name() text.Safe {
	kind := p.group.Type
	if kind == "" {
		kind = p.group.DLQ
	}
	why := deathWords(p.group.Reason, p.group.Exception, "")
	why, _, _ = strings.Cut(why, ":")
	return p.theme.String(strings.Join(strings.Fields(kind+" "+why), " "))
}

func (p *lettersPage) refresh() tea.Cmd {
	return tea.Batch(p.choose(), p.deadLetters.update())
}

// choose takes the letters out of the newest listing; the cursor stays on its letter.
func (p *lettersPage) choose() tea.Cmd {
	if p.busy || !p.stale && p.seen == p.deadLetters.seen {
		return nil
	}
	p.stale, p.once, p.seen = false, true, p.deadLetters.seen
	group, all, filter, now, service := p.group, p.deadLetters.all, p.filter, p.deadLetters.contents, p.options.Service
	replaced := func() bool { return filter != p.filter && p.filter != nil } // by another one meanwhile
	return p.ask(p.shell, text.Own("reading the letters of ").Add(p.theme.String(p.group.DLQ)), chooseLimit, func(ctx context.Context) (func(), error) {
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
		return func() {
			if filter != nil {
				filter.known, filter.failures = known, failures
			}
			if replaced() {
				return
			}
			p.listed = count
			p.take(rows)
		}, nil
	})
}

// take shows rows.
func (p *lettersPage) take(rows []*replay.Letter) {
	p.rows, p.chosen = rows, true
	if i := slices.IndexFunc(rows, func(l *replay.Letter) bool { return l.Position == p.at }); i >= 0 {
		p.cursor.Index = i
	}
	p.keep()
}

// keep notes which letter is under the cursor.
func (p *lettersPage) keep() {
	p.cursor.To(p.cursor.Index, len(p.rows))
	p.at = adapters.Position{}
	if l := p.selected(); l != nil {
		p.at = l.Position
	}
}

// selected is the letter under the cursor, or nil.
func (p *lettersPage) selected() *replay.Letter {
	if p.cursor.Index >= len(p.rows) {
		return nil
	}
	return p.rows[p.cursor.Index]
}

// hint says for how many letters the keys are: for all that are shown, unless some are
// marked.
func (p *lettersPage) hint(b *keymap.Binding) text.Safe {
	hint := b.Hint()
	switch {
	case b.Action != keymap.ReplayLetters && b.Action != keymap.DiscardLetters:
		return hint
	case len(p.rows) == 0:
		return text.Safe{}
	case len(p.marked) > 0:
		return hint.Add(space, p.theme.Glyph.Mark, text.Count(int64(len(p.chosenOnes()))))
	case len(p.rows) > 1:
		if p.beyond() > 0 {
			return hint.Add(text.Own(" listed"))
		}
		return hint.Add(text.Own(" all"))
	}
	return hint
}

func (p *lettersPage) back() bool {
	switch {
	case len(p.marked) > 0:
		clear(p.marked)
	case p.filter != nil:
		p.filter, p.stale = nil, true
	case p.deadLetters.all:
		p.toggleAll()
	default:
		return false
	}
	return true
}

// toggleAll shows letters that were dealt with, or no longer.
func (p *lettersPage) toggleAll() { p.deadLetters.all, p.stale = !p.deadLetters.all, true }

// applyFilter shows the letters that pass value; an empty one is for all.
func (p *lettersPage) applyFilter(value string) tea.Cmd {
	filter, err := newLetterFilter(value)
	if err != nil {
		p.say(theme.Bad, p.theme.Glyph.Failed.Add(space, p.theme.String(err.Error())))
		return nil
	}
	p.filter, p.stale = filter, true
	clear(p.marked)               // what is not shown must not be acted on
	p.rows, p.chosen = nil, false // nor what is not known to pass; the cursor comes back to its letter
	return p.choose()
}

// filterText is the filter as it was written.
func (p *lettersPage) filterText() string {
	if p.filter == nil {
		return ""
	}
	return p.filter.text
}

func (p *lettersPage) do(a keymap.Action) tea.Cmd {
	if p.move(a, len(p.rows)) {
		p.keep()
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
	l := p.selected()
	if l == nil {
		return nil
	}
	switch a {
	case keymap.Enter:
		return p.open(newLetterPage(p.shell, l))
	case keymap.FlowOf:
		return p.openFlowOf(l)
	case keymap.CopyText:
		return p.copyText(l.Position.String(), text.Own("the position"))
	}
	return nil
}

// openFlowOf opens the flow that a letter belongs to.
func (d *shell) openFlowOf(l *replay.Letter) tea.Cmd {
	if l.Flow == "" {
		d.say(theme.Warn, text.Own("this letter names no flow and no order"))
		return nil
	}
	return d.lookUp(l.Flow, searchBack)
}

func (p *lettersPage) mark() {
	l := p.selected()
	switch {
	case l == nil:
		return
	case p.marked[l.Position]:
		delete(p.marked, l.Position)
	default:
		p.marked[l.Position] = true
	}
	p.cursor.Move(1, len(p.rows))
	p.keep()
}

// act plans for the marked letters, or for all that are shown, in the order in which they
// lie in their dead-letter queue.
func (p *lettersPage) act(a keymap.Action) tea.Cmd {
	switch {
	case !p.chosen && p.busy:
		p.say(theme.Warn, text.Own("the letters are being chosen; nothing was planned"))
		return nil
	case !p.chosen:
		p.say(theme.Warn, text.Own("the letters are not chosen, so nothing was planned: / changes the filter; esc clears it"))
		return nil
	}
	return p.planFor(a, p.deadLetters.lettersOf(&p.group), p.chosenOnes())
}

// chosenOnes are the letters that the keys are for: of those that are shown the marked ones,
// or all while none was marked. A mark on a letter that is shown no longer is for none.
func (p *lettersPage) chosenOnes() map[adapters.Position]bool {
	only := make(map[adapters.Position]bool, len(p.rows))
	for _, l := range p.rows {
		if len(p.marked) == 0 || p.marked[l.Position] {
			only[l.Position] = true
		}
	}
	return only
}

func (p *lettersPage) click(_, row int) bool {
	again := p.listing.click(row, len(p.rows))
	p.keep()
	return again
}

func (p *lettersPage) status() []piece {
	var pieces []piece
	if p.chosen {
		pieces = append(pieces, piece{theme.Bad, p.theme.Glyph.Dead.Add(space, plural(len(p.rows), text.Own(" letter"), text.Own(" letters")))})
	}
	if old := p.deadLetters.asOf(p.group.Source, p.group.DLQ); !old.IsZero() {
		pieces = append(pieces, piece{theme.Warn, text.Own("  as of ").Add(text.Ago(p.now.Sub(old)))})
	}
	if p.deadLetters.all {
		pieces = append(pieces, piece{theme.Dim, text.Own("  those dealt with too")})
	}
	if more := p.beyond(); more > 0 {
		pieces = append(pieces, piece{theme.Warn, text.Own("  ").Add(text.Count(int64(more)), text.Own(" older not listed"))})
	}
	if len(p.marked) > 0 {
		pieces = append(pieces, piece{theme.Marked, text.Own("  ").Add(p.theme.Glyph.Mark, space, text.Count(int64(len(p.chosenOnes()))))})
	}
	if p.filter != nil {
		pieces = append(pieces, piece{theme.Accent, text.Own("  /").Add(p.theme.Cut(p.theme.String(p.filter.text), 20))})
		pieces = append(pieces, notEvaluated(p.filter.failures)...)
	}
	return pieces
}

// beyond is how many letters of the group are older than those that are listed: what is
// planned for all is planned for those that are listed.
func (p *lettersPage) beyond() int {
	if p.deadLetters.contents == nil {
		return 0
	}
	for i := range p.deadLetters.contents.groups {
		if group := &p.deadLetters.contents.groups[i]; group.Like(&p.group) {
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
)

// mostMeasured is how many letters the columns are made for.
const mostMeasured = 500

func (p *lettersPage) columns(width int) []int {
	entity, target, position, state := 8, 10, 14, 5
	for _, l := range p.rows[:min(len(p.rows), mostMeasured)] {
		entity = max(entity, min(24, p.theme.String(l.Entity).Width()))
		target = max(target, min(28, p.targetOf(l).Width()))
		position = max(position, min(34, p.theme.String(l.Position.String()).Width()))
		state = max(state, p.theme.String(l.State.String()).Width())
	}
	return widget.Layout([]widget.Column{
		letterAge:      {Min: 4},
		letterState:    {Min: state},
		letterEntity:   {Min: 8, Want: entity},
		letterType:     {Min: min(24, max(9, p.theme.String(p.group.Type).Width())), Rank: 6}, // the same for all: the title tells it
		letterWhy:      {Min: 20, Rest: true},
		letterTarget:   {Min: 10, Want: target, Rank: 1},
		letterReplays:  {Min: 7, Rank: 5},
		letterPosition: {Min: 14, Want: position, Rank: 3},
	}, width-2)
}

// targetOf is where a replay sends a letter, with a question mark behind a guess.
func (p *lettersPage) targetOf(l *replay.Letter) text.Safe {
	switch {
	case l.To.IsZero():
		return text.Own("unknown")
	case l.Confidence == envelope.NameOnly:
		return text.Own("? ").Add(p.theme.String(string(l.To)))
	}
	return p.theme.String(string(l.To))
}

func (p *lettersPage) render(width, height int) []widget.Line {
	return p.detailed(width, height, func(height int) []widget.Line { return p.list(width, height) }, func() []piece {
		if l := p.selected(); l != nil {
			return p.details(l)
		}
		return nil
	})
}

// details are what a letter's row has no room for.
func (p *lettersPage) details(l *replay.Letter) []piece {
	t := p.theme
	why := t.String(deathWords(l.Death.Reason, l.Death.Exception, l.Death.Message))
	if why.Empty() {
		why = text.Own("nothing says why it died")
	}
	to := text.Own("nothing says where it was to go: t on the plan names a destination")
	switch {
	case l.To.IsZero():
	case l.Confidence == envelope.NameOnly:
		to = text.Own("it may have been meant for ").Add(t.String(string(l.To)), text.Own(", a guess from "), t.String(l.ToFrom), text.Own(": t on the plan names a destination"))
	default:
		to = text.Own("goes to ").Add(t.String(string(l.To)), text.Own(", by "), t.String(l.ToFrom))
	}
	if m := l.Mark; m != nil {
		to = t.String(m.State.String()).Add(text.Own(" by "), t.String(m.By), space, text.Moment(m.At.Local()))
		if m.Reason != "" {
			to = to.Add(text.Own(": "), t.String(m.Reason))
		}
	}
	return []piece{{theme.Dim, to}, {theme.Warn, why}}
}

func (p *lettersPage) list(width, height int) []widget.Line {
	t := p.theme
	columns := p.columns(width)
	lines := []widget.Line{headings(t, width, columns, []text.Safe{
		text.Own("Died"), text.Own("State"), text.Own("About"), text.Own("Type"), text.Own("Why"), text.Own("Goes to"), text.Own("Replays"), text.Own("Position"),
	}, letterAge, letterReplays)}
	from, to := p.show(lines, height, len(p.rows))
	for i := from; i < to; i++ {
		lines = append(lines, p.row(columns, p.rows[i], width, i == p.cursor.Index))
	}
	if len(p.rows) == 0 && p.chosen {
		hint := text.Own("No letter is left here. a shows those that were dealt with; esc goes back.")
		if p.filter != nil {
			hint = text.Own("No letter passes the filter. / changes it; esc clears it.")
		}
		lines = append(lines, widget.Blank(t, width), widget.NewRow(t, width).Gap(2).Put(theme.Dim, hint).Line())
	}
	return widget.Fit(t, lines, width, height)
}

func (p *lettersPage) row(columns []int, l *replay.Letter, width int, selected bool) widget.Line {
	t := p.theme
	row := rowStart(t, width, selected, p.marked[l.Position])
	row.Right(theme.Dim, age(p.now, l.Died()), columns[letterAge])
	row.Between().Cell(stateRole(l.State), t.String(l.State.String()), columns[letterState])
	row.Between().ID(theme.Plain, t.String(l.Entity), columns[letterEntity])
	if w := columns[letterType]; w > 0 {
		row.Between().Cell(theme.Plain, orNoType(t, l.Type), w)
	}
	row.Between().Cell(theme.Warn, t.String(deathWords(l.Death.Reason, l.Death.Exception, l.Death.Message)), columns[letterWhy])
	if w := columns[letterTarget]; w > 0 {
		role := theme.Link
		if l.Confidence == envelope.NameOnly || l.Confidence == envelope.Unknown {
			role = theme.Warn
		}
		row.Between().ID(role, p.targetOf(l), w)
	}
	if w := columns[letterReplays]; w > 0 {
		count := text.Safe{}
		if l.Replays > 0 {
			count = text.Count(int64(l.Replays))
		}
		row.Between().Right(theme.Warn, count, w)
	}
	if w := columns[letterPosition]; w > 0 {
		row.Between().ID(theme.Dim, t.String(l.Position.String()), w)
	}
	return row.Line()
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
