package letterpage

import (
	"slices"

	"eventscope/replay"
	"eventscope/tui/keymap"
	"eventscope/tui/page"
	"eventscope/tui/text"
	"eventscope/tui/theme"
	"eventscope/tui/widget"

	tea "charm.land/bubbletea/v2"
)

// dlqsPage is the first page about dead letters: those that died in the same way, a row
// each, and queues that nobody has looked into.
type dlqsPage struct {
	page.Screen
	page.Listing
	model  *Model
	unread []*replay.Listed
	groups []replay.Group
	seen   int
	at     deadLetterRow // under the cursor
}

// deadLetterRow is what a row of the page is about, so that the cursor stays on it while
// rows come, go and change places: a dead-letter destination that was not read, or a group.
type deadLetterRow struct {
	unread string // key of the destination, or ""
	group  replay.Group
}

// NewDLQs is the first page about dead letters.
func NewDLQs(m *Model) page.Page { return &dlqsPage{Screen: m, model: m} }

func (p *dlqsPage) Scope() keymap.Scope      { return keymap.OnDLQs }
func (p *dlqsPage) Ages() bool               { return true }
func (p *dlqsPage) WaitsFor() *page.Question { return &p.model.Question }
func (p *dlqsPage) Name() text.Safe          { return text.Own("Dead letters") }

func (p *dlqsPage) Back() bool {
	was := p.model.all
	p.model.all = false
	return was
}

func (p *dlqsPage) Refresh() tea.Cmd {
	if p.seen != p.model.Changes() {
		p.seen = p.model.Changes()
		p.Redraw()
		p.unread, p.groups = p.model.unread(), p.model.Last.groups
		if i := p.find(&p.at); i >= 0 {
			p.Cursor.Index = i
		}
		p.keep()
	}
	return p.model.update()
}

func (p *dlqsPage) length() int { return len(p.unread) + len(p.groups) }

// find is the row that is about the same as at, or -1. A destination that has been read
// since has its largest group there.
func (p *dlqsPage) find(at *deadLetterRow) int {
	if i := slices.IndexFunc(p.unread, func(unread *replay.Listed) bool { return unread.Key() == at.unread }); i >= 0 {
		return i
	}
	i := slices.IndexFunc(p.groups, func(group replay.Group) bool {
		return at.unread == "" && group.Like(&at.group) || group.Key() == at.unread
	})
	if i < 0 {
		return -1
	}
	return len(p.unread) + i
}

// keep notes what is under the cursor.
func (p *dlqsPage) keep() {
	p.Cursor.To(p.Cursor.Index, p.length())
	p.at = deadLetterRow{}
	switch unread, group := p.dlq(), p.group(); {
	case unread != nil:
		p.at.unread = unread.Key()
	case group != nil:
		p.at.group = *group
	}
}

// group is the one under the cursor, or nil.
func (p *dlqsPage) group() *replay.Group {
	if i := p.Cursor.Index - len(p.unread); i >= 0 && i < len(p.groups) {
		return &p.groups[i]
	}
	return nil
}

// dlq is the one under the cursor that is not read, or nil.
func (p *dlqsPage) dlq() *replay.Listed {
	if i := p.Cursor.Index; i < len(p.unread) {
		return p.unread[i]
	}
	return nil
}

