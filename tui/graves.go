package tui

import (
	"slices"
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
	at     replay.Group // under the cursor, or none
}

func newGraves(d *desk) *gravesPage { return &gravesPage{desk: d, box: d.box} }

func (g *gravesPage) scope() scope        { return onGraves }
func (g *gravesPage) ages() bool          { return true }
func (g *gravesPage) waitsFor() *question { return &g.box.question }
func (g *gravesPage) name() text.Safe     { return text.Own("Dead letters") }

func (g *gravesPage) back() bool {
	was := g.box.all
	g.box.all = false
	return was
}

func (g *gravesPage) refresh() tea.Cmd {
	if g.seen != g.box.seen {
		g.seen, g.dirty = g.box.seen, true
		g.unread, g.groups = g.box.unread(), g.box.contents.groups
		if i := slices.IndexFunc(g.groups, func(group replay.Group) bool { return group.Like(&g.at) }); i >= 0 {
			g.cursor.Index = len(g.unread) + i // it stays on its group
		}
		g.keep()
	}
	return g.box.update()
}

func (g *gravesPage) length() int { return len(g.unread) + len(g.groups) }

// keep notes which group is under the cursor.
func (g *gravesPage) keep() {
	g.cursor.To(g.cursor.Index, g.length())
	g.at = replay.Group{}
	if group := g.group(); group != nil {
		g.at = *group
	}
}

// group is the one under the cursor, or nil.
func (g *gravesPage) group() *replay.Group {
	if i := g.cursor.Index - len(g.unread); i >= 0 && i < len(g.groups) {
		return &g.groups[i]
	}
	return nil
}

// grave is the one under the cursor that is not read, or nil.
func (g *gravesPage) grave() *replay.Surveyed {
	if i := g.cursor.Index; i < len(g.unread) {
		return g.unread[i]
	}
	return nil
}

// hint names what enter does here, and no key that has nothing to act on.
func (g *gravesPage) hint(b *binding) text.Safe {
	grave, group := g.grave(), g.group()
	switch b.action {
	case enter:
		switch {
		case grave != nil && grave.Unsafe == nil:
			return text.Own("look into it")
		case group == nil:
			return text.Safe{}
		}
	case replayLetters, discardLetters:
		if group == nil || group.Open == 0 {
			return text.Safe{}
		}
	}
	return g.desk.hint(b)
}

