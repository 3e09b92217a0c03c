package tui

import (
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/envelope"
	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// lettersPage is the letters of one group, a row each.
type lettersPage struct {
	*desk
	listing
	box    *mailbox
	group  replay.Group
	rows   []replay.Letter
	marked map[adapters.Position]bool
	all    bool // those that were dealt with, too
	words  string
	seen   int
	at     adapters.Position // of the letter under the cursor
}

func newLetters(d *desk, group *replay.Group) *lettersPage {
	return &lettersPage{desk: d, box: d.box, group: *group, marked: map[adapters.Position]bool{}, seen: -1}
}

func (p *lettersPage) scope() scope        { return onLetters }
func (p *lettersPage) ages() bool          { return true }
func (p *lettersPage) waitsFor() *question { return &p.box.question }

func (p *lettersPage) name() text.Safe {
	kind := p.group.Type
	if kind == "" {
		kind = p.group.Grave
	}
	return p.theme.String(strings.Join(strings.Fields(kind+" "+deathWords(p.group.Reason, p.group.Exception, "")), " "))
}

func (p *lettersPage) refresh() tea.Cmd {
	if p.seen != p.box.seen {
		p.take()
	}
	return p.box.update()
}

// take takes the letters out of the newest survey; the cursor stays on its letter.
func (p *lettersPage) take() {
	words := strings.Fields(strings.ToLower(p.words))
	p.seen, p.dirty = p.box.seen, true
	p.rows = p.box.letters(func(l *replay.Letter) bool {
		return l.In(&p.group) && (p.all || !l.State.Settled()) && hasWords(l, words)
	})
	if i := slices.IndexFunc(p.rows, func(l replay.Letter) bool { return l.Position == p.at }); i >= 0 {
		p.cursor.Index = i
	}
	p.keep()
}

// keep notes which letter is under the cursor.
func (p *lettersPage) keep() {
	p.cursor.To(p.cursor.Index, len(p.rows))
	p.at = adapters.Position{}
	if p.cursor.Index < len(p.rows) {
		p.at = p.rows[p.cursor.Index].Position
	}
}

func (p *lettersPage) back() bool {
	switch {
	case len(p.marked) > 0:
		clear(p.marked)
	case p.words != "":
		p.find("")
	case p.all:
		p.all = false
		p.take()
	default:
		return false
	}
	return true
}

// find shows the letters that have these words.
func (p *lettersPage) find(words string) {
	p.words = words
	p.take()
}

func (p *lettersPage) findHint() text.Safe {
	return text.Own("words that a letter must have: in its type, reason, exception, message, ids, position or target")
}

func (p *lettersPage) do(a action) tea.Cmd {
	if p.move(a, len(p.rows)) {
		p.keep()
		return nil
	}
	switch a {
	case showAll:
		p.all = !p.all
		p.take()
		return nil
	case mark:
		p.mark()
		return nil
	case replayLetters, discardLetters, restoreLetters:
		return p.act(a)
	}
	if p.cursor.Index >= len(p.rows) {
		return nil
	}
	l := &p.rows[p.cursor.Index]
	switch a {
	case enter:
		return p.open(newLetterPage(p.desk, l))
	case flowOf:
		return p.lookUp(l.Flow, searchBack)
	case copyText:
		return p.copyText(l.Position.String(), text.Own("the position"))
	}
	return nil
}

func (p *lettersPage) mark() {
	if p.cursor.Index >= len(p.rows) {
		return
	}
	position := p.rows[p.cursor.Index].Position
	if p.marked[position] {
		delete(p.marked, position)
	} else {
		p.marked[position] = true
	}
	p.cursor.Move(1, len(p.rows))
	p.keep()
}

// act plans for the marked letters, or for all that are shown.
func (p *lettersPage) act(a action) tea.Cmd {
	var only map[adapters.Position]bool
	if len(p.marked) > 0 {
		only = p.marked
	}
	return p.planFor(a, p.rows, only)
}

func (p *lettersPage) click(row int) bool {
	again := p.listing.click(row, len(p.rows))
	p.keep()
	return again
}

func (p *lettersPage) status() []piece {
	pieces := []piece{{theme.Bad, p.theme.Glyph.Dead.Add(space, plural(len(p.rows), text.Own(" letter"), text.Own(" letters")))}}
	if p.all {
		pieces = append(pieces, piece{theme.Dim, text.Own("  those dealt with too")})
	}
	if len(p.marked) > 0 {
		pieces = append(pieces, piece{theme.Marked, text.Own("  ").Add(p.theme.Glyph.Mark, space, text.Count(int64(len(p.marked))))})
	}
	if p.words != "" {
		pieces = append(pieces, piece{theme.Accent, text.Own("  /").Add(p.theme.Cut(p.theme.String(p.words), 20))})
	}
	return pieces
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

func (p *lettersPage) columns(width int) []int {
	entity, kind, target, position, state := 8, 12, 10, 14, 4
	for i := range p.rows[:min(len(p.rows), 500)] {
		l := &p.rows[i]
		entity = max(entity, min(24, p.theme.String(l.Entity).Width()))
		kind = max(kind, min(28, p.theme.String(l.Type).Width()))
		target = max(target, min(28, p.targetOf(l).Width()))
		position = max(position, min(34, p.theme.String(l.Position.String()).Width()))
		state = max(state, p.theme.String(l.State.String()).Width())
	}
	return widget.Layout([]widget.Column{
		letterAge:      {Min: 4},
		letterState:    {Min: state, Rank: 5},
		letterEntity:   {Min: 8, Want: entity},
		letterType:     {Min: 12, Want: kind, Rank: 2},
		letterWhy:      {Min: 14, Rest: true},
		letterTarget:   {Min: 10, Want: target, Rank: 1},
		letterReplays:  {Min: 7, Rank: 4},
		letterPosition: {Min: 14, Want: position, Rank: 3},
	}, width-2)
}

// targetOf is where a replay sends a letter, with a question mark behind a guess.
func (p *lettersPage) targetOf(l *replay.Letter) text.Safe {
	switch {
	case l.To.IsZero():
		return text.Own("unknown")
	case l.Confidence == envelope.NameOnly:
		return p.theme.String(l.To.String()).Add(text.Own(" ?"))
	}
	return p.theme.String(l.To.String())
}

func (p *lettersPage) render(width, height int) []widget.Line {
	t := p.theme
	columns := p.columns(width)
	lines := []widget.Line{headings(t, width, columns, []text.Safe{
		text.Own("Died"), text.Own("State"), text.Own("About"), text.Own("Type"), text.Own("Why"), text.Own("Would go to"), text.Own("Replays"), text.Own("Position"),
	}, letterAge, letterReplays)}
	from, to := p.show(lines, height, len(p.rows))
	for i := from; i < to; i++ {
		lines = append(lines, p.row(columns, &p.rows[i], width, i == p.cursor.Index))
	}
	if len(p.rows) == 0 {
		lines = append(lines, widget.Blank(t, width), widget.NewRow(t, width).Gap(2).Put(theme.Dim, text.Own("No letter is left here. a shows those that were dealt with; esc goes back.")).Line())
	}
	return widget.Fit(t, lines, width, height)
}

func (p *lettersPage) row(columns []int, l *replay.Letter, width int, selected bool) widget.Line {
	t := p.theme
	row := rowStart(t, width, selected, p.marked[l.Position])
	row.Right(theme.Dim, age(p.now, l.Died()), columns[letterAge])
	if w := columns[letterState]; w > 0 {
		row.Between().Cell(stateRole(l.State), t.String(l.State.String()), w)
	}
	row.Between().ID(theme.Plain, t.String(l.Entity), columns[letterEntity])
	if w := columns[letterType]; w > 0 {
		row.Between().Cell(theme.Plain, t.String(l.Type), w)
	}
	row.Between().Cell(theme.Warn, t.String(deathWords(l.Death.Reason, l.Death.Exception, l.Death.Message)), columns[letterWhy])
	if w := columns[letterTarget]; w > 0 {
		role := theme.Link
		if l.Confidence != envelope.Certain && l.Confidence != envelope.Likely {
			role = theme.Warn
		}
		row.Between().Cell(role, p.targetOf(l), w)
	}
	if w := columns[letterReplays]; w > 0 {
		row.Between().Right(theme.Plain, text.Count(int64(l.Replays)), w)
	}
	if w := columns[letterPosition]; w > 0 {
		row.Between().ID(theme.Dim, t.String(l.Position.String()), w)
	}
	return row.Line()
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