// Hint names what enter does here, and no key that has nothing to act on.
func (p *dlqsPage) Hint(b *keymap.Binding) text.Safe {
	dlq, group := p.dlq(), p.group()
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

func (p *dlqsPage) Do(a keymap.Action) tea.Cmd {
	if p.Move(a, p.length()) {
		p.keep()
		return nil
	}
	if a == keymap.ShowAll {
		p.model.all = !p.model.all
		return p.model.update()
	}
	dlq, group := p.dlq(), p.group()
	switch {
	case dlq != nil && (a == keymap.Enter || a == keymap.PeekInto):
		return p.look(dlq)
	case group == nil:
		return nil
	case a == keymap.Enter:
		return p.Open(newLetters(p.model, group))
	case a == keymap.ReplayLetters, a == keymap.DiscardLetters:
		return p.model.planFor(a, p.model.lettersOf(group), nil)
	case a == keymap.PeekInto:
		if of := p.model.Last.dlq(group.Source, group.DLQ); of != nil {
			return p.look(of)
		}
	}
	return nil
}

// look reads a dead-letter destination. Where messages are taken for it and given back, that is
// asked for first, and refused where it is not safe.
func (p *dlqsPage) look(dlq *replay.Listed) tea.Cmd {
	if dlq.Unsafe != nil {
		p.Say(theme.Bad, p.Theme().Glyph.Failed.Add(text.Space, p.Theme().String(dlq.Unsafe.Error())))
		return nil
	}
	if dlq.Cost.IsFree() {
		return p.model.peekInto(dlq)
	}
	what := text.Own("all messages")
	if dlq.Messages >= 0 {
		what = text.Plural(int(dlq.Messages), text.Own(" message"), text.Own(" messages"))
	}
	page.AskYes(p, text.Own("peek ").Add(what, text.Own(" of "), p.Theme().CutMiddle(p.Theme().String(dlq.Name), 40), text.Own("?")),
		text.Own("each is taken, copied to this machine and given back; ").Add(p.Theme().String(dlq.Cost.Says)),
		func() tea.Cmd { return p.model.peekInto(dlq) })
	return nil
}

func (p *dlqsPage) Click(_, row int) bool {
	again := p.Listing.Click(row, p.length())
	p.keep()
	return again
}

func (p *dlqsPage) Status() []page.Piece {
	if p.model.Last == nil {
		return nil
	}
	role := theme.Bad
	if p.model.open() == 0 {
		role = theme.Dim
	}
	count := text.Count(p.model.open())
	if p.model.Last.listing.Err != nil && p.model.Last.listing.Old().IsZero() {
		role, count = theme.Bad, count.Add(text.Own("+")) // of those that could be listed
	}
	pieces := []page.Piece{{Role: role, Text: p.Theme().Glyph.Dead.Add(text.Space, count, text.Own(" open"))}}
	if p.model.all {
		pieces = append(pieces, page.Piece{Role: theme.Dim, Text: text.Own("  incl. resolved")})
	}
	if more := p.model.Last.more(); more > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: text.Own("  ").Add(text.Count(more), text.Own(" older not listed"))})
	}
	if unread := p.model.Last.unread(); unread > 0 {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: text.Own("  ").Add(text.Count(unread), text.Own(" not read yet"))})
	}
	if old := p.model.Last.listing.Old(); !old.IsZero() {
		pieces = append(pieces, page.Piece{Role: theme.Warn, Text: text.Own("  as of ").Add(text.Ago(p.Now().Sub(old)))})
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

func (p *dlqsPage) columns(width int) []int {
	kind, dlq, origin, count := 12, 10, 8, 4
	originRank, dlqRank := 3, 2
	if !slices.ContainsFunc(p.groups, func(group replay.Group) bool { return group.DLQ != p.groups[0].DLQ }) {
		originRank, dlqRank = dlqRank, originRank // what is the same for all tells least
	}
	for _, dlq := range p.unread {
		count = max(count, messagesIn(dlq).Width())
	}
	for i := range p.groups {
		group := &p.groups[i]
		kind = max(kind, min(30, p.Theme().String(group.Type).Width()))
		dlq = max(dlq, min(30, p.Theme().String(group.DLQ).Width()))
		origin = max(origin, min(24, p.Theme().String(group.Origin).Width()))
		count = max(count, p.count(group).Width())
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
func (p *dlqsPage) count(group *replay.Group) text.Safe {
	if p.model.all && group.Open != group.Count {
		return text.Count(int64(group.Open)).Add(text.Own(" of "), text.Count(int64(group.Count)))
	}
	return text.Count(int64(group.Open))
}

func groupWords(g *replay.Group) string { return deathWords(g.Reason, g.Exception, g.Words) }

func (p *dlqsPage) Render(width, height int) []widget.Line {
	if p.model.Last == nil || p.length() == 0 {
		return p.empty(width, height)
	}
	return page.Detailed(p.Theme(), width, height, func(height int) []widget.Line { return p.list(width, height) }, p.details)
}

// details are what the row under the cursor has no room for.
func (p *dlqsPage) details() []page.Piece {
	t := p.Theme()
	if dlq := p.dlq(); dlq != nil {
		where := p.model.Words.Product(p.Theme(), dlq.Source.Broker).Add(text.Space, t.String(string(dlq.Kind)), text.Space, t.String(dlq.Name), text.Own(", "), t.String(dlq.Evidence))
		role, what := p.dlqWords(dlq)
		return []page.Piece{{Role: role, Text: what}, {Role: theme.Dim, Text: where}}
	}
	group := p.group()
	if group == nil {
		return nil
	}
	why := t.String(groupWords(group))
	if why.Empty() {
		why = text.Own("nothing says why they died")
	}
	where := text.Own("failed in ").Add(t.String(orUnknown(group.Origin)), text.Own(", now in "), p.model.Words.Product(p.Theme(), group.Broker), text.Space, t.String(group.DLQ))
	if !group.Oldest.IsZero() {
		where = where.Add(text.Own(", oldest "), page.Age(p.Now(), group.Oldest))
	}
	return []page.Piece{{Role: theme.Dim, Text: where}, {Role: theme.Warn, Text: why}}
}

// orUnknown is a name, or that there is none.
func orUnknown(name string) string {
	if name == "" {
		return "an unknown place"
	}
	return name
}

func (p *dlqsPage) list(width, height int) []widget.Line {
	columns := p.columns(width)
	var lines []widget.Line
	say := func(role theme.Role, s text.Safe) {
		lines = append(lines, widget.Paragraph(p.Theme(), width, 2, role, s, 2)...)
	}
	if err := p.model.Last.listing.Err; err != nil {
		say(theme.Bad, p.Theme().String(err.Error()))
	}
	for _, err := range p.model.Last.listing.Unmarked() {
		say(theme.Warn, text.Own("Nobody knows which letters were dealt with: ").Add(p.Theme().String(err.Error())))
	}
	for _, err := range p.model.Last.lacking {
		say(theme.Warn, p.Theme().String(err.Error()))
	}
	lines = append(lines, widget.Headings(p.Theme(), width, columns, []text.Safe{
		text.Own("Open"), text.Own("Type"), text.Own("Why"), text.Own("Failed in"), text.Own("Newest"), text.Own("DLQ"),
	}, groupCount, groupAge))
	return p.Draw(p.Theme(), lines, width, height, p.length(), func(i int, selected bool) widget.Line {
		if i < len(p.unread) {
			return p.unreadRow(p.unread[i], columns[groupCount], width, selected)
		}
		return p.groupRow(columns, &p.groups[i-len(p.unread)], width, selected)
	})
}

// unreadRow is a queue that nobody has looked into, or a dead-letter queue that cannot be read.
func (p *dlqsPage) unreadRow(dlq *replay.Listed, column, width int, selected bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, false)
	row.Right(theme.Bad, messagesIn(dlq), column).Between().Put(theme.Plain, t.CutMiddle(t.String(dlq.Name), max(10, width/3))).Gap(2)
	role, what := p.dlqWords(dlq)
	return row.Put(role, what).Line()
}

// messagesIn is how many messages a dead-letter queue holds, where its broker tells.
func messagesIn(dlq *replay.Listed) text.Safe {
	if dlq.Messages < 0 {
		return page.Unknown
	}
	return text.Count(dlq.Messages)
}

// dlqWords say why the letters of a dead-letter queue are not listed, and what looking would cost.
func (p *dlqsPage) dlqWords(dlq *replay.Listed) (theme.Role, text.Safe) {
	t := p.Theme()
	switch {
	case dlq.Err != nil:
		return theme.Bad, t.Glyph.Failed.Add(text.Space, page.Repeated(p.Theme(), dlq.Err))
	case dlq.Unsafe != nil:
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" not inspected: "), t.String(dlq.Unsafe.Error()))
	case !dlq.ReadAt.IsZero():
		return theme.Warn, t.Glyph.Warning.Add(text.Own(" has changed since it was looked at "), text.Ago(p.Now().Sub(dlq.ReadAt)),
			text.Own(": enter peeks again (each message is taken and given back, and is then marked as redelivered)"))
	}
	return theme.Warn, text.Own("not inspected: enter peeks (each message is taken and given back, and is then marked as redelivered)")
}

