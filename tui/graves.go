package tui

import (
	"time"

	"eventscope/replay"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// gravesPage is the first page about dead letters: those that died in the same way, a row
// each, and queues that nobody has looked into.
type gravesPage struct {
	*desk
	listing
	box    *mailbox
	unread []*replay.Surveyed
	groups []replay.Group
	seen   int
}

func newGraves(d *desk) *gravesPage { return &gravesPage{desk: d, box: d.box} }

func (g *gravesPage) scope() scope        { return onGraves }
func (g *gravesPage) ages() bool          { return true }
func (g *gravesPage) waitsFor() *question { return &g.box.question }
func (g *gravesPage) back() bool          { return false }
func (g *gravesPage) name() text.Safe     { return text.Own("Dead letters") }

func (g *gravesPage) refresh() tea.Cmd {
	if g.seen != g.box.seen {
		g.seen = g.box.seen
		g.unread = g.box.unread()
		g.groups = replay.Groups(g.box.letters(func(l *replay.Letter) bool { return !l.State.Settled() }))
		g.dirty = true
	}
	return g.box.update()
}

func (g *gravesPage) length() int { return len(g.unread) + len(g.groups) }

func (g *gravesPage) do(a action) tea.Cmd {
	if g.move(a, g.length()) {
		return nil
	}
	i := g.cursor.Index
	switch {
	case i >= g.length():
	case a == enter && i < len(g.unread), a == lookInto && i < len(g.unread):
		return g.look(g.unread[i])
	case a == enter:
		return g.open(newLetters(g.desk, &g.groups[i-len(g.unread)]))
	case (a == replayLetters || a == discardLetters) && i >= len(g.unread):
		group := g.groups[i-len(g.unread)]
		return g.planFor(a, g.box.letters(func(l *replay.Letter) bool { return l.In(&group) }), nil)
	}
	return nil
}

// look looks into a queue, if it is safe.
func (g *gravesPage) look(grave *replay.Surveyed) tea.Cmd {
	if grave.Unsafe != nil {
		g.say(theme.Bad, g.theme.Glyph.Failed.Add(space, g.theme.String(grave.Unsafe.Error())))
		return nil
	}
	return g.box.lookInto(grave)
}

func (g *gravesPage) click(row int) bool { return g.listing.click(row, g.length()) }

func (g *gravesPage) status() []piece {
	if g.box.survey == nil {
		return nil
	}
	open := 0
	for i := range g.groups {
		open += g.groups[i].Open
	}
	return []piece{{theme.Bad, g.theme.Glyph.Dead.Add(space, text.Count(int64(open)), text.Own(" open"))}}
}

// The columns of groups, in their order on the screen.
const (
	groupCount = iota
	groupType
	groupWhy
	groupOrigin
	groupAge
	groupGrave
)

func (g *gravesPage) columns(width int) []int {
	kind, grave := 12, 10
	for i := range g.groups {
		kind = max(kind, min(30, g.theme.String(g.groups[i].Type).Width()))
		grave = max(grave, min(30, g.theme.String(g.groups[i].Grave).Width()))
	}
	return widget.Layout([]widget.Column{
		groupCount:  {Min: 6},
		groupType:   {Min: 12, Want: kind},
		groupWhy:    {Min: 16, Rest: true},
		groupOrigin: {Min: 10, Want: 20, Rank: 3},
		groupAge:    {Min: 9, Rank: 1},
		groupGrave:  {Min: 10, Want: grave, Rank: 2},
	}, width-2)
}

func groupWords(g *replay.Group) string { return deathWords(g.Reason, g.Exception, g.Words) }

func (g *gravesPage) render(width, height int) []widget.Line {
	if g.box.survey == nil || g.length() == 0 {
		return g.empty(width, height)
	}
	columns := g.columns(width)
	lines := []widget.Line{headings(g.theme, width, columns, []text.Safe{
		text.Own("Open"), text.Own("Type"), text.Own("Why"), text.Own("Died at"), text.Own("Newest"), text.Own("Lies in"),
	}, groupCount, groupAge)}
	from, to := g.show(lines, height, g.length())
	for i := from; i < to; i++ {
		if i < len(g.unread) {
			lines = append(lines, g.unreadRow(g.unread[i], width, i == g.cursor.Index))
		} else {
			lines = append(lines, g.groupRow(columns, &g.groups[i-len(g.unread)], width, i == g.cursor.Index))
		}
	}
	return widget.Fit(g.theme, lines, width, height)
}

// headings are the names of columns; those whose values stand at the right do, too.
func headings(t *theme.Theme, width int, columns []int, names []text.Safe, right ...int) widget.Line {
	row := widget.NewRow(t, width).Gap(2)
	shown := 0
	for i, name := range names {
		if columns[i] == 0 {
			continue
		}
		if shown++; shown > 1 {
			row.Between()
		}
		isRight := false
		for _, r := range right {
			isRight = isRight || r == i
		}
		if isRight {
			row.Right(theme.Dim, name, columns[i])
		} else {
			row.Cell(theme.Dim, name, columns[i])
		}
	}
	return row.Line()
}

// unreadRow is a queue that nobody has looked into, or a grave that cannot be read.
func (g *gravesPage) unreadRow(grave *replay.Surveyed, width int, selected bool) widget.Line {
	t := g.theme
	row := rowStart(t, width, selected, false)
	count := text.Own("?")
	if grave.Messages >= 0 {
		count = text.Count(grave.Messages)
	}
	row.Right(theme.Bad, count, 6).Between().Put(theme.Plain, t.CutMiddle(t.String(grave.Name), max(10, width/3))).Gap(2)
	switch {
	case grave.Err != nil:
		return row.Put(theme.Bad, t.Glyph.Failed.Add(space, t.String(grave.Err.Error()))).Line()
	case grave.Unsafe != nil:
		return row.Put(theme.Warn, t.Glyph.Warning.Add(text.Own(" not looked at: "), t.String(grave.Unsafe.Error()))).Line()
	case !grave.ReadAt.IsZero():
		return row.Put(theme.Warn, text.Own("has changed since it was looked at; enter looks again")).Line()
	}
	cost := text.Own("not looked at: enter takes each letter, keeps a copy here, and gives it back (marked as redelivered)")
	return row.Put(theme.Dim, cost).Line()
}

func (g *gravesPage) groupRow(columns []int, group *replay.Group, width int, selected bool) widget.Line {
	t := g.theme
	row := rowStart(t, width, selected, false)
	row.Right(theme.Bad, text.Count(int64(group.Open)), columns[groupCount])
	kind := t.String(group.Type)
	if kind.Empty() {
		kind = text.Own("(no type)")
	}
	row.Between().Cell(theme.Plain, kind, columns[groupType])
	row.Between().Cell(theme.Warn, t.String(groupWords(group)), columns[groupWhy])
	if w := columns[groupOrigin]; w > 0 {
		row.Between().Cell(theme.Plain, t.String(group.Origin), w)
	}
	if w := columns[groupAge]; w > 0 {
		row.Between().Right(theme.Dim, age(g.now, group.Newest), w)
	}
	if w := columns[groupGrave]; w > 0 {
		row.Between().ID(theme.Dim, t.String(group.Grave), w)
	}
	return row.Line()
}

// age is how long ago something was, or empty when nobody knows when it was.
func age(now, at time.Time) text.Safe {
	if at.IsZero() {
		return text.Safe{}
	}
	return text.Age(now.Sub(at))
}

// empty says what would be here.
func (g *gravesPage) empty(width, height int) []widget.Line {
	t := g.theme
	lines := []widget.Line{widget.Blank(t, width)}
	add := func(role theme.Role, s text.Safe) {
		for _, line := range widget.Wrap(t, s, width-4, 4) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(role, line).Line())
		}
	}
	if g.box.survey == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	if g.box.survey.Err != nil {
		add(theme.Bad, t.String(g.box.survey.Err.Error()))
	}
	if len(g.box.survey.Graves) == 0 {
		add(theme.Plain, text.Own("No dead-letter topic or queue was found: none is configured as one, and none is named like one (orders.dlq, orders-dlt, orders_error)."))
		add(theme.Dim, text.Own("A topic of any name is taken for one when it is named: eventscope dlq list kafka://host/topic."))
		return widget.Fit(t, lines, width, height)
	}
	add(theme.Good, t.Glyph.Done.Add(text.Own(" No open dead letters.")))
	for i := range g.box.survey.Graves {
		grave := &g.box.survey.Graves[i]
		add(theme.Dim, brokerName(grave.Source.Broker).Add(space, t.String(grave.Name), text.Own(": "), t.String(grave.Evidence)))
	}
	return widget.Fit(t, lines, width, height)
}
