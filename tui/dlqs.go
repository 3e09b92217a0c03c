package tui

import (
	"slices"
	"time"

	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// dlqsPage is the first page about dead letters: those that died in the same way, a row
// each, and queues that nobody has looked into.
type dlqsPage struct {
	*shell
	listing
	deadLetters *letterModel
	unread      []*replay.Listed
	groups      []replay.Group
	seen        int
	at          deadLetterRow // under the cursor
}

// deadLetterRow is what a row of the page is about, so that the cursor stays on it while
// rows come, go and change places: a dead-letter destination that was not read, or a group.
type deadLetterRow struct {
	unread string // key of the destination, or ""
	group  replay.Group
}

func newDLQs(d *shell) *dlqsPage { return &dlqsPage{shell: d, deadLetters: d.deadLetters} }

func (g *dlqsPage) scope() keymap.Scope { return keymap.OnDLQs }
func (g *dlqsPage) ages() bool          { return true }
func (g *dlqsPage) waitsFor() *question { return &g.deadLetters.question }
func (g *dlqsPage) name() text.Safe     { return text.Own("Dead letters") }

func (g *dlqsPage) back() bool {
	was := g.deadLetters.all
	g.deadLetters.all = false
	return was
}

func (g *dlqsPage) refresh() tea.Cmd {
	if g.seen != g.deadLetters.seen {
		g.seen, g.dirty = g.deadLetters.seen, true
		g.unread, g.groups = g.deadLetters.unread(), g.deadLetters.contents.groups
		if i := g.find(&g.at); i >= 0 {
			g.cursor.Index = i
		}
		g.keep()
	}
	return g.deadLetters.update()
}

func (g *dlqsPage) length() int { return len(g.unread) + len(g.groups) }

// find is the row that is about the same as at, or -1. A destination that has been read
// since has its largest group there.
func (g *dlqsPage) find(at *deadLetterRow) int {
	if i := slices.IndexFunc(g.unread, func(unread *replay.Listed) bool { return unread.Key() == at.unread }); i >= 0 {
		return i
	}
	i := slices.IndexFunc(g.groups, func(group replay.Group) bool {
		return at.unread == "" && group.Like(&at.group) || group.Key() == at.unread
	})
	if i < 0 {
		return -1
	}
	return len(g.unread) + i
}

// keep notes what is under the cursor.
func (g *dlqsPage) keep() {
	g.cursor.To(g.cursor.Index, g.length())
	g.at = deadLetterRow{}
	switch unread, group := g.dlq(), g.group(); {
	case unread != nil:
		g.at.unread = unread.Key()
	case group != nil:
		g.at.group = *group
	}
}

// group is the one under the cursor, or nil.
func (g *dlqsPage) group() *replay.Group {
	if i := g.cursor.Index - len(g.unread); i >= 0 && i < len(g.groups) {
		return &g.groups[i]
	}
	return nil
}

// dlq is the one under the cursor that is not read, or nil.
func (g *dlqsPage) dlq() *replay.Listed {
	if i := g.cursor.Index; i < len(g.unread) {
		return g.unread[i]
	}
	return nil
}

// hint names what enter does here, and no key that has nothing to act on.
func (g *dlqsPage) hint(b *keymap.Binding) text.Safe {
	dlq, group := g.dlq(), g.group()
	switch b.Action {
	case keymap.Enter:
		switch {
		case dlq != nil && dlq.Unsafe == nil:
			return text.Own("peek")
		case group == nil:
			return text.Safe{}
		}
	case keymap.ReplayLetters, keymap.DiscardLetters:
		if group == nil || group.Open == 0 {
			return text.Safe{}
		}
	}
	return b.Hint()
}

func (g *dlqsPage) do(a keymap.Action) tea.Cmd {
	if g.move(a, g.length()) {
		g.keep()
		return nil
	}
	if a == keymap.ShowAll {
		g.deadLetters.all = !g.deadLetters.all
		return g.deadLetters.update()
	}
	dlq, group := g.dlq(), g.group()
	switch {
	case dlq != nil && (a == keymap.Enter || a == keymap.PeekInto):
		return g.look(dlq)
	case group == nil:
		return nil
	case a == keymap.Enter:
		return g.open(newLetters(g.shell, group))
	case a == keymap.ReplayLetters, a == keymap.DiscardLetters:
		return g.planFor(a, g.deadLetters.lettersOf(group), nil)
	case a == keymap.PeekInto:
		if of := g.deadLetters.contents.dlq(group.Source, group.DLQ); of != nil {
			return g.look(of)
		}
	}
	return nil
}

// look reads a dead-letter destination. Where messages are taken for it and given back, that is
// asked for first, and refused where it is not safe.
func (g *dlqsPage) look(dlq *replay.Listed) tea.Cmd {
	if dlq.Unsafe != nil {
		g.say(theme.Bad, g.theme.Glyph.Failed.Add(space, g.theme.String(dlq.Unsafe.Error())))
		return nil
	}
	if dlq.Cost.IsFree() {
		return g.deadLetters.peekInto(dlq)
	}
	what := text.Own("all messages")
	if dlq.Messages >= 0 {
		what = plural(int(dlq.Messages), text.Own(" message"), text.Own(" messages"))
	}
	g.askYes(text.Own("peek ").Add(what, text.Own(" of "), g.theme.CutMiddle(g.theme.String(dlq.Name), 40), text.Own("?")),
		text.Own("each is taken, copied to this machine and given back; ").Add(g.theme.String(dlq.Cost.Says)),
		func() tea.Cmd { return g.deadLetters.peekInto(dlq) })
	return nil
}

func (g *dlqsPage) click(_, row int) bool {
	again := g.listing.click(row, g.length())
	g.keep()
	return again
}

func (g *dlqsPage) status() []piece {
	if g.deadLetters.contents == nil {
		return nil
	}
	role := theme.Bad
	if g.deadLetters.open == 0 {
		role = theme.Dim
	}
	count := text.Count(g.deadLetters.open)
	if g.deadLetters.contents.listing.Err != nil && g.deadLetters.contents.listing.Old().IsZero() {
		role, count = theme.Bad, count.Add(text.Own("+")) // of those that could be listed
	}
	pieces := []piece{{role, g.theme.Glyph.Dead.Add(space, count, text.Own(" open"))}}
	if g.deadLetters.all {
		pieces = append(pieces, piece{theme.Dim, text.Own("  those dealt with too")})
	}
	if more := g.deadLetters.contents.more(); more > 0 {
		pieces = append(pieces, piece{theme.Warn, text.Own("  ").Add(text.Count(more), text.Own(" older not listed"))})
	}
	if unread := g.deadLetters.contents.unread(); unread > 0 {
		pieces = append(pieces, piece{theme.Warn, text.Own("  ").Add(text.Count(unread), text.Own(" not read yet"))})
	}
	if old := g.deadLetters.contents.listing.Old(); !old.IsZero() {
		pieces = append(pieces, piece{theme.Warn, text.Own("  as of ").Add(text.Ago(g.now.Sub(old)))})
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
	groupDLQ
)

func (g *dlqsPage) columns(width int) []int {
	kind, dlq, origin, count := 12, 10, 8, 4
	originRank, dlqRank := 3, 2
	if !slices.ContainsFunc(g.groups, func(group replay.Group) bool { return group.DLQ != g.groups[0].DLQ }) {
		originRank, dlqRank = dlqRank, originRank // what is the same for all tells least
	}
	for _, dlq := range g.unread {
		count = max(count, messagesIn(dlq).Width())
	}
	for i := range g.groups {
		group := &g.groups[i]
		kind = max(kind, min(30, g.theme.String(group.Type).Width()))
		dlq = max(dlq, min(30, g.theme.String(group.DLQ).Width()))
		origin = max(origin, min(24, g.theme.String(group.Origin).Width()))
		count = max(count, g.count(group).Width())
	}
	return widget.Layout([]widget.Column{
		groupCount:  {Min: count},
		groupType:   {Min: 12, Want: kind},
		groupWhy:    {Min: 30, Rest: true},
		groupOrigin: {Min: 10, Want: origin, Rank: originRank},
		groupAge:    {Min: 6, Rank: 1},
		groupDLQ:    {Min: 10, Want: dlq, Rank: dlqRank},
	}, width-2)
}

// count is how many letters of a group are open, and of how many where all are shown.
func (g *dlqsPage) count(group *replay.Group) text.Safe {
	if g.deadLetters.all && group.Open != group.Count {
		return text.Count(int64(group.Open)).Add(text.Own(" of "), text.Count(int64(group.Count)))
	}
	return text.Count(int64(group.Open))
}

func groupWords(g *replay.Group) string { return deathWords(g.Reason, g.Exception, g.Words) }

func (g *dlqsPage) render(width, height int) []widget.Line {
	if g.deadLetters.contents == nil || g.length() == 0 {
		return g.empty(width, height)
	}
	return g.detailed(width, height, func(height int) []widget.Line { return g.list(width, height) }, g.details)
}

// details are what the row under the cursor has no room for.
func (g *dlqsPage) details() []piece {
	t := g.theme
	if dlq := g.dlq(); dlq != nil {
		where := g.product(dlq.Source.Broker).Add(space, t.String(string(dlq.Kind)), space, t.String(dlq.Name), text.Own(", "), t.String(dlq.Evidence))
		role, what := g.dlqWords(dlq)
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
	where := text.Own("died at ").Add(t.String(orUnknown(group.Origin)), text.Own(", lies in "), g.product(group.Broker), space, t.String(group.DLQ))
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

func (g *dlqsPage) list(width, height int) []widget.Line {
	columns := g.columns(width)
	var lines []widget.Line
	say := func(role theme.Role, s text.Safe) {
		for _, line := range widget.Wrap(g.theme, s, width-4, 2) {
			lines = append(lines, widget.NewRow(g.theme, width).Gap(2).Put(role, line).Line())
		}
	}
	if err := g.deadLetters.contents.listing.Err; err != nil {
		say(theme.Bad, g.theme.String(err.Error()))
	}
	for _, err := range g.deadLetters.contents.listing.Unmarked() {
		say(theme.Warn, text.Own("Nobody knows which letters were dealt with: ").Add(g.theme.String(err.Error())))
	}
	for _, err := range g.deadLetters.contents.lacking {
		say(theme.Warn, g.theme.String(err.Error()))
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

// unreadRow is a queue that nobody has looked into, or a dead-letter queue that cannot be read.
func (g *dlqsPage) unreadRow(dlq *replay.Listed, column, width int, selected bool) widget.Line {
	t := g.theme
	row := rowStart(t, width, selected, false)
	row.Right(theme.Bad, messagesIn(dlq), column).Between().Put(theme.Plain, t.CutMiddle(t.String(dlq.Name), max(10, width/3))).Gap(2)
	role, what := g.dlqWords(dlq)
	return row.Put(role, what).Line()
}

// messagesIn is how many messages a dead-letter queue holds, where its broker tells.
func messagesIn(dlq *replay.Listed) text.Safe {
	if dlq.Messages < 0 {
		return unknownText
	}
	return text.Count(dlq.Messages)
}

// dlqWords say why the letters of a dead-letter queue are not listed, and what looking would cost.
func (g *dlqsPage) dlqWords(dlq *replay.Listed) (theme.Role, text.Safe) {
	t := g.theme
	switch {
	case dlq.Err != nil:
		return theme.Bad, t.Glyph.Failed.Add(space, g.repeated(dlq.Err))
	case dlq.Unsafe != nil:
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" not inspected: "), t.String(dlq.Unsafe.Error()))
	case !dlq.ReadAt.IsZero():
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" has changed since it was looked at "), text.Ago(g.now.Sub(dlq.ReadAt)),
			text.Own(": enter peeks again (each message is taken and given back, and is then marked as redelivered)"))
	}
	return theme.Warn, text.Own("not inspected: enter peeks (each message is taken and given back, and is then marked as redelivered)")
}

func (g *dlqsPage) groupRow(columns []int, group *replay.Group, width int, selected bool) widget.Line {
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
	if w := columns[groupDLQ]; w > 0 {
		row.Between().ID(theme.Dim, t.String(group.DLQ), w)
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
func (g *dlqsPage) empty(width, height int) []widget.Line {
	t := g.theme
	lines := []widget.Line{widget.Blank(t, width)}
	add := func(role theme.Role, s text.Safe) {
		for _, line := range widget.Wrap(t, s, width-4, 4) {
			lines = append(lines, widget.NewRow(t, width).Gap(2).Put(role, line).Line())
		}
	}
	if g.deadLetters.contents == nil {
		return widget.Fit(t, lines, width, height) // the footer says what is waited for
	}
	if err := g.deadLetters.contents.listing.Err; err != nil {
		add(theme.Bad, t.Glyph.Failed.Add(space, t.String(err.Error())))
		add(theme.Plain, text.Own("So nobody knows whether there are dead letters. It is asked again."))
		return widget.Fit(t, lines, width, height)
	}
	if len(g.deadLetters.contents.listing.DLQs) == 0 {
		add(theme.Plain, text.Own("No dead-letter topic or queue was found: none is configured as one, none is named like one (orders.dlq, orders-dlt, orders_error), or the users of the sources may see none."))
		add(theme.Dim, text.Own("A destination of any name is taken for one when a URL names it: eventscope dlq list URL."))
		return widget.Fit(t, lines, width, height)
	}
	for _, err := range g.deadLetters.contents.lacking {
		add(theme.Warn, t.String(err.Error()))
	}
	add(theme.Good, t.Glyph.Done.Add(text.Own(" No open dead letters. a shows those that were dealt with.")))
	for i := range g.deadLetters.contents.listing.DLQs {
		dlq := &g.deadLetters.contents.listing.DLQs[i]
		add(theme.Dim, g.product(dlq.Source.Broker).Add(space, t.String(dlq.Name), text.Own(": "), t.String(dlq.Evidence)))
	}
	return widget.Fit(t, lines, width, height)
}