func (p *dlqsPage) groupRow(columns []int, group *replay.Group, width int, selected bool) widget.Line {
	t := p.Theme()
	row := widget.ListRow(t, width, selected, false)
	role := theme.Bad
	if group.Open == 0 {
		role = theme.Dim
	}
	row.Right(role, p.count(group), columns[groupCount])
	row.Between().Cell(theme.Plain, orNoType(t, group.Type), columns[groupType])
	row.Between().Cell(theme.Warn, t.String(groupWords(group)), columns[groupWhy])
	origin, role := t.String(group.Origin), theme.Plain
	if origin.Empty() {
		origin, role = page.Unknown, theme.Warn
	}
	row.ColumnID(role, origin, columns[groupOrigin])
	row.ColumnRight(theme.Dim, page.Age(p.Now(), group.Newest), columns[groupAge])
	row.ColumnID(theme.Dim, t.String(group.DLQ), columns[groupDLQ])
	return row.Line()
}

// empty says what would be here.
func (p *dlqsPage) empty(width, height int) []widget.Line {
	return page.Empty(p.Theme(), width, height, nil, p.whyEmpty()...)
}

// whyEmpty says why no letter is listed; nothing while nobody knows.
func (p *dlqsPage) whyEmpty() (said []page.Piece) {
	t := p.Theme()
	add := func(role theme.Role, s text.Safe) { said = append(said, page.Piece{Role: role, Text: s}) }
	if p.model.Last == nil {
		return nil
	}
	if err := p.model.Last.listing.Err; err != nil {
		add(theme.Bad, t.Glyph.Failed.Add(text.Space, t.String(err.Error())))
		add(theme.Plain, text.Own("So nobody knows whether there are dead letters. It is asked again."))
		return said
	}
	if len(p.model.Last.listing.DLQs) == 0 {
		add(theme.Plain, text.Own("No dead-letter topic or queue was found: none is configured as one, none is named like one (orders.dlq, orders-dlt, orders_error), or the users of the sources may see none."))
		add(theme.Dim, text.Own("A destination of any name is taken for one when a URL names it: eventscope dlq list URL."))
		return said
	}
	for _, err := range p.model.Last.lacking {
		add(theme.Warn, t.String(err.Error()))
	}
	add(theme.Good, t.Glyph.Done.Add(text.Own(" No open dead letters. a shows resolved ones.")))
	for i := range p.model.Last.listing.DLQs {
		dlq := &p.model.Last.listing.DLQs[i]
		add(theme.Dim, p.model.Words.Product(p.Theme(), dlq.Source.Broker).Add(text.Space, t.String(dlq.Name), text.Own(": "), t.String(dlq.Evidence)))
	}
	return said
}