func (g *gravesPage) do(a action) tea.Cmd {
	if g.move(a, g.length()) {
		g.keep()
		return nil
	}
	if a == showAll {
		g.box.all = !g.box.all
		return g.box.update()
	}
	grave, group := g.grave(), g.group()
	switch {
	case grave != nil && (a == enter || a == lookInto):
		return g.look(grave)
	case group == nil:
		return nil
	case a == enter:
		return g.open(newLetters(g.desk, group))
	case a == replayLetters, a == discardLetters:
		return g.planFor(a, g.box.lettersOf(group), nil)
	case a == lookInto:
		if of := g.box.contents.grave(group.Source, group.Grave); of != nil {
			return g.look(of)
		}
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

func (g *gravesPage) click(row int) bool {
	again := g.listing.click(row, g.length())
	g.keep()
	return again
}

func (g *gravesPage) status() []piece {
	if g.box.contents == nil {
		return nil
	}
	role := theme.Bad
	if g.box.open == 0 {
		role = theme.Dim
	}
	pieces := []piece{{role, g.theme.Glyph.Dead.Add(space, text.Count(g.box.open), text.Own(" open"))}}
	if g.box.all {
		pieces = append(pieces, piece{theme.Dim, text.Own("  those dealt with too")})
	}
	if more := g.box.contents.more(); more > 0 {
		pieces = append(pieces, piece{theme.Warn, text.Own("  ").Add(text.Count(more), text.Own(" not listed"))})
	}
	return pieces
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
	kind, grave, origin, count := 12, 10, 8, 4
	originRank, graveRank := 3, 2
	if !slices.ContainsFunc(g.groups, func(group replay.Group) bool { return group.Grave != g.groups[0].Grave }) {
		originRank, graveRank = graveRank, originRank // what is the same for all tells least
	}
	for i := range g.groups {
		group := &g.groups[i]
		kind = max(kind, min(30, g.theme.String(group.Type).Width()))
		grave = max(grave, min(30, g.theme.String(group.Grave).Width()))
		origin = max(origin, min(24, g.theme.String(group.Origin).Width()))
		count = max(count, g.count(group).Width())
	}
	return widget.Layout([]widget.Column{
		groupCount:  {Min: count},
		groupType:   {Min: 12, Want: kind},
		groupWhy:    {Min: 30, Rest: true},
		groupOrigin: {Min: 10, Want: origin, Rank: originRank},
		groupAge:    {Min: 6, Rank: 1},
		groupGrave:  {Min: 10, Want: grave, Rank: graveRank},
	}, width-2)
}

// count is how many letters of a group are open, and of how many where all are shown.
func (g *gravesPage) count(group *replay.Group) text.Safe {
	if g.box.all && group.Open != group.Count {
		return text.Count(int64(group.Open)).Add(text.Own(" of "), text.Count(int64(group.Count)))
	}
	return text.Count(int64(group.Open))
}

func groupWords(g *replay.Group) string { return deathWords(g.Reason, g.Exception, g.Words) }

func (g *gravesPage) render(width, height int) []widget.Line {
	if g.box.contents == nil || g.length() == 0 {
		return g.empty(width, height)
	}
	return g.detailed(width, height, func(height int) []widget.Line { return g.list(width, height) }, g.details)
}

// details are what the row under the cursor has no room for.
func (g *gravesPage) details() []piece {
	t := g.theme
	if grave := g.grave(); grave != nil {
		where := brokerName(grave.Source.Broker).Add(space, t.String(string(grave.Kind)), space, t.String(grave.Name), text.Own(", "), t.String(grave.Evidence))
		role, what := g.graveWords(grave)
		return []piece{{role, what}, {theme.Dim, where}}
	}
	group := g.group()
	if group == nil {
		return nil
	}
	why := t.String(groupWords(group))
	if why.Empty() {
		why = text.Own("nothing says why they died")
	}
	where := text.Own("died at ").Add(t.String(orUnknown(group.Origin)), text.Own(", lies in "), brokerName(group.Broker), space, t.String(group.Grave))
	if !group.Oldest.IsZero() {
		where = where.Add(text.Own(", oldest "), age(g.now, group.Oldest))
	}
	return []piece{{theme.Dim, where}, {theme.Warn, why}}
}

// orUnknown is a name, or that there is none.
func orUnknown(name string) string {
	if name == "" {
		return "an unknown place"
	}
	return name
}

func (g *gravesPage) list(width, height int) []widget.Line {
	columns := g.columns(width)
	var lines []widget.Line
	if err := g.box.contents.survey.Err; err != nil {
		for _, s := range widget.Wrap(g.theme, g.theme.String(err.Error()), width-4, 2) {
			lines = append(lines, widget.NewRow(g.theme, width).Gap(2).Put(theme.Bad, s).Line())
		}
	}
	lines = append(lines, headings(g.theme, width, columns, []text.Safe{
		text.Own("Open"), text.Own("Type"), text.Own("Why"), text.Own("Died at"), text.Own("Newest"), text.Own("Lies in"),
	}, groupCount, groupAge))
	from, to := g.show(lines, height, g.length())
	for i := from; i < to; i++ {
		if i < len(g.unread) {
			lines = append(lines, g.unreadRow(g.unread[i], columns[groupCount], width, i == g.cursor.Index))
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
func (g *gravesPage) unreadRow(grave *replay.Surveyed, column, width int, selected bool) widget.Line {
	t := g.theme
	row := rowStart(t, width, selected, false)
	count := text.Own("?")
	if grave.Messages >= 0 {
		count = text.Count(grave.Messages)
	}
	row.Right(theme.Bad, count, column).Between().Put(theme.Plain, t.CutMiddle(t.String(grave.Name), max(10, width/3))).Gap(2)
	role, what := g.graveWords(grave)
	return row.Put(role, what).Line()
}

// graveWords say why the letters of a grave are not listed, and what looking would cost.
func (g *gravesPage) graveWords(grave *replay.Surveyed) (theme.Role, text.Safe) {
	t := g.theme
	switch {
	case grave.Err != nil:
		return theme.Bad, t.Glyph.Failed.Add(space, g.sentence(grave.Err))
	case grave.Unsafe != nil:
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" not looked at: "), t.String(grave.Unsafe.Error()))
	case !grave.ReadAt.IsZero():
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" has changed since it was looked at "), age(g.now, grave.ReadAt),
			text.Own(" ago: enter looks again, which takes each letter, keeps a copy here and gives it back (marked as redelivered)"))
	}
	return theme.Warn, text.Own("not looked at: enter takes each letter, keeps a copy here and gives it back (marked as redelivered)")
}

func (g *gravesPage) groupRow(columns []int, group *replay.Group, width int, selected bool) widget.Line {
	t := g.theme
	row := rowStart(t, width, selected, false)
	role := theme.Bad
	if group.Open == 0 {
		role = theme.Dim
	}
	row.Right(role, g.count(group), columns[groupCount])
	row.Between().Cell(theme.Plain, orNoType(t, group.Type), columns[groupType])
	row.Between().Cell(theme.Warn, t.String(groupWords(group)), columns[groupWhy])
	if w := columns[groupOrigin]; w > 0 {
		origin, role := t.String(group.Origin), theme.Plain
		if origin.Empty() {
			origin, role = text.Own("?"), theme.Warn
		}
		row.Between().ID(role, origin, w)
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
	if g.box.contents == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	if g.box.contents.survey.Err != nil {
		add(theme.Bad, t.String(g.box.contents.survey.Err.Error()))
	}
	if len(g.box.contents.survey.Graves) == 0 {
		add(theme.Plain, text.Own("No dead-letter topic or queue was found: none is configured as one, and none is named like one (orders.dlq, orders-dlt, orders_error)."))
		add(theme.Dim, text.Own("A topic of any name is taken for one when it is named: eventscope dlq list kafka://host/topic."))
		return widget.Fit(t, lines, width, height)
	}
	add(theme.Good, t.Glyph.Done.Add(text.Own(" No open dead letters. a shows those that were dealt with.")))
	for i := range g.box.contents.survey.Graves {
		grave := &g.box.contents.survey.Graves[i]
		add(theme.Dim, brokerName(grave.Source.Broker).Add(space, t.String(grave.Name), text.Own(": "), t.String(grave.Evidence)))
	}
	return widget.Fit(t, lines, width, height)
}
